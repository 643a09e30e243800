"""Work items that pass from hand to hand, cases on hold, challenges, and the salt of a sealed vote."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No constraint: SQLite would have to write every table that points here anew.
    for name in ("asked_id", "delegated_by"):
        op.add_column("work_item", sa.Column(name, sa.Integer(), nullable=True))
    op.execute("UPDATE work_item SET asked_id = assignee_id")
    op.add_column("case_file", sa.Column("held_from", sa.Date(), nullable=True))
    op.add_column("case_file", sa.Column("held_until", sa.Date(), nullable=True))
    op.add_column("case_file", sa.Column("hold_reason", sa.String(), nullable=False, server_default=""))
    op.add_column("ballot", sa.Column("salt", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("clock", sa.Column("exclusions", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "challenge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=50), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ruling", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("ruled_by", sa.Integer(), nullable=True),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_challenge_case_id_case_file")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_challenge_made_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_challenge_person_id_person")),
        sa.ForeignKeyConstraint(["ruled_by"], ["person.id"], name=op.f("fk_challenge_ruled_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
    )
    op.create_index(op.f("ix_challenge_case_id"), "challenge", ["case_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_challenge_case_id"), "challenge")
    op.drop_table("challenge")
    op.drop_column("clock", "exclusions")
    op.drop_column("ballot", "salt")
    for name in ("hold_reason", "held_until", "held_from"):
        op.drop_column("case_file", name)
    for name in ("delegated_by", "asked_id"):
        op.drop_column("work_item", name)
