"""Waking: bring the Prefect run of a case up to what the register says. 唤醒案件流程

A wake may come twice, late or for nothing: it never moves a case, it only lets the office look again.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterIdempotencyKey,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger
from prefect.states import Scheduled

from tasks.office import Standing

CASE_FLOW = "accountability-case"
CASE_DEPLOYMENT = f"{CASE_FLOW}/case-lifecycle"

logger = get_logger("zhaodan.waking")


@dataclass(frozen=True)
class Pause:
    """What the register said when a run was suspended; written into the pause key. 挂起时的案件位置"""

    stage: str
    round: int
    owed: int
    turn: int

    @property
    def key(self) -> str:
        """The key of this suspension: new at each turn, since Prefect lets a used key fall through.

        Refuses anything but a-z, 0-9 and '-': a key with another letter makes a run impossible to resume.
        """
        key = f"{self.stage}-{self.round}-{self.owed}-{self.turn}"
        if not re.fullmatch(r"[a-z0-9-]+", key):
            raise ValueError(f"Pause key {key!r} may hold only a-z, 0-9 and '-'.")
        return key

    @classmethod
    def read(cls, key: str | None) -> "Pause | None":
        """Read a key written by us; None for a key of any other origin."""
        match = re.fullmatch(r"([a-z0-9-]+)-(\d+)-(\d+)-(\d+)", key or "")
        return cls(match[1], int(match[2]), int(match[3]), int(match[4])) if match else None


class Woken(StrEnum):
    """What a wake found and did."""

    CREATED = "created"  # 新建
    RESUMED = "resumed"  # 恢复
    RESCHEDULED = "rescheduled"  # 重新排队
    BUSY = "busy"  # 正在办理
    AT_REST = "at-rest"  # 无需唤醒


def is_finished(place: Standing) -> bool:
    """Archived, and the office owes nothing more."""
    return place.archived and not place.owed


def is_ahead(place: Standing, pause: Pause | None) -> bool:
    """Has the register moved since the run was suspended?

    Effects that were already owed then do not count: they wait for a retry, which is the sweep's part.
    """
    if pause is None or is_finished(place):
        return True
    return (place.stage, place.round) != (pause.stage, pause.round) or place.owed > pause.owed


async def case_deployment_id(client: PrefectClient) -> UUID:
    """The deployment that carries cases. Raises ObjectNotFound when nothing was deployed yet."""
    return (await client.read_deployment_by_name(CASE_DEPLOYMENT)).id


async def run_of(client: PrefectClient, case_id: str) -> FlowRun | None:
    """The one run of this case, if Prefect knows it."""
    runs = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[CASE_FLOW])),
        flow_run_filter=FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=[case_id])),
        sort=FlowRunSort.ID_DESC,
        limit=1,
    )
    return runs[0] if runs else None


async def wake(
    client: PrefectClient, place: Standing, *, deployment_id: UUID, stale_after_s: float = 300
) -> Woken:
    """Give the case a run that will look at the register again, whatever became of the last one."""
    run = await run_of(client, place.case_id)
    if run is not None and run.deployment_id == deployment_id:
        return await wake_run(client, run, place=place, stale_after_s=stale_after_s)
    if is_finished(place):
        return Woken.AT_REST
    if run is not None:
        # Its deployment was deleted: such a run cannot go on, and its key would keep a new one out.
        await client.delete_flow_run(run.id)
    await client.create_flow_run_from_deployment(
        deployment_id,
        parameters={"case_id": place.case_id},
        idempotency_key=place.case_id,
        name=f"case-{place.case_id}",
    )
    return Woken.CREATED


async def wake_run(client: PrefectClient, run: FlowRun, *, place: Standing, stale_after_s: float) -> Woken:
    """Wake a run we have read: resume it, put it in the queue again, or leave it alone."""
    state = run.state
    if state is None or state.is_scheduled():
        return Woken.BUSY
    if state.is_paused():
        return Woken.RESUMED if await resume(client, run.id) else Woken.BUSY
    if state.is_final():
        if is_finished(place):
            return Woken.AT_REST
        await reschedule(client, run.id, reason=f"the case is open, the run was {state.name}")
        return Woken.RESCHEDULED
    if state.timestamp > datetime.now(UTC) - timedelta(seconds=stale_after_s):
        return Woken.BUSY
    await reschedule(client, run.id, reason=f"the run was {state.name} for too long")
    return Woken.RESCHEDULED


async def resume(client: PrefectClient, run_id: UUID) -> bool:
    """Resume a suspended run; False when it was not suspended any more."""
    try:
        result = await client.resume_flow_run(run_id)
    except ObjectNotFound:
        return False
    # A refused resume answers HTTP 200, so the body decides.
    return result.status == SetStateStatus.ACCEPT


async def reschedule(client: PrefectClient, run_id: UUID, *, reason: str) -> None:
    """Put a run whose attempt is lost in the queue again.

    Forced, because Prefect's rules refuse it for a run that it believes to be running. Should the attempt
    be alive after all, two attempts look at the register, and each effect is still claimed by one only.
    """
    logger.info("Run %s goes to the queue again: %s.", run_id, reason)
    await client.set_flow_run_state(run_id, Scheduled(message=f"Queued again: {reason}."), force=True)
