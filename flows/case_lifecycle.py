"""The life of a case: the office does its part of each stage, then waits for people. 案件流转"""

import asyncio
import logging
import re
from itertools import count

from prefect import flow, get_run_logger, suspend_flow_run, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

from flows.waking import Pause, is_finished
from models.rules.lifecycle import Stage
from tasks.office import OfficeReport, Standing, office_work, standing


@flow(name="accountability-case", flow_run_name="case-{case_id}", persist_result=False)
async def accountability_case(case_id: str) -> str:
    """尽职照单免责、失职照单问责案件：自受理至归档。

    Carries one case from intake to archive. Whatever the stage, the office first does what it owes the
    world (documents, notices, publication, each at most once), then waits for the people whose turn it is.
    The register alone says where the case stands: a case may be sent back 退回, may have moved while this
    run slept, and does not move because somebody pressed Resume.
    """
    turns = count(len(_used_pause_keys()) + 1)
    place = await read_register(case_id)
    while not is_finished(place):
        done = await do_office_work(place) if place.owed else 0
        before, place = place, await read_register(case_id)
        if not has_moved(before, place) and not (done and place.owed):
            await wait_for_people(place, turn=next(turns))
    return "archived"


async def do_office_work(place: Standing) -> int:
    """Let the office do all it owes now; tells how many effects were done."""
    report = await office(place.case_id, f"{place.stage} {Stage(place.stage).zh}")
    if report.failed or report.waiting:
        get_run_logger().warning("%d effects failed, %d wait for a retry.", report.failed, report.waiting)
    if report.done:
        await create_markdown_artifact(
            stage_note(place, report),
            key=artifact_key(place),
            description=f"{Stage(place.stage).zh}：内勤事项",
        )
    return report.done


def artifact_key(place: Standing) -> str:
    """Key of the note about one stage of one case; Prefect allows a-z, 0-9 and '-' only."""
    short = re.sub(r"[^a-z0-9]", "", place.case_id.lower())[-12:]
    return f"case-{short}-{place.stage}"


def stage_note(place: Standing, report: OfficeReport) -> str:
    """What the office did, in kinds and numbers: Prefect never sees a name or a word about a person."""
    return "\n".join(
        [
            f"案件 `{place.case_id}` · {Stage(place.stage).zh} · 第 {place.round} 轮",
            "",
            "| 已办 done | 失败 failed | 待重试 waiting | 事项 kinds |",
            "|---|---|---|---|",
            f"| {report.done} | {report.failed} | {report.waiting} | {'、'.join(report.kinds)} |",
        ]
    )


@task(
    name="office-work",
    task_run_name="office-{title}",
    # What was done is written in the register; a result remembered by Prefect would hide new work.
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[1, 5],
)
async def office(case_id: str, title: str) -> OfficeReport:  # the title names the run
    """本环节内勤事项: documents, notices and publication of one stage, each at most once."""
    return await asyncio.to_thread(office_work, case_id)


def has_moved(before: Standing, after: Standing) -> bool:
    """Did the case come to another stage, or back to one in a new round, while the office worked?"""
    return (before.stage, before.round, before.archived) != (after.stage, after.round, after.archived)


async def wait_for_people(place: Standing, *, turn: int) -> None:
    """Suspend the run until somebody wakes it; people may take months, so there is no time-out.

    Returns at once only when Prefect has seen this key before; the caller then asks with the next turn.
    """
    await show_stage(place.stage)
    pause = Pause(place.stage, place.round, place.owed, turn)
    await suspend_flow_run(key=pause.key, timeout=None)


async def show_stage(stage: str) -> None:
    """Tag the run with its stage, so that the Prefect UI can list the cases that wait there."""
    run = FlowRunContext.get().flow_run
    tags = [tag for tag in run.tags if not tag.startswith("stage:")] + [f"stage:{stage}"]
    if sorted(tags) != sorted(run.tags):
        async with get_client() as client:
            await client.update_flow_run(run.id, tags=tags)


async def read_register(case_id: str) -> Standing:
    """Where the case stands now. Raises LookupError for a case the register does not know."""
    place = await asyncio.to_thread(standing, case_id)
    if place is None:
        raise LookupError(f"The register knows no case {case_id}.")
    return place


def _used_pause_keys() -> set[str]:
    return FlowRunContext.get().flow_run.empirical_policy.pause_keys or set()


def suspension_is_no_error(record: logging.LogRecord) -> bool:
    """Prefect logs every end but success as an error; a case that waits for people is in good order."""
    if record.levelno == logging.ERROR and record.getMessage().startswith("Finished in state Suspended"):
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


logging.getLogger("prefect.flow_runs").addFilter(suspension_is_no_error)
