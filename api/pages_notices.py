"""The notices one was sent, and marking them as read. 通知页面"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from api.deps import SessionDep, SignedDep, clock
from api.pages_forms import FormDep
from api.pages_rendering import page
from models.accounts import Signed
from models.database import register
from models.notices import Result, mark_read
from models.queries import MOST, notices_to
from models.rules.errors import Incomplete

router = APIRouter(include_in_schema=False)


@router.get("/notices")
def get_notices(request: Request, signed: SignedDep, unread: Annotated[bool, Query()] = False) -> Response:
    """My notices, newest first, as many as one page holds."""
    with register().reading() as session:
        return _page(request, signed, session, unread=unread, results={})


@router.post("/notices/read")
def post_read(request: Request, signed: SignedDep, session: SessionDep, form: FormDep) -> Response:
    """Mark the ticked notices, or all shown; every one says what became of it."""
    chosen = form.getlist("shown" if form.get("do") == "all" else "notice")
    ids = [int(one) for one in chosen if isinstance(one, str) and one.isascii() and one.isdigit()]
    if len(chosen) > MOST or any(one >= 2**31 for one in ids):
        raise Incomplete(f"一次最多标记 {MOST} 条通知；请回到通知列表重新勾选。")
    marked = {one.id: one.result for one in mark_read(session, ids, actor=signed.actor, now=clock())}
    return _page(request, signed, session, unread=False, results=marked)


def _page(
    request: Request, signed: Signed, session: Session, *, unread: bool, results: Mapping[int, Result]
) -> Response:
    session.flush()
    session.expire_all()
    rows = notices_to(session, signed.actor, limit=MOST)
    known = {row.id for row in rows}
    return page(
        request,
        "notices.html",
        signed,
        rows=[row for row in rows if not unread or row.read_at is None],
        only_unread=unread,
        most=MOST,
        full=len(rows) == MOST,
        results=results,
        lost=[key for key in results if key not in known],
        summed={r.zh: n for r in Result if (n := sum(1 for one in results.values() if one == r))},
        asked=request.method == "POST",
    )
