"""From a person's act to the office's work of the next stage done: warm worker, beside Prefect's stock worker. 跟进

The real system: Prefect server, worker and API as `make run` starts them. The time runs from the click to the moment
the register shows nothing owed, looked at every 20 ms.
"""

import asyncio
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from sqlmodel import col, select

from benchmarks.measure import Figure, Place, percentile, spread
from benchmarks.people import CLERK, Bureau, Life, a_bureau
from flows.deployments import deploy_all
from flows.waking import run_of
from models.database import register
from models.tables import Effect
from processes import Child, Installation, Plan, Supervisor, own_env, prefect_env, start_system

ACTS = 20
EVERY_S = 1.0
LOOK_S = 0.02
STOCK_ACTS = 2
STOCK_POOL = "stock"
TARGET_S = 1.0
WITHIN_S = 90.0
CALM_S = 5.0  # a Prefect server just started is busy with itself
# Answered, so that there is a paper to tell officers of their rights, and nothing is left undone.
_THROUGH = sa.text(
    "SELECT case_id FROM effect WHERE case_id IN :cases GROUP BY case_id"
    " HAVING sum(CASE WHEN state = 'done' THEN 0 ELSE 1 END) = 0"
    " AND sum(CASE WHEN subject = 'rights-notice' THEN 1 ELSE 0 END) > 0"
).bindparams(sa.bindparam("cases", expanding=True))


