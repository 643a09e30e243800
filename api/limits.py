"""What the door lets in: sizes, rates, and the headers that protect what goes out. 门禁

Plain ASGI, before anything is parsed.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, TooManyAttempts

WINDOW_S = 15 * 60
KEYS = 20_000  # remembered at once; the oldest are forgotten first
WIDER = 10  # an address, or an account from all addresses, may fail so many times more


class SignInLimits:
    """Failed sign-ins per account and address, per address and per account, in a sliding window. 登录限次

    An attempt counts before its password is checked, so that many at once do not slip through.
    """

    def __init__(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def enter(self, username: str, address: str) -> None:
        """Count an attempt. Raises TooManyAttempts, before any password is looked at."""
        now = self._clock()
        with self._lock:
            keys = self._keys(username, address)
            for key, limit in keys.items():
                if len(self._recent(key, now)) >= limit:
                    raise TooManyAttempts
            for key in keys:
                self._recent(key, now).append(now)
            while len(self._failed) > KEYS:
                self._failed.popitem(last=False)

    def forgive(self, username: str, address: str) -> None:
        """The attempt was a success: forget what failed for this account from this address, and this attempt."""
        with self._lock:
            both, *wider = self._keys(username, address)
            self._failed.pop(both, None)
            for key in wider:
                if self._failed.get(key):
                    self._failed[key].pop()

    def _keys(self, username: str, address: str) -> dict[str, int]:
        account = username[:64]
        return {
            f"both:{account}@{address}": self._limit,
            f"address:{address}": self._limit * WIDER,
            f"account:{account}": self._limit * WIDER,
        }

    def _recent(self, key: str, now: float) -> deque[float]:
        times = self._failed.setdefault(key, deque())
        self._failed.move_to_end(key)
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        return times


class BodyTooLarge(HTTPException):
    """The body went past its limit while it was read."""

    def __init__(self) -> None:
        super().__init__(413)


@dataclass(frozen=True)
class BodyLimit:
    """Refuse a body that is too large, announced or chunked, before it is parsed. 内容大小限制"""

    app: ASGIApp
    limit: int  # bytes
    upload_limit: int  # of a multipart body, which is streamed to disk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        multipart = headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = self.upload_limit if multipart else self.limit
        announced = headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
            await _refuse(limit)(scope, receive, send)
            return
        await self.app(scope, _counting(receive, limit), send)


def _counting(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise BodyTooLarge
        return message

    return counted


def _refuse(limit: int) -> Response:
    said = f"提交的内容超过 {limit // 1024} KiB 的上限，没有保存；请精简或者拆分后再提交。"
    problem = Problem(413, "too-large", said)
    return Response(
        problem.body(),
        413,
        headers=_ALWAYS | {"Connection": "close", "Cache-Control": "no-store"},
        media_type="application/problem+json",
    )


_ALWAYS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class SecurityHeaders:
    """Every answer carries the protective headers, and is kept by nobody unless it says it may be. 安全响应头"""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add what the answer has not set itself."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)
