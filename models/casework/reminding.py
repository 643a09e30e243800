"""Who is to be reminded of a period, a batch at a time: silence never decides anything. 期限提醒

A register may hold a million running clocks. Those that have come to a rung are read in the order of their ends, a
batch in a transaction of its own, and everything a batch needs and leaves is read and written in sets.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.casework.office import holders
from models.casework.record import Act, insert_all
from models.holidays import calendar_of
from models.rules.deadlines import Calendar, Rung, beijing_day, rungs
from models.rules.permissions import Role
from models.tables import Case, Clock, Effect, Event, Participation

BATCH = 500
_NEAR = timedelta(days=30)  # no rung of the ladder lies further from the end, the longest holidays included

Place = tuple[date, int]  # the end of a clock and its id


@dataclass(frozen=True, slots=True)
class Reminded:
    """The cases of a batch in which somebody is to be reminded, and where the next batch goes on, if there is one."""

    cases: tuple[str, ...]
    last: Place | None


@dataclass
class _Ladders:
    """The rungs of each end, worked out once: the clocks of a day have theirs in common."""

    calendar: Calendar
    today: date
    known: dict[date, tuple[Rung, ...]] = field(default_factory=dict)

    def reached(self, due_on: date, started_at: datetime) -> Rung | None:
        """The last rung that a clock has come to."""
        if due_on not in self.known:
            self.known[due_on] = tuple(rung for rung in rungs(due_on, self.calendar) if rung.on <= self.today)
        start = beijing_day(started_at)
        return next((rung for rung in reversed(self.known[due_on]) if rung.on > start), None)

    def horizon(self) -> date:
        """The latest end that has come to a rung today."""
        day = self.today + _NEAR
        while day > self.today and not self.known.get(day) and not self._begun(day):
            day -= timedelta(days=1)
        return day

    def _begun(self, day: date) -> bool:
        return rungs(day, self.calendar)[0].on <= self.today


def remind(session: Session, *, now: datetime, after: Place | None = None, limit: int = BATCH) -> Reminded:
    """Owe the reminders of the next clocks that have come to a rung, each rung once. 期限提醒"""
    ladders = _Ladders(calendar_of(session), beijing_day(now))
    page = _page(session, ladders.horizon(), after, limit)
    last = (page[-1][1], page[-1][0]) if len(page) == limit else None
    rung_of = {row[0]: ladders.reached(row[1], row[4]) for row in page}
    told = _told(session, {row[2] for row in page if rung_of[row[0]]})
    fresh = {
        case_id
        for number, _, case_id, item_id, _, changes in page
        if (rung := rung_of[number]) and (item_id, _subject(rung), _turn(changes)) not in told
    }
    if not fresh:
        return Reminded((), last)
    return Reminded(_owe(session, fresh, {row[0] for row in page}, ladders, now=now), last)


def _page(
    session: Session, until: date, after: Place | None, limit: int
) -> Sequence[tuple[int, date, str, str | None, datetime, list[dict[str, Any]]]]:
    wanted = sa.select(
        col(Clock.id),
        col(Clock.due_on),
        col(Clock.case_id),
        col(Clock.item_id),
        col(Clock.started_at),
        col(Clock.changes),
    ).where(
        col(Clock.closed_at).is_(None),
        col(Clock.suspended_from).is_(None),
        col(Clock.item_id).is_not(None),
        col(Clock.due_on) <= until,
    )
    if after is not None:
        wanted = wanted.where(sa.tuple_(col(Clock.due_on), col(Clock.id)) > sa.tuple_(*after))
    rows = session.execute(wanted.order_by(col(Clock.due_on), col(Clock.id)).limit(limit))
    return list(rows)


def _owe(
    session: Session, cases: Collection[str], clocks: Collection[int], ladders: _Ladders, *, now: datetime
) -> tuple[str, ...]:
    # The locks come first, in one order: two watches at once must not both find that nobody has been told, nor wait
    # for each other; and whoever was waited for may have answered, or moved the end.
    locked = select(Case).where(col(Case.id).in_(cases)).order_by(col(Case.id)).with_for_update()
    by_id = {case.id: case for case in session.exec(locked.execution_options(populate_existing=True))}
    running = select(Clock).where(
        col(Clock.id).in_(clocks), col(Clock.case_id).in_(cases), col(Clock.closed_at).is_(None)
    )
    due = session.exec(running.order_by(col(Clock.id)).execution_options(populate_existing=True)).all()
    told = _told(session, cases)
    parts = _parts(session, cases)
    managers: dict[int, list[int]] = {}
    new: list[Effect | Event] = []
    reminded: set[str] = set()
    for clock in due:
        case = by_id[clock.case_id]
        rung = ladders.reached(clock.due_on, clock.started_at)
        turn = _turn(clock.changes)
        stands_still = case.held_until is not None or clock.suspended_from is not None
        if rung is None or stands_still or (clock.item_id, _subject(rung), turn) in told:
            continue
        act = Act(session, case, None, now, participations=parts.get(case.id, []))
        act.owe("notice", _subject(rung), item=clock.item_id, turn=turn or None)
        if rung.overdue:
            if case.organ_id not in managers:
                managers[case.organ_id] = act.role_holders(Role.MANAGER)
            again = rung.offset + 10 * turn if rung.offset > 1 or turn else None
            for manager in holders(act, Role.MANAGER, among=managers[case.organ_id]):
                act.owe("notice", "escalation", item=clock.item_id, person=manager, turn=again)
        said = {"deadline": clock.deadline, "mark": rung.mark, "due_on": clock.due_on.isoformat()}
        event = act.link("clock:reminded", data=said)
        new += [*act.later, event]  # type: ignore[list-item]
        reminded.add(case.id)
    session.flush()
    insert_all(session, new)
    session.expunge_all()
    return tuple(sorted(reminded))


def _subject(rung: Rung) -> str:
    return f"reminder-{rung.mark.lower()}"


def _turn(changes: Sequence[Mapping[str, Any]]) -> int:
    """How often the period has been prolonged: of a later end everybody is reminded anew."""
    return sum(change["act"] == "extend" for change in changes)


def _told(session: Session, cases: Collection[str]) -> set[tuple[str | None, str, int]]:
    """Item, subject and turn of every reminder owed so far in these cases."""
    owed = sa.select(col(Effect.item_id), col(Effect.subject), col(Effect.key)).where(
        col(Effect.case_id).in_(cases), col(Effect.subject).like("reminder-%")
    )
    # The key ends with the item, or with the turn after it.
    return {
        (item, subject, int(key.rsplit(":", 1)[1]) if not key.endswith(f":{item}") else 0)
        for item, subject, key in session.execute(owed)
    }


def _parts(session: Session, cases: Collection[str]) -> Mapping[str, list[Participation]]:
    found: dict[str, list[Participation]] = {}
    rows = select(Participation).where(col(Participation.case_id).in_(cases))
    for row in session.exec(rows.order_by(col(Participation.id))):
        found.setdefault(row.case_id, []).append(row)
    return found
