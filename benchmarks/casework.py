"""Whole lives of a case in-process on 8 threads, beside a bare state machine with as many durable commits. 办案

In the time: rights, event chain, outbox, and reading what is to be done next. Not in it: the effects themselves.
"""

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from benchmarks.measure import Figure, Place
from benchmarks.people import Bureau, Life, a_bureau
from models.casework import verify_all
from models.database import Register, register

THREADS = 8
SECONDS = 8.0  # a thread begins no new case after these
FLOOR_SECONDS = 6.0
TARGET = 0.30


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Measure both in the same run, on the same disk or server, with the engine settings of the register."""
    shorter = 3 if quick else 1
    opened = register()
    bureau = a_bureau(opened)
    commits = _one_life(bureau)
    # Half of the floor before and half after, so that a machine that grows busier does not flatter either.
    floor = [_floor(opened, commits, seconds=FLOOR_SECONDS / 2 / shorter)]
    cases, took = _in_threads(lambda: _one_life(bureau), seconds=SECONDS / shorter)
    floor.append(_floor(opened, commits, seconds=FLOOR_SECONDS / 2 / shorter))
    _check(opened)
    rate, floor_rate = cases / took, sum(floor) / len(floor)
    ratio = rate / floor_rate
    return [
        Figure(
            "casework",
            place.database,
            round(ratio, 3),
            "of floor",
            f">= {TARGET:.2f}",
            ratio >= TARGET,
            {
                "cases/s": round(rate, 2),
                "acts/s": round(rate * commits, 1),
                "floor cases/s": round(floor_rate, 2),
                "floor commits/s": round(floor_rate * commits, 1),
                "commits per case": commits,
            },
        )
    ]


def _one_life(bureau: Bureau) -> int:
    life = Life(bureau).begin().go_on()
    if life.state() != "archived":
        raise AssertionError(f"case {life.case_id} is {life.state()}, not archived")
    return life.acts


def _check(opened: Register) -> None:
    with opened.reading() as session:
        broken = [fault for _, fault in verify_all(session) if fault]
    if broken:
        raise AssertionError(f"a chain does not hold: {broken[0].fault}")


def _in_threads(life: Callable[[], int], *, seconds: float) -> tuple[int, float]:
    """Let every thread live one life after another; lives ended, and the seconds until the last one did."""
    done: list[int] = []
    faults: list[BaseException] = []
    started = time.perf_counter()

    def work() -> None:
        try:
            while time.perf_counter() - started < seconds:
                done.append(life())
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return len(done), time.perf_counter() - started


def _floor(opened: Register, commits: int, *, seconds: float) -> float:
    """Cases per second of a bare machine: insert, then lock, step and commit until the commits are the same."""
    table = sa.Table(
        "bench_floor",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.Integer, nullable=False),
    )
    table.create(opened.engine)

    def life() -> int:
        with opened.engine.begin() as connection:
            made = connection.execute(table.insert().values(state=0)).inserted_primary_key
        key = made[0] if made else 0
        for _ in range(commits - 1):
            with opened.engine.begin() as connection:
                locked = sa.select(table.c.state).where(table.c.id == key).with_for_update()
                state = connection.execute(locked).scalar_one()
                connection.execute(table.update().where(table.c.id == key).values(state=state + 1))
        return commits

    try:
        cases, took = _in_threads(life, seconds=seconds)
    finally:
        table.drop(opened.engine)
    return cases / took
