"""The Prefect server is down for a whole stage: people go on, and everything catches up. 引擎停机"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from processes import await_prefect, port_in_use, start_prefect
from tasks.office import standing
from tests.flows.engine import Engine, eventually

pytestmark = pytest.mark.engine


@contextmanager
def server_away(engine: Engine) -> Iterator[None]:
    """No Prefect server answers; the same one is started again afterwards, on its own database."""
    supervisor = engine.supervisor
    supervisor.stop(next(child for child in supervisor.children if child.name == "prefect"))
    try:
        yield
    finally:
        port = urlsplit(engine.api_url).port
        assert port is not None
        assert start_prefect(supervisor, port) == engine.api_url
        supervisor.children.insert(0, supervisor.children.pop())  # the server is stopped last
        await_prefect(supervisor, engine.api_url)


def test_people_go_on_while_prefect_is_away_and_everything_catches_up(engine, cases):
    waiting, overtaken = cases.open(), cases.open()
    for case_id in (waiting, overtaken):
        engine.wake(case_id)
        engine.await_pause(case_id, at="intake")
    done_before = set(cases.times_done(waiting))

    with server_away(engine):
        assert not port_in_use(urlsplit(engine.api_url).port or 0)
        cases.move_on(waiting)
        cases.move_on(overtaken)
        cases.move_on(overtaken)
        born = cases.open()
        assert standing(waiting).stage == "verification"
        assert standing(overtaken).stage == "matching"
        assert all(standing(case_id).owed for case_id in (waiting, overtaken, born))

    def swept() -> bool:
        laid_out = engine.sweep(thorough=True)["pdf"]  # so many papers a sweep, until none is left
        return not laid_out and not any(standing(case_id).owed for case_id in (waiting, overtaken, born))

    eventually(swept, "nothing owed", lambda: str(cases.times_done(overtaken)))
    for case_id, stage in ((waiting, "verification"), (overtaken, "matching"), (born, "intake")):
        engine.await_pause(case_id, at=stage)
        assert set(cases.times_done(case_id).values()) == {1}
    assert set(cases.times_done(waiting)) > done_before

    quiet = {case_id: cases.snapshot(case_id) for case_id in (waiting, overtaken, born)}
    engine.sweep(thorough=True)
    assert {case_id: cases.snapshot(case_id) for case_id in quiet} == quiet, "a second sweep does nothing"
