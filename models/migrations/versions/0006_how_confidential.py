"""How confidential a case and a paper are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("case_file", "document"):
        op.add_column(
            table, sa.Column("level", sa.String(length=16), nullable=False, server_default="internal")
        )


def downgrade() -> None:
    for table in ("document", "case_file"):
        op.drop_column(table, "level")
