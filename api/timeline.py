"""The steps of a case over JSON and on its page: which one asks for, and which stand on top. 办理进程"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api import forms
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
    writing,
)
from api.errors import problem_of
from api.pages_cases import show_case
from api.pages_forms import FormDep, fields_of
from api.pages_items import known
from api.pages_rendering import see_other
from api.read_log import ReadLogDep, note_case
from api.views import TimelineView
from models.answers import NewPin
from models.casework import pin_step
from models.queries import Sieve, narrow, seen_case, timeline
from models.rules.errors import CaseworkError
from models.rules.timeline import Audience, StepKind

router = APIRouter()
TAGS = ["案件"]
KindAsked = Annotated[
    StepKind | None,
    Query(
        description="act 办案动作、paper 文书、notice 通知与期限、deliberation 表决与审议、reading 查阅记录"
    ),
]
AudienceAsked = Annotated[
    Audience | None,
    Query(description="internal 仅办案人员、officer 被核查人员可见（按其看到的样子）、public 已向社会公开"),
]


@router.get("/api/cases/{case_id}/timeline", summary="办理进程", tags=TAGS)
def get_timeline(
    case_id: CaseId,
    actor: ActorDep,
    session: ReadingDep,
    log: ReadLogDep,
    kind: KindAsked = None,
    audience: AudienceAsked = None,
) -> list[TimelineView]:
    """谁在何时办理了什么；被核查人员看到环节的变动和本人的办理。筛选只在您可以查看的范围内进行。"""
    _, facts = seen_case(session, actor, case_id)
    note_case(log, actor, case_id, facts)
    rows = timeline(
        session, actor, case_id, limited=narrow(actor, facts), sieve=Sieve(kind=kind, audience=audience)
    )
    return [TimelineView.model_validate(row) for row in rows]


@router.post("/api/cases/{case_id}/pins", summary="置顶、取消置顶", tags=TAGS)
def post_pin(
    case_id: CaseId,
    body: NewPin,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由参与本案办理的人员写明理由，将办理进程的一步（`step`，即其 `seq`）置顶或者取消置顶；该步的记录不变。"""

    def act() -> Said:
        case = pin_step(session, case_id, body, actor=actor, now=clock())
        return 200, {"case": case.id, "step": body.step, "pinned": body.pinned}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/cases/{case_id}/pins", include_in_schema=False)
def post_pin_page(case_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Pin or unpin a step from the page of the case; what is refused comes back as it was typed."""
    typed = fields_of(form)
    # Each pinned step has a form of its own to take it down, told apart by its number.
    down = next((name.split(".")[1] for name in typed if name.startswith("unpin.")), "")
    head = f"unpin.{down}." if down else "pin."
    bare = {name.removeprefix(head): values for name, values in typed.items()}
    try:
        content = forms.read(forms.PIN, bare) | {"pinned": not down}
        said = NewPin.model_validate(content | ({"step": down} if down else {}))
        with writing(request) as session:
            pin_step(session, known(case_id), said, actor=signed.actor, now=clock())
    except (CaseworkError, ValidationError) as error:
        faults = forms.faults(forms.PIN, bare, error) if isinstance(error, ValidationError) else {}
        return show_case(
            request,
            signed,
            case_id,
            fields={head + name: values for name, values in bare.items()},
            faults={head + name: why for name, why in faults.items()},
            listed=[(head + name, forms.label_of(forms.PIN, name), why) for name, why in faults.items()],
            refusal="" if faults else str(error),
            status=problem_of(error).status,
            typed_for=head,
        )
    return see_other(f"/cases/{case_id}?recorded=1#timeline")
