"""One message to one address through Apprise, with an honest outcome and no secret in any log. 通知渠道"""

import logging
import re
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.logger import logger as apprise_log
from apprise.plugins import N_MGR

from notifications.messages import Message

HEADER = "X-Zhaodan-Notice"  # the same on every attempt, so a receiver can recognise a repeated notice

# Apprise names hosts, mailboxes and paths in its log, and the address of a robot is its password: what it says is
# read here, for the reason of a failure, and goes no further. The HTTP client below it prints paths when debugging.
apprise_log.propagate = False
apprise_log.addHandler(logging.NullHandler())
logging.getLogger("urllib3").setLevel(logging.INFO)

_UNREADABLE = "通知渠道地址无法识别，请核对后重新填写。"
_UNUSABLE = "通知渠道地址不完整或有误（{scheme}://），请核对后重新填写。"
_NO_RECIPIENT = "通知渠道地址里没有可用的收件邮箱，请核对后重新填写。"
_REFUSED = "对方服务器没有接收（HTTP {status}），请核对渠道地址和口令。"
_UNREACHABLE = "连接不上对方服务器，或者登录被拒绝；请核对服务器、端口和口令。"
_FAILED = "对方没有接收，请核对渠道地址和收件人。"

_MAIL = re.compile(r"mailtos?://", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """Whether the other side has taken a message; if not, why, in words fit to be shown. 发送结果"""

    ok: bool
    error: str = ""


class _Reasons(logging.Handler):
    """What Apprise says in this thread during one call."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.thread = threading.get_ident()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what was said in our own thread; other threads send at the same time."""
        if record.thread == self.thread:
            self.said.append(record.getMessage())


def send(url: str, message: Message, *, key: str, sender: str = "") -> Outcome:
    """Hand a message to one address, once. Never raises for a wrong address or an unreachable server.

    `key` travels along as a header where the channel has headers; `sender` is for mail addresses without one.
    """
    plugin = _plugin(_with_sender(url, sender))
    if fault := _fault(url, plugin):
        return Outcome(False, fault)
    if isinstance(getattr(plugin, "headers", None), dict):
        plugin.headers[HEADER] = quote(key, safe=":-._#")
    reasons = _Reasons()
    apprise_log.addHandler(reasons)
    try:
        called = Apprise(asset=plugin.asset)
        called.add(plugin)
        taken = called.notify(message.body, title=message.subject, body_format=NotifyFormat.TEXT)
    finally:
        apprise_log.removeHandler(reasons)
    return Outcome(True) if taken else Outcome(False, _reason(reasons.said))


def url_fault(url: str, *, sender: str = "") -> str:
    """What is wrong with an address, without repeating it; empty when it can be used."""
    return _fault(url, _plugin(_with_sender(url, sender)))


def _fault(url: str, plugin: Any) -> str:
    if plugin is not None:
        # A robot may do without recipients; a mail may not, and Apprise drops those it cannot read.
        return _NO_RECIPIENT if _MAIL.match(url) and not plugin.targets else ""
    scheme = _scheme(url)
    return _UNUSABLE.format(scheme=scheme) if scheme else _UNREADABLE


def _plugin(url: str) -> Any:
    """The Apprise object of an address, or None; every channel has attributes of its own, hence Any."""
    plugin: Any = Apprise.instantiate(url, asset=AppriseAsset(app_id="Zhaodan", async_mode=False))
    if plugin is None:
        return None
    # How often to try, and whether a failure counts, is ours to say and not the address's.
    plugin.retry, plugin.optional = 0, False
    if plugin.notify_format == NotifyFormat.HTML:
        plugin.notify_format = NotifyFormat.TEXT
    return plugin


def _scheme(url: str) -> str:
    """The scheme, if it is one that Apprise knows: anything else may be a pasted secret."""
    scheme = url.partition("://")[0].strip().lower()
    return scheme if scheme in N_MGR else ""


def _with_sender(url: str, sender: str) -> str:
    """A mail address that names neither sender nor account is given ours; an account sends as itself."""
    if not sender or not _MAIL.match(url) or "@" in url.partition("?")[0]:
        return url
    asked = parse_qs(url.partition("?")[2])
    if "from" in asked or "user" in asked:
        return url
    return f"{url}{'&' if '?' in url else '?'}from={quote(sender)}"


def _reason(said: list[str]) -> str:
    text = "\n".join(said)
    status = re.search(r"error=(\d{3})\b", text)
    if status:
        return _REFUSED.format(status=status[1])
    return _UNREACHABLE if "connection error" in text.lower() else _FAILED
