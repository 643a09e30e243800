"""Real receivers on the loopback: a mail server, a listener for JSON, and a port where nobody answers. 收件端"""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mailbox:
    """What a mail server has taken."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)

    def url(self, to: str = "someone@example.org", **options: str) -> str:
        """The channel that ends here."""
        asked = "".join(f"&{name}={value}" for name, value in options.items())
        return f"mailto://127.0.0.1:{self.port}?to={to}&from=zhaodan@example.org{asked}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep the mail."""
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes everything."""
    box = Mailbox(free_port())
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    yield box
    server.stop()


@dataclass
class Listener:
    """What an HTTP server was sent, and what it answers."""

    port: int = 0
    status: int = 200
    posts: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def url(self, path: str = "hook") -> str:
        """The channel that ends here."""
        return f"json://127.0.0.1:{self.port}/{path}"


def listen(port: int = 0) -> tuple[Listener, ThreadingHTTPServer]:
    """Start a listener; whoever starts it stops it."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            listener.posts.append((dict(self.headers), body))
            self.send_response(listener.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    listener.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return listener, server


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that takes everything until told otherwise."""
    heard, server = listen()
    yield heard
    server.shutdown()
    server.server_close()
