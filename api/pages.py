"""Pages for people: signing in and out, the inbox, and the pages of cases and work items. 页面"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from sqlmodel import Session, select

from api import pages_cases, pages_items, pages_notices, pages_suggestions
from api.deps import COOKIE, MaybeSignedDep, SessionDep, SignedDep, clock
from api.errors import status_of
from api.language import LANGUAGE_COOKIE
from api.pages_forms import FormDep
from api.pages_rendering import STATIC, counted, inside, page, see_other
from api.session import drop_cookie, end_session, set_cookie, sign_in
from models.accounts import Signed
from models.database import register
from models.queries import Box, ItemRow, case_row, inbox, inbox_counts, notices_to, seen_item, unread_count
from models.rules.deadlines import beijing_day
from models.rules.errors import CaseworkError, NotFound
from models.rules.lifecycle import Kind
from models.rules.permissions import Actor, Role
from models.rules.verbs import Verb
from models.settings import settings
from models.tables import WorkItem

router = APIRouter(include_in_schema=False)
_NOTICES = 5
# What can be done with many items of a part of the inbox at once.
_TOGETHER: Mapping[Box, Verb] = {Box.SHARED: Verb.CLAIM, Box.MINE: Verb.RELEASE}
LANGUAGE_DAYS = 365


@router.get("/static/site.{kind}")
def get_static(kind: Literal["css", "js"]) -> FileResponse:
    """The one style sheet and the one script."""
    of = {"css": "text/css", "js": "text/javascript"}[kind]
    return FileResponse(STATIC / f"site.{kind}", media_type=of, headers={"Cache-Control": "max-age=3600"})


@router.get("/language/{code}")
def get_language(code: Literal["zh-CN", "en"], to: str = "") -> Response:
    """The pages in another language from now on, in this browser; back to where one was."""
    response = see_other(inside(to))
    response.set_cookie(
        LANGUAGE_COOKIE,
        code,
        max_age=LANGUAGE_DAYS * 86400,
        path="/",
        secure=settings().secure_cookies,
        httponly=True,
        samesite="strict",
    )
    return response


@router.get("/sign-in")
def get_sign_in(request: Request, signed: MaybeSignedDep, to: str = "", left: bool = False) -> Response:
    """The form to sign in; who is signed in already goes on."""
    if signed is not None:
        return see_other(inside(to))
    return page(request, "sign-in.html", None, to=inside(to), left=left)


@router.post("/sign-in")
def post_sign_in(request: Request, form: FormDep) -> Response:
    """Open a session and go where one wanted to."""
    username, password = str(form.get("username", "")).strip(), str(form.get("password", ""))
    to = inside(str(form.get("to", "")))
    try:
        opened = sign_in(request, username.replace("\0", ""), password)
    except CaseworkError as error:
        return page(
            request,
            "sign-in.html",
            None,
            status=status_of(error),
            fields={"username": [username]},
            refusal=str(error),
            to=to,
            left=False,
        )
    response = see_other(to)
    set_cookie(response, opened)
    return response


@router.post("/sign-out")
def post_sign_out(request: Request, signed: SignedDep, session: SessionDep) -> Response:
    """End the session of this browser."""
    end_session(request, signed, session)
    response = see_other("/sign-in?left=1")
    drop_cookie(response)
    return response


@router.get("/")
def get_home(request: Request, signed: MaybeSignedDep) -> Response:
    """The inbox for those who are signed in, the portal for everybody else."""
    if signed is None and request.cookies.get(COOKIE) is None:
        return see_other("/portal")
    return see_other("/inbox")


@router.get("/inbox")
def get_inbox(
    request: Request,
    signed: SignedDep,
    box: Box = Box.ALL,
    done: Annotated[str, Query(max_length=40)] = "",
    after: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """What waits for me, due first; after an answer also what happens next."""
    return show_inbox(request, signed, box=box, done=done, after=after)


def show_inbox(
    request: Request,
    signed: Signed,
    *,
    box: Box,
    done: str = "",
    after: str | None = None,
    verb: Verb | None = None,
    results: Sequence[Any] = (),
) -> Response:
    """The inbox; `verb` and `results` when something was done with the ticked items."""
    today = beijing_day(clock())
    with register().reading() as session:
        found = inbox(session, signed.actor, box=box, on=today, after=after)
        counts = inbox_counts(session, signed.actor, on=today)
        return page(
            request,
            "inbox.html",
            signed,
            rows=found.rows,
            next=found.next,
            box=box,
            boxes=[(part, counted(counts[part])) for part in Box],
            anything=counts[Box.ALL] > 0,
            together=_TOGETHER.get(box),
            stood_in={row.id for row in found.rows if _of_another(signed.actor, row)},
            verb=verb,
            results=results,
            today=today,
            done=_confirmation(session, signed, done) if done else None,
            notices=notices_to(session, signed.actor, limit=_NOTICES),
            unread=counted(unread_count(session, signed.actor)),
        )


def _of_another(actor: Actor, row: ItemRow) -> bool:
    """Whether an item of the inbox is there because its reader stands in for somebody."""
    mine = row.assignee_id == actor.person_id if row.assignee_id else actor.organs(Role(row.role))
    return not mine


def _confirmation(session: Session, signed: Signed, item_id: str) -> dict[str, Any] | None:
    """What has just been done and what follows, as far as the person may know it."""
    try:
        item, case, facts = seen_item(session, signed.actor, pages_items.known(item_id))
    except NotFound:
        # Whoever has just stepped aside sees the case no more.
        return {"title": "已提交", "text": "您不再参与此案，不需要再做什么。", "case_id": None}
    if item.state != "done" or item.answered_by != signed.actor.person_id:
        return None
    row = case_row(session, case.id)
    narrow = signed.actor.person_id in facts.parts and any(
        part.value == "respondent" for part in facts.parts_of(signed.actor.person_id)
    )
    return {
        "title": f"『{Kind(item.kind).zh}』已提交",
        "text": f"{row.number} 现在『{row.stage_zh}』环节。{_what_next(session, case.id, narrow=narrow, state=row.state)}",
        "case_id": case.id,
    }


def _what_next(session: Session, case_id: str, *, narrow: bool, state: str) -> str:
    if state == "archived":
        return "案件已归档，办理完毕。"
    if narrow:
        return "需要您办理的事项会出现在这里，并通知您。"
    waiting = select(WorkItem.kind, WorkItem.role).where(
        WorkItem.case_id == case_id, WorkItem.state == "open"
    )
    wanted = sorted({f"{Kind(kind).zh}（{Role(role).zh}）" for kind, role in session.exec(waiting)})
    return f"接下来：{'、'.join(wanted)}，系统已通知。" if wanted else "接下来由系统办理文书和通知。"


router.include_router(pages_cases.router)
router.include_router(pages_items.router)
router.include_router(pages_notices.router)
router.include_router(pages_suggestions.router)
