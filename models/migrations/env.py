"""Alembic's entry: the register's own engine, batch mode on SQLite. 数据库迁移"""

from typing import Literal

from alembic import context
from sqlmodel import AutoString, SQLModel

from models import tables  # noqa: F401  # fills the metadata that autogenerate compares with
from models.database import Instant


def _plain(kind: str, item: object, _: object) -> str | Literal[False]:
    """Migrations name plain SQLAlchemy types: they must run long after our own types have changed."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=_plain,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
