"""Deadline watch: write the reminders that are due, and wake the cases concerned. 期限巡查"""

import asyncio
from datetime import UTC, datetime

from prefect import flow, get_run_logger
from prefect.client.orchestration import get_client

from flows.sweep import wake_cases
from flows.waking import case_deployment_id
from tasks.depositing import remind_of_deposits
from tasks.office import (
    lagging_cases,
    missing_notice,
    recompute_clocks,
    remind_due,
    restart_clocks,
    resume_held,
    tell_standing_still,
)


@flow(name="deadline-watch", persist_result=False)
async def deadline_watch() -> dict[str, int]:
    """每小时期限巡查：到期提醒、逾期上报，绝不代人作出决定。

    A deadline reminds or escalates; it never approves anything. Each reminder is one effect in the
    register, delivered by the run of its case. Cases whose time on hold has ended are taken up and clocks that a later
    holiday notice moves are computed anew first; of what nobody can do a manager is told once. Returns the cases taken
    up, the reminders written, the items newly found to stand still, the cases computed anew and what waking them did.
    """
    now = datetime.now(UTC)
    resumed = await asyncio.to_thread(resume_held, now)
    restarted = await asyncio.to_thread(restart_clocks, now)
    recomputed = await asyncio.to_thread(recompute_clocks, now)
    reminders = await asyncio.to_thread(remind_due, now)
    still = await asyncio.to_thread(tell_standing_still, now)
    deposits = await asyncio.to_thread(remind_of_deposits, now)
    counts: dict[str, int] = {}
    if reminders or still:
        lagging = await asyncio.to_thread(lagging_cases, older_than_s=0)
        async with get_client() as client:
            counts = await wake_cases(client, lagging, deployment_id=await case_deployment_id(client))
    missing = await asyncio.to_thread(missing_notice, now)
    if missing:
        get_run_logger().warning(
            "The holiday notice for %d is not loaded: deadlines touching it are provisional. "
            "Load it with `zhaodan holidays FILE` as soon as it is published.",
            missing,
        )
    get_run_logger().info(
        "Deadline watch: %d reminders written, %d cases computed anew.", reminders, recomputed
    )
    return {
        "resumed": len(resumed),
        "restarted": len(restarted),
        "reminders": reminders,
        "standing_still": still,
        "recomputed": recomputed,
        "deposits": deposits,
        **counts,
    }
