"""What a case is held against: like cases decided before it. 比较"""

from typing import Any

from sqlmodel import Session

from models.casework.decided import precedents
from models.casework.record import Act
from models.dossier import clause_label
from models.rules.precedents import Precedent, Precedents
from models.tables import Case


def precedents_of(session: Session, case: Case) -> list[dict[str, Any]]:
    """The nearest decided cases for every officer and the outcome they agree on; nobody is named. 相近先例"""
    act = Act.on(session, case, actor=None, now=case.registered_at)
    questions = act.edition.rulebook.questions
    return [_row(rid, found, questions) for rid, found in precedents(act).items()]


def _row(respondent: int, found: Precedents, questions: Any) -> dict[str, Any]:
    leaning = found.leaning
    return {
        "respondent": respondent,
        "leaning": leaning.value if leaning else "",
        "leaning_zh": leaning.zh if leaning else "",
        "found": [_precedent(one, questions) for one in found.found],
    }


def _precedent(one: Precedent, questions: Any) -> dict[str, Any]:
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
