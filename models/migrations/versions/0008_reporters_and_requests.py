"""Sealed identities of reporters, and the requests to use them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reporter",
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_reporter_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_reporter")),
    )
    op.create_table(
        "identity_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ruling", sa.String(length=16), nullable=False),
        sa.Column("ruling_reason", sa.String(), nullable=False),
        sa.Column("ruled_by", sa.Integer(), nullable=True),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_identity_request_case_id_case_file")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_identity_request_requested_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["ruled_by"], ["person.id"], name=op.f("fk_identity_request_ruled_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_request")),
    )
    op.create_index(op.f("ix_identity_request_case_id"), "identity_request", ["case_id"])


def downgrade() -> None:
    op.drop_table("identity_request")
    op.drop_table("reporter")
