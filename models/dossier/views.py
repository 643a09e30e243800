"""The case file as frozen dataclasses, with names and texts resolved. 案卷各部分"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from models.dossier.terms import (
    CATEGORY_ZH,
    CLAUSE_OUTCOME_ZH,
    CONCLUSION_ZH,
    POST_ZH,
    RESULT_ZH,
    SEAT_ZH,
    SOURCE_ZH,
    STATUS_ZH,
    clause_label,
)
from models.rules.clauses import Outcome as ClauseOutcome
from models.rules.decision import Outcome
from models.rules.errors import NotFound
from models.rules.lifecycle import Kind, Stage, State
from models.rules.permissions import Part
from models.rules.review import Vote


@dataclass(frozen=True, slots=True)
class RespondentView:
    """An officer with the post held at the time. 被核查执法人员"""

    id: int
    person_id: int
    name: str
    post: str
    unit: str
    position: str

    @property
    def post_zh(self) -> str:
        """承办、审核 or 批准."""
        return POST_ZH.get(self.post, self.post)


@dataclass(frozen=True, slots=True)
class AllegationView:
    """One thing that is said; no respondent means against all. 反映问题"""

    text: str
    respondent_id: int | None


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A piece of evidence and the hash of its bytes. 证据"""

    id: int
    number: int
    kind: str
    file_name: str
    proves: str
    collected_by: str
    collected_at: datetime
    added_by: str
    sha256: str
    size: int
    media_type: str
    formed_on: date | None = None

    def later_than(self, day: date) -> bool:
        """Whether the material itself was made after a day."""
        return self.formed_on is not None and self.formed_on > day


@dataclass(frozen=True, slots=True)
class FindingView:
    """One duty item of one officer with its text. 履职认定"""

    respondent_id: int
    duty: str
    matter: str
    step: str
    requirement: str
    basis: str
    result: str
    evidence: tuple[int, ...]
    note: str

    @property
    def result_zh(self) -> str:
        """已履行、未履行、不适用 or 未证明."""
        return RESULT_ZH.get(self.result, self.result)


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact about one officer with its question. 认定事实"""

    respondent_id: int
    fact: str
    question: str
    status: str
    evidence: tuple[int, ...]
    note: str

    @property
    def status_zh(self) -> str:
        """属实、不实 or 未证明."""
        return STATUS_ZH.get(self.status, self.status)


@dataclass(frozen=True, slots=True)
class FactorView:
    """One of the six factors of 四（二） for one officer, with the facts that speak to it. 权衡因素"""

    respondent_id: int
    zh: str
    facts: tuple[FactView, ...]
    note: str = ""  # the investigator's words


@dataclass(frozen=True, slots=True)
class MatchView:
    """One clause for one officer: the machine's reasons and the legal reviewer's word. 条款匹配"""

    respondent_id: int
    clause: str
    text: str
    outcome: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]  # as questions
    legal_review: str
    proposed: bool
    confirmed: bool | None
    confirmed_reason: str
    confirmed_by: str

    @property
    def label(self) -> str:
        """五（二）3第（41）项."""
        return clause_label(self.clause)

    @property
    def outcome_zh(self) -> str:
        """Where the examination ended, in words."""
        return CLAUSE_OUTCOME_ZH.get(ClauseOutcome(self.outcome), self.outcome)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What somebody answered to a work item. 办理意见"""

    kind: str
    slot: str
    round: int
    by: str
    by_id: int | None
    at: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat of the panel. 席位"""

    person_id: int
    name: str
    state: str
    chair: bool
    reason: str

    @property
    def state_zh(self) -> str:
        """出席、候补 or 回避."""
        return SEAT_ZH.get(self.state, self.state)


@dataclass(frozen=True, slots=True)
class BallotView:
    """One member's vote on one officer; only read once the session is closed. 表决"""

    respondent_id: int
    person_id: int
    name: str
    outcome: str
    reason: str
    cast_at: datetime

    @property
    def outcome_zh(self) -> str:
        """The vote as people read it."""
        return Vote(self.outcome).zh


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What becomes of one officer. 决定"""

    respondent_id: int
    proposed: str
    tally: Mapping[str, Any]
    outcome: str
    reason: str
    differs_reason: str
    signed_by: str
    signed_at: datetime | None
    served_at: datetime | None
    authority: str
    external_result: str

    @property
    def proposed_zh(self) -> str:
        """The panel's or the verification's proposal."""
        return Vote(self.proposed).zh if self.proposed else ""

    @property
    def outcome_zh(self) -> str:
        """The signed outcome; nothing while unsigned."""
        return Outcome(self.outcome).zh if self.outcome else ""


@dataclass(frozen=True, slots=True)
class ClearingView:
    """How a name is cleared. 澄清正名"""

    respondent_id: int
    track: str
    wanted: bool
    form: str
    scope: str
    named: bool
    approved: bool | None
    publication_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A filed paper. 文书"""

    id: int
    kind: str
    key: str
    number: str
    title: str
    audience: str
    sha256: str
    size: int
    filed_at: datetime
    respondent_id: int | None


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """An application that somebody step aside, and the ruling. 回避申请"""

    id: int
    applicant: str
    about: str
    ground: str
    made_at: datetime
    ruling: str  # granted, refused; empty while it waits
    ruled_by: str
    ruled_at: datetime | None
    reason: str
    replacement: str  # who takes the place of an investigator

    @property
    def granted(self) -> bool:
        """Whether the person steps aside."""
        return self.ruling == "granted"


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """An interview or an expert opinion. 笔录和专业意见"""

    id: int
    number: int
    kind: str
    content: Mapping[str, Any]
    taken_by: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class PublicationView:
    """A notice on the portal. 公示"""

    slug: str
    title: str
    published_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One link of the chain with the names of the people. 留痕"""

    seq: int
    tag: str
    at: datetime
    actor_id: int | None
    actor: str
    on_behalf_of: int | None
    reason: str
    data: Mapping[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period of the handbook in words, and whether it is law or only a proposal. 期限"""

    text: str  # e.g. 5个工作日
    mark: str  # 法定, 文件, 建议值
    basis: str

    def __str__(self) -> str:
        return f"{self.text}（建议值）" if self.mark == "建议值" else self.text


