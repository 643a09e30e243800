"""Running the clauses over the established facts of every officer, and reading what was confirmed. 条款匹配"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, union_all
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from models.casework.record import Act
from models.rules.clauses import Match as ClauseMatch
from models.rules.clauses import Matching, Status, match
from models.rules.clauses import Outcome as ClauseOutcome
from models.rules.decision import Outcome, allowed_outcomes
from models.rules.duties import DutyResult, duty_facts
from models.tables import Fact, Finding, Match

# Outcomes that say nothing about this officer; they can be computed again from edition and facts at any time.
_SILENT = frozenset({ClauseOutcome.NOT_APPLICABLE, ClauseOutcome.HUMAN_ONLY, ClauseOutcome.NOT_REACHED})
_CATEGORIES = ("inspection", "penalty", "licensing", "coercion")
_TRANSFER_FACTS = ("supervisory-organ-handling", "criminal-threshold-possible")


def found_round(act: Act) -> int:
    """The round whose findings count: a case returned to the panel keeps those of the round before."""
    rounds = union_all(
        *(select(func.max(rows.round)).where(rows.case_id == act.case.id) for rows in (Fact, Finding))
    ).subquery()
    latest: int | None = act.session.execute(sa_select(func.max(rounds.c[0]))).scalar()
    return latest or act.case.round


def established(act: Act, respondent: int) -> dict[str, Status]:
    """What the investigation found about one officer, the duty list included."""
    case, found_in = act.case, found_round(act)
    facts = select(Fact).where(
        Fact.case_id == case.id, Fact.round == found_in, Fact.respondent_id == respondent
    )
    known = {row.fact: Status(row.status) for row in act.session.exec(facts)}
    duties = select(Finding).where(
        Finding.case_id == case.id, Finding.round == found_in, Finding.respondent_id == respondent
    )
    found = {row.duty: DutyResult(row.result) for row in act.session.exec(duties)}
    # The checklist itself answers the two duty questions; what was typed for them does not count.
    missed = [duty for duty, result in found.items() if result is DutyResult.NOT_DONE]
    checked = duty_facts(found, flagged=missed[0] if len(missed) == 1 else None) if found else {}
    return _of_category(act.case.category) | known | checked


def _of_category(category: str) -> dict[str, Status]:
    """The case's category says in which act the conduct happened, unless the investigators found otherwise."""
    if category not in _CATEGORIES:
        return {}
    return {
        f"during-{name}": Status.ESTABLISHED if name == category else Status.REFUTED for name in _CATEGORIES
    }


def matching(act: Act, respondent: int) -> Matching:
    """Every clause of the pinned edition for one officer."""
    return match(act.edition.rulebook, established(act, respondent))


def match_clauses(act: Act) -> None:
    """Write down, per officer, the clauses worth a person's look, with the reasons. 提出条款匹配建议"""
    for respondent in act.respondents:
        result = matching(act, respondent)
        proposed = {m.clause_id for m in result.proposed}
        for found in result.matches:
            if not _worth_a_look(found, proposed):
                continue
            act.session.add(
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
    act.session.flush()


def _worth_a_look(found: ClauseMatch, proposed: Collection[str]) -> bool:
    """Proposed, refused for a reason worth printing, or one fact short of it."""
    if found.clause_id in proposed:
        return True
    if found.outcome is ClauseOutcome.UNPROVEN:
        return len(found.missing) == 1
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
    agreed = col(Match.confirmed).is_(True)
    rows = select(Match.clause).where(
        Match.case_id == act.case.id,
        Match.round == found_round(act),
        Match.respondent_id == respondent,
        agreed,
    )
    return list(act.session.exec(rows))


def openings(act: Act, respondent: int, clauses: Collection[str] | None = None) -> Openings:
    """What may be proposed, voted or signed for one officer, by rule. 可以作出的结论"""
    chosen = confirmed(act, respondent) if clauses is None else clauses
    known = matching(act, respondent)
    facts = established(act, respondent)
    return Openings(
        allowed_outcomes(
            conclusion=act.case.conclusion,
            confirmed_exempt=[c for c in chosen if c.startswith("exempt-")],
            confirmed_mitigate=[c for c in chosen if c.startswith("mitigate-")],
            barred=bool(known.barred_by),
            transfer_flag=any(facts.get(f) is Status.ESTABLISHED for f in _TRANSFER_FACTS),
        )
    )