class Hands:
    """People at the API, and an eye on the register."""

    def __init__(self, bureau: Bureau, running: Installation) -> None:
        self.bureau = bureau
        self.running = running
        self.began: dict[str, float] = {}
        self.took: dict[str, float] = {}

    def open_cases(self, number: int) -> list[str]:
        """Register cases over HTTP and wait until each run is suspended with nothing owed."""
        cases = [
            str(self._post("/api/cases", CLERK, dict(self.bureau.story.case))["id"]) for _ in range(number)
        ]
        within(lambda: not self.owing(cases), "the office's work on new cases done")
        asyncio.run(self._await_suspended(cases))
        return cases

    def accept(self, case_id: str) -> None:
        """The screening officer accepts the case: the office then has papers to write and officers to tell."""
        life = Life(self.bureau, case_id).know()
        item = life.open_items()[0]
        content = life.content(item)
        self.began[case_id] = time.monotonic()
        self._post(f"/api/work-items/{item.id}/answer", self.bureau.who(item), content, match=item.version)

    def owing(self, cases: list[str]) -> set[str]:
        """The cases with office work that is not done."""
        with register().reading() as session:
            owed = select(Effect.case_id).where(col(Effect.case_id).in_(cases), Effect.state != "done")
            return set(session.exec(owed.distinct()))

    def watch(self) -> None:
        """Note which of the answered cases are through now: one short question, for it takes from the same cores."""
        begun = [case for case in list(self.began) if case not in self.took]
        if not begun:
            return
        with register().reading() as session:
            through = session.connection().execute(_THROUGH, {"cases": begun}).scalars().all()
        seen = time.monotonic()
        self.took |= {case: seen - self.began[case] for case in through}

    async def _await_suspended(self, cases: list[str]) -> None:
        async with PrefectClient(self.running.prefect_api_url) as client:
            deadline = time.monotonic() + WITHIN_S
            for case_id in cases:
                while (run := await run_of(client, case_id)) is None or not run.state.is_paused():
                    if time.monotonic() > deadline:
                        raise AssertionError(f"case {case_id} is not suspended: {run and run.state}")
                    await asyncio.sleep(0.2)

    def _post(self, address: str, username: str, content: Any, *, match: int | None = None) -> Any:
        where = urlsplit(self.running.api_url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.bureau.tokens[username]}",
            "Content-Type": "application/json",
        } | ({"If-Match": f'"{match}"'} if match is not None else {})
        connection.request("POST", address, json.dumps(content).encode(), headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        if answer.status not in (200, 201):
            raise AssertionError(f"{address} was refused: {said}")
        return said


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """One act per second with the warm worker; then the stock worker in its place, one act at a time."""
    acts = ACTS // (5 if quick else 1)
    bureau = a_bureau(register())
    with Supervisor(place.data_dir, env=place.env, on_progress=lambda _: None) as supervisor:
        plan = Plan(port=0, prefect_port=0)
        running = start_system(supervisor, plan)
        hands = Hands(bureau, running)
        cases = hands.open_cases(acts)
        worker = next(child for child in supervisor.children if child.name == "worker")
        time.sleep(CALM_S)
        processes = _below(worker)
        warm = _at_a_pace(hands, cases)
        supervisor.stop(worker)
        stock = _stock(supervisor, plan, hands, 1 if quick else STOCK_ACTS)
    p50 = percentile(warm, 50)
    return [
        Figure(
            "follow-through",
            place.database,
            round(p50, 2),
            "s p50",
            f"<= {TARGET_S:.1f}",
            p50 <= TARGET_S,
            {
                **spread(warm, digits=2),
                "acts": len(warm),
                "stock worker p50": round(percentile(stock, 50), 2),
                "stock worker acts": len(stock),
            },
        ),
        Figure(
            "waiting-processes",
            place.database,
            processes,
            "processes",
            "0",
            processes == 0,
            {"suspended cases": len(cases)},
        ),
    ]


def _at_a_pace(hands: Hands, cases: list[str]) -> list[float]:
    """Accept one case after another by the clock; seconds until the office was through with each."""
    faults: list[BaseException] = []

    def people() -> None:
        begin = time.monotonic()
        try:
            for number, case_id in enumerate(cases):
                time.sleep(max(0.0, begin + number * EVERY_S - time.monotonic()))
                hands.accept(case_id)
        except BaseException as fault:
            faults.append(fault)

    acting = threading.Thread(target=people, daemon=True)
    acting.start()
    _watch(hands, cases, faults, within_s=len(cases) * EVERY_S + WITHIN_S)
    acting.join()
    return [hands.took[case_id] for case_id in cases]


def _watch(hands: Hands, cases: list[str], faults: list[BaseException], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while any(case_id not in hands.took for case_id in cases):
        if faults:
            raise faults[0]
        if time.monotonic() > deadline:
            raise AssertionError(f"not through within {within_s:.0f} s: {hands.owing(cases)}")
        hands.watch()
        time.sleep(LOOK_S)


def _stock(supervisor: Supervisor, plan: Plan, hands: Hands, acts: int) -> list[float]:
    """The same deployments on Prefect's own process worker, one act at a time."""
    api_url = hands.running.prefect_api_url

    async def deploy() -> None:
        async with PrefectClient(api_url) as client:
            await client.create_work_pool(WorkPoolCreate(name=STOCK_POOL, type="process"))
            await deploy_all(client, STOCK_POOL)

    asyncio.run(deploy())
    port = urlsplit(api_url).port or 0
    env = prefect_env(supervisor.data_dir, port) | own_env(supervisor, plan, api_url)
    # It looks for work every ten seconds by default; here every second, in its favour.
    env |= {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", STOCK_POOL, "--type", "process"]
    supervisor.spawn("stock-worker", command, env=env)
    cases = hands.open_cases(acts)
    for case_id in cases:
        hands.accept(case_id)
        _watch(hands, [case_id], [], within_s=WITHIN_S)
    return [hands.took[case_id] for case_id in cases]


def _below(child: Child) -> int:
    """How many processes a process has started that still live (Linux)."""
    total = 0
    for task in Path(f"/proc/{child.process.pid}/task").iterdir():
        with suppress(FileNotFoundError):
            total += len((task / "children").read_text(encoding="ascii").split())
    return total


def within(look: Callable[[], bool], what: str, *, within_s: float = WITHIN_S) -> None:
    """Look until it is so. Raises AssertionError."""
    deadline = time.monotonic() + within_s
    while not look():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.1)
