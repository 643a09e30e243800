"""The register of numbers: what became of each, setting one aside, giving one up. 文号簿"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, select

from api.cases import RowId
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
    writing,
)
from api.errors import problem_of
from api.pages_forms import FormDep
from api.pages_items import row_id
from api.pages_rendering import page, see_other
from api.views import View
from models.accounts import Signed
from models.casework import reserve_number, void_number
from models.database import register
from models.dossier import find_case
from models.queries import case_facts, kept_organs, number_log, number_series
from models.queries.numbers import STATES_ZH
from models.rules.errors import CaseworkError, Incomplete, NotFound
from models.rules.numbering import SERIES_ZH
from models.rules.permissions import Action, Actor, may
from models.tables import Case, Organ, PaperNumber

router = APIRouter()
TAGS = ["文号簿"]


class Reserve(BaseModel):
    """预留文号"""

    model_config = ConfigDict(extra="forbid")

    organ: str = Field(max_length=32, description="机关代码")
    series: str = Field(max_length=32, description="文书字号，如“免决”", examples=["免决"])
    reason: str = Field(max_length=500, description="预留的理由")
    case: str = Field("", max_length=64, description="案号；写明的，本案下一份此类文书即用此号")


class Void(BaseModel):
    """作废文号"""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=500, description="作废的理由")


class NumberView(View):
    """一个文号"""

    id: int
    text: str = Field(examples=["章云市监免决〔2026〕3号"])
    kind_zh: str
    series: str
    year: int
    number: int
    state: str = Field(description="used 已用、reserved 预留、void 作废")
    state_zh: str
    case_id: str | None = Field(description="您无权查看的案件不写明")
    case_number: str
    taken_at: datetime
    taken_by: str = Field(description="空为系统随文书编发")
    reason: str
    voided_at: datetime | None
    voided_by: str
    void_reason: str


class SeriesView(View):
    """一类文书一年的文号"""

    organ: str
    series: str
    kind_zh: str
    year: int
    last: int = Field(description="最后一个文号")
    used: int
    reserved: int
    void: int
    missing: int = Field(description="查不到去向的文号个数，应当为 0")


class NumbersView(BaseModel):
    """文号簿"""

    series: list[SeriesView]
    numbers: list[NumberView] = Field(description="新的在前，最多 100 个")


@router.get("/api/manage/numbers", summary="文号簿", tags=TAGS)
def get_numbers(actor: ActorDep, session: ReadingDep, series: str = "", state: str = "") -> NumbersView:
    """分管负责人所在机关的文号：各类文书各年度是否连号，每个文号的去向。"""
    return NumbersView(
        series=[SeriesView.model_validate(row) for row in number_series(session, actor)],
        numbers=[
            NumberView.model_validate(row) for row in number_log(session, actor, series=series, state=state)
        ],
    )


@router.post("/api/manage/numbers", summary="预留文号", status_code=201, tags=TAGS)
def post_number(
    body: Reserve, actor: ActorDep, session: SessionDep, request_hash: RequestHashDep, key: KeyDep = None
) -> Response:
    """取本年度下一个文号预留；写明案号的，本案下一份此类文书即用此号。文号不重复使用。"""

    def act() -> Said:
        return 201, _said(_reserve(session, body, actor=actor))

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/api/manage/numbers/{number_id}/void", summary="作废文号", tags=TAGS)
def post_void(
    number_id: RowId,
    body: Void,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """作废一个预留的文号，写明理由；作废的文号留在文号簿，不再启用。"""

    def act() -> Said:
        row = void_number(session, number_id, reason=body.reason, actor=actor, now=clock())
        return 200, _said(row)

    return once(session, actor, act, key=key, request_hash=request_hash)


def _reserve(session: Session, said: Reserve, *, actor: Actor) -> PaperNumber:
    organ = session.exec(select(Organ).where(Organ.code == said.organ)).first()
    if organ is None:
        raise NotFound(f"没有代码为“{said.organ}”的机关，请核对机关代码。")
    case = _case(session, said.case, actor) if said.case.strip() else None
    return reserve_number(
        session, organ, said.series, reason=said.reason, actor=actor, now=clock(), case=case
    )


def _case(session: Session, named: str, actor: Actor) -> Case:
    case = find_case(session, named.strip())
    if not may(actor, Action.SEE, case_facts(session, case.id)[1]).ok:
        raise NotFound
    return case


def _said(row: PaperNumber) -> dict[str, Any]:
    return {
        "id": row.id,
        "series": row.series,
        "year": row.year,
        "number": row.number,
        "state": row.state,
        "state_zh": STATES_ZH[row.state],
    }


# --- pages --------------------------------------------------------------------------------------


@router.get("/manage/numbers", include_in_schema=False)
def get_numbers_page(
    request: Request, signed: SignedDep, series: str = "", state: str = "", did: str = ""
) -> Response:
    """The register of numbers, with the forms to set one aside and to give one up."""
    return _page(request, signed, series=series, state=state, did=did)


@router.post("/manage/numbers", include_in_schema=False)
def post_number_page(request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Set a number aside; what is refused comes back as it was typed."""
    typed = {name: str(form.get(name, "")) for name in Reserve.model_fields}
    try:
        if any(len(text) > 500 for text in typed.values()):
            raise Incomplete("所填内容过长；请缩短到 500 字以内。")
        with writing(request) as session:
            row = _reserve(session, Reserve.model_construct(**typed), actor=signed.actor)
            did = f"reserved-{row.id}"
    except CaseworkError as error:
        return _page(request, signed, typed=typed, error=error)
    return see_other(f"/manage/numbers?did={did}")


@router.post("/manage/numbers/{number_id}/void", include_in_schema=False)
def post_void_page(number_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Give a number up."""
    try:
        with writing(request) as session:
            reason = str(form.get("reason", ""))[:500]
            row = void_number(session, row_id(number_id), reason=reason, actor=signed.actor, now=clock())
            did = f"void-{row.id}"
    except NotFound:
        raise
    except CaseworkError as error:
        return _page(request, signed, error=error)
    return see_other(f"/manage/numbers?did={did}")


def _page(
    request: Request,
    signed: Signed,
    *,
    series: str = "",
    state: str = "",
    did: str = "",
    typed: dict[str, str] | None = None,
    error: CaseworkError | None = None,
) -> Response:
    with register().reading() as session:
        organs = [(organ.code, organ.name) for organ in kept_organs(session, signed.actor)]
        rows = number_log(session, signed.actor, series=series, state=state)
        counted = number_series(session, signed.actor)
    what, _, key = did.partition("-")
    done = next((row for row in rows if str(row.id) == key and row.state == what), None)
    return page(
        request,
        "numbers.html",
        signed,
        organs=organs,
        kinds=SERIES_ZH,
        states=STATES_ZH,
        rows=rows,
        counted=counted,
        chosen=series,
        state=state,
        done=done,
        typed=typed or {},
        refusal=str(error) if error else "",
        status=problem_of(error).status if error else 200,
    )
