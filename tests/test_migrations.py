"""Migrated schema and tables are the same, on both databases. 数据库迁移"""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from models.database import Register
from models.migrate import current, newest, upgrade


def test_the_migrated_schema_is_what_the_tables_say(register: Register) -> None:
    with register.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_every_table_of_the_code_is_in_the_database(register: Register) -> None:
    with register.engine.connect() as connection:
        names = set(connection.dialect.get_table_names(connection))
    assert names == set(SQLModel.metadata.tables) | {"alembic_version"}


def test_migrating_twice_changes_nothing(register: Register) -> None:
    upgrade(register.engine)
    assert current(register.engine) == newest() is not None
