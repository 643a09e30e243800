"""One watch over a register of a million running clocks: find what is due, owe the reminders. 期限提醒

In the time: every batch of the watch with its commit, rung by rung, case by case, event chain included. Not in it:
the sending. Memory is the most Python holds during the watch, beside the same watch over a tenth of the clocks.
"""

import time
import tracemalloc
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from benchmarks.measure import Figure, Place
from benchmarks.people import a_bureau, now, open_one
from models.database import Register, register
from models.holidays import calendar_of
from models.rules.deadlines import beijing_day, shift_workdays
from models.tables import Case, Clock, Effect, WorkItem
from tasks.office import remind_due

CLOCKS = 1_000_000
QUICK = 50_000
DUE_PER_MILLE = 5  # of the clocks come to a rung today, all others lie ahead
TARGET_S = {"postgresql": 3.0, "sqlite": 6.0}
FLAT = 1.5
A_TIME = 5_000
SOME, MANY = 1_000, 5_000  # due while the memory is looked at


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Time one watch over all clocks; then once more on a new day's worth with the memory traced, at both sizes."""
    clocks = QUICK if quick else CLOCKS
    opened = register()
    bureau = a_bureau(opened)
    with opened.writing() as session:
        open_one(session, bureau)
    filler = _Filler(opened)
    filler.fill(0, clocks // 10, share=_share(SOME, clocks // 10))
    _analyse(opened)
    small = _peak()
    filler.fill(clocks // 10, clocks)
    _analyse(opened)
    before = _owed(opened)
    started = time.perf_counter()
    remind_due(now())
    took = time.perf_counter() - started
    owed = _owed(opened) - before
    if owed < (clocks - clocks // 10) * DUE_PER_MILLE // 1000:
        raise AssertionError(f"only {owed} reminders are owed")
    started = time.perf_counter()
    remind_due(now())
    again = time.perf_counter() - started
    if _owed(opened) - before != owed:
        raise AssertionError("the second watch reminded once more")
    filler.fill(clocks, clocks + clocks // 10, share=_share(MANY, clocks // 10))
    large = _peak()
    target = TARGET_S[place.database] / (3 if quick else 1)
    return [
        Figure(
            "clocks",
            place.database,
            round(took, 2),
            "s",
            f"<= {target:.2f}",
            took <= target,
            {
                "running clocks": clocks,
                "reminded": owed,
                "share %": round(100 * owed / clocks, 2),
                "watch with nothing new s": round(again, 2),
            },
        ),
        Figure(
            "clocks-memory",
            place.database,
            round(large / 1e6, 1),
            "MB peak",
            f"<= {FLAT} of a tenth",
            large <= FLAT * small,
            {"of a tenth": round(small / 1e6, 1)},
        ),
    ]


class _Filler:
    """Cases with one work item and one clock each, copied from a real one in sets."""

    def __init__(self, opened: Register) -> None:
        self.opened = opened
        with opened.reading() as session:
            self.case = _values(session, Case)
            self.item = _values(session, WorkItem)
            self.clock = _values(session, Clock)
            calendar = calendar_of(session)
        today = beijing_day(now())
        self.today = today
        self.due = shift_workdays(today, 1, calendar)

    def fill(self, first: int, last: int, *, share: int = DUE_PER_MILLE) -> None:
        """Enter clocks number `first` up to `last`."""
        for start in range(first, last, A_TIME):
            numbers = range(start, min(last, start + A_TIME))
            with self.opened.engine.begin() as connection:
                for table, rows in self._rows(numbers, share):
                    connection.execute(sa.insert(table), rows)

    def _rows(self, numbers: range, share: int) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
        started = now() - timedelta(days=60)
        ends = {n: self._end(n, share) for n in numbers}
        yield (
            _table(Case),
            [self.case | {"id": f"c{n:031d}", "number": n + 1000, "events": 0, "head": ""} for n in numbers],
        )
        yield (
            _table(WorkItem),
            [self.item | {"id": f"i{n:031d}", "case_id": f"c{n:031d}", "due_on": ends[n]} for n in numbers],
        )
        yield (
            _table(Clock),
            [
                self.clock
                | {
                    "case_id": f"c{n:031d}",
                    "item_id": f"i{n:031d}",
                    "key": f"item:i{n:031d}",
                    "due_on": ends[n],
                    "started_at": started,
                }
                for n in numbers
            ],
        )

    def _end(self, number: int, share: int) -> date:
        if number % 1000 < share:
            return self.due
        return self.today + timedelta(days=15 + number % 400)


def _share(due: int, clocks: int) -> int:
    return 1000 * due // clocks


def _values(session: Any, table: type[SQLModel]) -> dict[str, Any]:
    core = _table(table)
    row = dict(session.execute(sa.select(core).limit(1)).mappings().one())
    if isinstance(row["id"], int):
        del row["id"]
    return row


def _table(table: type[SQLModel]) -> sa.Table:
    core: sa.Table = table.__table__  # type: ignore[attr-defined]
    return core


def _analyse(opened: Register) -> None:
    with opened.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


def _owed(opened: Register) -> int:
    with opened.reading() as session:
        count = sa.select(sa.func.count()).where(sa.column("subject").like("reminder-%"))
        return int(session.execute(count.select_from(_table(Effect))).scalar_one())


def _peak() -> int:
    tracemalloc.start()
    try:
        remind_due(now())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
