"""The first tables."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
COUNTER = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    _links()
    _sides_of_links()
    _observations()
    _observation_indexes()
    _reading()
    _intents()
    _journal()
    _conflicts()
    _quarantine()
    _deviations()
    _tombstones()
    _surroundings()
    _runs()


def _links() -> None:
    op.create_table(
        "link",
        _text("workspace"),
        _text("id"),
        _text("sync"),
        _text("kind"),
        _maybe("parent"),
        _text("fields"),
        _number("revision"),
        _flag("dirty"),
        _flag("agreed"),
        _key("id"),
    )
    _index("link_page", "link", "sync", "kind", "id")
    _index("link_dirty", "link", "sync", "id", sqlite="dirty = 1", postgresql="dirty")
    _index("link_undelivered", "link", "sync", "kind", sqlite="dirty = 1", postgresql="dirty")
    _index("link_differs", "link", "sync", "kind", sqlite="agreed = 0", postgresql="NOT agreed")
    _index("link_child", "link", "parent", sqlite="parent IS NOT NULL")
    op.create_table(
        "link_total",
        _text("workspace"),
        _text("sync"),
        _text("kind"),
        _number("links"),
        _key("sync", "kind"),
    )


def _sides_of_links() -> None:
    op.create_table(
        "link_side",
        _text("workspace"),
        _text("link_id"),
        _text("side"),
        _text("sync"),
        _text("kind"),
        _text("record_id"),
        _text("state"),
        _number("version", nullable=True),
        _maybe("key"),
        _maybe("url"),
        _key("link_id", "side"),
        ForeignKeyConstraint(
            ["workspace", "link_id"], ["link.workspace", "link.id"], ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    _index("link_side_url", "link_side", "sync", "url", sqlite="url IS NOT NULL")
    _index(
        "link_side_record",
        "link_side",
        "sync",
        "side",
        "kind",
        "record_id",
        sqlite="state <> 'cut' AND state <> 'gone'",
        unique=True,
    )


def _observations() -> None:
    op.create_table(
        "observation",
        _text("workspace"),
        _text("sync"),
        _text("side"),
        _text("record_id"),
        _text("state"),
        _text("fields"),
        _number("version", nullable=True),
        _maybe("link_id"),
        _maybe("match_key"),
        _maybe("key"),
        _maybe("url"),
        _flag("in_scope"),
        _flag("deleted"),
        _maybe("seen_at"),
        _key("sync", "side", "record_id"),
    )


def _observation_indexes() -> None:
    _index(
        "observation_linked",
        "observation",
        "sync",
        "state",
        "link_id",
        "side",
        "record_id",
        sqlite="link_id IS NOT NULL",
    )
    _index(
        "observation_loose",
        "observation",
        "sync",
        "state",
        "side",
        "record_id",
        sqlite="link_id IS NULL",
    )
    _index(
        "observation_match",
        "observation",
        "sync",
        "match_key",
        sqlite="link_id IS NULL AND match_key IS NOT NULL",
    )
    _index(
        "observation_url",
        "observation",
        "sync",
        "url",
        sqlite="link_id IS NULL AND url IS NOT NULL",
    )


def _reading() -> None:
    op.create_table(
        "cursor",
        _text("workspace"),
        _text("sync"),
        _text("side"),
        _maybe("value"),
        _text("fingerprint"),
        _key("sync", "side"),
    )
    op.create_table(
        "sync_state",
        _text("workspace"),
        _text("sync"),
        _text("key"),
        _text("value"),
        _key("sync", "key"),
    )
    op.create_table(
        "lease",
        _text("workspace"),
        _text("sync"),
        _maybe("holder"),
        _number("token"),
        _maybe("since"),
        _maybe("last_sign"),
        _key("sync"),
    )


def _intents() -> None:
    op.create_table(
        "intent",
        _text("workspace"),
        _text("id"),
        _text("sync"),
        _text("run"),
        _text("link_id"),
        _text("side"),
        _text("kind"),
        _maybe("record_id"),
        _text("key"),
        _text("payload"),
        _text("state"),
        _text("reason"),
        _number("attempts"),
        _maybe("created_at"),
        _maybe("settled_at"),
        _key("id"),
    )
    _index("intent_link", "intent", "link_id")
    _index("intent_open", "intent", "sync", "created_at", "id", sqlite="state = 'open'")


def _journal() -> None:
    op.create_table(
        "journal",
        Column("seq", COUNTER, primary_key=True, autoincrement=True),
        _text("workspace"),
        _text("at"),
        _text("sync"),
        _text("run"),
        _text("link_id"),
        _text("side"),
        _maybe("record_id"),
        _maybe("field"),
        _text("kind"),
        _text("before"),
        _text("after"),
        _maybe("person"),
        _text("rule"),
        _maybe("intent_id"),
    )
    _index("journal_link", "journal", "link_id", "seq")
    _index("journal_run", "journal", "run", "seq")


def _conflicts() -> None:
    op.create_table(
        "conflict",
        _text("workspace"),
        _text("id"),
        _text("sync"),
        _maybe("link_id"),
        _text("field"),
        _text("kind"),
        _text("candidates"),
        _text("digest"),
        _text("state"),
        _maybe("answer"),
        _maybe("created_at"),
        _key("id"),
    )
    _index("conflict_link", "conflict", "link_id")
    _index("conflict_waiting", "conflict", "sync", "id", sqlite="state <> 'resolved'")


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        _text("workspace"),
        _text("id"),
        _text("sync"),
        _text("link_id"),
        _text("side"),
        _text("field"),
        _text("action"),
        _text("reason"),
        _text("digest"),
        _maybe("created_at"),
        _key("id"),
        UniqueConstraint(
            "workspace", "link_id", "side", "field", "action", name="quarantine_action"
        ),
    )
    _index("quarantine_sync", "quarantine", "sync", "id")


def _deviations() -> None:
    op.create_table(
        "deviation",
        _text("workspace"),
        _text("sync"),
        _text("link_id"),
        _text("side"),
        _text("field"),
        _text("value"),
        _text("shown"),
        _text("reason"),
        _maybe("created_at"),
        _key("link_id", "side", "field"),
    )
    _index("deviation_sync", "deviation", "sync", "link_id")


def _tombstones() -> None:
    op.create_table(
        "tombstone",
        _text("workspace"),
        _text("sync"),
        _text("link_id"),
        _text("side"),
        _text("record_id"),
        _text("state"),
        _text("reason"),
        _text("evidence"),
        _text("first_seen_at"),
        _maybe("confirmed_at"),
        _key("link_id", "side", "record_id"),
    )
    _index("tombstone_record", "tombstone", "sync", "side", "record_id")


def _surroundings() -> None:
    op.create_table(
        "workspace",
        _text("workspace"),
        Column("secret", LargeBinary, nullable=False),
        _text("created_at"),
        _key(),
    )
    op.create_table(
        "connection",
        _text("workspace"),
        _text("name"),
        _maybe("connector"),
        _maybe("account"),
        _maybe("schema"),
        _maybe("schema_at"),
        _maybe("health"),
        _maybe("health_at"),
        _key("name"),
    )
    op.create_table(
        "person",
        _text("workspace"),
        _text("connection"),
        _text("handle"),
        _maybe("email"),
        _text("name"),
        _flag("active"),
        _key("connection", "handle"),
    )


def _runs() -> None:
    op.create_table(
        "run",
        _text("workspace"),
        _text("id"),
        _text("sync"),
        _text("kind"),
        _text("state"),
        _text("started_at"),
        _maybe("finished_at"),
        _maybe("counts"),
        _maybe("requests"),
        _maybe("report"),
        _key("id"),
    )
    _index("run_newest", "run", "started_at")
    _index("run_of_sync", "run", "sync", "started_at")


def _index(name: str, table: str, *columns: str, unique: bool = False, **where: str) -> None:
    both = {"postgresql": where["sqlite"], **where} if where else {}
    conditions: dict[str, Any] = {f"{name}_where": text(sql) for name, sql in both.items()}
    op.create_index(name, table, ["workspace", *columns], unique=unique, **conditions)


def _text(name: str) -> Column[Any]:
    return Column(name, TEXT, nullable=False)


def _maybe(name: str) -> Column[Any]:
    return Column(name, TEXT, nullable=True)


def _number(name: str, nullable: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=nullable)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean(create_constraint=False), nullable=False)


def _key(*names: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint("workspace", *names)
