"""Papers made for everybody are public from the start."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE document SET level = 'public' WHERE audience = 'public'")


def downgrade() -> None:
    op.execute("UPDATE document SET level = 'internal' WHERE level = 'public'")
