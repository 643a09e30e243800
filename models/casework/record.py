"""One act on one case: what it needs to know, what it leaves behind. 办理与留痕

An Act is opened on a locked case and closed with exactly one event; whatever it changed is in that event's hash.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import insert, update
from sqlmodel import Session, SQLModel, col, select

from models.calendar import ChinaCalendar
from models.casework.clocks import retime, timed
from models.database import to_json
from models.handbook import Edition, load_edition
from models.holidays import calendar_of
from models.rules.confidentiality import Level
from models.rules.deadlines import beijing_day
from models.rules.errors import NotFound, NotPermitted, Recused
from models.rules.inquiry import Inquiry
from models.rules.lifecycle import KINDS, Ask, Kind, Stage
from models.rules.permissions import Actor, CaseFacts, ItemFacts, Part, Role, Ruling
from models.rules.precedents import Precedents
from models.rules.verbs import asked_of
from models.standing_in import held_on, stand_ins
from models.tables import (
    Case,
    Clock,
    Decision,
    Effect,
    Event,
    Participation,
    Person,
    Respondent,
    RoleHolding,
    Seat,
    WorkItem,
)

# What every act reads first, built once: to build a statement takes as long as to run it.
_CASE: sa.BindParameter[str] = sa.bindparam("case")
_LOCKED = select(Case).where(Case.id == _CASE).with_for_update()
_LOCKED_BY_ITEM = (
    select(Case)
    .where(Case.id == select(WorkItem.case_id).where(WorkItem.id == sa.bindparam("item")).scalar_subquery())
    .with_for_update()
)
_PARTS = select(Participation).where(Participation.case_id == _CASE).order_by(col(Participation.id))
_RESPONDENTS = select(Respondent).where(Respondent.case_id == _CASE).order_by(col(Respondent.id))
_ITEMS = select(WorkItem).where(
    WorkItem.case_id == _CASE,
    WorkItem.stage == sa.bindparam("stage"),
    WorkItem.round == sa.bindparam("round"),
)


def _core(table: type[SQLModel]) -> sa.Table:
    # Past the ORM, which would split the rows by which of their columns are empty.
    core: sa.Table = table.__table__  # type: ignore[attr-defined]
    return core


def insert_all(session: Session, rows: Sequence[SQLModel]) -> None:
    """Insert rows nobody needs back, one statement per table: the ORM would send one per row to learn its id."""
    by_table: dict[type[SQLModel], list[dict[str, Any]]] = {}
    for row in rows:
        by_table.setdefault(type(row), []).append(row.model_dump(exclude={"id"}))
    for table, values in by_table.items():
        session.execute(insert(_core(table)), values)


def check(ruling: Ruling) -> None:
    """Turn a refusal into its error. Raises NotFound when existence itself is hidden, Recused or NotPermitted."""
    if ruling.ok:
        return
    if ruling.hidden:
        raise NotFound
    if ruling.recused:
        raise Recused(ruling.why)
    raise NotPermitted(ruling.why)


def link_hash(previous: str, event: Event) -> str:
    """SHA-256 over the previous link and everything this event says."""
    content = {
        "case": event.case_id,
        "seq": event.seq,
        "tag": event.tag,
        "actor": event.actor_id,
        "on_behalf_of": event.on_behalf_of,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "reason": event.reason,
        "data": event.data,
    }
    return hashlib.sha256((previous + to_json(content)).encode()).hexdigest()


def item_facts(item: WorkItem) -> ItemFacts:
    """What a ruling on rights needs to know of a work item."""
    delegated = item.delegated_by is not None
    return asked_of(Kind(item.kind), item.assignee_id, item.organ_id, delegated=delegated)


def parts_by_person(rows: Sequence[Participation]) -> dict[int, frozenset[Part]]:
    """Person id -> parts held in the case."""
    parts: dict[int, set[Part]] = {}
    for row in rows:
        parts.setdefault(row.person_id, set()).add(Part(row.part))
    return {person: frozenset(held) for person, held in parts.items()}


@dataclass
class Act:
    """What one person (or the office, when `actor` is None) does to one locked case at one moment."""

    session: Session
    case: Case
    actor: Actor | None
    now: datetime
    participations: list[Participation] = field(default_factory=list)
    items: dict[tuple[Kind, str], WorkItem] = field(default_factory=dict)
    respondents: dict[int, Respondent] = field(default_factory=dict)
    moves: list[str] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)  # what else the event of this act says
    salt: str = ""  # of the seal of a secret vote
    on_behalf_of: int | None = None  # for whom the actor does it
    inquiry: Inquiry | None = None  # what the investigation found, once it has been read
    later: list[SQLModel] = field(default_factory=list)  # new rows that go in with the event
    stopped: list[str] = field(default_factory=list)  # items whose clocks stop with this act
    # Of this round, once they have been read:
    decided: dict[int, Decision] | None = None  # by respondent id
    seats: list[Seat] | None = None  # in the order of the draw
    confirmed: dict[int, list[str]] | None = None  # clauses by respondent id
    like: dict[int, Precedents] | None = None  # decided cases by respondent id

    @classmethod
    def on(cls, session: Session, case: Case, *, actor: Actor | None, now: datetime) -> "Act":
        """Read what every act needs: parts, respondents and the work items of this stage and round."""
        act = cls(session, case, actor, now)
        of_case = {"case": case.id}
        act.participations = list(session.exec(_PARTS, params=of_case))
        named = session.exec(_RESPONDENTS, params=of_case)
        act.respondents = {row.id: row for row in named if row.id is not None}
        act.load_items()
        return act

    def load_items(self) -> None:
        """Read the work items of the current stage and round."""
        now = {"case": self.case.id, "stage": self.case.stage, "round": self.case.round}
        self.items = {(Kind(item.kind), item.slot): item for item in self.session.exec(_ITEMS, params=now)}

    # --- what is known --------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The day of the act in China."""
        return beijing_day(self.now)

    @property
    def edition(self) -> Edition:
        """The handbook edition the case pins."""
        return load_edition(self.case.edition)

    @cached_property
    def calendar(self) -> ChinaCalendar:
        """The working days by every notice the register knows."""
        return calendar_of(self.session)

    @property
    def facts(self) -> CaseFacts:
        """What a ruling on rights needs to know."""
        queues = frozenset(
            Role(i.role) for i in self.items.values() if i.state == "open" and i.assignee_id is None
        )
        announced = self.case.announced_at is not None
        return CaseFacts(
            self.case.organ_id,
            parts_by_person(self.participations),
            queues,
            announced,
            in_place=parts_by_person([p for p in self.participations if p.stood_in]),
            waiting=frozenset(item_facts(i) for i in self.items.values() if i.state == "open"),
            level=Level(self.case.level),
        )

    def holders(self, part: Part) -> tuple[int, ...]:
        """Persons who have a part of their own, in the order they took it."""
        return tuple(p.person_id for p in self.participations if p.part == part and not p.stood_in)

    def role_holders(self, role: Role, organ_id: int | None = None) -> list[int]:
        """Active persons who hold a role today, in the case's organ unless another is named."""
        held = (
            select(RoleHolding.person_id)
            .join(Person, col(Person.id) == col(RoleHolding.person_id))
            .where(
                RoleHolding.organ_id == (organ_id or self.case.organ_id),
                RoleHolding.role == role,
                held_on(self.today),
                col(Person.active),
            )
        )
        return sorted(set(self.session.exec(held)))

    def person(self, person_id: int) -> Actor:
        """Somebody with the roles of today, for a ruling on what that person may know."""
        held = select(RoleHolding.role, RoleHolding.organ_id).where(
            RoleHolding.person_id == person_id, held_on(self.today)
        )
        roles = frozenset((Role(role), organ) for role, organ in self.session.exec(held))
        return Actor(person_id, "", roles, stand_ins(self.session, person_id, roles, on=self.today))

    def respondent(self, respondent_id: int) -> Respondent:
        """The respondent of this case. Raises NotFound for anybody else's."""
        found = self.respondents.get(respondent_id)
        if found is None:
            raise NotFound(f"本案没有编号为 {respondent_id} 的被核查人员，请从案件页面重新选择。")
        return found

    # --- what it leaves behind ------------------------------------------------------------------

    def take_part(self, person_id: int, part: Part, *, reason: str = "", stood_in: bool = False) -> None:
        """Give a person a part in the case, for good or only as a tie; holding it already changes nothing."""
        for held in self.participations:
            if held.person_id == person_id and held.part == part:
                held.stood_in = held.stood_in and stood_in
                return
        row = Participation(
            case_id=self.case.id, person_id=person_id, part=part, reason=reason, stood_in=stood_in
        )
        self.later.append(row)
        self.participations.append(row)

    def owe(
        self,
        kind: str,
        subject: str = "",
        *,
        respondent: int | None = None,
        person: int | None = None,
        item: str | None = None,
        matter: int | None = None,
        turn: int | None = None,
    ) -> None:
        """Note an effect the office owes to the world; its key makes it at most once, or once per turn."""
        tail = [str(part) for part in (respondent, person, item, matter, turn) if part is not None]
        key = ":".join([kind, subject, f"r{self.case.round}", *tail])
        self.later.append(
            Effect(
                case_id=self.case.id,
                key=key,
                kind=kind,
                stage=self.case.stage,
                round=self.case.round,
                subject=subject,
                respondent_id=respondent,
                person_id=person,
                item_id=item,
                matter_id=matter,
                owed_at=self.now,
            )
        )
        self.owed.append(key)

    def announce(self) -> None:
        """Let the officers concerned see that the case exists; the first time counts."""
        self.case.announced_at = self.case.announced_at or self.now

    def ask(self, wanted: Ask) -> WorkItem:
        """Create a work item with its clock and the notice of it."""
        rule = KINDS[wanted.kind]
        if rule.role is Role.OFFICER:
            self.announce()
        item = WorkItem(
            id=uuid.uuid4().hex,
            case_id=self.case.id,
            organ_id=self.case.organ_id,
            stage=self.case.stage,
            round=self.case.round,
            kind=wanted.kind,
            slot=wanted.slot,
            respondent_id=wanted.respondent,
            role=rule.role,
            assignee_id=wanted.person,
            asked_id=wanted.person,
            state="open",
            created_at=self.now,
        )
        self.session.add(item)
        if rule.deadline:
            self._start_clock(item, rule.deadline)
        self.items[(wanted.kind, wanted.slot)] = item
        self.owe("notice", "work-item", item=item.id)
        return item

    def _start_clock(self, item: WorkItem, deadline_id: str) -> None:
        end = timed(self.edition.deadlines[deadline_id], self.now, self.calendar)
        item.due_on, item.provisional = end.due_on, end.provisional
        self.later.append(
            Clock(
                case_id=self.case.id,
                key=f"item:{item.id}",
                deadline=deadline_id,
                item_id=item.id,
                started_at=self.now,
                due_on=end.due_on,
                provisional=end.provisional,
                basis=end.basis,
            )
        )

    def give(self, item: WorkItem, person: int | None) -> None:
        """Put an item before somebody again: one that was withdrawn, or one whose taker has changed."""
        item.state, item.assignee_id, item.asked_id, item.delegated_by = "open", person, person, None
        item.version += 1
        if KINDS[Kind(item.kind)].deadline:
            for clock in self.session.exec(select(Clock).where(Clock.item_id == item.id)):
                clock.closed_at = None
                self.retime(clock, item)
        self.owe("notice", "work-item", item=item.id, turn=item.version)

    def retime(self, clock: Clock, item: WorkItem | None) -> bool:
        """Compute the end of a clock anew by the notices known today; a change goes into the event with both ends."""
        changed = retime(clock, item, self.edition, self.calendar)
        if changed is None:
            return False
        self.said.setdefault("clocks", []).append(changed)
        return True

    def stop(self, item: WorkItem, state: str) -> None:
        """Close a work item as done or cancelled, and its clock with it."""
        item.state = state
        item.version += 1
        if KINDS[Kind(item.kind)].deadline:
            self.stopped.append(item.id)

    def record(self, tag: str, *, reason: str = "", data: Mapping[str, Any] | None = None) -> Event:
        """Close the act with its event, chained to the last one of the case."""
        event = self.link(tag, reason=reason, data=data)
        self.session.flush()
        if self.stopped:
            clocks = update(Clock).where(col(Clock.item_id).in_(self.stopped))
            self.session.execute(clocks.values(closed_at=self.now))
        insert_all(self.session, [*self.later, event])
        self.later.clear()
        self.stopped.clear()
        return event

    def link(self, tag: str, *, reason: str = "", data: Mapping[str, Any] | None = None) -> Event:
        """The event of this act, chained to the last one of the case; whoever calls this puts it into the register."""
        case = self.case
        case.events += 1
        case.version += 1
        said = dict(data or {}) | self.said | {"stage": Stage(case.stage).value, "round": case.round}
        if self.moves:
            said["moves"] = self.moves
        if self.owed:
            said["owed"] = self.owed
        event = Event(
            case_id=case.id,
            seq=case.events,
            tag=tag,
            actor_id=self.actor.person_id if self.actor else None,
            on_behalf_of=self.on_behalf_of,
            at=self.now,
            reason=reason,
            data=said,
            prev_hash=case.head,
            hash="",
        )
        event.hash = case.head = link_hash(case.head, event)
        return event


def lock_case(session: Session, case_id: str) -> Case:
    """The case, locked until the transaction ends. Raises NotFound."""
    case = session.exec(_LOCKED, params={"case": case_id}).first()
    if case is None:
        raise NotFound
    return case


def lock_case_of(session: Session, item_id: str) -> Case:
    """The case of a work item, locked before the item is read: acts on one case stand in line. Raises NotFound."""
    case = session.exec(_LOCKED_BY_ITEM, params={"item": item_id}).first()
    if case is None:
        raise NotFound
    return case
