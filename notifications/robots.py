"""Group robots of 企业微信, 钉钉 and 飞书, and plain webhooks: addresses as Apprise reads them, answers read by us. 群机器人

Apprise 1.13 takes every HTTP 200 for delivery, while these services say no inside a 200; it also escapes the
signature of DingTalk twice. A robot of an installation inside the house is reached with `?server=https://host`.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from apprise import NotifyType
from apprise.plugins import N_MGR
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from notifications.reach import Unsent, Unsure
from notifications.wire import Answer, post

REFUSED = "对方服务器没有接收（HTTP {status}），请核对渠道地址和口令。"
_MOVED = "对方服务器要求改用其他地址（HTTP {status}），没有发送；请向对方核对现在的地址后重新填写。"
_SAID_NO = "对方没有接收（错误码 {code}）：{hint}"
_UNCLEAR = "对方的回答不是该服务应有的内容，不能确定是否送达。"
_NO_ANSWER = "发出后没有得到对方的回答，不能确定是否送达。"
_GATEWAY_TIMEOUT = 504

_CHECK = "请核对机器人地址和安全设置。"
# What the services mean, for those an office meets; a code that is not here is shown as it is.
_HINTS: Mapping[int, str] = {
    93000: "机器人地址无效，可能已被移除；请在群里重新添加机器人并更新地址。",  # 企业微信
    45009: "一分钟内发给这个机器人的消息太多，稍后会再试。",
    310000: "机器人的安全设置没有通过（关键词、加签或者地址段）；请核对加签密钥，或者把“照单”设为关键词。",  # 钉钉
    300005: "机器人令牌不存在；请核对地址。",
    130101: "一分钟内发给这个机器人的消息太多，稍后会再试。",
    19001: "机器人地址无效；请核对地址。",  # 飞书
    19021: "签名没有通过；请核对签名密钥和服务器时间。",
    19022: "对方设置了地址白名单，本系统的地址不在其中。",
    19024: "消息里没有对方要求的关键词；请把“照单”设为关键词。",
    11232: "短时间内发给这个机器人的消息太多，稍后会再试。",
}


class _Wired:
    """What all of these have in common: one request, and an answer that is taken at its word."""

    guarded = False
    fault: Unsent | Unsure | None = None
    verify_certificate: bool
    app_id: str
    code_name = ""  # under which the answer carries its code; empty when the status says it all

    def request(self, title: str, text: str) -> tuple[str, dict[str, Any], dict[str, str]]:
        """Address, content and further headers of the one request."""
        raise NotImplementedError

    def send(self, body: str, title: str = "", notify_type: Any = NotifyType.INFO, **_: Any) -> bool:
        """What Apprise calls; why it failed is left in `fault`."""
        url, content, headers = self.request(title, body)
        said = {"User-Agent": self.app_id, "Content-Type": "application/json; charset=utf-8", **headers}
        try:
            answer = post(
                url,
                json.dumps(content, ensure_ascii=False).encode(),
                said,
                guarded=self.guarded,
                verify=self.verify_certificate,
                method=getattr(self, "method", "POST"),
            )
            _check(answer, self.code_name)
        except Unsure as fault:
            self.fault = fault if str(fault) == _UNCLEAR else Unsure(_NO_ANSWER)
        except Unsent as fault:
            self.fault = fault
        return self.fault is None


def _check(answer: Answer, code_name: str) -> None:
    if answer.status == _GATEWAY_TIMEOUT:
        raise Unsure(answer.status)  # a gateway has passed it on and lost the answer
    if not 200 <= answer.status < 300:
        moved = 300 <= answer.status < 400
        raise Unsent((_MOVED if moved else REFUSED).format(status=answer.status))
    if code_name:
        code = _code(answer.body, code_name)
        if code:
            raise Unsent(_SAID_NO.format(code=code, hint=_HINTS.get(code, _CHECK)))


def _code(body: bytes, name: str) -> int:
    try:
        code = json.loads(body)[name]
    except (ValueError, KeyError, TypeError):
        raise Unsure(_UNCLEAR) from None
    if isinstance(code, bool) or not isinstance(code, int):
        raise Unsure(_UNCLEAR)
    return code


class _Robot(_Wired):
    """A robot whose server may be another than the public one, and whose messages may be signed."""

    server = ""
    sign_with = ""

    def at(self, public: str) -> str:
        """The address at the server that was asked for."""
        if not self.server:
            return public
        parts = urlsplit(public)
        return f"{self.server.rstrip('/')}{parts.path}{f'?{parts.query}' if parts.query else ''}"

    @staticmethod
    def read_server(results: dict[str, Any] | None) -> dict[str, Any] | None:
        """Take `server` from what Apprise has read of an address."""
        if results:
            results["server"] = results["qsd"].get("server", "")
        return results


class WeComRobot(_Robot, NotifyWeComBot):
    """企业微信群机器人: `wecombot://KEY`."""

    code_name = "errcode"

    def __init__(self, server: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.server = _usable(server)

    def request(self, title: str, text: str) -> tuple[str, dict[str, Any], dict[str, str]]:
        """Text only: it is the one form that the robot shows everywhere."""
        return self.at(self.api_url), {"msgtype": "text", "text": {"content": text}}, {}

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """As Apprise does, and the server."""
        return _Robot.read_server(NotifyWeComBot.parse_url(url))


class DingTalkRobot(_Robot, NotifyDingTalk):
    """钉钉群机器人: `dingtalk://TOKEN`, with a signature `dingtalk://SECRET@TOKEN`."""

    code_name = "errcode"

    def __init__(self, server: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.server = _usable(server)

    def request(self, title: str, text: str) -> tuple[str, dict[str, Any], dict[str, str]]:
        """Signed over the moment in milliseconds, when there is a secret."""
        url = self.at(self.notify_url.format(token=self.token))
        if self.secret:
            moment = str(round(time.time() * 1000))
            digest = hmac.new(self.secret.encode(), f"{moment}\n{self.secret}".encode(), hashlib.sha256)
            url += "&" + urlencode({"timestamp": moment, "sign": base64.b64encode(digest.digest()).decode()})
        at = {"atMobiles": self.targets, "isAtAll": False}
        return url, {"msgtype": "text", "text": {"content": text}, "at": at}, {}

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """As Apprise does, and the server."""
        return _Robot.read_server(NotifyDingTalk.parse_url(url))


class FeishuRobot(_Robot, NotifyFeishu):
    """飞书群机器人: `feishu://TOKEN`, with a signature `feishu://TOKEN?secret=…`."""

    code_name = "code"

    def __init__(self, server: str = "", sign_with: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.server, self.sign_with = _usable(server), sign_with

    def request(self, title: str, text: str) -> tuple[str, dict[str, Any], dict[str, str]]:
        """Signed over the moment in seconds, when there is a secret."""
        content: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self.sign_with:
            moment = str(int(time.time()))
            digest = hmac.new(f"{moment}\n{self.sign_with}".encode(), b"", hashlib.sha256).digest()
            content |= {"timestamp": moment, "sign": base64.b64encode(digest).decode()}
        return self.at(self.notify_url.format(token=self.token).rstrip("/")), content, {}

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """As Apprise does, the server and the secret."""
        results = _Robot.read_server(NotifyFeishu.parse_url(url))
        if results:
            results["sign_with"] = results["qsd"].get("secret", "")
        return results


class Hook(_Wired, NotifyJSON):
    """A plain webhook: `json://host/path`, over TLS `jsons://`."""

    def request(self, title: str, text: str) -> tuple[str, dict[str, Any], dict[str, str]]:
        """The fields of Apprise's own JSON, which many receivers know."""
        headers = dict(self.headers)
        if self.user:
            pair = f"{self.user}:{self.password or ''}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        scheme, port = ("https" if self.secure else "http"), f":{self.port}" if self.port else ""
        asked = f"?{urlencode(self.params)}" if self.params else ""
        content = {"version": "1.0", "title": title, "message": text, "attachments": [], "type": "info"}
        for name, value in self.payload_extras.items():
            content[value if name in content and value else name] = content.pop(name, value)
        return f"{scheme}://{self.host}{port}{self.fullpath or '/'}{asked}", content, headers


def _usable(server: str) -> str:
    if server and (urlsplit(server).scheme not in ("http", "https") or not urlsplit(server).hostname):
        raise TypeError("the server of a robot is an http(s) address")  # Apprise's way to refuse an address
    return server


for _plugin in (WeComRobot, DingTalkRobot, FeishuRobot, Hook):
    N_MGR.add(_plugin, force=True)
