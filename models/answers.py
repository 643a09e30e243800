"""The shape of every answer a person can give to a work item, and of a new case. 办理内容

Shapes only: whether an answer is allowed is decided by the rules and by casework. Text is kept as it was
typed; characters that hide or reorder what a reader sees are refused, because a decision must be legible.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from models.rules.clauses import Status
from models.rules.confidentiality import Level
from models.rules.decision import Outcome
from models.rules.duties import DutyResult
from models.rules.lifecycle import Absence, Kind
from models.rules.service import Service

_LAYOUT = {"\n", "\t"}


def legible(text: str) -> str:
    """Normalise line ends and outer space. Raises ValueError for invisible or reordering characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    for position, char in enumerate(text):
        if char not in _LAYOUT and unicodedata.category(char) in {"Cc", "Cf", "Cs"}:
            raise ValueError(
                f"第 {position + 1} 个字符（U+{ord(char):04X}）是不可见或者改变阅读顺序的字符，请删除后再提交"
            )
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("只能写一行，请删除换行")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("不能为空，请填写")
    return text


def _unless_empty(value: object) -> object:
    # A form sends an empty field where nothing was filled in.
    return None if value == "" else value


Name = Annotated[
    str, Field(max_length=50), AfterValidator(legible), AfterValidator(_one_line), AfterValidator(_filled)
]
Line = Annotated[str, Field(max_length=200), AfterValidator(legible), AfterValidator(_one_line)]
FilledLine = Annotated[Line, AfterValidator(_filled)]
Text = Annotated[str, Field(max_length=20_000), AfterValidator(legible)]
FilledText = Annotated[Text, AfterValidator(_filled)]
ItemKey = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
EvidenceIds = Annotated[list[int], Field(max_length=200)]


class Shape(BaseModel):
    """Unknown fields are refused: a misspelt field must not be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --- a new case ---------------------------------------------------------------------------------


class NewRespondent(Shape):
    """An officer named in a case. 被核查执法人员"""

    username: Name
    post: Literal["handler", "reviewer", "approver"]  # 承办 / 审核 / 批准, at the time of the conduct
    unit: FilledLine
    position: Line = ""


class NewAllegation(Shape):
    """Something said against one officer, or against all when none is named. 反映问题"""

    text: FilledText
    username: Line = ""


class NewReporter(Shape):
    """Who reported; kept in the vault, not in the file. 举报人"""

    name: Name
    contact: Line = ""


Category = Literal["general", "inspection", "penalty", "licensing", "coercion"]
Source = Literal[
    "superior", "transfer", "review-or-litigation", "supervision", "opinion", "report", "self-check"
]


class NewCase(Shape):
    """What an intake clerk registers. 线索登记"""

    organ: FilledLine  # organ code
    title: FilledLine
    category: Category
    source: Source
    conduct_on: date
    narrative: FilledText
    harm: Text = ""
    respondents: Annotated[list[NewRespondent], Field(min_length=1, max_length=50)]
    allegations: Annotated[list[NewAllegation], Field(min_length=1, max_length=100)]
    involved: list[Line] = Field(
        [], max_length=20, description="经办、审核、批准过所涉事项的其他人员（用户名），应当回避"
    )
    reporter: NewReporter | None = Field(None, description="封存，办案人员看不到", repr=False)


class NewEvidence(Shape):
    """What is said about an evidence file when it is handed in. 证据登记"""

    kind: Literal[
        "书证", "物证", "视听资料", "电子数据", "证人证言", "当事人的陈述", "鉴定意见", "勘验笔录、现场笔录"
    ]
    collected_by: Name
    proves: Line = ""
    formed_on: Annotated[date | None, BeforeValidator(_unless_empty)] = None  # 材料形成日期


class NewRequest(Shape):
    """申请使用举报人信息"""

    reason: FilledText


class RequestRuling(Shape):
    """对申请的裁定"""

    granted: bool
    reason: FilledText


class EditionChosen(Shape):
    """The edition the legal reviewer chooses for a case, and why. 改用版次"""

    edition: FilledLine
    reason: FilledText


class NewLevel(Shape):
    """调整密级：新的知悉范围和理由"""

    level: Level
    reason: FilledText


class NewPin(Shape):
    """置顶或者取消置顶办理进程的一步，以及理由"""

    step: Annotated[int, Field(ge=1, le=2**31 - 1)]
    pinned: bool
    reason: FilledText


# --- answers, one per kind of work item ---------------------------------------------------------


class Screening(Shape):
    """受理审查"""

    verdict: Literal["accept", "decline", "forward", "transfer"]
    reason: FilledText
    investigators: Annotated[list[FilledLine], Field(max_length=2)] = []  # usernames, lead first
    authority: Line = ""  # where it is forwarded or transferred
    criminal_flag: bool = False


class FindingAnswer(Shape):
    """One duty item of one officer."""

    respondent: int
    duty: FilledLine
    result: DutyResult
    evidence: EvidenceIds = []
    note: Text = ""


class FactAnswer(Shape):
    """One fact about one officer."""

    respondent: int
    fact: FilledLine
    status: Status
    evidence: EvidenceIds = []
    note: Text = ""


class FactorAnswer(Shape):
    """What weighs for or against one officer under one of the six factors. 权衡因素，实施意见四（二）"""

    respondent: int
    factor: FilledLine
    note: Annotated[FilledText, Field(max_length=1000)]


class Investigation(Shape):
    """调查核实"""

    conclusion: Literal["complete", "unfounded", "out-of-scope", "transfer"]
    report: FilledText
    findings: Annotated[list[FindingAnswer], Field(max_length=2000)] = []
    facts: Annotated[list[FactAnswer], Field(max_length=5000)] = []
    factors: Annotated[list[FactorAnswer], Field(max_length=300)] = []
    authority: Line = ""  # 受移送机关, when the conclusion is transfer


class Countersign(Shape):
    """调查人员会签"""

    agreed: bool
    reason: Text = ""


class Statement(Shape):
    """陈述申辩: each point is answered by the investigators."""

    declined: bool = False
    points: Annotated[list[FilledText], Field(max_length=50)] = []


class PointAnswers(Shape):
    """答复申辩意见"""

    answers: Annotated[list[FilledText], Field(min_length=1, max_length=50)]


class ClauseReview(Shape):
    """The legal reviewer's word on one clause for one officer."""

    respondent: int
    clause: FilledLine
    confirmed: bool
    reason: FilledText


