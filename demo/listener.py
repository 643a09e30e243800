"""A small HTTP listener that stands for an office messenger: it keeps what was delivered to it. 演示消息接收端"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Listener:
    """Listens on loopback while the context is open; `received` holds every message in order."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.received))

    def url(self, username: str) -> str:
        """The Apprise URL of a person's channel."""
        return f"json://127.0.0.1:{self._server.server_port}/{username}"

    def __enter__(self) -> "Listener":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(received: list[dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append({"to": self.path.strip("/"), "title": body["title"], "message": body["message"]})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the demonstration prints what arrived."""

    return Handler
