"""Two indexes hold the inbox in its own order, so that its first page is read and not sorted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ORDER = (sa.text("coalesce(due_on, '9999-12-31')"), "created_at", "id")


def upgrade() -> None:
    op.drop_index("ix_work_item_assignee_id_state", "work_item")
    op.drop_index("ix_work_item_organ_id_role_state", "work_item")
    for name, of, only in (
        ("ix_work_item_assigned", ("assignee_id",), "state = 'open'"),
        ("ix_work_item_queue", ("organ_id", "role"), "state = 'open' AND assignee_id IS NULL"),
    ):
        where = sa.text(only)
        op.create_index(name, "work_item", [*of, *_ORDER], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    op.drop_index("ix_work_item_assigned", "work_item")
    op.drop_index("ix_work_item_queue", "work_item")
    op.create_index("ix_work_item_assignee_id_state", "work_item", ["assignee_id", "state"])
    op.create_index("ix_work_item_organ_id_role_state", "work_item", ["organ_id", "role", "state"])