class ProposedOutcome(Shape):
    """The outcome somebody proposes or decides for one officer."""

    respondent: int
    outcome: Outcome
    reason: FilledText
    deviation: Text = ""  # 与先例不同的理由


class LegalReview(Shape):
    """法制审核"""

    verdict: Literal["confirm", "supplement"]
    reason: Text = ""
    clauses: Annotated[list[ClauseReview], Field(max_length=500)] = []
    outcomes: Annotated[list[ProposedOutcome], Field(max_length=50)] = []


class IntentHeard(Shape):
    """拟处理意见告知"""

    statement: Text = ""


class Convening(Shape):
    """补足审议人员: the manager names the panel when the pool is too small."""

    members: Annotated[list[FilledLine], Field(min_length=1, max_length=15)]
    reason: FilledText


class RecusalDeclared(Shape):
    """回避申报"""

    recuse: bool
    ground: Text = ""


class RecusalRuling(Shape):
    """回避申请裁定: who has to step aside, and for investigators who takes their place."""

    granted: bool
    person: Line = ""  # username
    replacement: Line = ""
    reason: FilledText


class MemberVote(Shape):
    """One member's vote on one officer."""

    respondent: int
    outcome: Literal[
        "exempt", "mitigate", "accountable", "no-fault", "transfer", "out-of-scope", "supplement"
    ]
    reason: FilledText
    deviation: Text = ""  # 与先例不同的理由


class BallotCast(Shape):
    """表决"""

    votes: Annotated[list[MemberVote], Field(min_length=1, max_length=50)]


class CloseSession(Shape):
    """结束审议: the chair breaks a tie with written reasons."""

    summary: FilledText
    ties: Annotated[list[ProposedOutcome], Field(max_length=50)] = []


class Signature(Shape):
    """签发决定"""

    verdict: Literal["sign", "return"]
    reason: Text = ""
    decisions: Annotated[list[ProposedOutcome], Field(max_length=50)] = []
    authority: Line = ""


class ServiceReceipt(Shape):
    """签收决定"""

    remark: Text = ""


class AuthorityReply(Shape):
    """登记受移送机关答复"""

    result: Literal["handled", "no-action", "returned"]
    authority: FilledLine
    reply_number: Line = ""
    summary: FilledText


