"""The store's tables. Every one is keyed by workspace, so that one database serves many.

What each row means is in `rows.py`; a table's columns are in the order of its row's fields, with
JSON as text (`codec.py`). The indexes are partial wherever a pass asks for "what is left to do":
finding nothing must cost the same among ten links and ten million.

A change here needs a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# Byte order on both databases: pages by key must not depend on a server's language.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
COUNTER = BigInteger().with_variant(Integer(), "sqlite")


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


def _part(name: str, *columns: str, sqlite: str, postgresql: str | None = None) -> Index:
    """An index of only the rows that fulfil a condition."""
    return Index(
        name,
        "workspace",
        *columns,
        sqlite_where=text(sqlite),
        postgresql_where=text(postgresql or sqlite),
    )


workspace = Table(
    "workspace",
    metadata,
    _text("workspace"),
    Column("secret", LargeBinary, nullable=False),
    _text("created_at"),
    _key(),
)

connection = Table(
    "connection",
    metadata,
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

link = Table(
    "link",
    metadata,
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
    Index("link_page", "workspace", "sync", "kind", "id"),
    _part("link_dirty", "sync", "id", sqlite="dirty = 1", postgresql="dirty"),
    _part("link_undelivered", "sync", "kind", sqlite="dirty = 1", postgresql="dirty"),
    _part("link_differs", "sync", "kind", sqlite="agreed = 0", postgresql="NOT agreed"),
    _part("link_child", "parent", sqlite="parent IS NOT NULL"),
)

link_side = Table(
    "link_side",
    metadata,
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
    Index(
        "link_side_record",
        "workspace",
        "sync",
        "side",
        "kind",
        "record_id",
        unique=True,
        sqlite_where=text("state <> 'cut' AND state <> 'gone'"),
        postgresql_where=text("state <> 'cut' AND state <> 'gone'"),
    ),
    _part("link_side_url", "sync", "url", sqlite="url IS NOT NULL"),
    sqlite_with_rowid=False,
)

link_total = Table(
    "link_total",
    metadata,
    _text("workspace"),
    _text("sync"),
    _text("kind"),
    _number("links"),
    _key("sync", "kind"),
)

observation = Table(
    "observation",
    metadata,
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
    _part(
        "observation_linked",
        "sync",
        "state",
        "link_id",
        "side",
        "record_id",
        sqlite="link_id IS NOT NULL",
    ),
    _part("observation_loose", "sync", "state", "side", "record_id", sqlite="link_id IS NULL"),
    _part(
        "observation_match", "sync", "match_key", sqlite="link_id IS NULL AND match_key IS NOT NULL"
    ),
    _part("observation_url", "sync", "url", sqlite="link_id IS NULL AND url IS NOT NULL"),
)

cursor = Table(
    "cursor",
    metadata,
    _text("workspace"),
    _text("sync"),
    _text("side"),
    _maybe("value"),
    _text("fingerprint"),
    _key("sync", "side"),
)

intent = Table(
    "intent",
    metadata,
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
    Index("intent_link", "workspace", "link_id"),
    _part("intent_open", "sync", "created_at", "id", sqlite="state = 'open'"),
)

journal = Table(
    "journal",
    metadata,
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
    Index("journal_link", "workspace", "link_id", "seq"),
    Index("journal_run", "workspace", "run", "seq"),
)

conflict = Table(
    "conflict",
    metadata,
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
    Index("conflict_link", "workspace", "link_id"),
    _part("conflict_waiting", "sync", "id", sqlite="state <> 'resolved'"),
)

quarantine = Table(
    "quarantine",
    metadata,
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
    UniqueConstraint("workspace", "link_id", "side", "field", "action", name="quarantine_action"),
    Index("quarantine_sync", "workspace", "sync", "id"),
)

deviation = Table(
    "deviation",
    metadata,
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
    Index("deviation_sync", "workspace", "sync", "link_id"),
)

tombstone = Table(
    "tombstone",
    metadata,
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
    Index("tombstone_record", "workspace", "sync", "side", "record_id"),
)

person = Table(
    "person",
    metadata,
    _text("workspace"),
    _text("connection"),
    _text("handle"),
    _maybe("email"),
    _text("name"),
    _flag("active"),
    _key("connection", "handle"),
)

run = Table(
    "run",
    metadata,
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
    Index("run_newest", "workspace", "started_at"),
    Index("run_of_sync", "workspace", "sync", "started_at"),
)

sync_state = Table(
    "sync_state",
    metadata,
    _text("workspace"),
    _text("sync"),
    _text("key"),
    _text("value"),
    _key("sync", "key"),
)

lease = Table(
    "lease",
    metadata,
    _text("workspace"),
    _text("sync"),
    _maybe("holder"),
    _number("token"),
    _maybe("since"),
    _maybe("last_sign"),
    _key("sync"),
)

webhook_inbox = Table(
    "webhook_inbox",
    metadata,
    _text("workspace"),
    _text("connection"),
    _text("delivery"),
    _text("record"),
    _text("record_id"),
    _text("received_at"),
    _key("connection", "delivery", "record", "record_id"),
    Index("webhook_inbox_age", "workspace", "received_at"),
)
