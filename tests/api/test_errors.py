"""Every refusal has its status, and what is not a refusal shows nothing of our insides. 错误答复"""

import contextlib
import json
import logging
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import models.casework
import models.handbook
import models.queries  # noqa: F401  # every module that names a refusal is loaded
from api.errors import STATUS, problem_of, status_of
from models.database import Register
from models.rules.errors import CaseworkError
from tests.api.door import Door, on_sqlite, refused
from tests.api.test_cases import CASE
from tests.builders import a_case


def _below(kind: type[CaseworkError]) -> Iterator[type[CaseworkError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def test_every_refusal_has_a_status_a_code_and_words() -> None:
    kinds = list(_below(CaseworkError))
    assert len(kinds) > 12
    for kind in kinds:
        assert any(base in STATUS for base in kind.__mro__), f"{kind.__name__} has no status"
        problem = problem_of(kind())
        assert 400 <= status_of(kind()) < 600
        assert json.loads(problem.body())["title"]
        assert problem.code != "casework"
        assert any("\u4e00" <= char <= "\u9fff" for char in problem.detail), kind.__name__


@on_sqlite
def test_an_unexpected_error_shows_a_number_and_nothing_else(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    @door.app.get("/api/broken")
    def broken() -> None:
        raise RuntimeError("secret of the house")

    with caplog.at_level(logging.ERROR):
        problem = refused(door.get("/api/broken"), 500, "internal")
    number = problem["detail"].rsplit("编号 ", 1)[1].rstrip("。")
    assert "secret" not in str(problem)
    assert any(number in record.message for record in caplog.records)


@on_sqlite
def test_an_address_that_is_none_and_a_verb_that_is_none(door: Door) -> None:
    refused(door.get("/api/nowhere"), 404, "not-found")
    refused(door.ask("DELETE", "/api/cases", "luo.ying"), 405, "method-not-allowed")


@contextlib.contextmanager
def _locked(register: Register, database: str) -> Iterator[None]:
    """Somebody else holds the register, and we do not wait long."""

    def impatient(connection: object, *_: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA busy_timeout=50" if database == "sqlite" else "SET lock_timeout = 50")
        cursor.close()

    sa.event.listen(register.engine, "checkout", impatient)
    with register.engine.connect() as other:
        held = "LOCK TABLE serial, work_item IN ACCESS EXCLUSIVE MODE"
        other.exec_driver_sql("SELECT 1" if database == "sqlite" else held)
        yield
        other.rollback()
    sa.event.remove(register.engine, "checkout", impatient)


def test_a_locked_register_refuses_the_act_as_a_whole(door: Door, database: str) -> None:
    told = a_case(door.bureau)
    item = told.open_items()[0]
    said = told.content(item)
    before = door.dump()
    with _locked(door.register, database):
        registered = door.post("/api/cases", "luo.ying", json=CASE)
        answered = door.answer(item.id, said, "he.jun")
    problem = refused(registered, 503, "unavailable")
    assert problem["next"]
    assert registered.headers["Retry-After"] == "5"
    refused(answered, 503, "unavailable")
    assert door.dump() == before
    assert door.answer(item.id, said, "he.jun").status_code == 200


@on_sqlite
def test_a_full_disk_refuses_the_act_as_a_whole(door: Door) -> None:
    told = a_case(door.bureau)
    item = told.open_items()[0]
    before = door.dump()

    def full(connection: object, *_: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count={pages}")
        cursor.close()

    sa.event.listen(door.register.engine, "checkout", full)
    statuses = set()
    long = CASE | {"narrative": "长" * 20_000}
    for _ in range(3):
        statuses.add(door.post("/api/cases", "luo.ying", json=long).status_code)
    sa.event.remove(door.register.engine, "checkout", full)
    assert statuses == {503}
    assert door.dump() == before
    door.register.engine.dispose()
    assert door.answer(item.id, told.content(item), "he.jun").status_code == 200


def test_a_commit_that_fails_is_never_answered_with_success(door: Door) -> None:
    def fails(_: object) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, Exception("disk I/O error"))

    before = door.dump()
    sa.event.listen(door.register.engine, "commit", fails)
    response = door.post("/api/cases", "luo.ying", json=CASE)
    sa.event.remove(door.register.engine, "commit", fails)
    refused(response, 503, "unavailable")
    assert door.dump() == before


@on_sqlite
def test_every_answer_carries_the_protective_headers(door: Door) -> None:
    for response in (door.get("/healthz"), door.get("/api/cases"), door.get("/api/cases", "cao.ran")):
        assert response.headers["content-security-policy"].startswith("default-src 'self'")
        assert "unsafe" not in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"


@on_sqlite
def test_the_description_names_every_route_in_chinese(door: Door) -> None:
    paths = door.get("/api/openapi.json").json()["paths"]
    assert "/api/work-items/{item_id}/answer" in paths
    for path, verbs in paths.items():
        if path.startswith("/api/"):
            for verb in verbs.values():
                assert any("\u4e00" <= char <= "\u9fff" for char in verb["summary"]), path
    assert paths["/api/cases"]["post"]["requestBody"]["content"]["application/json"]["example"]


# Every route either asks who is there, or stands on this list of open ones.
OPEN = {"/healthz", "/readyz", "/api/session", "/api/portal/notices", "/api/portal/notices/{slug}"}


@on_sqlite
def test_every_api_route_asks_who_is_there(door: Door) -> None:
    paths = door.get("/api/openapi.json").json()["paths"]
    for path, verbs in paths.items():
        if path in OPEN or not path.startswith("/api/"):
            continue
        real = path.replace("{case_id}", "0" * 32).replace("{item_id}", "0" * 32)
        real = real.replace("{document_id}", "1").replace("{evidence_id}", "1")
        for verb in verbs:
            response = door.ask(verb.upper(), real, json={} if verb != "get" else None)
            assert response.status_code in (401, 422), (verb, path)
            assert response.json()["code"] in ("sign-in-required", "validation"), (verb, path)
