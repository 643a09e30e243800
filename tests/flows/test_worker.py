"""The warm worker killed, stopped and started again; and Prefect's stock worker in its place. 常驻执行器"""

import os
import subprocess
import sys
import time

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate

from flows.deployments import deploy_all
from flows.waking import Woken
from flows.worker import is_orphaned
from tasks.office import standing
from tests.flows.engine import POOL, eventually


def test_a_run_is_orphaned_when_its_process_of_our_name_is_gone():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert is_orphaned(f"Taken by zhaodan-a, process {gone.pid}.", "zhaodan-a")
    assert is_orphaned(f"Taken by zhaodan-a, process {os.getpid()}.", "zhaodan-a")


def test_a_run_of_a_living_process_or_another_worker_is_left_alone():
    assert not is_orphaned(f"Taken by zhaodan-a, process {os.getppid()}.", "zhaodan-a")
    assert not is_orphaned("Taken by zhaodan-b, process 999999999.", "zhaodan-a")
    assert not is_orphaned("Any other message", "zhaodan-a")


@pytest.mark.engine
def test_a_worker_killed_in_the_middle_of_a_stage_leaves_every_effect_done_once(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    engine.await_pause(case_id, at="intake")
    cases.deliver_slowly()
    cases.move_on(case_id)
    engine.wake(case_id)
    eventually(lambda: cases.is_in_the_middle(case_id), "an effect claimed and not done")
    engine.kill_worker()
    assert standing(case_id).owed, "killed before the office was through"
    assert engine.run_of(case_id).state.name == "Running", "nobody could say good-bye"

    engine.start_worker()
    engine.await_pause(case_id, at="verification")
    # The claim of the dead process is taken over when its lease is over; the sweep sees to that.
    eventually(
        lambda: not standing(case_id).owed or (engine.sweep() and time.sleep(0.5)),
        "nothing owed",
        lambda: str(cases.times_done(case_id)),
    )
    assert set(cases.times_done(case_id).values()) == {1}


@pytest.mark.engine
def test_a_worker_asked_to_stop_finishes_the_attempt_under_way(engine, cases):
    case_id = cases.open()
    cases.deliver_slowly()
    engine.wake(case_id)
    eventually(lambda: cases.is_in_the_middle(case_id), "an effect claimed and not done")
    assert engine.stop_worker() == 0
    assert engine.run_of(case_id).state.name == "Suspended"
    assert standing(case_id).owed == 0


@pytest.mark.engine
def test_a_wake_that_is_refused_while_the_office_works_is_not_lost(engine, cases):
    case_id = cases.open()
    cases.deliver_slowly()
    engine.wake(case_id)
    eventually(lambda: cases.is_in_the_middle(case_id), "an effect claimed and not done")
    cases.move_on(case_id)
    assert engine.wake(case_id) is Woken.BUSY
    engine.await_pause(case_id, at="verification")
    assert set(cases.times_done(case_id).values()) == {1}


@pytest.mark.engine
def test_prefects_stock_process_worker_runs_the_same_deployment(engine, cases):
    case_id = cases.open()
    engine.stop_worker()
    pool = "stock"

    async def deploy(client: PrefectClient):
        await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
        await deploy_all(client, pool)

    engine.ask(deploy)
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process"]
    worker = engine.supervisor.spawn(
        "stock-worker", command, env=engine.env | {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    )
    try:
        engine.wake(case_id)
        run = eventually(
            lambda: (found := engine.run_of(case_id)).state.is_paused() and found,
            "suspended by the stock worker",
            worker.last_words,
            within_s=60,
        )
        assert run.state.state_details.pause_key.startswith("intake-1-0-")
        assert set(cases.times_done(case_id).values()) == {1}
    finally:
        engine.supervisor.stop(worker)
        engine.ask(lambda client: deploy_all(client, POOL))


@pytest.mark.engine
def test_deployments_that_are_gone_are_applied_again_and_their_runs_replaced(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    run = engine.await_pause(case_id, at="intake")

    async def remove(client: PrefectClient):
        await client.delete_deployment(run.deployment_id)

    engine.ask(remove)
    engine.await_deployments()  # the worker notices at its heartbeat
    assert engine.wake(case_id) is Woken.CREATED, "the old run could not go on"
    replaced = engine.await_pause(case_id, at="intake")
    assert replaced.id != run.id
    assert set(cases.times_done(case_id).values()) == {1}
