"""What one dated edition of the handbook holds. 手册版次"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from models.handbook.periods import DeadlineRule
from models.handbook.tellings import Tellings
from models.rules.clauses import Clause, Gate, Rulebook
from models.rules.deadlines import Period
from models.rules.review import VotingRule


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """One question about a person's conduct, and how it is settled. 事实问题"""

    id: str
    zh: str
    group: str
    evidence: tuple[str, ...]
    settled_by: str
    judged_at: str
    asked_when: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The article a duty rests on, in the text named. 法律依据"""

    law: str
    article: int

    def __str__(self) -> str:
        return f"{self.law}第{self.article}条"


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """When a duty must be performed; `direction` is within, before or not_before. 履职时限

    `amount` is None where the law allows a prolongation without naming its length.
    """

    period: Period
    starts_from: str
    direction: str = "within"
    extension: "Extension | None" = None


@dataclass(frozen=True, slots=True)
class Extension:
    """How far a period may be prolonged and on what condition; no period: no limit is written. 延长"""

    period: Period | None
    condition: str


@dataclass(frozen=True, slots=True)
class Duty:
    """One item of the duty list. 履职清单项"""

    id: str
    category: str
    matter: str
    step: str
    requirement: str
    legal_basis: tuple[LegalBasis, ...]
    time_limit: TimeLimit | None
    evidence: tuple[str, ...]
    note: str
    basis_in_force_from: date

    def predates_basis(self, conduct_on: date) -> bool:
        """Whether the conduct came before the cited text: then the older article must be looked up."""
        return conduct_on < self.basis_in_force_from


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """A role of the procedure and where it comes from. 角色"""

    id: str
    zh: str
    does: str
    stage: str
    source: str


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who of handler, reviewer and approver answers for what in one situation, and on what ground. 责任分工

    `quote` is the exact text of a law or of the instrument; a 建议 has none and is no ground for anything.
    """

    id: str
    situation: str
    shares: Mapping[str, str]  # post -> what whoever held it answers for
    mark: str
    source: str
    quote: str
    category: str  # empty: whatever the enforcement act
    text_in_force_from: date | None

    @property
    def suggested(self) -> bool:
        """No verified text says it; wherever a person sees it, it says so. 建议"""
        return self.mark == "建议"

    def predates_basis(self, conduct_on: date) -> bool:
        """Whether the conduct came before the quoted text: then the older article must be looked up."""
        return self.text_in_force_from is not None and conduct_on < self.text_in_force_from


@dataclass(frozen=True, slots=True)
class WeighingFactor:
    """One of the six factors the panel weighs. 权衡因素，实施意见四（二）"""

    id: str
    zh: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cues:
    """Words that hint at a clause, or away from it; never a finding. 线索词"""

    words: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True)
class Edition:
    """A handbook edition: dated, cited, complete. 版次"""

    id: str
    title: str
    instrument: str
    source: str
    note: str
    issued: date
    in_force_from: date
    in_force_until: date | None
    categories: Mapping[str, str]
    fact_groups: Mapping[str, str]
    clauses: Mapping[str, Clause]
    facts: Mapping[str, FactQuestion]
    gates: Mapping[str, Gate]
    duties: Mapping[str, Duty]
    duties_note: str
    deadlines: Mapping[str, DeadlineRule]
    roles: Mapping[str, RoleEntry]
    weighing_factors: tuple[WeighingFactor, ...]
    responsibilities: Mapping[str, Responsibility]
    voting: VotingRule
    cues: Mapping[str, Cues]
    tellings: Tellings
    rulebook: Rulebook
    digest: str  # SHA-256 over the files that decide anything, word for word

    def in_force(self, day: date) -> bool:
        """Whether the edition applied on that day."""
        return self.in_force_from <= day and (self.in_force_until is None or day <= self.in_force_until)

    def responsibilities_of(self, post: str, category: str) -> tuple[Responsibility, ...]:
        """What whoever held the post may have to answer for in such a case, the text of laws first."""
        return tuple(
            r
            for r in self.responsibilities.values()
            if post in r.shares and category in (r.category or category, "general")
        )

    def rules_on(self, conduct_on: date) -> Rulebook:
        """The rules for conduct of that day; conduct before the edition is tried by its first day."""
        return self.rulebook.on(max(conduct_on, self.in_force_from))
