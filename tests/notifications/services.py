"""What the services expect, as listeners on the loopback that check it: 企业微信, 钉钉, 飞书. 对端服务

Each takes what its service would take, and says no as the service does: inside an HTTP 200.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
TOKEN = "566cc69da782ec33df9a47f8e90ba9a3b8c9e2b7"
SECRET = "SEC0d3d8f4f5a6b7c8d9e0f1a2b3c4d5e6f"
HOUR = 3600

Said = Mapping[str, Any]
Service = Callable[[str, dict[str, str], Any], Said]


def wecom(path: str, asked: dict[str, str], body: Any) -> Said:
    """企业微信群机器人: a key in the address, text of at most 2048 bytes."""
    if path != "/cgi-bin/webhook/send" or asked != {"key": KEY}:
        return {"errcode": 93000, "errmsg": "invalid webhook url"}
    if body.get("msgtype") != "text" or set(body) != {"msgtype", "text"}:
        return {"errcode": 40008, "errmsg": "invalid message type"}
    content = body["text"].get("content", "")
    if not content:
        return {"errcode": 44004, "errmsg": "text content is empty"}
    if len(content.encode()) > 2048:
        return {"errcode": 45002, "errmsg": "content exceed max length"}
    return {"errcode": 0, "errmsg": "ok"}


def dingtalk(path: str, asked: dict[str, str], body: Any) -> Said:
    """钉钉群机器人 with 加签: HMAC-SHA256 of moment and secret, in the address, the moment within an hour."""
    if path != "/robot/send" or asked.get("access_token") != TOKEN:
        return {"errcode": 300005, "errmsg": "token is not exist"}
    moment = asked.get("timestamp", "0")
    if abs(time.time() - int(moment) / 1000) > HOUR:
        return {"errcode": 310000, "errmsg": "invalid timestamp"}
    wanted = hmac.new(SECRET.encode(), f"{moment}\n{SECRET}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(asked.get("sign", ""), base64.b64encode(wanted).decode()):
        return {"errcode": 310000, "errmsg": "sign not match"}
    if body.get("msgtype") != "text" or not body["text"].get("content"):
        return {"errcode": 400402, "errmsg": "param error"}
    return {"errcode": 0, "errmsg": "ok"}


def feishu(path: str, asked: dict[str, str], body: Any) -> Said:
    """飞书群机器人 with 签名校验: HMAC-SHA256 keyed with moment and secret, in the content."""
    if path != f"/open-apis/bot/v2/hook/{TOKEN}" or asked:
        return {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
    moment = body.get("timestamp", "0")
    wanted = hmac.new(f"{moment}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
    fresh = abs(time.time() - int(moment)) <= HOUR
    if not fresh or not hmac.compare_digest(body.get("sign", ""), base64.b64encode(wanted).decode()):
        return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
    if body.get("msg_type") != "text" or not body["content"].get("text"):
        return {"code": 9499, "msg": "Bad Request"}
    return {"code": 0, "msg": "success", "data": {}}


SERVICES: Mapping[str, Service] = {"wecombot": wecom, "dingtalk": dingtalk, "feishu": feishu}
ADDRESSES = {
    "wecombot": f"wecombot://{KEY}",
    "dingtalk": f"dingtalk://{SECRET}@{TOKEN}",
    "feishu": f"feishu://{TOKEN}?secret={SECRET}",
}
FIELDS: Mapping[str, Callable[[Any], str]] = {
    "wecombot": lambda body: body["text"]["content"],
    "dingtalk": lambda body: body["text"]["content"],
    "feishu": lambda body: body["content"]["text"],
}


@dataclass
class Heard:
    """What one service was sent, and what it has said."""

    scheme: str
    port: int = 0
    said: list[Said] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    raw: bytes | None = None  # answered instead, whatever is asked

    def url(self, address: str = "", *, secure: bool = False) -> str:
        """The channel that ends here."""
        chosen = address or ADDRESSES[self.scheme]
        server = f"https://localhost:{self.port}" if secure else f"http://127.0.0.1:{self.port}"
        return f"{chosen}{'&' if '?' in chosen else '?'}server={server}"


@contextmanager
def a_service(scheme: str, context: Any = None) -> Iterator[Heard]:
    """A robot of this kind that listens; over TLS with a context."""
    heard = Heard(scheme)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Content-Type"].startswith("application/json")
            said = SERVICES[scheme](parts.path, dict(parse_qsl(parts.query)), body)
            heard.said.append(said)
            heard.texts.append(FIELDS[scheme](body))
            answer = heard.raw if heard.raw is not None else json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    heard.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
