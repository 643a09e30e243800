"""A connection that ends in time, to an address that may be called. 连接与时限

Time limits of sockets count from one byte to the next, so a server that drips keeps a caller for ever; here one
limit holds for everything on a connection. Names are resolved once and the address that was looked at is the one
that is called: whoever answers for a name cannot answer differently the second time.
"""

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from models.settings import settings

_CONNECT_S = 8.0  # at most, for one address of several

_UNREACHABLE = "连接不上对方服务器；请核对服务器地址和端口。"
_UNTRUSTED = "对方服务器的证书不可信，没有发送；请核对服务器地址，或者联系系统管理员安装证书。"
_INSIDE = "地址指向内部网络，不能使用；确需使用的，请联系系统管理员在设置中写明该网段。"

_NAT64 = IPv6Network("64:ff9b::/96")


class Unsent(Exception):
    """It is certain that the other side has not taken the message; the message says why. 确定没有送达"""


class Unsure(Exception):
    """The other side may have taken the message, and nobody can tell from here. 不能确定是否送达"""


class Forbidden(Unsent):
    """The address lies inside the house and is not one that may be called. 不允许的地址"""


class Limit:
    """The seconds of the settings for everything, whatever a line is waiting for when they are over. 时限"""

    def __init__(self) -> None:
        self._until = time.monotonic() + settings().notice_limit_s
        self._watched: list[tuple[threading.Timer, socket.socket]] = []

    def __enter__(self) -> "Limit":
        return self

    def __exit__(self, *_: object) -> None:
        for timer, handle in self._watched:
            timer.cancel()
            handle.close()

    def left(self) -> float:
        """Seconds that are left. Raises TimeoutError when there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this message is over")
        return left

    def watch(self, line: socket.socket) -> None:
        """Cut this line when the time is over, also when TLS has been laid over it since."""
        handle = line.dup()
        timer = threading.Timer(self.left(), _cut, (handle,))
        timer.daemon = True
        self._watched.append((timer, handle))
        timer.start()


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):  # closed meanwhile: the work was done in time
        handle.shutdown(socket.SHUT_RDWR)


def connect(host: str, port: int, limit: Limit, *, guarded: bool) -> socket.socket:
    """A connection to the first address of the host that answers. Raises Unsent, and Forbidden when `guarded`."""
    refusal: Unsent = Unsent(_UNREACHABLE)
    for family, address in _resolve(host, port):
        if guarded and not may_call(address[0]):
            refusal = Forbidden(_INSIDE)
            continue
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(min(limit.left(), _CONNECT_S))
            line.connect(address)
            line.settimeout(limit.left())
            limit.watch(line)
        except OSError:
            line.close()
            refusal = Unsent(_UNREACHABLE)
            continue
        return line
    raise refusal


def may_call(address: str) -> bool:
    """Whether an address that somebody typed may be called: a public one, or one of a network named in the settings."""
    ip = _plain(ip_address(address.partition("%")[0]))
    if any(ip.version == net.version and ip in net for net in _named()):
        return True
    return ip.is_global and not ip.is_multicast


def host_fault(host: str, port: int) -> str:
    """Why a host may not be called, as it is known now; empty when it may, or is not known yet."""
    try:
        found = _resolve(host, port)
    except Unsent:
        return ""
    return "" if any(may_call(address[0]) for _, address in found) else _INSIDE


def broken(fault: Exception) -> Unsent:
    """What to say of a line that broke before anything was sent over it."""
    return Unsent(_UNTRUSTED if isinstance(fault, ssl.SSLCertVerificationError) else _UNREACHABLE)


@lru_cache
def tls(*, verify: bool) -> ssl.SSLContext:
    """Who is trusted: whom this machine trusts, or everybody where an address says so."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _resolve(host: str, port: int) -> Sequence[tuple[int, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unsent(_UNREACHABLE) from None
    return [(family, address) for family, _, _, _, address in found]  # type: ignore[misc]


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that is really called, for those that only wrap another."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _named() -> Sequence[object]:
    return [ip_network(part.strip()) for part in settings().private_networks.split(",") if part.strip()]
