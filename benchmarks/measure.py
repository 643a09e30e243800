"""Figures, and the throwaway databases they are taken on. 计量"""

import os
import shutil
import statistics
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

import models.database
import models.settings
from models.database import Register, make_engine
from models.migrate import upgrade

HERE = Path(__file__).absolute().parent
# On the same disk as a real register: in a memory file system a durable commit costs nothing.
OUT = HERE / "out"
POSTGRES = os.environ.get("BENCH_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
DATABASES = ("sqlite", "postgresql")


class NoServer(Exception):
    """No PostgreSQL server answers; the message says where and why."""


@dataclass(frozen=True)
class Figure:
    """One line of the table. `beside` holds the floor or peer of the same run, and what explains the value."""

    name: str
    database: str
    value: float
    unit: str
    target: str = ""
    ok: bool | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it stands in latest.json."""
        return asdict(self)


@dataclass(frozen=True)
class Place:
    """An empty, migrated register of one kind of database, and a data directory; both go afterwards."""

    database: str
    url: str
    data_dir: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that works here, free of settings meant for a real register."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ZHAODAN_")}
        return ours | {"ZHAODAN_DATA_DIR": str(self.data_dir), "ZHAODAN_DATABASE_URL": self.url}

    def size(self, register: Register) -> int:
        """Bytes the register takes, with nothing left in the write-ahead log."""
        with register.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if self.database == "postgresql":
                said = connection.execute(sa.text("SELECT pg_database_size(current_database())"))
                return int(said.scalar_one())
        raw = register.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            raw.close()
        return Path(self.url.removeprefix("sqlite:///")).stat().st_size


@contextmanager
def a_place(database: str) -> Iterator[Place]:
    """A throwaway register, also the one this process opens meanwhile. Raises NoServer."""
    data_dir = OUT / f"run-{uuid.uuid4().hex[:8]}"
    with _database(database, data_dir) as url:
        data_dir.mkdir(parents=True)
        try:
            engine = make_engine(url)
            upgrade(engine)
            engine.dispose()
            with _settings_of(Place(database, url, data_dir)) as place:
                yield place
        finally:
            shutil.rmtree(data_dir, ignore_errors=True)


@contextmanager
def _database(database: str, data_dir: Path) -> Iterator[str]:
    if database == "sqlite":
        yield f"sqlite:///{data_dir / 'register.db'}"
        return
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        where, why = POSTGRES.rsplit("@", 1)[-1], str(error).splitlines()[0]
        raise NoServer(f"no PostgreSQL server answers at {where}: {why}") from None
    name = f"zhaodan_bench_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{POSTGRES.rsplit('/', 1)[0]}/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _settings_of(place: Place) -> Iterator[Place]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(place.env)
    _forget()
    try:
        yield place
    finally:
        models.database.register().close()
        os.environ.clear()
        os.environ.update(before)
        _forget()


def _forget() -> None:
    models.settings.settings.cache_clear()
    models.database.register.cache_clear()


def percentile(values: Sequence[float], per_cent: int) -> float:
    """The value that so many per cent do not exceed."""
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[per_cent - 1]


def spread(values: Sequence[float], *, digits: int = 1) -> dict[str, float]:
    """p50, p95 and p99."""
    return {f"p{p}": round(percentile(values, p), digits) for p in (50, 95, 99)}
