"""When the material of a piece of evidence was itself made, so that hindsight can be told from what was known."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("formed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("evidence", "formed_on")
