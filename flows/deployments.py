"""Apply prefect.yaml in one go, without the seconds that the command line takes. 部署

`prefect deploy --all` does the same; both read prefect.yaml, which stays the single source.
"""

import argparse
import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

PREFECT_YAML = Path(__file__).absolute().parent.parent / "prefect.yaml"
POOL_PLACEHOLDER = "{{ $ZHAODAN_WORK_POOL }}"


async def deploy_all(client: PrefectClient, pool: str) -> list[str]:
    """Create or update the work pool and every deployment of prefect.yaml; returns their names."""
    await ensure_pool(client, pool)
    text = PREFECT_YAML.read_text(encoding="utf-8").replace(POOL_PLACEHOLDER, pool)
    return [await deploy(client, entry) for entry in yaml.safe_load(text)["deployments"]]


async def ensure_pool(client: PrefectClient, pool: str) -> None:
    """Create the work pool for our worker, which brings its settings.

    A pool that exists is left as it is, whatever its type: the deployments run on stock workers too.
    """
    try:
        await client.read_work_pool(pool)
    except ObjectNotFound:
        try:
            await client.create_work_pool(WorkPoolCreate(name=pool, type="zhaodan"))
        except ObjectAlreadyExists:
            return  # Another worker was faster.


async def deploy(client: PrefectClient, entry: dict[str, Any]) -> str:
    """Create or update one deployment, with its schedules and the schema of its parameters."""
    flow = load_flow_from_entrypoint(entry["entrypoint"])
    pool = entry["work_pool"]
    await client.create_deployment(
        flow_id=await client.create_flow(flow),
        name=entry["name"],
        version=flow.version,
        schedules=[schedule_of(item) for item in entry.get("schedules", [])],
        parameters=entry["parameters"],
        description=entry["description"],
        work_pool_name=pool["name"],
        work_queue_name=pool["work_queue_name"],
        job_variables=pool["job_variables"],
        tags=entry["tags"],
        entrypoint=entry["entrypoint"],
        pull_steps=[],
        parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True),
        enforce_parameter_schema=entry["enforce_parameter_schema"],
    )
    return f"{flow.name}/{entry['name']}"


def schedule_of(item: dict[str, Any]) -> DeploymentScheduleCreate:
    """Read one schedule of prefect.yaml: an interval in seconds, or a cron line."""
    timing = (
        IntervalSchedule(
            interval=timedelta(seconds=item["interval"]),
            anchor_date=item["anchor_date"],
            timezone=item["timezone"],
        )
        if "interval" in item
        else CronSchedule(cron=item["cron"], timezone=item["timezone"])
    )
    return DeploymentScheduleCreate(
        schedule=timing, active=item["active"], slug=item["slug"], parameters=item.get("parameters", {})
    )


async def _deploy_here(pool: str) -> None:
    async with get_client() as client:
        for name in await deploy_all(client, pool):
            print(name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m flows.deployments", description=__doc__)
    parser.add_argument("--pool", default="zhaodan", help="work pool of the deployments")
    asyncio.run(_deploy_here(parser.parse_args().pool))
