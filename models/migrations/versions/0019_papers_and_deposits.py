"""Interviews and expert opinions; what a paper is about besides a person; deposits that come with their paper."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcript",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_transcript_case_id_case_file")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_transcript_taken_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_transcript_case_id_number")),
        sa.UniqueConstraint("case_id", "sha256", name=op.f("uq_transcript_case_id_sha256")),
    )
    op.add_column("effect", sa.Column("matter_id", sa.Integer(), nullable=True))
    op.add_column("deposit", sa.Column("file_name", sa.String(length=200), nullable=False, server_default=""))
    op.add_column(
        "deposit", sa.Column("media_type", sa.String(length=100), nullable=False, server_default="")
    )
    op.add_column("deposit", sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("deposit", sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deposit", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    # Who has had a deposit for weeks is not told of it as if it had come today.
    op.execute("UPDATE deposit SET noticed_at = filed_at")


def downgrade() -> None:
    with op.batch_alter_table("deposit", schema=None) as batch_op:
        for name in ("reminded_at", "noticed_at", "size", "media_type", "file_name"):
            batch_op.drop_column(name)
    with op.batch_alter_table("effect", schema=None) as batch_op:
        batch_op.drop_column("matter_id")
    op.drop_table("transcript")
