"""One row for every number of a paper: used, set aside or void. Papers filed before are entered from what they bear."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("number_note")
    op.create_table(
        "paper_number",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organ_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_paper_number_case_id_case_file")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_paper_number_document_id_document")
        ),
        sa.ForeignKeyConstraint(["organ_id"], ["organ.id"], name=op.f("fk_paper_number_organ_id_organ")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_paper_number_taken_by_person")),
        sa.ForeignKeyConstraint(["voided_by"], ["person.id"], name=op.f("fk_paper_number_voided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_number")),
        sa.UniqueConstraint("document_id", name=op.f("uq_paper_number_document_id")),
        sa.UniqueConstraint(
            "organ_id",
            "series",
            "year",
            "number",
            name=op.f("uq_paper_number_organ_id_series_year_number"),
        ),
    )
    op.create_index(op.f("ix_paper_number_case_id"), "paper_number", ["case_id"])
    _enter_papers(op.get_bind())


def _enter_papers(connection: sa.Connection) -> None:
    """What was numbered before this register was kept."""
    filed = connection.execute(
        sa.text(
            "SELECT d.id, d.number, d.case_id, d.filed_at, c.organ_id, o.mark FROM document d"
            " JOIN case_file c ON c.id = d.case_id JOIN organ o ON o.id = c.organ_id WHERE d.number <> ''"
        )
    ).all()
    for key, text, case_id, filed_at, organ_id, mark in filed:
        said = re.fullmatch(r"(.+?)〔(\d{4})〕(\d+)号", text)
        if said is None or not said[1].startswith(mark):
            continue
        connection.execute(
            sa.text(
                "INSERT INTO paper_number"
                " (organ_id, series, year, number, state, document_id, case_id, taken_at, reason, void_reason)"
                " VALUES (:organ, :series, :year, :number, 'used', :paper, :case, :at, '', '')"
            ),
            {
                "organ": organ_id,
                "series": said[1][len(mark) :],
                "year": int(said[2]),
                "number": int(said[3]),
                "paper": key,
                "case": case_id,
                "at": filed_at,
            },
        )


def downgrade() -> None:
    op.drop_table("paper_number")
    op.create_table(
        "number_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organ_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_number_note_by_person")),
        sa.ForeignKeyConstraint(["organ_id"], ["organ.id"], name=op.f("fk_number_note_organ_id_organ")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_note")),
        sa.UniqueConstraint(
            "organ_id",
            "series",
            "year",
            "number",
            "act",
            name=op.f("uq_number_note_organ_id_series_year_number_act"),
        ),
    )
