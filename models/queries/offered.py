"""Which verbs are open to a reader now, and whom a form may name. 可用动作"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from models.casework import item_facts
from models.casework.clocks import rule_of
from models.casework.prolonging import taken
from models.handbook import load_edition
from models.queries.asked import candidates
from models.rules.lifecycle import KINDS, Kind, Stage
from models.rules.permissions import Action, Actor, CaseFacts, Part, Role, may
from models.rules.verbs import CaseVerb, Holding, Verb, case_ruling, item_ruling
from models.tables import Case, Challenge, Clock, Person, Seat, WorkItem

_OF_CLOCKS = frozenset({Verb.EXTEND, Verb.SUSPEND, Verb.RESTART})
Choice = tuple[str, str]  # username, name


@dataclass(frozen=True)
class ChallengeRow:
    """An application for recusal as its applicant sees it. 回避申请"""

    about: str
    ground: str
    ruling: str
    reason: str


def item_verbs(
    session: Session, actor: Actor, item: WorkItem, facts: CaseFacts, *, on: date
) -> tuple[tuple[Verb, ...], tuple[Choice, ...]]:
    """What may be done with an item besides answering it, and who could take it over."""
    kind = Kind(item.kind)
    held = Holding(kind, item.state, item.asked_id, item.assignee_id, item.delegated_by, item.answered_by)
    answerable = may(actor, Action.ANSWER, facts, item=item_facts(item))
    offered = tuple(v for v in Verb if item_ruling(v, actor, held, facts, may_answer=answerable).ok)
    grounds = clock_grounds(session, item)
    offered = tuple(v for v in offered if v not in _OF_CLOCKS or v in grounds)
    if held.holder == actor.person_id:
        offered = tuple(v for v in offered if v is not Verb.CLAIM)
    if not {Verb.TRANSFER, Verb.DELEGATE} & set(offered):
        return offered, ()
    people = candidates(session, KINDS[kind].role, item.organ_id, on=on)
    return offered, tuple(
        (one["username"], one["name"])
        for one in people
        if one["person_id"] not in (item.assignee_id, actor.person_id)
    )


def clock_grounds(session: Session, item: WorkItem) -> Mapping[Verb, tuple[str, ...]]:
    """On which grounds of the edition the period of an item may be prolonged or stopped now."""
    clock = session.exec(
        select(Clock).where(Clock.item_id == item.id, col(Clock.closed_at).is_(None))
    ).first()
    rule = rule_of(clock, load_edition(session.get_one(Case, item.case_id).edition)) if clock else None
    if clock is None or rule is None:
        return {}
    if clock.suspended_from is not None:
        return {Verb.RESTART: ()}
    grounds = {
        Verb.EXTEND: tuple(one.ground for one in rule.extensions if taken(clock, one) < one.times),
        Verb.SUSPEND: tuple(one.ground for one in rule.suspensions),
    }
    return {verb: found for verb, found in grounds.items() if found}


def case_verbs(session: Session, actor: Actor, case: Case, facts: CaseFacts) -> tuple[CaseVerb, ...]:
    """What may be done with a case as a whole."""
    offered = [v for v in CaseVerb if case_ruling(v, actor, facts).ok]
    idle = {
        CaseVerb.HOLD: case.held_until is not None or case.state != "open",
        CaseVerb.RESUME: case.held_until is None,
        CaseVerb.ADD_MEMBERS: case.stage != Stage.REVIEW,
        CaseVerb.REMOVE_MEMBER: case.stage != Stage.REVIEW,
        CaseVerb.CHALLENGE: case.state != "open",
    }
    return tuple(v for v in offered if not idle.get(v, False))


def sitting_members(session: Session, case: Case) -> tuple[Choice, ...]:
    """Who sits on the panel of this round."""
    seated = (
        select(Person.username, Person.name)
        .join(Seat, col(Seat.person_id) == col(Person.id))
        .where(Seat.case_id == case.id, Seat.round == case.round, Seat.state == "sitting")
        .order_by(col(Seat.position))
    )
    return tuple((username, name) for username, name in session.exec(seated))


def readers_of_choice(session: Session, facts: CaseFacts, case: Case, *, on: date) -> tuple[Choice, ...]:
    """Whom a copy may reach: those who take part, and the heads and managers of the organ."""
    heads = [
        one for role in (Role.HEAD, Role.MANAGER) for one in candidates(session, role, case.organ_id, on=on)
    ]
    taking = [i for i, parts in facts.parts.items() if not parts & {Part.RECUSED, Part.RESPONDENT}]
    rows = session.exec(select(Person.username, Person.name).where(col(Person.id).in_(taking)))
    return tuple(sorted({*rows, *((one["username"], one["name"]) for one in heads)}))


def own_challenges(session: Session, actor: Actor, case: Case) -> tuple[ChallengeRow, ...]:
    """The applications this person has made, with their rulings."""
    mine = select(Challenge).where(Challenge.case_id == case.id, Challenge.made_by == actor.person_id)
    rows = []
    for row in session.exec(mine.order_by(col(Challenge.id))):
        ruled = select(WorkItem).where(
            WorkItem.case_id == case.id, WorkItem.kind == Kind.RECUSAL_RULING, WorkItem.slot == str(row.id),
            WorkItem.state == "done",
        )  # fmt: skip
        item = session.exec(ruled).first()
        reason = str((item.answer or {}).get("reason", "")) if item else ""
        rows.append(ChallengeRow(row.about, row.ground, row.ruling, reason))
    return tuple(rows)
