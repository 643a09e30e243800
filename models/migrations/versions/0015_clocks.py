"""Clocks keep what prolonged or stopped them, those that run have an index; what officers deposit in advance."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_RUNNING = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "deposit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organ_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("filed_by", sa.Integer(), nullable=False),
        sa.Column("addressed_to", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("paper_sha256", sa.String(length=64), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edition", sa.String(length=16), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("reply_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["organ_id"], ["organ.id"], name=op.f("fk_deposit_organ_id_organ")),
        sa.ForeignKeyConstraint(["filed_by"], ["person.id"], name=op.f("fk_deposit_filed_by_person")),
        sa.ForeignKeyConstraint(["addressed_to"], ["person.id"], name=op.f("fk_deposit_addressed_to_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit")),
        sa.UniqueConstraint("organ_id", "seq", name=op.f("uq_deposit_organ_id_seq")),
    )
    with op.batch_alter_table("deposit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deposit_filed_by"), ["filed_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_deposit_addressed_to"), ["addressed_to"], unique=False)
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
    op.drop_table("deposit")
