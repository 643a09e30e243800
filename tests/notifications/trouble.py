"""Servers that hang, drip, refuse or take a message and die. 出故障的对端"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[["Broken", socket.socket], None]


@dataclass
class Broken:
    """A server with a fault: how often it was called, what it took, and whether the caller has gone away."""

    port: int = 0
    calls: int = 0
    taken: list[str] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    def mail(self) -> str:
        """The e-mail channel that ends here."""
        return f"mailto://127.0.0.1:{self.port}?to=someone@example.org&from=zhaodan@example.org"

    def hook(self) -> str:
        """The webhook that ends here."""
        return f"json://127.0.0.1:{self.port}/hook"

    def wait(self, line: socket.socket) -> None:
        """Say nothing until the caller hangs up."""
        with suppress(OSError):
            while line.recv(4096):
                pass
        self.left.set()

    def drip(self, line: socket.socket, text: bytes) -> None:
        """Say it byte by byte, over and over, and never come to the end."""
        with suppress(OSError):
            while True:
                for byte in text:
                    line.sendall(bytes([byte]))
                    time.sleep(0.02)
        self.left.set()


@contextmanager
def a_broken_server(talk: Talk) -> Iterator[Broken]:
    """A server that talks like this with everybody who calls."""
    broken = Broken()
    listening = socket.create_server(("127.0.0.1", 0))
    broken.port = listening.getsockname()[1]

    def serve() -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                broken.calls += 1
                threading.Thread(target=_talk, args=(talk, broken, line), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield broken
    finally:
        listening.close()


def _talk(talk: Talk, broken: Broken, line: socket.socket) -> None:
    with line, suppress(OSError):
        talk(broken, line)


# --- mail servers ---------------------------------------------------------------------------------


def _polite(line: socket.socket, *, rcpt: bytes = b"250 OK") -> bool:
    """Everything up to the text; whether the text may come."""
    read = line.makefile("rb")
    line.sendall(b"220 mx\r\n")
    for row in read:
        word = row[:4].upper()
        if word == b"DATA":
            line.sendall(b"354 go on\r\n")
            return True
        line.sendall((rcpt if word == b"RCPT" else b"250 OK") + b"\r\n")
    return False


def _text(line: socket.socket) -> str:
    """The text, up to its end."""
    taken = b""
    while not taken.endswith(b"\r\n.\r\n"):
        more = line.recv(4096)
        if not more:
            break
        taken += more
    return taken.decode()


def hangs_at_once(broken: Broken, line: socket.socket) -> None:
    """Takes the call and says nothing."""
    broken.wait(line)


def drips_its_greeting(broken: Broken, line: socket.socket) -> None:
    """Never comes to the end of its greeting."""
    broken.drip(line, b"220-welcome\r\n")


def hangs_before_the_text(broken: Broken, line: socket.socket) -> None:
    """Is friendly until the text would be next."""
    read = line.makefile("rb")
    line.sendall(b"220 mx\r\n")
    for row in read:
        if row[:4].upper() == b"DATA":
            break
        line.sendall(b"250 OK\r\n")
    broken.wait(line)


def refuses_the_mailbox(broken: Broken, line: socket.socket) -> None:
    """There is no such mailbox."""
    _polite(line, rcpt=b"550 no such user")


def has_no_time_for_the_mailbox(broken: Broken, line: socket.socket) -> None:
    """Not now."""
    _polite(line, rcpt=b"451 try later")


def refuses_the_text(broken: Broken, line: socket.socket) -> None:
    """Reads it all, and says no."""
    if _polite(line):
        _text(line)
        line.sendall(b"554 5.7.1 rejected\r\n")


def takes_and_dies(broken: Broken, line: socket.socket) -> None:
    """Reads it all, and breaks off without a word."""
    if _polite(line):
        broken.taken.append(_text(line))


def takes_and_hangs(broken: Broken, line: socket.socket) -> None:
    """Reads it all, and says nothing any more."""
    if _polite(line):
        broken.taken.append(_text(line))
        broken.wait(line)


def takes_and_drips(broken: Broken, line: socket.socket) -> None:
    """Reads it all, and never comes to the end of its answer."""
    if _polite(line):
        broken.taken.append(_text(line))
        broken.drip(line, b"250-ok\r\n")


# --- web servers ----------------------------------------------------------------------------------


def _request(line: socket.socket) -> str:
    taken = b""
    while b"\r\n\r\n" not in taken:
        taken += line.recv(4096)
    head, _, body = taken.partition(b"\r\n\r\n")
    length = next(
        int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += line.recv(4096)
    return body.decode()


def reads_and_dies(broken: Broken, line: socket.socket) -> None:
    """Reads the request, and breaks off."""
    broken.taken.append(_request(line))


def reads_and_hangs(broken: Broken, line: socket.socket) -> None:
    """Reads the request, and says nothing."""
    broken.taken.append(_request(line))
    broken.wait(line)


def reads_and_drips(broken: Broken, line: socket.socket) -> None:
    """Reads the request, and never comes to the end of its headers."""
    broken.taken.append(_request(line))
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    broken.drip(line, b"X-More: 1\r\n")


def breaks_off_its_answer(broken: Broken, line: socket.socket) -> None:
    """Says 200 and breaks off in the middle of the rest."""
    broken.taken.append(_request(line))
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