_Of = TypeVar("_Of", AllegationView, FindingView, FactView, FactorView, MatchView, BallotView)
_One = TypeVar("_One", RespondentView, DecisionView, ClearingView)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case as it stood in one round. 案卷"""

    case_id: str
    number: str
    round: int
    organ: str
    organ_mark: str
    title: str
    category: str
    source: str
    conduct_on: date
    narrative: str
    harm: str
    edition: str
    edition_title: str
    instrument: str
    edition_reason: str
    stage: str
    state: str
    conclusion: str
    criminal_flag: bool
    registered_at: datetime
    archived_at: datetime | None
    retain_until: date | None
    retention: str
    head: str
    respondents: tuple[RespondentView, ...]
    allegations: tuple[AllegationView, ...] = ()
    evidence: tuple[EvidenceView, ...] = ()
    findings: tuple[FindingView, ...] = ()
    facts: tuple[FactView, ...] = ()
    factors: tuple[FactorView, ...] = ()
    matches: tuple[MatchView, ...] = ()
    answers: tuple[AnswerView, ...] = ()
    seats: tuple[SeatView, ...] = ()
    ballots: tuple[BallotView, ...] = ()
    decisions: tuple[DecisionView, ...] = ()
    clearings: tuple[ClearingView, ...] = ()
    documents: tuple[DocumentView, ...] = ()
    publications: tuple[PublicationView, ...] = ()
    challenges: tuple[ChallengeView, ...] = ()
    transcripts: tuple[TranscriptView, ...] = ()
    timeline: tuple[EventView, ...] = ()
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # part -> names
    periods: Mapping[str, PeriodView] = field(default_factory=dict)

    @property
    def category_zh(self) -> str:
        """The field of enforcement."""
        return CATEGORY_ZH.get(self.category, self.category)

    @property
    def source_zh(self) -> str:
        """Where the lead came from."""
        return SOURCE_ZH.get(self.source, self.source)

    @property
    def stage_zh(self) -> str:
        """The stage the case is in now."""
        return Stage(self.stage).zh

    @property
    def state_zh(self) -> str:
        """Whether the organ may still act."""
        return State(self.state).zh

    @property
    def conclusion_zh(self) -> str:
        """How the verification ended; nothing before that."""
        return CONCLUSION_ZH.get(self.conclusion, self.conclusion)

    def respondent(self, respondent_id: int | None) -> RespondentView:
        """The officer with this id. Raises NotFound for anybody else's."""
        found = self._one(self.respondents, respondent_id, key="id")
        if found is None:
            raise NotFound(f"本案没有编号为 {respondent_id} 的被核查人员，请核对。")
        return found

    def named(self, part: Part) -> str:
        """The names of those who have a part, in the order they took it: 甲、乙."""
        return "、".join(self.people.get(part.value, ()))

    def silent(self, respondent_id: int) -> bool:
        """Whether an officer let the period for wishes about clearing pass. 逾期未表态"""
        said = self.answer(Kind.CLEARING_CONSENT, respondent_id)
        return said is not None and "absence" in said.content

    def answer(self, kind: Kind, slot: object = "") -> AnswerView | None:
        """The latest answer of a kind; `slot` tells respondents or members apart."""
        mine = [a for a in self.answers if a.kind == kind and a.slot == str(slot)]
        return max(mine, key=lambda answer: answer.round, default=None)

    def of(self, rows: Sequence[_Of], respondent_id: int) -> tuple[_Of, ...]:
        """The rows about one officer; an allegation against all is also against this one."""
        return tuple(row for row in rows if row.respondent_id in (respondent_id, None))

    def decision(self, respondent_id: int) -> DecisionView | None:
        """The decision about one officer in this round."""
        return self._one(self.decisions, respondent_id)

    def clearing(self, respondent_id: int) -> ClearingView | None:
        """How one officer's name is cleared."""
        return self._one(self.clearings, respondent_id)

    def confirmed(self, respondent_id: int) -> tuple[MatchView, ...]:
        """The clauses the legal reviewer confirmed for one officer."""
        return tuple(m for m in self.of(self.matches, respondent_id) if m.confirmed)

    def _one(self, rows: Sequence[_One], wanted: int | None, *, key: str = "respondent_id") -> _One | None:
        return next((row for row in rows if getattr(row, key) == wanted), None)
