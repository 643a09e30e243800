"""What an officer puts to a superior in advance: file, answer, bring into a case. 在先留存"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field, ValidationError
from sqlmodel import Session

from api.cases import CaseId, stored_file
from api.deps import (
    ActorDep,
    KeyDep,
    ReadingDep,
    RequestHashDep,
    Said,
    SessionDep,
    SignedDep,
    check_csrf,
    clock,
    form_csrf,
    once,
    signed_before_form,
    wake_after_commit,
    writing,
)
from api.errors import ForgeryRefused, SignInRequired, problem_of
from api.forms import explain
from api.pages_items import known
from api.pages_rendering import page, see_other
from api.uploads import Upload, receive_file, receive_form, typed_fields
from api.views import View
from models.accounts import Signed
from models.casework import Paper, attach_deposit, file_deposit, reply_deposit
from models.casework.record import check as check_ruling
from models.database import register
from models.declarations import DepositAttached, DepositReply, NewDeposit
from models.files import store
from models.queries import addressees, deposits, own_cases, seen_deposit
from models.rules.deposits import DepositKind
from models.rules.errors import CaseworkError, Incomplete, NotFound
from models.rules.permissions import Action, Actor, Role, may
from models.settings import settings

router = APIRouter()
TAGS = ["在先留存"]
Text = Annotated[str, Form()]
DepositId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="留存编号")]
LABELS = {
    "kind": "种类",
    "to": "受文人",
    "title": "标题",
    "text": "内容",
    "paper_sha256": "文件原件的 SHA-256",
}


_AGAIN = "您重新登录后填写的内容都还在；请核对后再提出，附有文件原件的，请重新选择文件。"
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["kind", "to", "title", "text", "file"],
                    "properties": {
                        "kind": {"type": "string", "example": "inquiry"},
                        "to": {"type": "string", "description": "受文人的用户名"},
                        "title": {"type": "string"},
                        "text": {"type": "string"},
                        "paper_sha256": {"type": "string", "description": "选填；填了的须与文件相符"},
                        "file": {"type": "string", "format": "binary", "description": "放在表单最后"},
                    },
                }
            }
        },
    }
}


class DepositView(View):
    """在先留存：书面请示、非职责任务告知、紧急情况报告"""

    id: str
    kind: str = Field(description="inquiry 书面请示，not-our-duty 非职责任务告知，emergency 紧急情况报告")
    kind_zh: str
    title: str
    text: str
    paper_sha256: str = Field(description="文件原件的 SHA-256，没有的为空")
    file_name: str = Field(description="所附文件，没有的为空")
    size: int
    filed_by: str
    addressed_to: str
    filed_at: datetime
    due_on: date = Field(description="答复期届满日，建议值")
    provisional: bool
    basis: list[str] = Field(description="答复期怎样算出来的")
    standing: str = Field(
        description="waiting 尚在答复期内，answered 已答复，late 逾期答复，unanswered 届满未答复"
    )
    standing_zh: str
    replied_at: datetime | None
    reply: str
    hash: str = Field(description="校验值，与前一件相连")
    prev_hash: str
    reply_hash: str


@router.get("/api/deposits", summary="在先留存", tags=TAGS)
def get_deposits(actor: ActorDep, session: ReadingDep) -> list[DepositView]:
    """本人提出的和等待本人答复的书面请示、非职责任务告知、紧急情况报告；其他任何人都看不到。"""
    return [DepositView.model_validate(row) for row in deposits(session, actor, now=clock())]


@router.get("/api/deposits/{deposit_id}", summary="一件在先留存", tags=TAGS)
def get_deposit(deposit_id: DepositId, actor: ActorDep, session: ReadingDep) -> DepositView:
    """内容、答复期怎样算出来的、是否答复，以及校验值。"""
    found = next((row for row in deposits(session, actor, now=clock()) if row.id == deposit_id), None)
    if found is None:
        raise NotFound
    return DepositView.model_validate(found)


@router.post("/api/deposits", summary="提出请示、告知、报告", status_code=201, tags=TAGS)
def post_deposit(
    body: NewDeposit, actor: ActorDep, session: SessionDep, request_hash: RequestHashDep, key: KeyDep = None
) -> Response:
    """由执法人员向本机关或者上级机关的负责人提出；时间由系统记录，内容与前一件连成校验链，提出后不能更改。"""

    def act() -> Said:
        return 201, {"id": _file(session, body, actor)}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post(
    "/api/deposits/with-paper",
    summary="提出并附文件原件",
    status_code=201,
    tags=TAGS,
    openapi_extra=_FORM,
)
def post_deposit_with_paper(
    request: Request, signed: Annotated[Signed, Depends(signed_before_form)], key: KeyDep = None
) -> Response:
    """说明字段在前，文件在后；文件边收边存盘，校验值与内容一同进入校验链。"""
    said, paper = _take(request, signed, receive_file)
    form = [
        said.model_dump(mode="json"),
        [paper.stored.sha256, paper.file_name, paper.media_type] if paper else [],
    ]

    with writing(request) as session:

        def act() -> Said:
            return 201, {"id": _file(session, said, signed.actor, paper)}

        # The boundary of a form differs each time it is sent; what counts is what the form says.
        request_hash = hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()
        return once(session, signed.actor, act, key=key, request_hash=request_hash)


@router.get(
    "/api/deposits/{deposit_id}/paper", summary="在先留存所附文件", response_class=FileResponse, tags=TAGS
)
def get_paper(deposit_id: DepositId, actor: ActorDep, session: ReadingDep) -> FileResponse:
    """提出人和受文人可以下载；校验值不符的不予提供。"""
    row = seen_deposit(session, actor, deposit_id)
    if not row.file_name:
        raise NotFound("此件没有附文件。")
    return stored_file(row.paper_sha256, row.media_type, row.file_name, inline=False)


@router.post("/api/deposits/{deposit_id}/reply", summary="答复", tags=TAGS)
def post_reply(
    deposit_id: DepositId,
    body: DepositReply,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由受文人答复，只能一次；答复期届满后答复的，如实记为逾期。"""

    def act() -> Said:
        row = reply_deposit(session, deposit_id, body, actor=actor, now=clock())
        return 200, {"id": row.id, "reply_hash": row.reply_hash}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/api/cases/{case_id}/deposits", summary="将在先留存提交为证据", status_code=201, tags=TAGS)
