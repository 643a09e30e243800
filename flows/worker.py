"""The warm worker: executes the project's flows inside its own process. 常驻执行器

A Prefect worker of type `zhaodan`. The stock workers start a new Python for every step of a case, which
takes seconds; this one has the flows imported and its connections open, and takes a fraction of one.
"""

import argparse
import asyncio
import contextlib
import os
import re
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import anyio.abc
import httpx
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import AsyncClientContext, SyncClientContext
from prefect.exceptions import Abort, ObjectNotFound, PrefectException
from prefect.states import Cancelled, Crashed, Pending, State
from prefect.utilities.engine import propose_state
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from flows.case_lifecycle import accountability_case
from flows.deadline_watch import deadline_watch
from flows.deployments import deploy_all
from flows.sweep import case_of, sweep
from flows.waking import Pause, case_deployment_id, is_ahead, reschedule, resume
from flows.warm_engine import execute
from tasks.office import standing

FLOWS: dict[str, Flow[..., Any]] = {flow.name: flow for flow in (accountability_case, sweep, deadline_watch)}


class WarmResult(BaseWorkerResult):
    """What became of one attempt."""


class WarmWorker(BaseWorker[BaseJobConfiguration, BaseVariables, WarmResult]):
    """常驻执行器: one process, several runs at once, one attempt per run at a time."""

    type = "zhaodan"
    job_configuration = BaseJobConfiguration
    _description = (
        "照单常驻执行器：在一个进程内执行案件流程。Executes Zhaodan's flows inside its own process."
    )

    def __init__(
        self,
        work_pool_name: str,
        *,
        name: str,
        concurrency: int = 4,
        poll_s: float = 0.5,
        deploys: bool = False,
    ) -> None:
        super().__init__(work_pool_name, name=name, prefetch_seconds=0)
        self.deploys = deploys
        self.concurrency = concurrency
        self.poll_s = poll_s
        self._attempts: set[UUID] = set()
        self._lost: set[UUID] = set()
        self._flow_names: dict[UUID, str] = {}

    async def serve(self, stop: threading.Event, *, drain_s: float = 30) -> None:
        """Work until stop is set, then finish the attempts under way, for drain_s seconds at most."""
        await await_server(stop)
        if stop.is_set():
            return
        # Held open around everything: each run would otherwise build its own clients (a TLS context alone
        # costs 22 ms), and so would each task that runs in a thread.
        with SyncClientContext.get_or_create():
            async with AsyncClientContext.get_or_create(), self:
                heartbeat = asyncio.create_task(self._heartbeat())
                await self._poll_until(stop)
                heartbeat.cancel()
                await self._drain(drain_s)

    async def _poll_until(self, stop: threading.Event) -> None:
        failures, greeted = 0, False
        while not stop.is_set():
            try:
                if not greeted:
                    await self.take_over_orphans()
                    if self.deploys:
                        await deploy_all(self.client, self._work_pool_name)
                    greeted = True
                    self._logger.info("Worker %s is ready.", self.name)
                await self._requeue_lost()
                await self.get_and_submit_flow_runs()
                failures = 0
            except (httpx.HTTPError, PrefectException) as error:
                failures += 1
                self._logger.warning("Prefect does not answer as it should, trying again: %s", error)
            await asyncio.sleep(min(self.poll_s * 2**failures, 5))

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self.heartbeat_interval_seconds)
            try:
                await self._sync_and_initialize()
                if self.deploys:
                    await self._deploy_what_is_gone()
            except (httpx.HTTPError, PrefectException) as error:
                self._logger.warning("Heartbeat not delivered: %s", error)

    async def _deploy_what_is_gone(self) -> None:
        """Prefect may have lost its database; the sweep that builds every run anew must be there first."""
        try:
            await case_deployment_id(self.client)
        except ObjectNotFound:
            await deploy_all(self.client, self._work_pool_name)

    async def _drain(self, drain_s: float) -> None:
        deadline = asyncio.get_running_loop().time() + drain_s
        while self._attempts and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        if self._attempts and self._runs_task_group:
            self._logger.warning("%d attempts did not end in time and are cut off.", len(self._attempts))
            self._runs_task_group.cancel_scope.cancel()

    async def take_over_orphans(self) -> None:
        """Queue again the runs that a dead process of this worker's name was executing."""
        runs = await self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(
                    type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])
                )
            ),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self._work_pool_name])),
            sort=FlowRunSort.ID_DESC,
            limit=200,
        )
        for run in runs:
            states = await self.client.read_flow_run_states(run.id)
            notes = [state.message for state in states if state.is_pending() and state.message]
            if notes and is_orphaned(notes[-1], self.name):
                await reschedule(self.client, run.id, reason="its worker died")

    async def _requeue_lost(self) -> None:
        while self._lost:
            run_id = next(iter(self._lost))
            with contextlib.suppress(ObjectNotFound):  # deleted meanwhile: the sweep builds it anew
                await reschedule(self.client, run_id, reason="the attempt was lost")
            self._lost.discard(run_id)

    async def _submit_scheduled_flow_runs(
        self, flow_run_response: list[WorkerFlowRunResponse]
    ) -> list[FlowRun]:
        """Start an attempt of each run, unless one is still closing or all places are taken.

        Replaces the base class's way, which allows two attempts of a run at a time when it is resumed early
        and asks the server six more questions per attempt.
        """
        due = await self._without_superseded([entry.flow_run for entry in flow_run_response])
        started = []
        for run in due:
            if len(self._attempts) >= self.concurrency:
                break
            if run.id not in self._attempts and self._runs_task_group:
                self._attempts.add(run.id)
                self._runs_task_group.start_soon(self._attempt, run)
                started.append(run)
        return started

    async def _without_superseded(self, runs: list[FlowRun]) -> list[FlowRun]:
        """After a standstill only the latest of each scheduled flow's missed runs is worth executing."""
        latest: dict[str, FlowRun] = {}
        for run in runs:
            latest[_schedule_of(run)] = run
        for run in runs:
            if latest[_schedule_of(run)] is not run:
                await self.client.set_flow_run_state(
                    run.id, Cancelled(message="A later run takes its place.")
                )
        return list(latest.values())

    async def _attempt(self, run: FlowRun) -> None:
        state = None
        try:
            if await self._take(run) and (flow := await self._flow_of(run)) is not None:
                state = await execute(flow, run)
        except Exception:
            # One run must not end the worker, whatever is wrong with it; it is queued again.
            self._logger.exception("The attempt of %s was lost.", run.name)
            self._lost.add(run.id)
        finally:
            self._attempts.discard(run.id)
        if state is not None and state.is_paused():
            await self._look_again(run, state)

    async def _take(self, run: FlowRun) -> bool:
        """Claim the run; of two workers one is refused. The note tells who holds it."""
        try:
            note = f"Taken by {self.name}, process {os.getpid()}."
            state = await propose_state(self.client, Pending(message=note), flow_run_id=run.id)
        except Abort:
            return False
        run.state = state
        return state.is_pending()

    async def _flow_of(self, run: FlowRun) -> Flow[..., Any] | None:
        """The flow we imported at start; a run of any other flow is refused, once and for all."""
        if run.flow_id not in self._flow_names:
            self._flow_names[run.flow_id] = (await self.client.read_flow(run.flow_id)).name
        name = self._flow_names[run.flow_id]
        if name not in FLOWS:
            message = f"This worker executes only {', '.join(FLOWS)}, not {name}."
            await self.client.set_flow_run_state(run.id, Crashed(message=message), force=True)
        return FLOWS.get(name)

    async def _look_again(self, run: FlowRun, state: State) -> None:
        """A wake that came while the attempt was closing was refused; the register still knows of it."""
        place = await asyncio.to_thread(standing, case_of(run))
        if place is not None and is_ahead(place, Pause.read(state.state_details.pause_key)):
            await resume(self.client, run.id)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,  # Prefect's signature
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> WarmResult:
        """Execute one run on behalf of Prefect's own submit path."""
        if task_status is not None:
            task_status.started(os.getpid())
        flow = await self._flow_of(flow_run)
        if flow is None:
            return WarmResult(status_code=1, identifier=str(flow_run.id))
        await execute(flow, flow_run)
        return WarmResult(status_code=0, identifier=str(flow_run.id))


