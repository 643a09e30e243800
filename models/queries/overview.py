"""What a manager answers for: how much waits, how long, what is late, how it ended. 管理概览

Counted are the cases of the manager's organs, and of the organs below them, that the manager may read in full: what
one has stepped aside from, or is concerned by, is in no number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.queries.inbox import ItemRow, item_rows
from models.queries.rights import visible
from models.rules.decision import Outcome
from models.rules.errors import NotPermitted
from models.rules.lifecycle import Stage, State
from models.rules.permissions import NARROW, Actor, Role
from models.tables import Case, Decision, Match, Organ, Participation, WorkItem

OVERSEERS = (Role.MANAGER, Role.HEAD)
LATE_SHOWN = 20
# Days an open item has waited: from, to (both included).
AGES: Sequence[tuple[int, int | None]] = ((0, 5), (6, 15), (16, 30), (31, None))


@dataclass(frozen=True, slots=True)
class OrganBacklog:
    """Open cases of one organ by stage. 在办案件"""

    organ: str
    stages: Mapping[Stage, int]
    transferred: int

    @property
    def total(self) -> int:
        """Open cases, without those that lie with another authority."""
        return sum(self.stages.values())


@dataclass(frozen=True, slots=True)
class Age:
    """Open items that have waited so many days, and how many of them are late. 待办时长"""

    since: int
    until: int | None
    items: int
    late: int


@dataclass(frozen=True, slots=True)
class ClauseOutcomes:
    """How officers came out to whom a clause was confirmed; "" stands for no clause at all. 条款与结论"""

    clause: str
    outcomes: Mapping[Outcome, int]

    @property
    def total(self) -> int:
        """Officers."""
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class Overview:
    """All numbers of one day. 管理概览"""

    on: date
    backlog: Sequence[OrganBacklog]
    ages: Sequence[Age]
    late: int
    latest: Sequence[ItemRow]  # the longest overdue
    decided: int  # officers with a signed decision
    clauses: Sequence[ClauseOutcomes]


def may_oversee(actor: Actor) -> bool:
    """Whether the actor manages or heads an organ."""
    return bool(actor.organs(*OVERSEERS))


def overview(session: Session, actor: Actor, *, on: date, now: datetime) -> Overview:
    """The numbers for whoever manages or heads an organ. Raises NotPermitted for everybody else."""
    if not may_oversee(actor):
        raise NotPermitted("管理概览供分管负责人和机关负责人查看；您的待办和案件请从相应栏目打开。")
    organs = tree(session, actor.organs(*OVERSEERS))
    counted = _counted(actor, set(organs))
    waiting = (col(WorkItem.state) == "open") & col(WorkItem.case_id).in_(sa.select(Case.id).where(counted))
    overdue = waiting & (col(WorkItem.due_on) < on)
    clauses, decided = _outcomes(session, counted)
    return Overview(
        on=on,
        backlog=_backlog(session, counted, organs),
        ages=_ages(session, waiting, on=on, now=now),
        late=session.execute(sa.select(sa.func.count(col(WorkItem.id))).where(overdue)).scalar_one(),
        latest=item_rows(session, overdue, order=(col(WorkItem.due_on), col(WorkItem.id)), limit=LATE_SHOWN),
        decided=decided,
        clauses=clauses,
    )


def tree(session: Session, roots: frozenset[int]) -> dict[int, str]:
    """The organs and all below them, with their names, in the order of the register."""
    every = {organ.id or 0: organ for organ in session.exec(select(Organ).order_by(col(Organ.id)))}
    found = set(roots)
    while below := {i for i, organ in every.items() if organ.parent_id in found} - found:
        found |= below
    return {i: organ.name for i, organ in every.items() if i in found}


def _counted(actor: Actor, organs: set[int]) -> sa.ColumnElement[bool]:
    concerned = sa.select(Participation.case_id).where(
        col(Participation.person_id) == actor.person_id, col(Participation.part) == NARROW
    )
    return visible(actor) & col(Case.organ_id).in_(sorted(organs)) & col(Case.id).not_in(concerned)


def _backlog(session: Session, counted: Any, organs: Mapping[int, str]) -> list[OrganBacklog]:
    rows = session.execute(
        sa.select(Case.organ_id, Case.stage, Case.state, sa.func.count())
        .where(counted, col(Case.state) != State.ARCHIVED)
        .group_by(col(Case.organ_id), col(Case.stage), col(Case.state))
    ).all()
    found = []
    for organ_id, name in organs.items():
        own = [(stage, state, count) for organ, stage, state, count in rows if organ == organ_id]
        stages = {s: sum(n for stage, state, n in own if (stage, state) == (s, State.OPEN)) for s in Stage}
        away = sum(count for _, state, count in own if state == State.TRANSFERRED)
        found.append(OrganBacklog(name, stages, away))
    return [row for row in found if row.total or row.transferred]


def _ages(session: Session, waiting: Any, *, on: date, now: datetime) -> list[Age]:
    made, late = col(WorkItem.created_at), sa.case((col(WorkItem.due_on) < on, 1), else_=0)
    columns: list[Any] = []
    for since, until in AGES:
        inside = made <= sa.literal(now - timedelta(days=since), made.type)
        if until is not None:
            inside &= made > sa.literal(now - timedelta(days=until + 1), made.type)
        if since == 0:
            inside = made > sa.literal(now - timedelta(days=(until or 0) + 1), made.type)
        columns += [sa.func.sum(sa.case((inside, 1), else_=0)), sa.func.sum(sa.case((inside, late), else_=0))]
    counts = [int(n or 0) for n in session.execute(sa.select(*columns).where(waiting)).one()]
    pairs = zip(counts[::2], counts[1::2], strict=True)
    return [
        Age(since, until, items, overdue)
        for (since, until), (items, overdue) in zip(AGES, pairs, strict=True)
    ]


def _outcomes(session: Session, counted: Any) -> tuple[list[ClauseOutcomes], int]:
    """Signed decisions of the last round of every officer, by the clauses confirmed for that officer."""
    later, other = aliased(Decision), aliased(Match)
    last = (
        sa.select(sa.func.max(later.round))
        .where(later.respondent_id == col(Decision.respondent_id), col(later.signed_at).is_not(None))
        .scalar_subquery()
    )
    # A new round that only votes again keeps the matches of the round before.
    matched = (
        sa.select(sa.func.max(other.round))
        .where(other.respondent_id == col(Decision.respondent_id), other.round <= col(Decision.round))
        .scalar_subquery()
    )
    confirmed = (
        (col(Match.respondent_id) == col(Decision.respondent_id))
        & (col(Match.round) == matched)
        & col(Match.confirmed).is_(True)
    )
    signed = (
        sa.select(
            col(Match.clause),
            Decision.outcome,
            sa.func.count(sa.distinct(col(Decision.respondent_id))),
        )
        .select_from(Decision)
        .join(Case, col(Case.id) == col(Decision.case_id))
        .outerjoin(Match, confirmed)
        .where(counted, col(Decision.signed_at).is_not(None), col(Decision.round) == last)
        .group_by(col(Match.clause), col(Decision.outcome))
    )
    found: dict[str, dict[Outcome, int]] = {}
    for clause, outcome, count in session.execute(signed):
        found.setdefault(clause or "", {})[Outcome(outcome)] = count
    decided = sa.select(sa.func.count(sa.distinct(col(Decision.respondent_id)))).join(
        Case, col(Case.id) == col(Decision.case_id)
    )
    total = session.execute(decided.where(counted, col(Decision.signed_at).is_not(None))).scalar_one()
    rows = [ClauseOutcomes(clause, outcomes) for clause, outcomes in found.items()]
    return sorted(rows, key=lambda row: (row.clause == "", -row.total, row.clause)), total
