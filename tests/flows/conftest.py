"""One real Prefect server for the whole session, a warm worker that tests may kill, and cases. 测试引擎"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import models.database
import models.settings
from processes import PROJECT, Supervisor, await_prefect, free_port, prefect_env, start_prefect
from tests.builders import Bureau, a_bureau
from tests.flows.cases import Cases, SlowListener
from tests.flows.engine import POOL, Engine


@pytest.fixture(scope="session")
def register_env(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> dict[str, str]:
    """A register for the whole session, as the environment tells every process of it."""
    data_dir = tmp_path_factory.mktemp("cases")
    shutil.copy(empty_sqlite, data_dir / "register.db")
    return {"ZHAODAN_DATA_DIR": str(data_dir), "ZHAODAN_EFFECT_LEASE_S": "2"}


@pytest.fixture(scope="session")
def bureau(register_env: dict[str, str]) -> Bureau:
    """The demonstration bureau in that register, once."""
    path = Path(register_env["ZHAODAN_DATA_DIR"]) / "register.db"
    return a_bureau(models.database.Register(f"sqlite:///{path}"))


@pytest.fixture
def cases(register_env: dict[str, str], bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cases]:
    """Cases in that register, which is also the one that this process opens during the test."""
    for name, value in register_env.items():
        monkeypatch.setenv(name, value)
    models.settings.settings.cache_clear()
    models.database.register.cache_clear()
    with SlowListener() as listener:
        cases = Cases(bureau, listener)
        yield cases
        cases.deliver_at_once()
    models.database.register().close()
    models.settings.settings.cache_clear()
    models.database.register.cache_clear()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, register_env: dict[str, str]) -> Iterator[Engine]:
    """The Prefect server, with its own home; no worker yet."""
    data_dir = tmp_path_factory.mktemp("engine")
    with Supervisor(data_dir, on_progress=lambda _: None) as supervisor:
        port = free_port()
        api_url = start_prefect(supervisor, port)
        await_prefect(supervisor, api_url)
        env = prefect_env(data_dir, port) | register_env | {"ZHAODAN_WORK_POOL": POOL}
        # A short heartbeat, so that a test can see what a worker notices at its heartbeat.
        env |= {
            "PREFECT_WORKER_HEARTBEAT_SECONDS": "2",
            "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]),
        }
        engine = Engine(supervisor, api_url, env)
        engine.open()
        yield engine
        engine.close()


@pytest.fixture
def engine(server: Engine) -> Engine:
    """The server with a warm worker that has applied the deployments."""
    if server.worker is None or not server.worker.is_alive:
        server.start_worker()
        server.await_deployments()
    server.hold_back()
    return server
