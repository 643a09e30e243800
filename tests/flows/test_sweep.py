"""The sweep and deadline watch repair whatever lags behind the register. 补漏"""

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.states import Cancelled, Crashed, Running

from tasks.office import standing

pytestmark = pytest.mark.engine


def force(engine, run, state):
    async def forced(client: PrefectClient):
        await client.set_flow_run_state(run.id, state, force=True)

    engine.ask(forced)


def forget(engine, run):
    async def deleted(client: PrefectClient):
        await client.delete_flow_run(run.id)

    engine.ask(deleted)


def test_a_lost_wake_is_made_good_by_the_sweep(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    engine.await_pause(case_id, at="intake")
    cases.move_on(case_id)  # and nobody wakes the run
    assert standing(case_id).owed
    assert engine.sweep()["resumed"] >= 1
    engine.await_pause(case_id, at="verification")
    assert set(cases.times_done(case_id).values()) == {1}


def test_a_sweep_with_nothing_to_do_wakes_nobody(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    run = engine.await_pause(case_id, at="intake")
    counts = engine.sweep(thorough=True)
    assert {kind: counts[kind] for kind in ("created", "resumed", "rescheduled")} == {
        "created": 0,
        "resumed": 0,
        "rescheduled": 0,
    }
    assert engine.run_of(case_id).state.id == run.state.id


def test_prefect_lost_its_database_and_every_run_is_built_anew(engine, cases):
    case_ids = [cases.open(), cases.open(stage="verification")]
    for case_id, stage in zip(case_ids, ("intake", "verification"), strict=True):
        engine.wake(case_id)
        forget(engine, engine.await_pause(case_id, at=stage))
        assert standing(case_id).owed == 0, "nothing owed: only the missing run tells"
    assert engine.sweep()["created"] == 2
    for case_id, stage in zip(case_ids, ("intake", "verification"), strict=True):
        engine.await_pause(case_id, at=stage)
        assert set(cases.times_done(case_id).values()) == {1}


@pytest.mark.parametrize("state", [Crashed(), Cancelled()], ids=["crashed", "cancelled"])
def test_a_run_that_ended_before_its_case_is_queued_again(engine, cases, state):
    case_id = cases.open()
    engine.wake(case_id)
    run = engine.await_pause(case_id, at="intake")
    force(engine, run, state)
    assert engine.sweep()["rescheduled"] == 1
    engine.await_pause(case_id, at="intake")


def test_a_run_that_has_been_running_for_too_long_is_queued_again(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    run = engine.await_pause(case_id, at="intake")
    force(engine, run, Running())  # of a worker that is no more, on a machine that is no more
    assert engine.sweep(stale_after_s=300)["rescheduled"] == 0
    assert engine.sweep(stale_after_s=0)["rescheduled"] == 1
    engine.await_pause(case_id, at="intake", after=run.state.state_details.pause_key)


def test_a_thorough_sweep_finds_a_case_that_moved_and_owes_nothing(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    engine.await_pause(case_id, at="intake")
    cases.move_on(case_id, owing_nothing=True)
    engine.sweep()
    assert "stage:intake" in engine.run_of(case_id).tags
    assert engine.sweep(thorough=True)["resumed"] == 1
    engine.await_pause(case_id, at="verification")


def test_one_sweep_wakes_no_more_than_it_may_and_the_next_goes_on(engine, cases):
    case_ids = [cases.open() for _ in range(3)]
    assert engine.sweep(at_most=2)["left"] == 1
    assert engine.sweep(at_most=2)["created"] == 1
    for case_id in case_ids:
        engine.await_pause(case_id, at="intake")
