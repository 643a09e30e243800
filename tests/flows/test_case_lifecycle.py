"""The run of a case on a real Prefect server: it suspends, wakes, and believes the register alone."""

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.sorting import TaskRunSort

from flows.waking import Woken, resume
from tests.flows.engine import eventually

pytestmark = pytest.mark.engine


def key_of(run):
    return run.state.state_details.pause_key


def task_names(engine, run):
    async def names(client: PrefectClient):
        runs = await client.read_task_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])),
            sort=TaskRunSort.ID_DESC,
            limit=50,
        )
        return {task_run.name for task_run in runs}

    return engine.ask(names)


def test_a_case_waits_suspended_at_each_stage_and_goes_on_when_people_acted(engine, cases):
    case_id = cases.open()
    assert engine.wake(case_id) is Woken.CREATED
    run = engine.await_pause(case_id, at="intake")
    assert run.name == f"case-{case_id}"
    assert "stage:intake" in run.tags
    assert run.state.state_details.pause_timeout is None, "people may take months"

    cases.move_on(case_id)
    assert engine.wake(case_id) is Woken.RESUMED
    later = engine.await_pause(case_id, at="verification")
    assert later.id == run.id
    assert "stage:verification" in later.tags
    assert "stage:intake" not in later.tags
    # Prefect writes its task runs from events, a moment later.
    eventually(
        lambda: {"office-intake 受理", "office-verification 事实核查"} <= task_names(engine, later),
        "both stages' work shown",
    )
    assert cases.times_done(case_id)
    assert set(cases.times_done(case_id).values()) == {1}


def test_a_second_wake_of_a_case_makes_no_second_run(engine, cases):
    case_id = cases.open()
    first = engine.wake(case_id)
    second = engine.wake(case_id)
    engine.await_pause(case_id, at="intake")
    assert first is Woken.CREATED
    assert second in {Woken.BUSY, Woken.RESUMED}
    assert set(cases.times_done(case_id).values()) == {1}


def test_resume_without_a_decision_suspends_again_and_moves_nothing(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    run = engine.await_pause(case_id, at="intake")
    before = cases.snapshot(case_id)
    for _ in range(2):
        # What the Resume button of Prefect's UI sends.
        assert engine.ask(lambda client, run=run: resume(client, run.id))
        run = engine.await_pause(case_id, at="intake", after=key_of(run))
    assert cases.snapshot(case_id) == before


def test_a_resume_that_is_refused_is_known_to_be_refused(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    run = engine.await_pause(case_id, at="intake")

    async def twice(client: PrefectClient):
        return [await resume(client, run.id), await resume(client, run.id)]

    assert engine.ask(twice) == [True, False]
    engine.await_pause(case_id, at="intake", after=key_of(run))


def test_a_case_sent_back_waits_at_the_earlier_stage_in_a_new_round(engine, cases):
    case_id = cases.open(stage="matching")
    engine.wake(case_id)
    engine.await_pause(case_id, at="matching")
    cases.send_back(case_id)
    engine.wake(case_id)
    run = engine.await_pause(case_id, at="verification")
    assert key_of(run).startswith("verification-2-")
    assert set(cases.times_done(case_id).values()) == {1}


def test_a_case_that_passed_two_stages_while_its_run_slept_waits_at_the_third(engine, cases):
    case_id = cases.open()
    engine.wake(case_id)
    engine.await_pause(case_id, at="intake")
    cases.move_on(case_id)
    cases.move_on(case_id)
    engine.wake(case_id)
    engine.await_pause(case_id, at="matching")
    assert set(cases.times_done(case_id).values()) == {1}


def test_an_archived_case_completes_its_run(engine, cases):
    case_id = cases.open(stage="archive")
    engine.wake(case_id)
    engine.await_pause(case_id, at="archive")
    cases.archive(case_id)
    engine.wake(case_id)
    engine.await_state(case_id, "Completed")
    assert engine.wake(case_id) is Woken.AT_REST


def test_a_case_the_register_does_not_know_fails_and_says_so(engine, cases):  # a register without it
    async def create(client: PrefectClient):
        deployment = await client.read_deployment_by_name("accountability-case/case-lifecycle")
        return await client.create_flow_run_from_deployment(
            deployment.id, parameters={"case_id": "no-such-case"}, idempotency_key="no-such-case"
        )

    engine.ask(create)
    run = engine.await_state("no-such-case", "Failed")
    assert "knows no case no-such-case" in run.state.message
    assert engine.sweep()["rescheduled"] == 0, "the sweep leaves it alone"