def post_attachment(
    case_id: CaseId,
    body: DepositAttached,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """被核查人员提交本人的留存；调查人员凭被核查人员提供的编号提交。证明写明内容、时间和是否答复。"""

    def act() -> Said:
        return 201, {"evidence": _attach(session, case_id, body.deposit, actor)}

    return once(session, actor, act, key=key, request_hash=request_hash)


# --- pages --------------------------------------------------------------------------------------


@router.get("/me/deposits", include_in_schema=False)
def get_deposits_page(request: Request, signed: SignedDep) -> Response:
    """What one has filed, and what waits for one's answer."""
    return _page(request, signed)


def signed_with_form(request: Request, _: Annotated[str, Depends(form_csrf)]) -> Signed:
    """Who is signed in; of a form that came after the session had ended, what was typed is kept."""
    try:
        return signed_before_form(request)
    except SignInRequired:
        if not hasattr(request.state, "form"):
            request.state.form = typed_fields(request)
        raise


@router.post("/me/deposits", include_in_schema=False)
def post_deposit_page(request: Request, signed: Annotated[Signed, Depends(signed_with_form)]) -> Response:
    """File, from the page, with the paper itself or without."""
    resent = getattr(request.state, "form", None)
    if (
        resent is not None
    ):  # after signing in again: a file would be missing, and what is filed cannot be changed
        typed = {name: str(text) for name, text in resent.items() if name in LABELS}
        return _page(request, signed, error=Incomplete(_AGAIN), typed=typed)
    typed = {}
    try:
        said, paper = _take(request, signed, receive_form, typed)
        with writing(request) as session:
            _file(session, said, signed.actor, paper)
    except ForgeryRefused:
        raise
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, error=error, typed=typed)
    return see_other("/me/deposits")


