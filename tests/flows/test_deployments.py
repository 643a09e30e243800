"""prefect.yaml is the single source of the deployments, whoever applies it. 部署"""

import re
import subprocess
import sys

import pytest
import yaml
from prefect.client.orchestration import PrefectClient

from flows.deployments import PREFECT_YAML, deploy_all
from flows.worker import FLOWS
from processes import PROJECT

NAMES = ["accountability-case/case-lifecycle", "sweep/sweep", "deadline-watch/deadline-watch"]


def when(schedule):
    """When a schedule fires, whatever way it was written."""
    return str(getattr(schedule, "interval", None) or schedule.cron), schedule.timezone


def what_matters(deployment):
    return {
        "entrypoint": deployment.entrypoint,
        "pool": deployment.work_pool_name,
        "pull": deployment.pull_steps,
        "tags": sorted(deployment.tags),  # the command line keeps no order
        "description": deployment.description.strip(),
        "schema": deployment.parameter_openapi_schema,
        "enforced": deployment.enforce_parameter_schema,
        "schedules": sorted(
            (item.slug, item.active, *when(item.schedule), str(item.parameters))
            for item in deployment.schedules
        ),
    }


def test_prefect_yaml_names_no_machine_path_and_deploys_every_flow_the_worker_knows():
    text = PREFECT_YAML.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert document["pull"] == []
    assert not re.search(r"(?<![:\w])/\w|set_working_directory", text), "an absolute path"
    deployed = {entry["entrypoint"].rsplit(".", 1)[1].replace("_", "-") for entry in document["deployments"]}
    assert deployed == {flow.fn.__name__.replace("_", "-") for flow in FLOWS.values()}


def test_every_deployment_is_described_in_both_languages():
    for entry in yaml.safe_load(PREFECT_YAML.read_text(encoding="utf-8"))["deployments"]:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in entry["description"])
        assert any("a" <= letter <= "z" for letter in entry["description"].split("\n\n")[1])
        assert entry["tags"]


@pytest.mark.engine
def test_prefects_own_command_applies_the_same_deployments_as_ours(engine):
    async def read(client: PrefectClient):
        return {name: what_matters(await client.read_deployment_by_name(name)) for name in NAMES}

    async def apply(client: PrefectClient):
        await deploy_all(client, "zhaodan")
        return await read(client)

    ours = engine.ask(apply)
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=PROJECT,
        env={**engine.supervisor.base_env, **engine.env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    theirs = engine.ask(read)
    for name in NAMES:
        assert {key: value for key, value in theirs[name].items() if value != ours[name][key]} == {}, ours[
            name
        ]
    assert ours[NAMES[0]]["schema"]["required"] == ["case_id"]
    assert len(ours["sweep/sweep"]["schedules"]) == 2
