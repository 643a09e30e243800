"""What endpoints ask for: who acts, the transaction, the version seen, at most once. 请求依赖

The transaction begins and ends here: it is committed before the answer leaves, and what raises undoes it as a whole.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import anyio.from_thread
import sqlalchemy as sa
from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select
from starlette.datastructures import FormData

from api.errors import ForgeryRefused, IdempotencyMismatch, PreconditionRequired, SignInRequired
from api.wake import wake
from models.accounts import SESSION, TOKEN, Signed, authenticate
from models.database import register, to_json
from models.rules.errors import Incomplete
from models.rules.permissions import Actor
from models.settings import settings
from models.tables import Effect, Replay

COOKIE = "zhaodan_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_FIELDS = 20_000  # a worksheet has hundreds of lines for each officer


def clock() -> datetime:
    """The moment, in UTC: the door is where the clock is read."""
    return datetime.now(UTC)


# --- the transaction ----------------------------------------------------------------------------


async def session_in_turn(request: Request) -> AsyncIterator[Session]:
    """One act, one transaction, committed before the answer is sent; then cases it moved are woken."""
    # Nobody holds a thread while waiting, so whoever has the turn always finds one to finish in.
    async with _turn(request), contextmanager_in_threadpool(register().writing()) as session:
        yield session
    _wake_moved(session)


@contextmanager
def writing(request: Request) -> Iterator[Session]:
    """The same for an endpoint that opens its transaction itself, late, from its own thread."""
    turn = _turn(request)
    anyio.from_thread.run(turn.__aenter__)
    try:
        with register().writing() as session:
            yield session
    finally:
        anyio.from_thread.run(turn.__aexit__, None, None, None)
    _wake_moved(session)


def _wake_moved(session: Session) -> None:
    for case_id in session.info.pop("moved", ()):
        wake(case_id)


def _turn(request: Request) -> AbstractAsyncContextManager[None]:
    """SQLite has one writer at a time and lets the others guess when to try again: here they stand in line."""
    turn: asyncio.Lock = request.app.state.turn
    return turn if register().engine.dialect.name == "sqlite" else nullcontext()


def get_reading() -> Iterator[Session]:
    """A consistent view for one answer; nothing is written."""
    with register().reading() as session:
        yield session


# Function scope: with the default one the answer would leave before the commit, and a failing commit as 200.
SessionDep = Annotated[Session, Depends(session_in_turn, scope="function")]
ReadingDep = Annotated[Session, Depends(get_reading, scope="function")]


def wake_after_commit(session: Session, case_id: str) -> None:
    """Have the case woken once this transaction is committed, when the office owes something because of it."""
    # By case alone: with the state in the condition SQLite walks through everything the house still owes.
    states = select(Effect.state).where(Effect.case_id == case_id).distinct()
    if "owed" in session.exec(states).all():
        session.info.setdefault("moved", []).append(case_id)


# --- who acts -----------------------------------------------------------------------------------


async def read_form(request: Request) -> FormData:
    """The form of the request, read once."""
    form: FormData = await request.form(max_fields=FORM_FIELDS)
    request.state.form = form  # a refusal may have to give it back
    return form


async def form_csrf(request: Request) -> str:
    """The anti-forgery mark of a page's form; a multipart body is left for its endpoint to stream."""
    kind = request.headers.get("content-type", "").lower()
    if request.method in SAFE or not kind.startswith("application/x-www-form-urlencoded"):
        return ""
    mark = (await read_form(request)).get("csrf", "")
    return mark if isinstance(mark, str) else ""


def maybe_signed(request: Request) -> Signed | None:
    """Who is signed in, without asking for it: for pages that also greet strangers."""
    credential = _credential(request)
    if credential is None:
        return None
    token, kind = credential
    with register().reading() as session:
        return authenticate(session, token, now=clock(), kind=kind)


def signed_before_form(request: Request) -> Signed:
    """Who is signed in; the endpoint itself checks the mark in the form it streams. Raises SignInRequired."""
    signed = maybe_signed(request)
    if signed is None:
        raise SignInRequired
    if request.method not in SAFE and signed.kind == SESSION:
        check_origin(request)
    return signed


def get_signed(request: Request, mark: Annotated[str, Depends(form_csrf)]) -> Signed:
    """Who is signed in, and for a browser's writes that they come from our own pages.

    Raises SignInRequired, ForgeryRefused.
    """
    signed = signed_before_form(request)
    if request.method not in SAFE:
        check_csrf(signed, request.headers.get("x-csrf-token") or mark)
    return signed


