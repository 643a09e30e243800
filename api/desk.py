"""The desk of a manager and of an officer concerned, as pages and for programs. 管理概览与我的档案"""

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.charts import ROW, bars
from api.deps import ActorDep, ReadingDep, SignedDep, clock
from api.pages_rendering import page
from api.views import CaseView, DocumentView, ItemView, View, document_view, item_view
from models.dossier import clause_label
from models.queries import Overview, OwnCase, overview, own_cases, standstills_for
from models.rules.deadlines import beijing_day
from models.rules.decision import Outcome
from models.rules.lifecycle import Stage
from models.rules.permissions import Actor, Role

router = APIRouter()
DEFINITIONS = {
    "backlog": "状态为办理中的案件，按现在所处的环节计；已移送、等待其他机关答复的另列，已归档的不计。",
    "ages": "尚未办理的待办，按产生至今的自然日计；其中逾期的，指最迟办理日早于今天。未设期限的待办不会逾期。",
    "late": "尚未办理、最迟办理日早于今天的待办。暂定期限同样计算。逾期不自动产生任何结果。",
    "standstills": "尚未办理、今天没有任何人可以办理的待办：没有人任职，任职的都应回避、不得兼任或者外出而没有代理人。"
    "被核查人员本人的事项不计。每件告知负责人一次。",
    "clauses": "已签发决定的被核查人员，按法制审核确认对其适用的条款计；一人有几条就在几条下各计一次，以最后一次签发为准。"
    "没有确认任何条款的列在最后。",
}
SCOPE = (
    "统计您分管或者负责的机关以及其下级机关中，您可以查看全部案卷的案件；您已回避的、您本人是被核查人员的案件"
    "不在任何数字之内。"
)


class BacklogView(BaseModel):
    """一个机关的在办案件"""

    organ: str
    stages: dict[str, int]
    total: int
    transferred: int


class AgeView(BaseModel):
    """待办时长的一段"""

    since: int = Field(description="自然日，含")
    until: int | None = Field(description="自然日，含；没有上限的为空")
    items: int
    late: int


class ClauseOutcomesView(BaseModel):
    """一个条款下的结论"""

    clause: str = Field(description="空为没有确认任何条款")
    outcomes: dict[str, int]
    total: int


class StandstillView(View):
    """无人可办的待办"""

    case_id: str | None = Field(description="您无权查看案卷的为空，只列案号")
    item_id: str | None
    case_number: str
    organ: str
    kind: str
    zh: str
    lack: str = Field(
        description="no-holder 没有人任职，all-tied 任职人员都应回避或者不得兼任，all-away 都外出，level 密级超出知悉范围，"
        "gone 办理人账户已停用，away 办理人外出，tied 办理人应当回避"
    )
    said: str = Field(description="缺什么、谁可以补正")


class OverviewView(BaseModel):
    """管理概览"""

    on: date
    scope: str
    definitions: dict[str, str]
    backlog: list[BacklogView]
    ages: list[AgeView]
    late: int
    latest: list[ItemView] = Field(description="逾期最久的")
    standstills: list[StandstillView] = Field(description="现在没有人可以办理的待办")
    decided: int = Field(description="已签发决定的人数")
    clauses: list[ClauseOutcomesView]


class OwnDecisionView(BaseModel):
    """对本人的决定"""

    outcome: str
    outcome_zh: str
    signed_at: datetime | None
    served_at: datetime | None


class OwnClearingView(BaseModel):
    """本人的澄清正名"""

    wanted: bool
    form: str
    scope: str
    approved: bool
    notice: str = Field(description="公告编号；没有公告的为空")


class OwnCaseView(BaseModel):
    """与本人有关的案件"""

    case: CaseView
    post: str
    unit: str
    asked: list[ItemView] = Field(description="现在需要本人办理的")
    papers: list[DocumentView]
    decision: OwnDecisionView | None
    clearing: OwnClearingView | None
    may_add_evidence: bool


class OwnCases(BaseModel):
    """我的档案"""

    cases: list[OwnCaseView]


def read_overview(session: Session, actor: Actor) -> Overview:
    """The numbers of this moment. Raises NotPermitted."""
    now = clock()
    return overview(session, actor, on=beijing_day(now), now=now)


