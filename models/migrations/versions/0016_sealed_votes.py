"""Votes lie sealed in the ballot box until the chair closes the session."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ballot", sa.Column("sealed", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("ballot", "sealed")
