"""Up, and ready. 健康检查"""

import time

import pytest
import sqlalchemy as sa

import models.settings
from api import wake
from models.database import Register
from processes import free_port
from tests.api.door import Door, on_sqlite
from tests.builders import a_case


@on_sqlite
def test_up_and_ready_without_an_engine(door: Door) -> None:
    assert door.get("/healthz").json() == {"status": "ok"}
    ready = door.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ready", "register": "ok", "prefect": "off"},
    )


def test_a_register_that_is_not_migrated_is_not_ready(door: Door) -> None:
    with door.register.engine.begin() as connection:
        at = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    ready = door.get("/readyz")
    with door.register.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :at"), {"at": at})
    assert (ready.status_code, ready.json()["register"]) == (503, "not-migrated")
    assert door.get("/healthz").status_code == 200


@on_sqlite
def test_with_prefect_gone_people_work_on_and_it_is_said_once(
    register: Register, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ZHAODAN_PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    monkeypatch.setattr(wake, "BREATH_S", 0.05)
    models.settings.settings.cache_clear()
    door = Door(register)
    told = a_case(door.bureau)
    with door.client:
        for _ in range(4):
            assert door.tell(told).status_code == 200
        ready = door.get("/readyz")
        assert (ready.status_code, ready.json()["prefect"]) == (200, "down")
        until = time.monotonic() + 10
        while time.monotonic() < until and "does not answer" not in caplog.text:
            time.sleep(0.05)
        time.sleep(0.5)
    said = [record for record in caplog.records if "does not answer" in record.message]
    assert len(said) == 1
    assert said[0].levelname == "WARNING"
