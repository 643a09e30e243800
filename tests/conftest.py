"""What every test may ask for: a register on each database, and nothing that starts a server. 测试夹具"""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlmodel import SQLModel

import models.database
import models.settings
from models import tables  # noqa: F401  # fills the metadata
from models.database import Register, make_engine
from models.migrate import upgrade

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REQUIRED = os.environ.get("REQUIRE_POSTGRES") == "1"


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite register to copy from."""
    path = tmp_path_factory.mktemp("register") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A migrated database of our own on the PostgreSQL server, dropped at the end."""
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        why = f"no PostgreSQL server answers at {POSTGRES.rsplit('@')[-1]}: {str(error).splitlines()[0]}"
        if REQUIRED:
            pytest.fail(why)
        pytest.skip(why)
    name = f"zhaodan_test_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        url = POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def register(
    database: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Register]:
    """An empty register, also the one that `models.database.register()` opens during the test."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "register.db")
        url = f"sqlite:///{tmp_path / 'register.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    for name in [n for n in os.environ if n.startswith("ZHAODAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ZHAODAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZHAODAN_DATABASE_URL", url)
    models.settings.settings.cache_clear()
    models.database.register.cache_clear()
    opened = models.database.register()
    yield opened
    if database == "postgres":
        _empty(opened)
    opened.close()
    models.settings.settings.cache_clear()
    models.database.register.cache_clear()


def _empty(opened: Register) -> None:
    names = ", ".join(f'"{table.name}"' for table in SQLModel.metadata.sorted_tables)
    with opened.engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