def get_actor(signed: Annotated[Signed, Depends(get_signed)]) -> Actor:
    """Who acts, with the roles of today."""
    return signed.actor


SignedDep = Annotated[Signed, Depends(get_signed)]
ActorDep = Annotated[Actor, Depends(get_actor)]
MaybeSignedDep = Annotated[Signed | None, Depends(maybe_signed)]


def _credential(request: Request) -> tuple[str, str] | None:
    header = request.headers.get("authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        return (token.strip(), TOKEN) if scheme.lower() == "bearer" and token.strip() else None
    cookie = request.cookies.get(COOKIE)
    return (cookie, SESSION) if cookie else None


def check_csrf(signed: Signed, mark: str) -> None:
    """Refuse a browser's write without the mark of its session; programs with a token need none."""
    if signed.kind == SESSION and not secrets.compare_digest(mark.encode(), signed.csrf.encode()):
        raise ForgeryRefused


def check_origin(request: Request) -> None:
    """Refuse what a browser says comes from another site. Raises ForgeryRefused."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise ForgeryRefused
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc not in _own_hosts(request):
        raise ForgeryRefused


def _own_hosts(request: Request) -> set[str]:
    public = urlsplit(settings().public_url).netloc
    return {request.headers.get("host", "")} | ({public} if public else set())


def address_of(request: Request) -> str:
    """Where a request comes from, as far as the server knows."""
    return request.client.host if request.client else ""


# --- the version seen ---------------------------------------------------------------------------


def etag(version: int) -> str:
    """A version as an entity tag."""
    return f'"{version}"'


def expected_version(if_match: Annotated[str | None, Header()] = None) -> int | None:
    """The version the caller has seen; None for `*`. Raises PreconditionRequired, Incomplete."""
    if if_match is None:
        raise PreconditionRequired
    tag = if_match.strip().removeprefix("W/").strip('"')
    if tag == "*":
        return None
    if not (tag.isascii() and tag.isdigit() and len(tag) < 10):
        raise Incomplete('If-Match 应为读取此待办时得到的 ETag，例如 "3"；请重新读取后再提交。')
    return int(tag)


VersionDep = Annotated[int | None, Depends(expected_version)]


# --- at most once -------------------------------------------------------------------------------


async def get_request_hash(request: Request) -> str:
    """What was asked, as a hash: method, address, version and body."""
    said = [request.method, request.url.path, request.headers.get("if-match", "")]
    body = await request.body()
    return hashlib.sha256("\n".join(said).encode() + b"\n" + body).hexdigest()


RequestHashDep = Annotated[str, Depends(get_request_hash)]
KeyDep = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        description="同一请求重发时用同一个值，只办理一次",
    ),
]
Said = tuple[int, Mapping[str, Any]]  # status and body


def once(
    session: Session,
    actor: Actor,
    act: Callable[[], Said],
    *,
    key: str | None,
    request_hash: str,
) -> Response:
    """Do the act and keep its answer under the key, or give the answer it was given the first time.

    Raises IdempotencyMismatch when the key was used for another request.
    """
    if key is None:
        return _said(*act())
    if not _claim(session, actor, key, request_hash):
        first = session.exec(_replay(actor, key)).one()
        if first.request != request_hash:
            raise IdempotencyMismatch
        return _said(first.status, json.loads(first.body), replayed=True)
    status, body = act()
    kept = to_json(body)
    session.exec(sa.update(Replay).where(_of(actor, key)).values(status=status, body=kept))
    return _said(status, body)


def _claim(session: Session, actor: Actor, key: str, request_hash: str) -> bool:
    """Whether the key is new. Somebody using it at this moment is waited for."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        "person_id": actor.person_id,
        "key": key,
        "request": request_hash,
        "status": 0,
        "body": "",
        "created_at": clock(),
    }
    table = SQLModel.metadata.tables[str(Replay.__tablename__)]
    claim = insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
    return session.execute(claim).first() is not None


def _of(actor: Actor, key: str) -> sa.ColumnElement[bool]:
    return (col(Replay.person_id) == actor.person_id) & (col(Replay.key) == key)


def _replay(actor: Actor, key: str) -> Any:
    return select(Replay).where(_of(actor, key))


def _said(status: int, body: Mapping[str, Any], *, replayed: bool = False) -> Response:
    headers = {"ETag": etag(body["version"])} if "version" in body else {}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(to_json(body), status_code=status, headers=headers, media_type="application/json")