async def await_server(stop: threading.Event) -> None:
    """Wait until Prefect's API answers: it may be started after us, or be in trouble."""
    async with get_client() as client:
        while not stop.is_set() and await client.api_healthcheck() is not None:
            await asyncio.sleep(0.5)


def is_orphaned(note: str, name: str) -> bool:
    """Was the run taken by a process of this worker's name that is no more?"""
    match = re.fullmatch(r"Taken by (.+), process (\d+)\.", note)
    if match is None or match[1] != name:
        return False
    # A container gives its first process the same number each time, so our own number is no witness.
    return int(match[2]) == os.getpid() or not _is_alive(int(match[2]))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _schedule_of(run: FlowRun) -> str:
    """What makes two runs repetitions of each other; a run nobody scheduled is one of its own."""
    return f"{run.deployment_id} {sorted(run.parameters.items())}" if run.auto_scheduled else str(run.id)


def main() -> None:
    """Run one worker until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m flows.worker", description=__doc__)
    parser.add_argument("--pool", default="zhaodan", help="work pool to serve")
    parser.add_argument("--name", default=f"zhaodan-{socket.gethostname()}", help="one name per worker")
    parser.add_argument("--concurrency", type=int, default=4, help="runs executed at a time")
    parser.add_argument("--poll", type=float, default=0.5, help="seconds between two looks at the queue")
    parser.add_argument(
        "--deploy", action="store_true", help="apply prefect.yaml at start, and when it is gone"
    )
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker = WarmWorker(
        options.pool,
        name=options.name,
        concurrency=options.concurrency,
        poll_s=options.poll,
        deploys=options.deploy,
    )
    # Not in the main thread: there Prefect's engine would take SIGTERM for itself during each attempt.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker") as threads:
        threads.submit(asyncio.run, worker.serve(stop)).result()


if __name__ == "__main__":
    main()
