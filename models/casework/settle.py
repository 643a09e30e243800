"""What follows from an act by rule alone, in the same transaction. 依规则推进

`settle` asks the lifecycle rules what is due now, moves the case as often as the rules say, and leaves behind the
work items people must do and the effects the office owes.
"""

from collections.abc import Mapping

from sqlmodel import select

from models.casework.challenging import waiting_challenges
from models.casework.matching import match_clauses
from models.casework.panel import bench, convene
from models.casework.record import Act
from models.casework.supplement import carry_over, still_settled
from models.rules.decision import Outcome
from models.rules.lifecycle import CLEARED, Ask, Kind, Move, Situation, Stage, asks, way_out
from models.rules.permissions import Part
from models.tables import Decision, WorkItem

_GONE_THROUGH_AGAIN = (Stage.VERIFICATION, Stage.MATCHING)


def settle(act: Act) -> None:
    """Bring the case to rest: every passed stage left, every work item asked for in place."""
    now = situation(act)
    while (move := way_out(now)) is not None:
        _leave(act, move)
        _enter(act, move)
        now = situation(act)
    _ask(act, {(wanted.kind, wanted.slot): wanted for wanted in asks(now)})


def _ask(act: Act, wanted: Mapping[tuple[Kind, str], Ask]) -> None:
    """Create what is asked and missing, give back what is asked again, withdraw what is asked no more."""
    for key, ask in wanted.items():
        item = act.items.get(key)
        if item is None:
            if ask.kind is Kind.NOTICE_OF_INTENT:
                act.owe("document", "intent-notice", respondent=ask.respondent)
            act.ask(ask)
        elif item.state == "cancelled" or (item.state == "open" and item.asked_id != ask.person):
            # A panel that was short is complete again; a chair who steps aside no longer closes the session.
            act.give(item, ask.person)
    for key, item in act.items.items():
        if item.state == "open" and key not in wanted:
            act.stop(item, "cancelled")


def situation(act: Act) -> Situation:
    """The case as the rules see it."""
    stage = Stage(act.case.stage)
    answers = {key: item.answer or {} for key, item in act.items.items() if item.state == "done"}
    people = {rid: row.person_id for rid, row in act.respondents.items()}
    panel = bench(act) if stage is Stage.REVIEW else None
    decided = decisions(act) if stage in (Stage.DECISION, Stage.CLEARING) else {}
    return Situation(
        stage,
        answers,
        respondents=people,
        investigators=tuple(p for p in act.holders(Part.INVESTIGATOR) if p not in act.holders(Part.RECUSED)),
        conclusion=act.case.conclusion,
        members=panel.sitting if panel else (),
        undeclared=panel.sitting if panel else (),
        called=panel.called if panel else 0,
        short=panel.short if panel else False,
        chair=panel.chair if panel else None,
        outcomes={rid: Outcome(row.outcome) for rid, row in decided.items() if row.outcome},
        challenges=waiting_challenges(act),
        settled=frozenset(still_settled(act)) if stage in _GONE_THROUGH_AGAIN else frozenset(),
        cleared_elsewhere=frozenset(
            rid for rid, row in decided.items() if row.external_result == "no-action"
        ),
    )


def decisions(act: Act) -> dict[int, Decision]:
    """Respondent id -> the decision of this round."""
    if act.decided is None:
        rows = select(Decision).where(Decision.case_id == act.case.id, Decision.round == act.case.round)
        act.decided = {row.respondent_id: row for row in act.session.exec(rows)}
    return act.decided


def _leave(act: Act, move: Move) -> None:
    case = act.case
    for item in act.items.values():
        if item.state == "open":
            act.stop(item, "cancelled")
    act.moves.append(f"{Stage(case.stage).value}->{move.to.value}:{move.way}")
    case.stage = move.to
    if move.new_round:
        case.round += 1
        act.decided = act.seats = act.confirmed = None
        if move.to in (Stage.INTAKE, Stage.VERIFICATION):
            case.conclusion = ""
    act.load_items()


def _enter(act: Act, move: Move) -> None:
    """What the office owes on the way into a stage, and what is computed there by rule."""
    match move.to:
        case Stage.VERIFICATION:
            act.announce()
            if move.way == "accepted":
                act.owe("document", "commencement-form")
                for rid, row in act.respondents.items():
                    act.owe("document", "rights-notice", respondent=rid)
                    act.owe("notice", "rights-notice", respondent=rid, person=row.person_id)
        case Stage.MATCHING:
            match_clauses(act)
        case Stage.REVIEW:
            for rid in act.respondents:
                act.owe("document", "matching-report", respondent=rid)
            convene(act)
            carry_over(act)
            act.owe("document", "convening-notice")
        case Stage.ARCHIVE:
            if move.way == "declined":
                act.owe("document", "declined-notice")
        case _:
            pass


def favourable(decision: Decision) -> bool:
    """Whether a name is to be cleared after this decision."""
    return (decision.outcome in CLEARED) or decision.external_result == "no-action"


def item_of(act: Act, kind: Kind, slot: str = "") -> WorkItem | None:
    """A work item of this stage and round."""
    return act.items.get((kind, slot))
