"""Officers keep the sight of cases they already knew of; a claim no longer stands where an arrival does."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Accepted cases have investigators; of others an officer knows by what was asked.
    op.execute(
        sa.text(
            "UPDATE case_file SET announced_at = registered_at WHERE announced_at IS NULL AND ("
            "EXISTS (SELECT 1 FROM participation AS p WHERE p.case_id = case_file.id AND p.part = 'investigator') OR "
            "EXISTS (SELECT 1 FROM work_item AS w WHERE w.case_id = case_file.id AND w.role = 'officer'))"
        )
    )
    op.execute(
        sa.text(
            "UPDATE notification SET claimed_at = delivered_at, delivered_at = NULL WHERE state = 'sending'"
        )
    )


def downgrade() -> None:
    op.execute(sa.text("UPDATE notification SET delivered_at = claimed_at WHERE state = 'sending'"))