@router.post("/me/deposits/{deposit_id}/reply", include_in_schema=False)
def post_reply_page(deposit_id: str, request: Request, signed: SignedDep, text: Text = "") -> Response:
    """Answer, from the page."""
    try:
        with writing(request) as session:
            said = DepositReply(text=text)
            reply_deposit(session, known(deposit_id), said, actor=signed.actor, now=clock())
    except NotFound:
        raise
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, error=error)
    return see_other("/me/deposits")


@router.post("/me/deposits/{deposit_id}/evidence", include_in_schema=False)
def post_attachment_page(deposit_id: str, request: Request, signed: SignedDep, case: Text = "") -> Response:
    """Bring it into one's own case, from the page."""
    try:
        with writing(request) as session:
            _attach(session, known(case), known(deposit_id), signed.actor)
    except NotFound:
        raise
    except CaseworkError as error:
        return _page(request, signed, error=error)
    return see_other(f"/cases/{case}#evidence")


def _take(
    request: Request,
    signed: Signed,
    receive: Callable[..., Upload | None],
    typed: dict[str, str] | None = None,
) -> tuple[NewDeposit, Paper | None]:
    """What a form says and its paper in the store; who may not file is refused before a byte of it is kept.

    `typed` is given what was typed, for a form that comes back. Call from the endpoint's own thread.
    """
    said: list[NewDeposit] = []

    def check(fields: Mapping[str, str]) -> None:
        check_csrf(signed, request.headers.get("x-csrf-token") or fields.get("csrf", ""))
        given = {name: text for name, text in fields.items() if name != "csrf"}
        if typed is not None:
            typed.update(given)
        check_ruling(may(signed.actor, Action.FILE_DEPOSIT, organ_id=_organ(signed.actor)))
        if "paper_sha256" in given:
            given["paper_sha256"] = given["paper_sha256"].strip().lower()
        said.append(NewDeposit.model_validate(given))

    chosen = settings()
    upload = receive(
        request,
        store(),
        limit=chosen.evidence_max_mb * 1024 * 1024,
        types=frozenset(kind.strip() for kind in chosen.evidence_types.split(",")),
        check=check,
    )
    return said[0], Paper(upload.stored, upload.file_name, upload.media_type) if upload else None


def _organ(actor: Actor) -> int:
    # An officer of none is refused by the one ruling, in its words.
    return min(actor.organs(Role.OFFICER), default=0)


def _file(session: Session, said: NewDeposit, actor: Actor, paper: Paper | None = None) -> str:
    return file_deposit(session, _organ(actor), said, actor=actor, now=clock(), paper=paper).id


def _attach(session: Session, case_id: str, deposit_id: str, actor: Actor) -> int | None:
    row = attach_deposit(session, case_id, deposit_id, actor=actor, now=clock(), files=store())
    wake_after_commit(session, case_id)
    return row.id


def _page(
    request: Request,
    signed: Signed,
    *,
    error: CaseworkError | ValidationError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    status = problem_of(error).status if error else 200
    with register().reading() as session:
        rows = deposits(session, signed.actor, now=clock())
        people = addressees(session, signed.actor, now=clock())
        cases = [own.row for own in own_cases(session, signed.actor) if own.may_add_evidence]
    return page(
        request,
        "deposits.html",
        signed,
        status=status,
        rows=rows,
        people=people,
        cases=cases,
        limit_mb=settings().evidence_max_mb,
        kinds=tuple((kind.value, kind.zh) for kind in DepositKind),
        files=bool(signed.actor.organs(Role.OFFICER)),
        fields={name: [value] for name, value in (typed or {}).items()},
        refusal=_words(error) if error else "",
    )


def _words(error: CaseworkError | ValidationError) -> str:
    if isinstance(error, CaseworkError):
        return str(error)
    first = error.errors()[0]
    label = LABELS.get(str(first["loc"][0]), "") if first["loc"] else ""
    return f"{label}：{explain(first)}" if label else explain(first)
