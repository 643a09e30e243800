"""What cases are held against: like cases, the reviewer beside the machine, a changed edition. 比较"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.casework.decided import count_decided, precedents, read_decided
from models.casework.record import Act
from models.dossier import case_number, clause_label
from models.handbook import Edition, load_edition
from models.rules.comparison import Comparison, compare
from models.rules.precedents import Decided, Precedent, Precedents
from models.tables import Case, Match, Organ

# --- like cases ---------------------------------------------------------------------------------


def precedents_of(session: Session, case: Case) -> list[dict[str, Any]]:
    """The nearest decided cases for every officer and the outcome they agree on; nobody is named. 相近先例"""
    act = Act.on(session, case, actor=None, now=case.registered_at)
    questions = act.edition.rulebook.questions
    return [_row(rid, found, questions) for rid, found in precedents(act).items()]


def _row(respondent: int, found: Precedents, questions: Mapping[str, str]) -> dict[str, Any]:
    leaning = found.leaning
    return {
        "respondent": respondent,
        "leaning": leaning.value if leaning else "",
        "leaning_zh": leaning.zh if leaning else "",
        "found": [_precedent(one, questions) for one in found.found],
    }


def _precedent(one: Precedent, questions: Mapping[str, str]) -> dict[str, Any]:
    decided = one.decided
    return {
        "number": decided.number,
        "year": decided.year,
        "post": decided.post,
        "clauses": [clause_label(clause) for clause in sorted(decided.confirmed)],
        "outcome": decided.outcome.value,
        "outcome_zh": decided.outcome.zh,
        "shared_clauses": [clause_label(clause) for clause in one.shared_clauses],
        "shared_facts": [questions.get(fact, fact) for fact in one.shared_facts],
        "similarity": round(one.similarity, 2),
    }


# --- the reviewer beside the machine ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """How often reviewers followed the machine on one clause of one edition. 审核与系统建议的异同"""

    edition: str
    clause: str
    agreed: int  # proposed and confirmed
    rejected: int  # proposed and not confirmed
    added: int  # not proposed and yet confirmed


@dataclass(frozen=True, slots=True)
class Addition:
    """A clause a reviewer added, and why. 增加的条款"""

    number: str
    edition: str
    clause: str
    reason: str


_CONFIRMED, _PROPOSED = col(Match.confirmed).is_(True), col(Match.proposed).is_(True)


def differences(session: Session) -> Sequence[Difference]:
    """Per edition and clause, what legal reviewers made of what was proposed; only clauses they spoke on."""
    counted = (
        sa.select(
            col(Case.edition),
            col(Match.clause),
            _count(_PROPOSED & _CONFIRMED),
            _count(_PROPOSED & ~_CONFIRMED),
            _count(~_PROPOSED & _CONFIRMED),
        )
        .join(Case, col(Case.id) == col(Match.case_id))
        .where(col(Match.confirmed).is_not(None))
        .group_by(col(Case.edition), col(Match.clause))
        .order_by(col(Case.edition), col(Match.clause).desc())
    )
    found = (Difference(*row) for row in session.execute(counted))
    return [row for row in found if row.agreed or row.rejected or row.added]


def additions(session: Session) -> Sequence[Addition]:
    """Every clause that a reviewer added, with the reason, in the order they were added."""
    wanted = (
        sa.select(Organ.mark, Case.year, Case.number, Case.edition, Match.clause, Match.confirmed_reason)
        .join(Case, col(Case.id) == col(Match.case_id))
        .join(Organ, col(Organ.id) == col(Case.organ_id))
        .where(~_PROPOSED & _CONFIRMED)
        .order_by(col(Match.id))
    )
    return [
        Addition(case_number(mark, year, number), *rest)
        for mark, year, number, *rest in session.execute(wanted)
    ]


def _count(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))


# --- a changed edition --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A decided officer as a changed edition would have it. 试算结果"""

    decided: Decided
    comparison: Comparison

    @property
    def undone(self) -> bool:
        """Whether the outcome that was signed would be closed."""
        return self.decided.outcome in self.comparison.closed


def shadow(session: Session, changed: Edition, *, edition: str | None = None) -> Iterator[Shadowed]:
    """Every decided officer once more, under a changed edition; nothing is written. 影子试算

    The facts are those of the round that was decided; `edition` takes only cases decided under that one.
    """
    for decided in read_decided(session, edition=edition):
        pinned = load_edition(decided.edition).rulebook
        yield Shadowed(
            decided,
            compare(
                pinned,
                changed.rulebook,
                decided.known,
                conclusion=decided.conclusion,
                confirmed=decided.confirmed,
            ),
        )


def to_shadow(session: Session, *, edition: str | None = None) -> int:
    """How many officers `shadow` will look at."""
    return count_decided(session, edition=edition)
