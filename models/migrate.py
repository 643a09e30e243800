"""Bringing a register to the newest schema, and writing the next migration. 数据库迁移"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

_HERE = Path(__file__).parent / "migrations"


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: sa.Engine) -> None:
    """Run every migration the register has not seen, in one transaction."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def newest() -> str | None:
    """The revision the code expects."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return ScriptDirectory.from_config(config).get_current_head()


def current(engine: sa.Engine) -> str | None:
    """The revision the register is at; None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def draft(engine: sa.Engine, message: str, *, number: str) -> None:
    """Write the next migration from the difference between tables and register; a person then reads it."""
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)
