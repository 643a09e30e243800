"""The shapes of what the API answers. 答复内容"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from models.answers import ABSENT_ANSWERS
from models.queries import CaseRow, ItemPage, ItemRow
from models.rules.lifecycle import Kind, Stage, State
from models.rules.permissions import Role
from models.tables import Case, Document, Evidence, WorkItem


class View(BaseModel):
    """Read from rows by their field names."""

    model_config = ConfigDict(from_attributes=True)


class CaseView(View):
    """案件（列表）"""

    id: str
    number: str = Field(examples=["章云市监责〔2026〕1号"])
    title: str
    category: str
    stage: str
    stage_zh: str
    state: str
    state_zh: str
    round: int
    organ: str
    registered_at: datetime
    version: int
    level: str = Field(examples=["internal"])
    level_zh: str = Field(examples=["内部"])


class CaseList(BaseModel):
    """案件列表；`count` 数到 1000 为止"""

    cases: list[CaseView]
    count: int
    next: str | None = Field(description="下一页的 cursor；没有就是最后一页")


class RespondentView(View):
    """被核查执法人员"""

    id: int
    username: str
    name: str
    post: str
    unit: str
    position: str


class ItemView(View):
    """待办（列表）"""

    id: str
    case_id: str
    case_number: str
    case_title: str
    kind: str
    kind_zh: str = Field(validation_alias="zh", examples=["受理审查"])
    stage: str
    stage_zh: str
    round: int
    respondent_id: int | None
    respondent: str
    role: str
    state: str
    due_on: date | None
    provisional: bool
    created_at: datetime
    version: int


class ItemList(BaseModel):
    """我的待办；`count` 数到 1000 为止"""

    items: list[ItemView]
    count: int
    boxes: dict[str, int] = Field(description="各分栏的数量；数到 501 为止")
    next: str | None = Field(description="下一页的 cursor；没有就是最后一页")


class EvidenceView(View):
    """证据"""

    id: int
    number: int
    kind: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    proves: str
    collected_by: str
    formed_on: date | None
    added_at: datetime


class DocumentView(View):
    """文书"""

    id: int
    kind: str
    number: str
    title: str
    round: int
    respondent_id: int | None
    audience: str
    level: str = Field(description="文书自身的密级；案件的密级更高的，按案件")
    sha256: str
    size: int
    filed_at: datetime
    forms: list[str] = Field([], description="可以下载的文件：docx、pdf，盖章的另有签名 docx.p7s、pdf.p7s")


class PinView(View):
    """置顶；被核查人员看不到置顶的人和理由"""

    at: datetime
    by: str
    reason: str


class TimelineView(View):
    """办理进程的一步"""

    seq: int
    tag: str
    at: datetime
    actor: str
    on_behalf_of: str
    reason: str
    data: dict[str, Any]
    kind: str = Field(examples=["paper"])
    kind_zh: str = Field(examples=["文书"])
    audience: str = Field(description="知悉范围：internal、officer、public")
    audience_zh: str = Field(examples=["仅办案人员"])
    pin: PinView | None = Field(description="置顶的，何人何时为何置顶")


class RequestView(View):
    """使用举报人信息的申请；只写案号"""

    id: int
    case_number: str
    requested_by: str
    reason: str
    requested_at: datetime
    ruling: str = Field(description="空为待裁定；granted 准许，refused 不准许")
    ruling_reason: str
    ruled_by: str
    ruled_at: datetime | None
    opened_at: datetime | None
    mine_to_rule: bool
    mine_to_open: bool


class IdentityView(BaseModel):
    """举报人"""

    name: str
    contact: str


class ReaderView(View):
    """一人一日的查阅"""

    day: date
    name: str
    capacity: str
    capacity_zh: str = Field(examples=["调查人"])
    read: list[str] = Field(description="查阅了什么；只供分管负责人")
    times: int = Field(description="查阅次数；只供分管负责人")


class GroundView(View):
    """认定的依据"""

    evidence: list[int]
    note: str
    confirmed_by: list[str]
    later_only: bool = Field(description="只有行为之后形成的材料")


class ClauseView(BaseModel):
    """条款匹配：系统的建议和理由，法制审核的意见"""

    respondent: int
    clause: str = Field(examples=["exempt-41"])
    label: str = Field(examples=["五（二）3第（41）项"])
    text: str
    outcome: str
    proposed: bool
    reasons: list[str]
    missing: list[str]
    confirmed: bool | None
    confirmed_reason: str


class NodeView(View):
    """说理的一层：条款、要件、事实，直到证据"""

    part: str = Field(examples=["fact"])
    text: str
    status: str = Field(examples=["established"])
    zh: str = Field(examples=["属实"])
    fact: str
    ground: GroundView | None
    inferred: str
    children: list["NodeView"]


class ExplainedView(View):
    """一个条款的说理"""

    clause: str = Field(examples=["exempt-41"])
    tree: NodeView


class AskedView(BaseModel):
    """一项尚未证明的事实，以及需要怎样的答案"""

    fact: str
    question: str
    status: str = Field(examples=["established"])
    settled_by: str = Field(description="怎样查清")


class TurnView(BaseModel):
    """查明哪些事实会改变结果"""

    facts: list[AskedView]
    gained: list[str] = Field(description="可以提出的条款")
    lost: list[str] = Field(description="不再成立的条款")
    barred_by: list[str] = Field(description="触及的负面情形")
    ends: bool = Field(description="案件不再进入条款匹配")


class QuestionView(BaseModel):
    """与本案有关、值得查明的事项：任何一组查明，结果就会改变"""

    text: str
    gained: list[str] = Field(description="可以提出的条款")
    lost: list[str] = Field(description="不再成立的条款")
    barred: bool = Field(description="触及负面清单")
    ends: bool = Field(description="案件不再进入条款匹配")
    ways: list[list[AskedView]] = Field(description="各组事实，查明一组即可")


class ThenView(BaseModel):
    """只看行为当时已有的材料，结果不同的条款"""

    clause: str
    now: str
    then: str


class WeighingView(BaseModel):
    """对一名人员的论证：免责与问责对照，逐要件说理，还差什么"""

    respondent: int
    balance: str = Field(examples=["exempting"])
    balance_zh: str
    exempting: list[str]
    duties_missed: list[str]
    bars: list[str]
    contradictions: list[str]
    later_evidence: list[int] = Field(description="行为之后形成的证据")
    known_at_the_time: list[ThenView]
    clauses: list[ExplainedView]
    questions: list[QuestionView] = Field(description="与本案有关的，按结果归并")
    turns: list[TurnView] = Field(description="改变结果所需查明的事实，少的在前")


class SignedDecisionView(BaseModel):
    """已签发的决定"""

    respondent: int
    outcome: str
    outcome_zh: str = Field(examples=["免于追究"])
    reason: str
    differs_reason: str
    signed_by: str
    signed_at: datetime
    served_at: datetime | None
    authority: str
    tally: dict[str, Any] = Field(description="审议组表决情况；被核查人员看不到")


class CasePageView(BaseModel):
    """案件；被核查人员只看到与本人有关的内容"""

    case: CaseView
    narrative: str
    harm: str
    conduct_on: date
    edition: str
    edition_reason: str
    conclusion: str
    my_parts: list[str]
    narrow: bool = Field(description="只看到与本人有关的内容")
    may_add_evidence: bool
    may_set_level: bool
    may_request_identity: bool
    may_see_readers: bool = Field(description="可以查看何人查阅过案卷")
    may_pin: bool = Field(description="可以置顶、取消置顶办理进程的一步")
    respondents: list[RespondentView]
    allegations: list[str]
    items: list[ItemView]
    standstills: list[str] = Field(
        description="现在没有人可以办理的事项：缺什么、谁可以补正；被核查人员看不到"
    )
    evidence: list[EvidenceView]
    clauses: list[ClauseView] = Field(description="被核查人员看不到")
    decisions: list[SignedDecisionView] = Field(description="签发之后才有")


class ItemPageView(BaseModel):
    """待办：要做什么、答复的格式、办理所需的情况"""

    item: ItemView
    asked: str = Field(examples=["受理审查"])
    role_zh: str
    may_answer: bool
    why_not: str
    in_place_of: str = Field(description="您代谁办理；以本人身份办理的为空")
    answer_schema: dict[str, Any] = Field(description="答复内容的 JSON Schema")
    absence: str | None = Field(
        description="您可以登记的情形：lapsed 逾期未陈述，left 送达情况，silent 逾期未表态"
    )
    absence_schema: dict[str, Any] | None = Field(description="登记内容的 JSON Schema")
    context: dict[str, Any]
    draft: dict[str, Any] | None
    answer: dict[str, Any] | None = Field(description="已办理的内容；表决票密封，不在此显示")


class NotificationView(View):
    """站内通知"""

    id: int
    case_id: str | None
    item_id: str | None
    subject: str
    body: str
    created_at: datetime
    read_at: datetime | None


class NotificationList(BaseModel):
    """站内通知，新的在前"""

    notifications: list[NotificationView]


class MarkedView(View):
    """一条通知的处理结果"""

    id: int
    result: str = Field(description="read 已标为已读，already 之前已读，unknown 没有这条通知或者您无权查看")


class MarkedList(BaseModel):
    """逐条结果，与请求的顺序一致"""

    results: list[MarkedView]


class NoticeView(View):
    """公示"""

    slug: str
    title: str
    number: str
    published_at: datetime
    sha256: str


class NoticeList(BaseModel):
    """已发布的公示，新的在前"""

    notices: list[NoticeView]
    next: str | None = Field(description="下一页的 cursor；没有就是最后一页")


class NoticePageView(NoticeView):
    """公示全文（已脱敏）"""

    content: str = Field(description="公示文书，HTML")


class MeView(BaseModel):
    """本人和今日有效的角色"""

    person_id: int
    username: str
    name: str
    roles: list[dict[str, Any]]
    waiting: int = Field(description="待办数量；数到 1000 为止")


class SessionView(BaseModel):
    """登录信息"""

    username: str
    name: str
    roles: list[dict[str, Any]]
    csrf: str = Field(description="写入请求头 X-CSRF-Token；使用令牌的程序不需要")


def registered(case: Case, row: CaseRow) -> dict[str, Any]:
    """What a registrar is told."""
    return {
        "id": case.id,
        "number": row.number,
        "stage": case.stage,
        "stage_zh": Stage(case.stage).zh,
        "edition": case.edition,
        "edition_reason": case.edition_reason,
        "version": case.version,
    }


def answered(item: WorkItem, case: Case) -> dict[str, Any]:
    """What whoever answered is told: the item is done, and where the case stands now.

    Who steps aside is told where the item stood and nothing more, however late the same is sent again.
    """
    if item.kind == Kind.RECUSAL and (item.answer or {}).get("recuse"):
        stands: dict[str, Any] = {
            "id": case.id,
            "stage": item.stage,
            "stage_zh": Stage(item.stage).zh,
            "round": item.round,
        }
    else:
        stands = {
            "id": case.id,
            "stage": case.stage,
            "stage_zh": Stage(case.stage).zh,
            "state": case.state,
            "state_zh": State(case.state).zh,
            "round": case.round,
            "version": case.version,
        }
    return {
        "id": item.id,
        "kind": item.kind,
        "kind_zh": Kind(item.kind).zh,
        "state": item.state,
        "version": item.version,
        "case": stands,
    }


def evidence_added(row: Evidence) -> dict[str, Any]:
    """What whoever handed in evidence is told."""
    return EvidenceView.model_validate(row).model_dump(mode="json")


def item_page_view(page: ItemPage, schema: dict[str, Any]) -> ItemPageView:
    """A work item as the API shows it."""
    return ItemPageView(
        item=item_view(page.row),
        asked=page.row.zh,
        role_zh=Role(page.row.role).zh,
        may_answer=page.may_answer,
        why_not=page.why_not,
        in_place_of=page.in_place_of,
        answer_schema=schema,
        absence=page.absence,
        absence_schema=ABSENT_ANSWERS[page.absence].model_json_schema() if page.absence else None,
        context=dict(page.context),
        draft=dict(page.draft) if page.draft is not None else None,
        answer=page.item.answer,
    )


def item_view(row: ItemRow) -> ItemView:
    """A work item of a list."""
    return ItemView.model_validate(row)


def document_view(paper: Document, forms: Mapping[int, tuple[str, ...]]) -> DocumentView:
    """A paper of a list, with the files there are of it."""
    view = DocumentView.model_validate(paper)
    return view.model_copy(update={"forms": list(forms.get(view.id, ()))})
