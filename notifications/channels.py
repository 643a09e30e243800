"""One message to one address through Apprise, with an honest outcome and no secret in any log. 通知渠道

E-mail, the group robots and plain webhooks are plugins of ours (`notifications.mail`, `.robots`). The other services
Apprise knows are sent to as they are, by a thread that is not waited for longer than the limit.
"""

import logging
import re
import threading
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.logger import logger as apprise_log
from apprise.plugins import N_MGR

from models.settings import settings
from notifications.mail import Mail
from notifications.messages import Message
from notifications.reach import Unsure, host_fault
from notifications.robots import REFUSED, DingTalkRobot, FeishuRobot, Hook, WeComRobot

HEADER = "X-Zhaodan-Notice"  # the same on every attempt, so a receiver can recognise a repeated notice

# Apprise names hosts, mailboxes and paths in its log, and the address of a robot is its password: what it says is
# read here, for the reason of a failure, and goes no further. The HTTP client below it prints paths when debugging.
apprise_log.propagate = False
apprise_log.addHandler(logging.NullHandler())
logging.getLogger("urllib3").setLevel(logging.INFO)

_UNREADABLE = "通知渠道地址无法识别，请核对后重新填写。"
_MEANT = "通知渠道地址开头的类型无法识别，是不是“{scheme}://”？请核对后重新填写。"
_UNUSABLE = "通知渠道地址不完整或有误（{scheme}://）{hint}，请核对后重新填写。"
_NO_RECIPIENT = "通知渠道地址里没有可用的收件邮箱，请核对后重新填写。"
_TOO_MANY = "通知渠道地址里只能写一个收件邮箱，不能抄送：每人每个渠道各发一次；请分别登记。"
_NOT_HERE = "这里可以登记的地址是{known}；其他渠道请联系系统管理员登记。"
_FAILED = "对方没有接收，请核对渠道地址和收件人。"
_UNSURE = "发出后没有得到对方的答复，不能确定是否送达。"

# What is wrong with an address, as far as its kind tells.
_HINTS = {
    "mailto": "：应写明邮件服务器、收件邮箱和发件人，例如 mailto://服务器:端口?to=收件邮箱&from=发件邮箱",
    "mailtos": "：应写明账号、口令、邮件服务器和收件邮箱，例如 mailtos://账号:口令@服务器?to=收件邮箱",
    "wecombot": "：密钥只含字母、数字、短横和下划线，例如 wecombot://机器人密钥",
    "dingtalk": "：令牌和加签密钥只含字母和数字，例如 dingtalk://加签密钥@令牌",
    "feishu": "：令牌只含字母、数字、短横和下划线，例如 feishu://令牌?secret=签名密钥",
    "json": "：应写明对方服务器，例如 json://服务器:端口/路径",
    "jsons": "：应写明对方服务器，例如 jsons://服务器/路径",
}
# What a person may enter on a page; anything else Apprise knows is an administrator's to enter.
PERSONAL = {
    "mailto": Mail,
    "mailtos": Mail,
    "wecombot": WeComRobot,
    "dingtalk": DingTalkRobot,
    "feishu": FeishuRobot,
    "json": Hook,
    "jsons": Hook,
}
_KINDS_ZH = {
    "mailto": "电子邮件",
    "mailtos": "电子邮件",
    "wecombot": "企业微信群机器人",
    "dingtalk": "钉钉群机器人",
    "feishu": "飞书群机器人",
    "json": "回调地址",
    "jsons": "回调地址",
}
INSTANT = frozenset({"wecombot", "dingtalk", "feishu"})  # read by whoever is in the group

