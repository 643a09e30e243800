"""E-mail: addresses as Apprise reads them, the talk with the server in our hands. 电子邮件

What matters is where a talk breaks off: before the text has gone out nothing can have been taken, after it anything.
"""

import hashlib
import smtplib
import socket
import ssl
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Any

from apprise import NotifyType
from apprise.plugins import N_MGR
from apprise.plugins.email import NotifyEmail

from notifications.reach import Limit, Unsent, Unsure, broken, connect, tls

_REFUSED = "邮件服务器没有接收（{code}）：{why}"
_WHY = {
    "4": "服务器暂时不能接收，稍后会再试。",
    "5": "请核对收件邮箱、发件人和口令。",
}
_NO_ANSWER = "邮件正文发出后没有得到服务器的答复，不能确定是否送达。"
_TLS_PORT = 465  # TLS from the first byte, whatever the address says


class Mail(NotifyEmail):
    """One mail to one mailbox: `mailto://`, `mailtos://`."""

    guarded = False
    fault: Unsent | Unsure | None = None
    entry: bytes = b""  # a calendar entry that goes along

    def send(self, body: str, title: str = "", notify_type: Any = NotifyType.INFO, **_: Any) -> bool:
        """What Apprise calls; why it failed is left in `fault`."""
        try:
            with Limit() as limit:
                self._submit(limit, self._written(title, body))
        except (Unsent, Unsure) as fault:
            self.fault = fault
        return self.fault is None

    def _written(self, title: str, body: str) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY)
        (_, address) = self.targets[0]
        mail["Subject"] = title
        mail["From"] = formataddr((self.from_addr[0] or "照单", self.from_addr[1]))
        mail["To"] = address
        mail["Date"] = format_datetime(datetime.now().astimezone())
        mail["Auto-Submitted"] = "auto-generated"  # no holiday answers, please (RFC 3834)
        for name, value in self.headers.items():
            mail[name] = value
        # The same on every attempt: a mailbox can tell a repeated notice by it.
        mark = hashlib.sha256("".join(self.headers.values()).encode()).hexdigest()[:32]
        mail["Message-ID"] = f"<{mark}@{self.from_addr[1].partition('@')[2] or 'zhaodan'}>"
        mail.set_content(body)
        if self.entry:
            mail.add_attachment(
                self.entry,
                maintype="text",
                subtype="calendar",
                filename="deadline.ics",
                params={"charset": "utf-8", "method": "PUBLISH"},
            )
        return mail

    def _submit(self, limit: Limit, mail: EmailMessage) -> None:
        server = _Server(limit, guarded=self.guarded)
        try:
            self._introduce(server)
            code, _ = server.mail(self.from_addr[1])
            _must(code, 250)
            code, _ = server.rcpt(self.targets[0][1])
            _must(code, 250, 251)
            code, _ = server.docmd("DATA")
            _must(code, 354)
        except smtplib.SMTPResponseException as fault:
            raise _no(fault.smtp_code) from None
        except (OSError, smtplib.SMTPException) as fault:
            raise broken(fault) from None
        else:
            _hand_over(server, mail)
        finally:
            server.close()

    def _introduce(self, server: "_Server") -> None:
        wrapped = self.secure_mode == "ssl" or self.port == _TLS_PORT
        server.open(self.smtp_host, self.port, tls(verify=self.verify_certificate) if wrapped else None)
        server.ehlo_or_helo_if_needed()
        if self.secure_mode == "starttls" and not wrapped:
            server.starttls(context=tls(verify=self.verify_certificate))
            server.ehlo()
        if self.user and self.password:
            server.login(self.user, self.password)


class _Server(smtplib.SMTP):
    """A mail server, spoken to over a line of ours."""

    def __init__(self, limit: Limit, *, guarded: bool) -> None:
        super().__init__(local_hostname=socket.gethostname())
        self._limit, self._guarded = limit, guarded
        self._wrap: ssl.SSLContext | None = None

    def open(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Connect, with TLS from the first byte where a context is given. Raises OSError, Unsent, SMTPException."""
        self._wrap, self._host = context, host
        code, _ = self.connect(host, port)
        _must(code, 220)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = connect(host, port, self._limit, guarded=self._guarded)
        return self._wrap.wrap_socket(line, server_hostname=host) if self._wrap else line


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> None:
    """Send the text and wait for the word that it is taken; from the first byte on nothing else is certain."""
    text = b"".join(b"." + row if row.startswith(b".") else row for row in mail.as_bytes().splitlines(True))
    try:
        server.send(text + b".\r\n")
        code, _ = server.getreply()
    except (OSError, smtplib.SMTPException):
        raise Unsure(_NO_ANSWER) from None
    if 400 <= code < 600:
        raise _no(code)
    if not 200 <= code < 300:
        raise Unsure(_NO_ANSWER)  # half an answer, cut off
    with suppress(smtplib.SMTPException):
        server.putcmd("quit")  # politely, without waiting for the answer


def _must(code: int, *wanted: int) -> None:
    if code not in wanted:
        raise smtplib.SMTPResponseException(code, "")


def _no(code: int) -> Unsent:
    return Unsent(_REFUSED.format(code=code, why=_WHY.get(str(code)[:1], _WHY["5"])))


N_MGR.add(Mail, force=True)
