"""What cases are held against: like cases, the reviewer beside the machine, a changed edition. 比较"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.casework.decided import count_decided, precedents, read_decided
from models.casework.record import Act
from models.casework.repinning import Beside, beside
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


# --- two editions of one case -------------------------------------------------------------------


def editions_of(session: Session, case: Case, *, on: date) -> dict[str, Any]:
    """The edition of the conduct and a more lenient one in force on a day, side by side; empty when there is none.

    What has been chosen goes on being shown beside what it was chosen over. 版次对照
    """
    both = beside(Act.on(session, case, actor=None, now=case.registered_at), on=on)
    if both is None or not (both.more_lenient or case.edition == both.now.id):
        return {}
    return {
        "chosen": case.edition,
        "editions": [
            {"id": one.id, "title": one.title, "in_force_from": one.in_force_from.isoformat()}
            for one in (both.then, both.now)
        ],
        "officers": [
            {
                "respondent": rid,
                "more_lenient": seen.more_lenient,
                "stricter": seen.stricter,
                "results": [
                    {"effect_zh": result.zh, "clauses": [clause_label(c) for c in result.clauses]}
                    for result in (seen.before, seen.after)
                ],
            }
            for rid, seen in both.officers.items()
        ],
        "texts": _texts(both),
    }


def _texts(both: Beside) -> list[dict[str, Any]]:
    """The clauses on which either result rests, with what the newer text takes away and adds."""
    named = {
        clause: None
        for seen in both.officers.values()
        for clause in (*seen.before.clauses, *seen.after.clauses)
    }
    found = []
    for clause in named:
        old, new = (_words(edition, clause) for edition in (both.then, both.now))
        found.append({"clause": clause, "label": clause_label(clause), "diff": _diff(old, new)})
    return found


def _words(edition: Edition, clause: str) -> str:
    listed = edition.clauses.get(clause)
    return listed.text if listed else ""


def _diff(old: str, new: str) -> list[dict[str, str]]:
    """The text in pieces: same, gone or new; a replacement is what is gone, then what is new."""
    pieces = []
    for word, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if word == "equal":
            pieces.append({"is": "same", "text": old[i:j]})
            continue
        pieces += [
            {"is": name, "text": text} for name, text in (("gone", old[i:j]), ("new", new[k:m])) if text
        ]
    return pieces


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
        yield Shadowed(
            decided,
            compare(
                load_edition(decided.edition).rules_on(decided.conduct_on),
                changed.rules_on(decided.conduct_on),
                decided.known,
                conclusion=decided.conclusion,
                confirmed=decided.confirmed,
            ),
        )


def to_shadow(session: Session, *, edition: str | None = None) -> int:
    """How many officers `shadow` will look at."""
    return count_decided(session, edition=edition)
