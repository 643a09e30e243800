"""What an officer puts to a superior in advance: file, answer, bring into a case. 在先留存"""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from pydantic import Field, ValidationError
from sqlmodel import Session

from api.cases import CaseId
from api.deps import (
    ActorDep,
    KeyDep,
    ReadingDep,
    RequestHashDep,
    Said,
    SessionDep,
    SignedDep,
    clock,
    once,
    wake_after_commit,
    writing,
)
from api.errors import problem_of
from api.forms import explain
from api.pages_items import known
from api.pages_rendering import page, see_other
from api.views import View
from models.accounts import Signed
from models.answers import DepositAttached, DepositReply, NewDeposit
from models.casework import attach_deposit, file_deposit, reply_deposit
from models.database import register
from models.files import store
from models.queries import addressees, deposits, own_cases
from models.rules.deposits import DepositKind
from models.rules.errors import CaseworkError, NotFound
from models.rules.permissions import Actor, Role

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


class DepositView(View):
    """在先留存：书面请示、非职责任务告知、紧急情况报告"""

    id: str
    kind: str = Field(description="inquiry 书面请示，not-our-duty 非职责任务告知，emergency 紧急情况报告")
    kind_zh: str
    title: str
    text: str
    paper_sha256: str = Field(description="文件原件的 SHA-256，没有的为空")
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


@router.post("/me/deposits", include_in_schema=False)
def post_deposit_page(
    request: Request,
    signed: SignedDep,
    kind: Text = "",
    to: Text = "",
    title: Text = "",
    text: Text = "",
    paper_sha256: Text = "",
) -> Response:
    """File, from the page."""
    typed = {
        "kind": kind,
        "to": to,
        "title": title,
        "text": text,
        "paper_sha256": paper_sha256.strip().lower(),
    }
    try:
        with writing(request) as session:
            _file(session, NewDeposit.model_validate(typed), signed.actor)
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


def _file(session: Session, said: NewDeposit, actor: Actor) -> str:
    # An officer of none is refused by the one ruling, in its words.
    organ = min(actor.organs(Role.OFFICER), default=0)
    return file_deposit(session, organ, said, actor=actor, now=clock()).id


def _attach(session: Session, case_id: str, deposit_id: str, actor: Actor) -> int | None:
    row = attach_deposit(session, case_id, deposit_id, actor=actor, now=clock(), keep=store().put)
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
