"""Running the clauses over the established facts of every officer, and reading what was confirmed. 条款匹配"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import col, select

from models.casework.record import Act
from models.handbook import load_edition
from models.rules.clauses import Match as ClauseMatch
from models.rules.clauses import Matching, Status, match
from models.rules.clauses import Outcome as ClauseOutcome
from models.rules.decision import Outcome, allowed_outcomes
from models.rules.duties import DutyResult
from models.rules.inquiry import Inquiry
from models.rules.symmetry import Symmetry, symmetric
from models.tables import Fact, Finding, Match

# Outcomes that say nothing about this officer; they can be computed again from edition and facts at any time.
_SILENT = frozenset({ClauseOutcome.NOT_APPLICABLE, ClauseOutcome.HUMAN_ONLY, ClauseOutcome.NOT_REACHED})
# Facts and findings of every round in one statement: round, respondent, duty or "", fact or "", answer.
_FOUND = sa.union_all(
    sa.select(
        col(Fact.round),
        col(Fact.respondent_id),
        sa.literal("").label("duty"),
        col(Fact.fact),
        col(Fact.status),
    ).where(col(Fact.case_id) == sa.bindparam("case")),
    sa.select(
        col(Finding.round), col(Finding.respondent_id), col(Finding.duty), sa.literal(""), col(Finding.result)
    ).where(col(Finding.case_id) == sa.bindparam("case")),
)
_TRANSFER_FACTS = ("supervisory-organ-handling", "criminal-threshold-possible")


def inquiry(act: Act) -> Inquiry:
    """Read once per act. A case returned to the panel keeps the findings of the round before."""
    if act.inquiry is None:
        act.inquiry = _read_inquiry(act)
    return act.inquiry


def _read_inquiry(act: Act) -> Inquiry:
    rows = list(act.session.execute(_FOUND, {"case": act.case.id}))
    last: int = max((row.round for row in rows), default=act.case.round)
    known: dict[int, dict[str, Status]] = {}
    found: dict[int, dict[str, DutyResult]] = {}
    for round_, rid, duty, fact, answer in rows:
        if round_ < last:
            continue
        if duty:
            found.setdefault(rid, {})[duty] = DutyResult(answer)
        else:
            known.setdefault(rid, {})[fact] = Status(answer)
    return Inquiry(last, act.case.category, known, found)


def matching(act: Act, respondent: int) -> Matching:
    """Every clause of the pinned edition that was in force on the day of the conduct, for one officer."""
    known = frozenset(inquiry(act).known(respondent).items())
    return _matched(act.case.edition, act.case.conduct_on, known)


@lru_cache(maxsize=1024)
def _matched(edition: str, conduct_on: date, facts: frozenset[tuple[str, Status]]) -> Matching:
    # The rules are pure: the same facts under the same edition on the same day match the same clauses.
    return match(load_edition(edition).rules_on(conduct_on), dict(facts))


def match_clauses(act: Act) -> None:
    """Write down, per officer, the clauses worth a person's look, with the reasons. 提出条款匹配建议"""
    for respondent in act.respondents:
        result = matching(act, respondent)
        proposed = {m.clause_id for m in result.proposed}
        for found in result.matches:
            if not _worth_a_look(found, proposed):
                continue
            act.later.append(
                Match(
                    case_id=act.case.id,
                    round=act.case.round,
                    respondent_id=respondent,
                    clause=found.clause_id,
                    outcome=found.outcome,
                    reasons=list(found.reasons),
                    missing=list(found.missing),
                    legal_review=found.legal_review or "",
                    proposed=found.clause_id in proposed,
                )
            )


def _worth_a_look(found: ClauseMatch, proposed: Collection[str]) -> bool:
    """Proposed, refused for a reason worth printing, or one fact short of it."""
    if found.clause_id in proposed:
        return True
    if found.outcome in (ClauseOutcome.UNPROVEN, ClauseOutcome.EXCLUDED):
        return len(found.missing) <= 1
    if found.outcome in (
        ClauseOutcome.BARRED,
        ClauseOutcome.BLOCKED_BY_PREMISE,
        ClauseOutcome.HELD_BY_PREMISE,
    ):
        return not found.missing
    return found.outcome not in _SILENT and found.outcome is not ClauseOutcome.REFUTED


@dataclass(frozen=True)
class Openings:
    """Which outcomes are open for one officer: None, or the sentence why not."""

    outcomes: dict[Outcome, str | None]

    def refusal(self, outcome: Outcome) -> str | None:
        """Why an outcome is closed, or None when it is open."""
        return self.outcomes[outcome]


def confirmed(act: Act, respondent: int) -> list[str]:
    """Clauses the legal reviewer confirmed for one officer in this round."""
    if act.confirmed is None:
        agreed = select(Match.respondent_id, Match.clause).where(
            Match.case_id == act.case.id,
            Match.round == inquiry(act).round,
            col(Match.confirmed).is_(True),
        )
        act.confirmed = {}
        for rid, clause in act.session.exec(agreed):
            act.confirmed.setdefault(rid, []).append(clause)
    return act.confirmed.get(respondent, [])


def symmetry(act: Act, respondent: int) -> Symmetry:
    """The exemption list and the grounds of accountability held against each other for one officer."""
    duties = inquiry(act).duties.get(respondent, {})
    return symmetric(matching(act, respondent), duties, confirmed(act, respondent))


def openings(act: Act, respondent: int, clauses: Collection[str] | None = None) -> Openings:
    """What may be proposed, voted or signed for one officer, by rule. 可以作出的结论"""
    chosen = confirmed(act, respondent) if clauses is None else clauses
    known = matching(act, respondent)
    facts = inquiry(act).known(respondent)
    return Openings(
        allowed_outcomes(
            conclusion=act.case.conclusion,
            confirmed_exempt=[c for c in chosen if c.startswith("exempt-")],
            confirmed_mitigate=[c for c in chosen if c.startswith("mitigate-")],
            barred=bool(known.barred_by),
            transfer_flag=any(facts.get(f) is Status.ESTABLISHED for f in _TRANSFER_FACTS),
        )
    )