@router.get("/api/manage", summary="管理概览", tags=["案件"])
def get_overview(actor: ActorDep, session: ReadingDep) -> OverviewView:
    """在办、待办时长、逾期、条款与结论；只供分管负责人和机关负责人，每个数字都附有定义。"""
    found = read_overview(session, actor)
    return OverviewView(
        on=found.on,
        scope=SCOPE,
        definitions=DEFINITIONS,
        backlog=[
            BacklogView(
                organ=row.organ,
                stages={stage.value: count for stage, count in row.stages.items()},
                total=row.total,
                transferred=row.transferred,
            )
            for row in found.backlog
        ],
        ages=[AgeView(since=a.since, until=a.until, items=a.items, late=a.late) for a in found.ages],
        late=found.late,
        latest=[item_view(row) for row in found.latest],
        standstills=[
            StandstillView.model_validate(row) for row in standstills_for(session, actor, on=found.on)
        ],
        decided=found.decided,
        clauses=[
            ClauseOutcomesView(
                clause=row.clause,
                outcomes={outcome.value: count for outcome, count in row.outcomes.items()},
                total=row.total,
            )
            for row in found.clauses
        ],
    )


@router.get("/manage", include_in_schema=False)
def get_manage(request: Request, signed: SignedDep, session: ReadingDep) -> Response:
    """The same for people, drawn and as tables."""
    found = read_overview(session, signed.actor)
    return page(
        request,
        "manage.html",
        signed,
        o=found,
        still=standstills_for(session, signed.actor, on=found.on),
        defined=DEFINITIONS,
        scope=SCOPE,
        stages=list(Stage),
        outcomes=[o for o in Outcome if any(row.outcomes.get(o) for row in found.clauses)],
        row_height=ROW,
        keeps_numbers=bool(signed.actor.organs(Role.MANAGER)),
        **_charts(found),
    )


def _charts(found: Overview) -> dict[str, Any]:
    by_stage = {stage: sum(row.stages[stage] for row in found.backlog) for stage in Stage}
    return {
        "by_stage": bars((stage.zh, count, 0) for stage, count in by_stage.items()),
        "by_age": bars((age_zh(a.since, a.until), a.items, a.late) for a in found.ages),
        "by_clause": bars((clause_zh(row.clause), row.total, 0) for row in found.clauses),
        "opened": sum(by_stage.values()),
        "waiting": sum(age.items for age in found.ages),
        "ages": [(age_zh(a.since, a.until), a) for a in found.ages],
        "clauses": [(clause_zh(row.clause), row) for row in found.clauses],
    }


def age_zh(since: int, until: int | None) -> str:
    """How long something has waited, in words."""
    return (
        f"{since} 日以上" if until is None else f"{until} 日以内" if since == 0 else f"{since} 至 {until} 日"
    )


def clause_zh(clause: str) -> str:
    """A clause as it is cited, or that there is none."""
    return clause_label(clause) if clause else "没有确认条款"


@router.get("/api/me/dossier", summary="我的档案", tags=["案件"])
def get_own(actor: ActorDep, session: ReadingDep) -> OwnCases:
    """本人作为被核查人员的案件（自受理起）、送本人的文书、决定、澄清正名和现在需要办理的事项。"""
    return OwnCases(cases=[_own_view(own) for own in own_cases(session, actor)])


def _own_view(own: OwnCase) -> OwnCaseView:
    decision, clearing = own.decision, own.clearing
    return OwnCaseView(
        case=CaseView.model_validate(own.row),
        post=own.post,
        unit=own.unit,
        asked=[item_view(row) for row in own.asked],
        papers=[document_view(paper, own.forms) for paper in own.papers],
        decision=decision
        and OwnDecisionView(
            outcome=decision.outcome.value,
            outcome_zh=decision.outcome.zh,
            signed_at=decision.signed_at,
            served_at=decision.served_at,
        ),
        clearing=clearing
        and OwnClearingView(
            wanted=clearing.wanted,
            form=clearing.form,
            scope=clearing.scope,
            approved=clearing.approved,
            notice=clearing.notice,
        ),
        may_add_evidence=own.may_add_evidence,
    )


@router.get("/me", include_in_schema=False)
def get_my_page(request: Request, signed: SignedDep, session: ReadingDep) -> Response:
    """The officer's own page."""
    found = own_cases(session, signed.actor)
    return page(
        request,
        "me.html",
        signed,
        cases=found,
        asked=[(own, item) for own in found for item in own.asked],
        today=beijing_day(clock()),
    )
