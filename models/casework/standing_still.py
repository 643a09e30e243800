"""Work items that nobody can do today, and telling a manager once. 无人可办的待办

A rough condition finds the few that may stand still; whether they do is asked of the one ruling on rights, person by
person. What an officer is asked is left out: there a period ends, and an investigator records it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.casework.record import Act, item_facts, lock_case, parts_by_person
from models.rules.confidentiality import Level
from models.rules.deadlines import beijing_day
from models.rules.lifecycle import Kind
from models.rules.permissions import BLIND, CEILINGS, NARROW, Action, Actor, CaseFacts, Role, StandIn, may
from models.rules.standstill import Lack
from models.rules.substitution import lent
from models.standing_in import away_on, held_on, in_force
from models.tables import (
    Case,
    Effect,
    Organ,
    Participation,
    Person,
    RoleHolding,
    Substitution,
    WorkItem,
)


@dataclass(frozen=True, slots=True)
class Standstill:
    """An open item that nobody can do today, and why. 无人可办的待办"""

    item_id: str
    case_id: str
    organ_id: int
    kind: Kind
    role: Role
    lack: Lack

    @property
    def said(self) -> str:
        """What is missing and who can mend it."""
        return self.lack.missing + self.mend

    @property
    def mend(self) -> str:
        """Who can mend it and how."""
        return self.lack.mend(self.role)


@dataclass
class _Staff:
    """Who is there today: roles, absences, read once for a batch."""

    roles: dict[int, set[tuple[Role, int]]] = field(default_factory=dict)  # of active people
    away: Mapping[int, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, on: date, organs: Collection[int], people: Iterable[int]) -> "_Staff":
        away = away_on(session, on)
        wanted = {*people, *away, *(who for who in away.values() if who)}
        held = (
            sa.select(col(Person.id), col(RoleHolding.role), col(RoleHolding.organ_id))
            .outerjoin(RoleHolding, (col(RoleHolding.person_id) == col(Person.id)) & held_on(on))
            .where(col(Person.active), col(Person.id).in_(wanted) | col(RoleHolding.organ_id).in_(organs))
        )
        staff = cls(away=away)
        for person, role, organ in session.execute(held):
            roles = staff.roles.setdefault(person, set())
            if role is not None:
                roles.add((Role(role), organ))
        return staff

    def actor(self, person: int) -> Actor:
        """Somebody who is there, with whom the person stands in for."""
        own = frozenset(self.roles.get(person, ()))
        lending = (
            (absent, lent(own, self.roles.get(absent, ())))
            for absent, substitute in self.away.items()
            if substitute == person and absent in self.roles
        )
        return Actor(person, "", own, frozenset(StandIn(i, given) for i, given in lending if given))

    def holders(self, role: Role, organ: int) -> list[int]:
        """Active people who hold a role, away or not."""
        return sorted(person for person, held in self.roles.items() if (role, organ) in held)

    def there(self, person: int | None) -> bool:
        """Whether somebody is active and not away."""
        return person in self.roles and person not in self.away


def standstills(
    session: Session, *, on: date, case_id: str | None = None, organs: Collection[int] | None = None
) -> Sequence[Standstill]:
    """Every open item nobody can do on this day: of one case, of some organs, or of all. 无人可办"""
    wanted = select(WorkItem).join(Case).where(*_suspect(on))
    if case_id is not None:
        wanted = wanted.where(WorkItem.case_id == case_id)
    if organs is not None:
        wanted = wanted.where(col(WorkItem.organ_id).in_(organs))
    items = session.exec(wanted.order_by(col(WorkItem.created_at), col(WorkItem.id))).all()
    if not items:
        return ()
    facts = _facts(session, {item.case_id for item in items})
    staff = _Staff.of(
        session, on, {item.organ_id for item in items}, {i.assignee_id for i in items if i.assignee_id}
    )
    return [
        Standstill(item.id, item.case_id, item.organ_id, Kind(item.kind), Role(item.role), lack)
        for item in items
        if (lack := _lack(item, facts[item.case_id], staff)) is not None
    ]


def tell_standstills(session: Session, case_id: str, *, now: datetime) -> int:
    """Owe the notice of every item of a case that nobody can do, each once; returns how many are new. 告知分管负责人"""
    act = Act.on(session, lock_case(session, case_id), actor=None, now=now)
    told = set(
        session.exec(select(Effect.item_id).where(Effect.case_id == case_id, Effect.subject == "standstill"))
    )
    fresh = [s for s in standstills(session, on=act.today, case_id=case_id) if s.item_id not in told]
    keepers = keepers_of(session, act.case.organ_id, act.facts, on=act.today) if fresh else ()
    if not keepers:
        return 0
    for one in fresh:
        for keeper in keepers:
            act.owe("notice", "standstill", item=one.item_id, person=keeper)
    act.record("case:stands-still", data={"items": {one.item_id: one.lack.value for one in fresh}})
    session.flush()
    return len(fresh)


def to_tell(session: Session, *, now: datetime) -> Sequence[str]:
    """Cases with an item that nobody can do and of which no manager has been told."""
    told = set(session.exec(select(Effect.item_id).where(Effect.subject == "standstill")))
    found = standstills(session, on=beijing_day(now))
    return sorted({one.case_id for one in found if one.item_id not in told})


def keepers_of(session: Session, organ_id: int, facts: CaseFacts, *, on: date) -> list[int]:
    """Managers who are there and free of the case: of the organ, or of the next one above that has any."""
    organ = session.get(Organ, organ_id)
    while organ is not None:
        held = (
            select(RoleHolding.person_id)
            .join(Person, col(Person.id) == col(RoleHolding.person_id))
            .where(
                RoleHolding.organ_id == organ.id,
                RoleHolding.role == Role.MANAGER,
                held_on(on),
                col(Person.active),
            )
        )
        away = away_on(session, on)
        free = [
            person
            for person in sorted(set(session.exec(held)))
            if person not in away and not {BLIND, NARROW} & facts.parts_of(person)
        ]
        if free:
            return free
        organ = session.get(Organ, organ.parent_id) if organ.parent_id else None
    return []


def _suspect(on: date) -> tuple[sa.ColumnElement[bool], ...]:
    """Items that may stand still: given to somebody gone, away or with a tie, or of a role nobody is free in."""
    someone, tied = aliased(RoleHolding), aliased(Participation)
    absent = sa.select(col(Substitution.person_id)).where(in_force(on))
    active = sa.select(col(Person.id)).where(col(Person.active))
    ends, who = col(someone.valid_to), col(tied.person_id)
    parts = sa.select(col(tied.id)).where(col(tied.case_id) == col(WorkItem.case_id))
    free = sa.select(col(someone.id)).where(
        col(someone.organ_id) == col(WorkItem.organ_id),
        col(someone.role) == col(WorkItem.role),
        col(someone.valid_from) <= on,
        ends.is_(None) | (ends >= on),
        col(someone.person_id).in_(active),
        col(someone.person_id).not_in(absent),
        ~parts.where(who == col(someone.person_id)).correlate(WorkItem, someone).exists(),
    )
    beyond = [
        (col(WorkItem.role) == role) & col(Case.level).not_in(top.covered)
        for role, top in CEILINGS.items()
        if top is not Level.STRICT
    ]
    holder = col(WorkItem.assignee_id)
    hindered = parts.where(who == holder, col(tied.part).in_([BLIND, NARROW])).correlate(WorkItem).exists()
    given = holder.is_not(None) & (holder.not_in(active) | holder.in_(absent) | hindered)
    return (
        col(WorkItem.state) == sa.literal_column("'open'", sa.String()),
        col(WorkItem.role) != Role.OFFICER,
        col(Case.held_until).is_(None),
        given | (holder.is_(None) & (~free.correlate(WorkItem).exists() | sa.or_(*beyond))),
    )


def _facts(session: Session, cases: Collection[str]) -> dict[str, CaseFacts]:
    parts: dict[str, list[Participation]] = {case: [] for case in cases}
    for row in session.exec(select(Participation).where(col(Participation.case_id).in_(cases))):
        parts[row.case_id].append(row)
    waiting: dict[str, list[WorkItem]] = {case: [] for case in cases}
    opened = select(WorkItem).where(col(WorkItem.case_id).in_(cases), WorkItem.state == "open")
    for item in session.exec(opened):
        waiting[item.case_id].append(item)
    rows = session.exec(select(Case).where(col(Case.id).in_(cases)))
    return {
        case.id: CaseFacts(
            case.organ_id,
            parts_by_person(parts[case.id]),
            frozenset(Role(i.role) for i in waiting[case.id] if i.assignee_id is None),
            case.announced_at is not None,
            in_place=parts_by_person([row for row in parts[case.id] if row.stood_in]),
            waiting=frozenset(item_facts(i) for i in waiting[case.id]),
            level=Level(case.level),
        )
        for case in rows
    }


def _lack(item: WorkItem, case: CaseFacts, staff: _Staff) -> Lack | None:
    asked: Any = item_facts(item)
    holders = [item.assignee_id] if item.assignee_id else staff.holders(asked.role, item.organ_id)
    substitutes = [staff.away[person] for person in holders if person in staff.away]

    def able(person: int) -> bool:
        return may(staff.actor(person), Action.ANSWER, case, item=asked).ok

    for person in (*holders, *substitutes):
        if person is not None and staff.there(person) and able(person):
            return None
    if item.delegated_by is not None and staff.there(item.delegated_by):
        return None  # whoever has delegated it takes it back
    if item.assignee_id is not None:
        if item.assignee_id not in staff.roles:
            return Lack.GONE
        return Lack.AWAY if item.assignee_id in staff.away else Lack.TIED
    if not holders:
        return Lack.NO_HOLDER
    if not CEILINGS[asked.role].covers(case.level):
        return Lack.LEVEL
    return Lack.ALL_AWAY if any(able(person) for person in holders if person) else Lack.ALL_TIED
