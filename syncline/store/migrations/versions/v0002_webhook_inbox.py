"""A place for what webhooks hint at."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, Text

revision = "0002"
down_revision = "0001"

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
KEY = ("workspace", "connection", "delivery", "record", "record_id")


def upgrade() -> None:
    """Make the table and its index."""
    op.create_table(
        "webhook_inbox",
        *(Column(name, TEXT, nullable=False) for name in (*KEY, "received_at")),
        PrimaryKeyConstraint(*KEY),
    )
    op.create_index("webhook_inbox_age", "webhook_inbox", ["workspace", "received_at"])
