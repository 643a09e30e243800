"""Sweep: wake every case whose run lags behind the register. 补漏

A wake may be lost, a worker killed, Prefect's database gone: the register knows what is still owed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.waking import Pause, Woken, case_deployment_id, is_ahead, wake
from tasks.depositing import announce_deposits
from tasks.layouts import lay_out_pdfs
from tasks.office import lagging_cases, open_cases_without, send_notices, standing, tell_systems
from tasks.purge import purge

PAGE = 200
BROKEN = [StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
GIVEN = (Woken.CREATED, Woken.RESUMED, Woken.RESCHEDULED)
NOT_COMPLETED = [kind for kind in StateType if kind is not StateType.COMPLETED]


@flow(name="sweep", persist_result=False)
async def sweep(
    older_than_s: float = 20, stale_after_s: float = 300, thorough: bool = False, at_most: int = 500
) -> dict[str, int]:
    """每分钟补漏：把落后于台账的案件流程唤醒。

    Wakes cases with effects owed for longer than older_than_s seconds, cases whose run failed or has been
    running for longer than stale_after_s seconds, and cases without a run. A thorough sweep also compares
    every suspended run with the register, and removes what has outlived its use. At most at_most cases are
    woken per sweep; the next one goes on. Returns the counts of what was done, by kind.
    """
    async with get_client() as client:
        deployment_id = await case_deployment_id(client)
        lagging = await asyncio.to_thread(lagging_cases, older_than_s=older_than_s)
        missing = await cases_without_run(client, deployment_id, count_first=not thorough)
        astray = await cases_astray(client, deployment_id)
        asleep = await overslept_cases(client, deployment_id) if thorough else []
        case_ids = list(dict.fromkeys([*missing, *lagging, *astray, *asleep]))
        counts = await wake_cases(
            client, case_ids, deployment_id=deployment_id, stale_after_s=stale_after_s, at_most=at_most
        )
    counts["pdf"] = await asyncio.to_thread(lay_out_pdfs)
    counts["deposits told"] = await asyncio.to_thread(announce_deposits, datetime.now(UTC))
    counts["notices"] = await asyncio.to_thread(send_notices)
    counts["events told"] = await asyncio.to_thread(tell_systems)
    if thorough:
        purged = await asyncio.to_thread(purge, datetime.now(UTC))
        counts |= {"replays purged": purged.replays, "files purged": purged.files}
    get_run_logger().info("Sweep: %s.", ", ".join(f"{kind} {number}" for kind, number in counts.items()))
    return counts


async def wake_cases(
    client: PrefectClient,
    case_ids: Sequence[str],
    *,
    deployment_id: UUID,
    stale_after_s: float = 300,
    at_most: int = 500,
) -> dict[str, int]:
    """Wake these cases one by one; returns how many were created, resumed, rescheduled, busy, at rest, left.

    Cases that need no wake use up no place: the office's busy ones must not keep the others waiting.
    """
    counts = Counter({kind.value: 0 for kind in Woken} | {"left": 0})
    for looked_at, case_id in enumerate(case_ids):
        if sum(counts[kind.value] for kind in GIVEN) >= at_most:
            counts["left"] = len(case_ids) - looked_at
            break
        place = await asyncio.to_thread(standing, case_id)
        if place is not None:
            found = await wake(client, place, deployment_id=deployment_id, stale_after_s=stale_after_s)
            counts[found.value] += 1
    return dict(counts)


async def cases_astray(client: PrefectClient, deployment_id: UUID) -> list[str]:
    """Cases of the register whose run ended badly, or is under way and may be lost."""
    found = []
    async for run in runs_in(client, deployment_id, states=BROKEN + UNDER_WAY):
        if await asyncio.to_thread(standing, case_of(run)) is not None:
            found.append(case_of(run))
    return found


async def cases_without_run(
    client: PrefectClient, deployment_id: UUID, *, count_first: bool = True
) -> list[str]:
    """Open cases that Prefect does not know.

    `count_first` makes the costly comparison only when the numbers differ; runs of cases that are gone can hide a
    missing one from it until the next thorough sweep.
    """
    open_cases = await asyncio.to_thread(open_cases_without, ())
    known = await client.count_flow_runs(flow_run_filter=_of(deployment_id, NOT_COMPLETED))
    if count_first and known >= len(open_cases):
        return []
    ids = {case_of(run) async for run in runs_in(client, deployment_id, states=list(StateType))}
    return [case_id for case_id in open_cases if case_id not in ids]


async def overslept_cases(client: PrefectClient, deployment_id: UUID) -> list[str]:
    """Cases that passed the stage at which their run is still suspended."""
    overslept = []
    async for run in runs_in(client, deployment_id, states=[StateType.PAUSED]):
        place = await asyncio.to_thread(standing, case_of(run))
        pause = Pause.read(run.state.state_details.pause_key) if run.state else None
        if place is not None and is_ahead(place, pause):
            overslept.append(place.case_id)
    return overslept


async def runs_in(
    client: PrefectClient, deployment_id: UUID, *, states: list[StateType]
) -> AsyncIterator[FlowRun]:
    """Every run of the deployment that is in one of these states, oldest first."""
    offset = 0
    while page := await client.read_flow_runs(
        flow_run_filter=_of(deployment_id, states),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=PAGE,
        offset=offset,
    ):
        for run in page:
            yield run
        if len(page) < PAGE:
            return
        offset += PAGE


def case_of(run: FlowRun) -> str:
    """The case a run carries."""
    return str(run.parameters.get("case_id", ""))


def _of(deployment_id: UUID, states: list[StateType]) -> FlowRunFilter:
    return FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
    )
