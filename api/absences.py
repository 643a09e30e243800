"""Who is away on which days and who stands in: note it, look at it, end it. 外出与代理"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from pydantic import Field, ValidationError

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
from api.forms import explain
from api.pages_items import known
from api.pages_rendering import page, see_other
from api.views import View
from models.accounts import Signed
from models.casework import end_substitution, name_substitute
from models.database import register
from models.declarations import NewSubstitution
from models.queries import people_looked_after, possible_substitutes, substitutions
from models.rules.deadlines import beijing_day
from models.rules.errors import CaseworkError, NotFound
from models.rules.substitution import Why

router = APIRouter()
TAGS = ["外出与代理"]
Text = Annotated[str, Form()]
AbsenceId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="登记编号")]
LABELS = {
    "person": "外出的人员",
    "substitute": "代理人",
    "first_day": "第一天",
    "last_day": "最后一天",
    "why": "事由",
    "reason": "说明",
}


class AbsenceView(View):
    """外出与代理：谁在哪些日子不在岗，由谁代理"""

    id: str
    person: str
    substitute: str = Field(description="代理人；没有指定的为空")
    first_day: date
    last_day: date = Field(description="最后一天，含")
    why: str = Field(description="leave 休假，travel 出差，training 学习培训，other 其他")
    why_zh: str
    reason: str
    named_by: str = Field(description="由谁登记")
    state: str = Field(description="coming 尚未开始，running 代理中，over 已结束，revoked 已撤销")
    state_zh: str
    may_end: bool = Field(description="现在可以撤销")


@router.get("/api/absences", summary="外出与代理", tags=TAGS)
def get_absences(actor: ActorDep, session: ReadingDep) -> list[AbsenceView]:
    """本人的外出、由本人代理的，以及本人分管人员的外出和代理；其他人看不到。"""
    return [AbsenceView.model_validate(row) for row in substitutions(session, actor, on=beijing_day(clock()))]


@router.post("/api/absences", summary="登记外出、指定代理人", status_code=201, tags=TAGS)
def post_absence(
    body: NewSubstitution,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由本人或者其分管负责人登记；在这些日子里，外出人员的待办同时提供给代理人，代理人办理的记为“代”。

    回避的、不得兼任的案件不提供给代理人；表决、回避申报和被核查人员本人的事项不能代理；代理人不能再转给他人代理。
    """

    def act() -> Said:
        return 201, {"id": name_substitute(session, body, actor=actor, now=clock()).id}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/api/absences/{absence_id}/end", summary="撤销外出和代理", tags=TAGS)
def post_end(
    absence_id: AbsenceId,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由外出的本人、代理人或者分管负责人撤销；代理人即刻看不到因代理才看到的案件。"""

    def act() -> Said:
        row = end_substitution(session, absence_id, actor=actor, now=clock())
        return 200, {"id": row.id, "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None}

    return once(session, actor, act, key=key, request_hash=request_hash)


# --- pages --------------------------------------------------------------------------------------


@router.get("/me/absences", include_in_schema=False)
def get_absences_page(request: Request, signed: SignedDep) -> Response:
    """One's own absences, whom one stands in for, and the people one manages."""
    return _page(request, signed)


@router.post("/me/absences", include_in_schema=False)
def post_absence_page(
    request: Request,
    signed: SignedDep,
    person: Text = "",
    substitute: Text = "",
    first_day: Text = "",
    last_day: Text = "",
    why: Text = "",
    reason: Text = "",
) -> Response:
    """Note an absence, from the page."""
    typed = {
        "person": person,
        "substitute": substitute,
        "first_day": first_day,
        "last_day": last_day,
        "why": why,
        "reason": reason,
    }
    try:
        with writing(request) as session:
            said = NewSubstitution.model_validate(typed)
            name_substitute(session, said, actor=signed.actor, now=clock())
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, error=error, typed=typed)
    return see_other("/me/absences")


@router.post("/me/absences/{absence_id}/end", include_in_schema=False)
def post_end_page(absence_id: str, request: Request, signed: SignedDep) -> Response:
    """End it, from the page."""
    try:
        with writing(request) as session:
            end_substitution(session, known(absence_id), actor=signed.actor, now=clock())
    except NotFound:
        raise
    except CaseworkError as error:
        return _page(request, signed, error=error)
    return see_other("/me/absences")


def _page(
    request: Request,
    signed: Signed,
    *,
    error: CaseworkError | ValidationError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    status = problem_of(error).status if error else 200
    today = beijing_day(clock())
    with register().reading() as session:
        rows = substitutions(session, signed.actor, on=today)
        people = people_looked_after(session, signed.actor, on=today)
        substitutes = possible_substitutes(session, [username for username, _ in people], on=today)
    faults = _faults(error) if isinstance(error, ValidationError) else {}
    return page(
        request,
        "absences.html",
        signed,
        status=status,
        rows=rows,
        people=people,
        substitutes=substitutes,
        whys=tuple((why.value, why.zh) for why in Why),
        today=today,
        own=signed.username,
        fields={name: [value] for name, value in (typed or {}).items()},
        faults=faults,
        listed=[(name, LABELS[name], what) for name, what in faults.items()],
        refusal=str(error) if isinstance(error, CaseworkError) else "",
    )


def _faults(error: ValidationError) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in error.errors():
        found.setdefault(str(one["loc"][0]), explain(one))
    return found
