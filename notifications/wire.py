"""One HTTP request with one limit; what comes back says whether it is certain. HTTP 请求

Redirects are not followed: the address that was looked at is the one that is told.
"""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from notifications.reach import Limit, Unsure, broken, connect, tls

_MOST = 64 * 1024  # bytes of an answer that are read


@dataclass(frozen=True)
class Answer:
    """What the other side has said."""

    status: int
    body: bytes


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    method: str = "POST",
    guarded: bool = False,
    verify: bool = True,
    limit: Limit | None = None,
) -> Answer:
    """Send one request and read the answer, within the limit.

    Raises Unsent when the request has certainly not been taken, Unsure when it went out and no answer came back.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    proxy = "" if guarded or proxy_bypass(host) else getproxies().get(parts.scheme, "")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with limit or Limit() as limit:
        line = _line(host, parts.port, secure=secure, proxy=proxy, verify=verify)
        # The one that http.client opens connections with; it lays tunnel and TLS over what it is given.
        line._create_connection = lambda at, *_: connect(at[0], at[1], limit, guarded=guarded)  # type: ignore[attr-defined]
        try:
            _open(line)
            answer = _exchange(line, method, url if proxy and not secure else target, body, headers)
            _in_time(limit)
            return answer
        finally:
            line.close()


def _line(
    host: str, port: int | None, *, secure: bool, proxy: str, verify: bool
) -> http.client.HTTPConnection:
    via = urlsplit(proxy if "://" in proxy else f"//{proxy}")
    first = (via.hostname or "", via.port or 80) if proxy else (host, port)
    if not secure:
        return http.client.HTTPConnection(*first)
    line = http.client.HTTPSConnection(*first, context=tls(verify=verify))
    if proxy:
        line.set_tunnel(host, port)
    return line


def _open(line: http.client.HTTPConnection) -> None:
    try:
        line.connect()
    except (OSError, http.client.HTTPException) as fault:
        raise broken(fault) from None


def _exchange(
    line: http.client.HTTPConnection, method: str, target: str, body: bytes, headers: Mapping[str, str]
) -> Answer:
    try:
        line.request(method, target, body, dict(headers))
        answer = line.getresponse()
        said = answer.read(_MOST)
        if answer.length and len(said) < _MOST:
            raise http.client.IncompleteRead(said, answer.length)
        return Answer(answer.status, said)
    except (OSError, http.client.HTTPException) as fault:
        raise Unsure(type(fault).__name__) from None


def _in_time(limit: Limit) -> None:
    """What was cut off can look like a short answer."""
    try:
        limit.left()
    except TimeoutError as fault:
        raise Unsure(type(fault).__name__) from None