_MAIL = re.compile(r"mailtos?://", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """Whether the other side has taken a message; if not, why, in words fit to be shown. 发送结果

    `unsure` when nobody can tell from here: then only a person decides whether it is sent again.
    """

    ok: bool
    error: str = ""
    unsure: bool = False


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


def send(
    url: str, message: Message, *, key: str, sender: str = "", entry: bytes = b"", guarded: bool = False
) -> Outcome:
    """Hand a message to one address, once, within the limit. Never raises for an address or a server.

    `key` travels along as a header where the channel has headers; `sender` is for mail addresses without one;
    `entry` is a calendar entry for those who can take it; `guarded` keeps to addresses outside the house.
    """
    plugin = _plugin(_with_sender(url, sender))
    if fault := _fault(url, plugin):
        return Outcome(False, fault)
    if isinstance(getattr(plugin, "headers", None), dict):
        plugin.headers[HEADER] = quote(key, safe=":-._#")
    if not hasattr(plugin, "fault"):
        return _foreign(plugin, message)
    plugin.guarded, plugin.entry = guarded, entry
    taken = _told(plugin, message)
    if taken or plugin.fault is None:
        return Outcome(taken, "" if taken else _FAILED)
    return Outcome(False, str(plugin.fault), unsure=isinstance(plugin.fault, Unsure))


def _told(plugin: Any, message: Message) -> bool:
    called = Apprise(asset=plugin.asset)
    called.add(plugin)
    return bool(called.notify(message.body, title=message.subject, body_format=NotifyFormat.TEXT))


def _foreign(plugin: Any, message: Message) -> Outcome:
    """A service whose answers are Apprise's to judge, in a thread of its own: how long it takes is not ours to say."""
    reasons, ended = _Reasons(), []

    def tell() -> None:
        reasons.thread = threading.get_ident()
        ended.append(_told(plugin, message))

    apprise_log.addHandler(reasons)
    try:
        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        thread.join(settings().notice_limit_s)
    finally:
        apprise_log.removeHandler(reasons)
    if not ended:
        return Outcome(False, _UNSURE, unsure=True)
    return Outcome(True) if ended[0] else _refused("\n".join(reasons.said))


def _refused(said: str) -> Outcome:
    status = re.search(r"error=(\d{3})\b", said)
    if status:
        return Outcome(False, REFUSED.format(status=status[1]))
    # Apprise says the same of a server that is not there and of one that broke off.
    unsure = "connection error" in said.lower()
    return Outcome(False, _UNSURE if unsure else _FAILED, unsure=unsure)


def url_fault(url: str, *, sender: str = "", personal: bool = False) -> str:
    """What is wrong with an address, without repeating it; empty when it can be used.

    `personal` for one that somebody enters on a page: of the kinds named there, and outside the house.
    """
    plugin = _plugin(_with_sender(url, sender))
    fault = _fault(url, plugin)
    if fault or not personal:
        return fault
    if type(plugin) not in PERSONAL.values():
        return _NOT_HERE.format(known="、".join(f"{scheme}://" for scheme in PERSONAL))
    if isinstance(plugin, Mail):
        return host_fault(plugin.smtp_host, plugin.port)
    server = urlsplit(plugin.request("", "")[0])
    return host_fault(server.hostname or "", server.port or 443)


def instant(url: str) -> bool:
    """Whether an address is that of a group robot."""
    return _scheme(url) in INSTANT


def describe(url: str) -> str:
    """What an address is, in words that give no password away."""
    plugin = _plugin(url) if _scheme(url) else None
    if isinstance(plugin, Mail) and plugin.targets:
        return f"电子邮件 {plugin.targets[0][1]}"
    return _KINDS_ZH.get(_scheme(url), "其他渠道")


def is_mail(url: str) -> bool:
    """Whether an address is one of e-mail, which can take a calendar entry along."""
    return _MAIL.match(url) is not None


def _fault(url: str, plugin: Any) -> str:
    if isinstance(plugin, Mail):
        # A robot may do without recipients; a mail may not, and Apprise drops those it cannot read.
        if not plugin.targets:
            return _NO_RECIPIENT
        return _TOO_MANY if len(plugin.targets) > 1 or plugin.cc or plugin.bcc else ""
    if plugin is not None:
        return ""
    scheme = _scheme(url)
    if scheme:
        return _UNUSABLE.format(scheme=scheme, hint=_HINTS.get(scheme, ""))
    typed = url.partition("://")[0].strip().lower() if "://" in url else ""
    meant = get_close_matches(typed, PERSONAL, n=1, cutoff=0.75)
    return _MEANT.format(scheme=meant[0]) if meant else _UNREADABLE


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