class ClearingConsent(Shape):
    """澄清正名意愿"""

    wanted: bool
    form: Literal["written", "in-person", "meeting", "notice"] = "written"  # 书面、当面、会议、通报
    scope: Text = ""
    named: bool = False  # separate consent to be named in public: 个人信息保护法 25


class ClearingApproval(Shape):
    """澄清正名审批"""

    publication_class: Literal["public", "on-request", "closed"]  # 主动公开、依申请公开、不予公开
    reason: FilledText


class PublicationReview(Shape):
    """公开审查"""

    publish: bool
    secrecy_checked: bool
    personal_data_checked: bool
    reason: FilledText


class Archiving(Shape):
    """归档审核"""

    complete: bool
    remark: Text = ""


ANSWERS: Mapping[Kind, type[Shape]] = {
    Kind.SCREENING: Screening,
    Kind.INVESTIGATION: Investigation,
    Kind.COUNTERSIGN: Countersign,
    Kind.STATEMENT: Statement,
    Kind.ANSWER: PointAnswers,
    Kind.LEGAL_REVIEW: LegalReview,
    Kind.NOTICE_OF_INTENT: IntentHeard,
    Kind.CONVENING: Convening,
    Kind.RECUSAL: RecusalDeclared,
    Kind.RECUSAL_RULING: RecusalRuling,
    Kind.BALLOT: BallotCast,
    Kind.CLOSE_SESSION: CloseSession,
    Kind.SIGNATURE: Signature,
    Kind.SERVICE_RECEIPT: ServiceReceipt,
    Kind.AUTHORITY_REPLY: AuthorityReply,
    Kind.CLEARING_CONSENT: ClearingConsent,
    Kind.CLEARING_APPROVAL: ClearingApproval,
    Kind.PUBLICATION_REVIEW: PublicationReview,
    Kind.ARCHIVING: Archiving,
}


# --- verbs --------------------------------------------------------------------------------------


class ItemVerb(Shape):
    """对一件待办的动作: to whom (username) and why, as far as the verb asks for it."""

    to: Line = ""
    reason: Text = ""
    ground: Line = ""  # of the edition, for a prolongation or suspension of the period
    until: Annotated[date | None, BeforeValidator(_unless_empty)] = (
        None  # when a suspension ends at the latest
    )


class ManyItems(Shape):
    """成批办理: which work items, as many as a page of the inbox holds."""

    items: Annotated[list[ItemKey], Field(min_length=1, max_length=100)]


class CaseAct(Shape):
    """对案件的动作: why, and whom or until when, as far as the verb asks for it."""

    reason: FilledText
    to: Line = ""  # username; for an application for recusal the name as the applicant knows it
    members: Annotated[list[Line], Field(max_length=10)] = []
    until: Annotated[date | None, BeforeValidator(_unless_empty)] = None


# --- what is recorded when the officer concerned gives no answer -------------------------------


class PeriodLapsed(Shape):
    """逾期未陈述、逾期未表态"""

    reason: FilledText  # how the officer was told, and that nothing came


class ServiceRecord(Shape):
    """送达情况: how and when the papers reached the officer, as the receipt says."""

    method: Literal[Service.PAPER, Service.REFUSED, Service.LEFT, Service.PUBLISHED] = Service.LEFT
    on: Annotated[date | None, BeforeValidator(_unless_empty)] = (
        None  # of the receipt; of a notice, its first day
    )
    place: Line = ""
    servers: Annotated[list[Name], Field(max_length=2)] = []
    witnesses: Annotated[list[Name], Field(max_length=2)] = []
    scans: EvidenceIds = []  # the receipt, photographs, the page of the notice
    reason: Text = ""


ABSENT_ANSWERS: Mapping[Absence, type[Shape]] = {
    Absence.LAPSED: PeriodLapsed,
    Absence.LEFT: ServiceRecord,
    Absence.SILENT: PeriodLapsed,
}


def read_absence(absence: Absence, content: Mapping[str, Any]) -> Shape:
    """What is recorded, in its shape. Raises pydantic.ValidationError naming every field that does not fit."""
    return ABSENT_ANSWERS[absence].model_validate(content)


def read_answer(kind: Kind, content: Mapping[str, Any]) -> Shape:
    """The answer in its shape. Raises pydantic.ValidationError naming every field that does not fit."""
    return ANSWERS[kind].model_validate(content)
