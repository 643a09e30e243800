"""The steps of a case as a reader may see them, narrowed to what one asks for, with what stands on top. 办理进程"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.queries.rights import visible
from models.rules.permissions import Actor
from models.rules.timeline import MARKS, PINNED, Audience, Mark, StepKind, audience_of, kind_of, pins
from models.tables import Case, Event, Person, Respondent


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which steps one asks for; nothing asked for is all of them. 筛选"""

    kind: StepKind | None = None
    audience: Audience | None = None

    def lets_through(self, row: "TimelineRow") -> bool:
        """Whether a step, as its reader sees it, is asked for."""
        return self.kind in (None, row.kind) and self.audience in (None, row.audience)


EVERY_STEP = Sieve()


@dataclass(frozen=True, slots=True)
class PinRow:
    """Who put a step on top, and why; a reader with narrow sight is told neither. 置顶"""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One step of the case. A reader with narrow sight gets no names and no reasons of others. 办理进程"""

    seq: int
    tag: str
    at: datetime
    actor: str
    on_behalf_of: str
    reason: str
    data: Mapping[str, Any]
    audience: Audience = Audience.INTERNAL
    pin: PinRow | None = None

    @property
    def kind(self) -> StepKind:
        """What sort of step it is, by what the reader is shown of it."""
        return kind_of(self.tag)

    @property
    def kind_zh(self) -> str:
        """The kind as people call it."""
        return self.kind.zh

    @property
    def audience_zh(self) -> str:
        """Who learns of it, as people call it."""
        return self.audience.zh


def timeline(
    session: Session, actor: Actor, case_id: str, *, limited: bool, sieve: Sieve = EVERY_STEP
) -> Sequence[TimelineRow]:
    """Every step one asks for, in the order of the chain; with narrow sight only moves of the case and one's own acts.

    Who asks for what the officers concerned see is shown it as they see it. The sieve comes last, so that it tells
    nothing of a step beyond what the reader is shown of it. 办理进程
    """
    wanted = (
        sa.select(Event, Person.name)
        .outerjoin(Person, col(Person.id) == col(Event.actor_id))
        .where(col(Event.case_id) == case_id)
        .order_by(col(Event.seq))
    )
    chain = list(session.execute(wanted))
    officers = set(session.scalars(sa.select(Respondent.person_id).where(col(Respondent.case_id) == case_id)))
    rows = {
        event.seq: row for (event, _), row in zip(chain, _told(session, actor, chain, officers), strict=True)
    }
    if limited:
        own = {event.seq for event, _ in chain if event.actor_id == actor.person_id}
        shown = [row if seq in own else _bare(row) for seq, row in rows.items() if seq in own or _moves(row)]
        shown = [_unsigned(row) for row in shown]
    elif sieve.audience is Audience.OFFICER:
        theirs = {event.seq for event, _ in chain if event.actor_id in officers}
        shown = [
            _unsigned(row) if seq in theirs else _bare(row)
            for seq, row in rows.items()
            if seq in theirs or _moves(row)
        ]
    else:
        shown = list(rows.values())
    return [row for row in shown if sieve.lets_through(row)]


def _told(session: Session, actor: Actor, chain: Sequence[Any], officers: set[int]) -> Sequence[TimelineRow]:
    """The whole chain in rows, for whoever may read the file."""
    people: dict[int | None, str] = {None: ""} | {event.actor_id: name or "" for event, name in chain}
    others = {event.on_behalf_of for event, _ in chain} - set(people)
    if others:
        named = sa.select(Person.id, Person.name).where(col(Person.id).in_(others))
        people |= dict(session.execute(named).all())
    data = _without_hidden(session, actor, [event for event, _ in chain])
    on_top = pins(
        Mark(e.data["step"], e.tag == PINNED, e.actor_id, e.at, e.reason) for e, _ in chain if e.tag in MARKS
    )
    return [
        TimelineRow(
            e.seq,
            e.tag,
            e.at,
            name or "",
            people.get(e.on_behalf_of, ""),
            e.reason,
            data[e.seq],
            audience_of(e.tag, moves="moves" in e.data, by_officer=e.actor_id in officers),
            PinRow(mark.at, people.get(mark.by, ""), mark.reason) if (mark := on_top.get(e.seq)) else None,
        )
        for e, name in chain
    ]


def _without_hidden(session: Session, actor: Actor, events: Sequence[Event]) -> dict[int, dict[str, Any]]:
    """What each event says, naming no related case that the reader may not see."""
    named = {other for event in events for other in event.data.get("related", ())}
    seen: set[str] = set()
    if named:
        seen = set(session.exec(select(Case.id).where(col(Case.id).in_(named), visible(actor))))
    return {
        event.seq: dict(event.data)
        | ({"related": [i for i in event.data["related"] if i in seen]} if "related" in event.data else {})
        for event in events
    }


def _moves(row: TimelineRow) -> bool:
    return "moves" in row.data


def _bare(row: TimelineRow) -> TimelineRow:
    # Where the case stands is the officer's to know; who said what about it stays in the file.
    where = {name: row.data[name] for name in ("stage", "round") if name in row.data}
    bare = TimelineRow(row.seq, "case:moved", row.at, "", "", "", where, Audience.OFFICER, row.pin)
    return _unsigned(bare)


def _unsigned(row: TimelineRow) -> TimelineRow:
    """That a step stands on top is seen by whoever sees the step; who put it there and why is the case team's."""
    return replace(row, pin=replace(row.pin, by="", reason="")) if row.pin else row
