"""Twenty people at the door of one API process, with 10,000 cases in the register. 门口

`door` is paced as a bureau works; in `door-closed-loop` everybody acts again the moment the answer is there.
"""

import random
from collections.abc import Mapping
from typing import Any

from benchmarks.clients import crowd
from benchmarks.crowd import copy_case
from benchmarks.measure import Figure, Place, percentile, spread
from benchmarks.people import Bureau, Life, a_bureau
from models.database import register
from models.tables import WorkItem
from processes import LOOPBACK, Supervisor, free_port, start_api

CASES = 10_000
# Cases that stand at these work items; all others wait for their screening.
STANDING = {"investigation": 120, "legal-review": 120, "ballot": 60, "signature": 120}
ENOUGH = 300  # copies of each that people answer; the others are there to be in the way
CLIENTS = 20
PAUSE_S = 2.0  # between two acts of one person: ten acts per second in the bureau
PACED_S = 16.0
CLOSED_S = 8.0
TARGET_MS = 60.0
Task = dict[str, Any]


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Fill the register, start the API, let a crowd in another process answer work items over HTTP."""
    smaller = 10 if quick else 1
    bureau = a_bureau(register())
    work = _work(bureau, CASES // smaller, smaller)
    with Supervisor(place.data_dir, env=place.env, on_progress=lambda _: None) as supervisor:
        port = free_port()
        start_api(supervisor, LOOPBACK, port, env={})
        supervisor.wait_for("API", f"http://{LOOPBACK}:{port}/healthz")
        crowd(
            port, work[:CLIENTS], clients=CLIENTS, pause=0, seconds=5
        )  # the first answers import and compile
        rest = work[CLIENTS:]
        paced = crowd(port, rest, clients=CLIENTS, pause=PAUSE_S, seconds=PACED_S / (3 if quick else 1))
        rest = rest[len(paced["answers"]) :]
        closed = crowd(port, rest, clients=CLIENTS, pause=0, seconds=CLOSED_S / (3 if quick else 1))
    return [
        _figure("door", place, paced, target=TARGET_MS),
        _figure("door-closed-loop", place, closed),
    ]


def _work(bureau: Bureau, cases: int, smaller: int) -> list[Task]:
    """What there is to answer, in an order of its own, the same in every run."""
    work: list[Task] = []
    for kind, number in {**{k: n // smaller for k, n in STANDING.items()}, "screening": 0}.items():
        life = Life(bureau).begin().go_on(kind)
        copies = copy_case(register(), life.case_id, number or cases - sum(STANDING.values()) // smaller)
        for case_id in copies[:ENOUGH]:
            work += _tasks(Life(bureau, case_id, ballots=life.ballots).know(), kind)
    random.Random(7).shuffle(work)  # noqa: S311  # an order, not a secret
    return work


def _tasks(life: Life, kind: str) -> list[Task]:
    tasks = [_task(life, item) for item in life.open_items() if item.kind == kind]
    return tasks if kind == "ballot" else tasks[:1]


def _task(life: Life, item: WorkItem) -> Task:
    bureau = life.bureau
    return {
        "item": item.id,
        "kind": item.kind,
        "token": bureau.tokens[bureau.who(item)],
        "content": life.content(item),
    }


def _figure(name: str, place: Place, said: Mapping[str, Any], *, target: float | None = None) -> Figure:
    p95 = percentile(said["answers"], 95)
    return Figure(
        name,
        place.database,
        round(p95, 1),
        "ms p95",
        f"<= {target:.0f}" if target else "",
        p95 <= target if target else None,
        {
            **spread(said["answers"]),
            "answers": len(said["answers"]),
            "acts/s": round(len(said["answers"]) / said["seconds"], 1),
            "reading an item p95": round(percentile(said["reads"], 95), 1),
            "bare request p95": round(percentile(said["bare"], 95), 1),
        },
    )
