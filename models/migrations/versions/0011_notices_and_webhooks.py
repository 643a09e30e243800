"""When notices go out and by whose wish, what could not be settled, and office systems that are told."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("channel", schema=None) as batch_op:
        batch_op.add_column(sa.Column("guarded", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entry", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("digest", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("carrier_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("settled_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_notification_carrier_id_notification"), "notification", ["carrier_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_notification_settled_by_person"), "person", ["settled_by"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_notification_carrier_id"), ["carrier_id"], unique=False)
        batch_op.create_index("ix_notification_state_due_at", ["state", "due_at"], unique=False)
    # What was refused before is due: how long it has waited already is not known any more.
    op.execute(sa.text("UPDATE notification SET due_at = created_at WHERE state = 'failed'"))
    op.create_table(
        "notice_preference",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_notice_preference_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_notice_preference")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organ_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("registered_by", sa.Integer(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organ_id"], ["organ.id"], name=op.f("fk_webhook_organ_id_organ")),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["person.id"], name=op.f("fk_webhook_registered_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("organ_id", "name", name=op.f("uq_webhook_organ_id_name")),
    )
    op.create_table(
        "webhook_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_webhook_call_event_id_event")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_call_webhook_id_webhook")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_call")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_webhook_call_webhook_id_event_id")),
    )
    with op.batch_alter_table("webhook_call", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_call_state_due_at", ["state", "due_at"], unique=False)


def downgrade() -> None:
    op.drop_table("webhook_call")
    op.drop_table("webhook")
    op.drop_table("notice_preference")
    # What the older schema does not know: not sent yet, uncertain, or part of a digest. A person's word is needed.
    op.execute(
        sa.text(
            "UPDATE notification SET state = 'failed', attempts = 5 WHERE state IN ('waiting', 'unsure', 'gathered')"
        )
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index("ix_notification_state_due_at")
        batch_op.drop_index(batch_op.f("ix_notification_carrier_id"))
        batch_op.drop_constraint(batch_op.f("fk_notification_settled_by_person"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_notification_carrier_id_notification"), type_="foreignkey")
        for name in ("settled_by", "carrier_id", "digest", "due_at", "entry"):
            batch_op.drop_column(name)
    with op.batch_alter_table("channel", schema=None) as batch_op:
        batch_op.drop_column("guarded")
