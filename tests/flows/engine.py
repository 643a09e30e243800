"""A Prefect server and a warm worker, and what tests ask of them. 测试引擎"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from flows.sweep import sweep
from flows.waking import Woken, case_deployment_id, run_of, wake
from processes import (
    CASE_DEPLOYMENT,
    Child,
    Supervisor,
    start_worker,
)
from tasks.office import standing

POOL = "zhaodan"


class Engine:
    """A Prefect server, a warm worker and what tests ask of them."""

    def __init__(self, supervisor: Supervisor, api_url: str, env: dict[str, str]) -> None:
        self.supervisor = supervisor
        self.api_url = api_url
        self.env = env
        self.worker: Child | None = None
        self._loop = asyncio.new_event_loop()

    def ask(self, question: Callable[[PrefectClient], Awaitable[Any]]) -> Any:
        """Ask Prefect's API one thing, over one connection that stays open."""
        return asyncio.run_coroutine_threadsafe(question(self._client), self._loop).result(30)

    def open(self) -> None:
        """Open the connection, in a thread with a loop of its own."""
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._client = PrefectClient(self.api_url)
        asyncio.run_coroutine_threadsafe(self._client.__aenter__(), self._loop).result(30)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._client.__aexit__(None, None, None), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def start_worker(self) -> Child:
        """Start the warm worker; it waits for nothing but the server."""
        self.worker = start_worker(self.supervisor, POOL, env=self.env)
        return self.worker

    def kill_worker(self) -> None:
        """SIGKILL: no chance to say good-bye."""
        os.killpg(self.worker.process.pid, signal.SIGKILL)
        self.supervisor.stop(self.worker)
        self.worker = None

    def stop_worker(self) -> int:
        """SIGTERM: the worker drains; returns its exit code."""
        child, self.worker = self.worker, None
        self.supervisor.stop(child)
        return child.process.returncode

    def wake(self, case_id: str) -> Woken:
        async def woken(client: PrefectClient) -> Woken:
            return await wake(client, standing(case_id), deployment_id=await case_deployment_id(client))

        return self.ask(woken)

    def run_of(self, case_id: str) -> FlowRun | None:
        return self.ask(lambda client: run_of(client, case_id))

    def sweep(self, **parameters: Any) -> dict[str, int]:
        """Sweep once, now, from this process."""
        with temporary_settings(
            {PREFECT_API_URL: self.api_url, PREFECT_HOME: self.supervisor.data_dir / "prefect"}
        ):
            return asyncio.run(sweep(older_than_s=0, **parameters))

    def await_pause(self, case_id: str, *, at: str, after: str = "") -> FlowRun:
        """Wait until the run is suspended at this stage, with another key than the one given."""

        def paused() -> FlowRun | None:
            run = self.run_of(case_id)
            if run is None or not run.state.is_paused():
                return None
            key = run.state.state_details.pause_key
            return run if key.startswith(f"{at}-") and key != after else None

        return eventually(
            paused, f"case {case_id} suspended at {at}", lambda: str(self.run_of(case_id).state)
        )

    def await_state(self, case_id: str, name: str) -> FlowRun:
        """Wait until the run is in the state of this name."""

        def reached() -> FlowRun | None:
            run = self.run_of(case_id)
            return run if run is not None and run.state.name == name else None

        return eventually(reached, f"run of {case_id} {name}", lambda: str(self.run_of(case_id).state))

    def await_deployments(self) -> None:
        """Wait until the worker has applied the deployments."""
        self.supervisor.wait_for("deployments", f"{self.api_url}/deployments/name/{CASE_DEPLOYMENT}")

    def hold_back(self) -> None:
        """Nothing runs by the clock: tests sweep and watch when they say so. Deploying anew undoes this."""

        async def held(client: PrefectClient) -> bool:
            try:
                for name in ("sweep/sweep", "deadline-watch/deadline-watch"):
                    await client.pause_deployment((await client.read_deployment_by_name(name)).id)
            except ObjectNotFound:
                return False
            return True

        eventually(lambda: self.ask(held), "the sweep and the deadline watch deployed")


def eventually(
    look: Callable[[], Any], what: str, found: Callable[[], str] = lambda: "", *, within_s: float = 30
) -> Any:
    """Look until there is something to see."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.1)
    raise AssertionError(f"not within {within_s} s: {what}; {found()}")
