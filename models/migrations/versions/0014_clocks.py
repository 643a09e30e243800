"""Clocks keep what prolonged or stopped them, and those that run have an index in the order of their ends."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

_RUNNING = sa.text("closed_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changes", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("suspended_from", sa.Date(), nullable=True))
        batch_op.drop_index("ix_clock_closed_at_due_on")
        batch_op.create_index(
            "ix_clock_running", ["due_on", "id"], sqlite_where=_RUNNING, postgresql_where=_RUNNING
        )


def downgrade() -> None:
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_index("ix_clock_running")
        batch_op.drop_column("suspended_from")
        batch_op.drop_column("changes")
        batch_op.create_index("ix_clock_closed_at_due_on", ["closed_at", "due_on"])
