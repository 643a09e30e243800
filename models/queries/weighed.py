"""What was weighed for each officer: clauses with reasons, outcomes open by rule, decisions signed. 条款与结论"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.casework.matching import openings
from models.casework.record import Act
from models.dossier import Dossier, Weighing, clause_label, load_dossier, weigh
from models.handbook import load_edition
from models.queries.rights import seen_case
from models.rules.decision import Outcome
from models.rules.logic import Status
from models.rules.permissions import Action, Actor
from models.tables import Case, Decision, Match, Person


def clauses_of(
    session: Session, case: Case, *, respondent: int | None = None, round: int | None = None
) -> list[dict[str, Any]]:
    """The clauses examined in a round, the latest that has any unless named, with texts and reasons. 条款匹配"""
    of_round = round or _last_round(Match.case_id == case.id, Match.round)
    wanted = select(Match).where(Match.case_id == case.id, Match.round == of_round)
    if respondent is not None:
        wanted = wanted.where(Match.respondent_id == respondent)
    edition = load_edition(case.edition)
    questions = edition.rulebook.questions
    return [
        {
            "respondent": m.respondent_id,
            "clause": m.clause,
            "label": clause_label(m.clause),
            "text": edition.clauses[m.clause].text,
            "outcome": m.outcome,
            "proposed": m.proposed,
            "reasons": m.reasons,
            "missing": [questions.get(fact, fact) for fact in m.missing],
            "confirmed": m.confirmed,
            "confirmed_reason": m.confirmed_reason,
        }
        for m in session.exec(wanted.order_by(col(Match.id)))
    ]


def decisions_of(session: Session, case: Case, *, respondent: int | None = None) -> list[dict[str, Any]]:
    """What was signed, in the latest round that has a signature; nothing before. 决定"""
    signed = col(Decision.signed_at).is_not(None)
    of_round = _last_round((Decision.case_id == case.id) & signed, Decision.round)
    wanted = (
        select(Decision, Person.name)
        .outerjoin(Person, col(Person.id) == col(Decision.signed_by))
        .where(Decision.case_id == case.id, Decision.round == of_round, signed)
    )
    if respondent is not None:
        wanted = wanted.where(Decision.respondent_id == respondent)
    return [
        {
            "respondent": d.respondent_id,
            "outcome": d.outcome,
            "outcome_zh": Outcome(d.outcome).zh,
            "reason": d.reason,
            # How the panel voted is of the file: an officer gets the decision, not the count of heads.
            "differs_reason": d.differs_reason if respondent is None else "",
            "tally": d.tally if respondent is None else {},
            "signed_by": name or "",
            "signed_at": d.signed_at,
            "served_at": d.served_at,
            "authority": d.authority,
        }
        for d, name in session.exec(wanted.order_by(col(Decision.id)))
    ]


def outcomes_open(
    session: Session, case: Case, *, respondents: Collection[int], before_review: bool = False
) -> list[dict[str, Any]]:
    """Every outcome for every officer, and the sentence why it is closed. 可以作出的结论

    `before_review` counts every clause as confirmed: which ones hold is decided by the very answer asked for.
    """
    # Nothing here depends on who asks or when, so the act has no actor and stands at the registration.
    act = Act(session, case, None, case.registered_at)
    clauses = list(act.edition.clauses) if before_review else None
    found = []
    for rid in respondents:
        for outcome, why_not in openings(act, rid, clauses).outcomes.items():
            found.append(
                {
                    "respondent": rid,
                    "outcome": outcome.value,
                    "outcome_zh": outcome.zh,
                    "open": why_not is None,
                    "why_not": why_not or "",
                }
            )
    return found


def _last_round(condition: Any, column: Any) -> Any:
    return sa.select(sa.func.max(column)).where(condition).scalar_subquery()


def weighing_of(session: Session, actor: Actor, case_id: str) -> list[dict[str, Any]]:
    """For every officer: both lists, every clause worth a look down to its evidence, what is missing. 论证

    Raises NotFound for who may not read the file: an officer gets the same reasons in the papers.
    """
    seen_case(session, actor, case_id, action=Action.SEE_FILE)
    dossier = load_dossier(session, case_id, history=False)
    return [_weighed(dossier, row.id) for row in dossier.respondents]


def _weighed(dossier: Dossier, respondent: int) -> dict[str, Any]:
    found = weigh(dossier, respondent)
    symmetry = found.symmetry
    return {
        "respondent": respondent,
        "balance": symmetry.balance.value,
        "balance_zh": symmetry.balance.zh,
        "exempting": list(symmetry.exempting),
        "duties_missed": list(symmetry.duties_missed),
        "bars": [found.edition.gates[gate].zh for gate in symmetry.bars],
        "contradictions": list(symmetry.contradictions),
        "later_evidence": [piece.number for piece in found.later_evidence],
        "known_at_the_time": [
            {"clause": now.clause_id, "now": now.outcome.value, "then": once.outcome.value}
            for now, once in found.at_the_time
        ],
        "clauses": [
            {"clause": row.clause, "tree": found.explain(row.clause)}
            for row in dossier.of(dossier.matches, respondent)
        ],
        "questions": [
            {
                "text": found.told(asked),
                "gained": list(asked.gained),
                "lost": list(asked.lost),
                "barred": asked.barred,
                "ends": asked.ends,
                "ways": [_asked(found, way, asked.gained) for way in asked.ways],
            }
            for asked in found.questions
        ],
        "turns": [
            {
                "facts": _asked(found, turn.facts, turn.gained),
                "gained": list(turn.gained),
                "lost": list(turn.lost),
                "barred_by": list(turn.barred_by),
                "ends": turn.ends,
            }
            for turn in found.counterfactual.turns
        ],
    }


def _asked(
    found: Weighing, facts: Sequence[tuple[str, Status]], gained: Sequence[str]
) -> list[dict[str, str]]:
    """Facts to be found, with how they are settled for the clause they would bring about."""
    clause = gained[0] if gained else ""
    return [
        {
            "fact": fact,
            "question": found.question(fact),
            "status": status.value,
            "settled_by": found.settled_by(fact, clause),
        }
        for fact, status in facts
    ]
