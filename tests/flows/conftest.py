"""One real Prefect server for the whole session, a warm worker that tests may kill, and cases. 测试引擎"""

from collections.abc import Iterator

import pytest

from processes import PROJECT, Supervisor, await_prefect, free_port, prefect_env, start_prefect
from tests.flows.engine import POOL, Engine


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
        env |= {"PREFECT_WORKER_HEARTBEAT_SECONDS": "2", "PYTHONPATH": str(PROJECT)}
        yield Engine(supervisor, api_url, env)


@pytest.fixture
def engine(server: Engine) -> Engine:
    """The server with a warm worker that has applied the deployments."""
    if server.worker is None or not server.worker.is_alive:
        server.start_worker()
        server.await_deployments()
    return server
