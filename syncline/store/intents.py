"""Intents: the note before a write. What is still open is settled before anything else is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from syncline.store.codec import dumps, loads, moment_or_none, stamp, stamp_or_none, words
from syncline.store.rows import Intent
from syncline.store.sql import Tx
from syncline.store.sql import insert as inserting
from syncline.store.sql import update as updating
from syncline.store.tables import intent

_COLUMNS = [column for column in intent.columns if column.name != "workspace"]

_insert = inserting(intent)
_close = updating(intent, ("state", "reason", "settled_at"), ("id",))


def insert(tx: Tx, intents: Iterable[Intent]) -> None:
    """Store intents; only after the commit may their writes be sent."""
    _insert.run(tx, (_values(one) for one in intents))


def open(tx: Tx, sync: str) -> list[Intent]:
    """The intents of a sync whose outcome is not known yet, oldest first."""
    query = tx.select(*_COLUMNS).where(intent.c.sync == sync, intent.c.state == "open")
    return [_intent(row) for row in tx.rows(query.order_by(intent.c.created_at, intent.c.id))]


def of_links(tx: Tx, link_ids: Iterable[str], states: Sequence[str]) -> dict[str, list[Intent]]:
    """The intents of links that are in one of the states, oldest first."""
    query = tx.select(*_COLUMNS).where(intent.c.state.in_(states))
    rows = tx.among(query.order_by(intent.c.created_at, intent.c.id), intent.c.link_id, link_ids)
    found: dict[str, list[Intent]] = {}
    for row in rows:
        found.setdefault(row.link_id, []).append(_intent(row))
    return found


def load(tx: Tx, ids: Iterable[str]) -> dict[str, Intent]:
    """Intents by id, in any state; an unknown id is left out."""
    rows = tx.among(tx.select(*_COLUMNS), intent.c.id, ids)
    return {row.id: _intent(row) for row in rows}


def close(tx: Tx, outcomes: Iterable[tuple[str, str, str]], at: datetime) -> None:
    """Note how intents ended, `(id, state, reason)`: with the receipt, in one transaction."""
    settled = stamp(at)
    _close.run(tx, ((state, words(reason), settled, id_) for id_, state, reason in outcomes))


def _values(one: Intent) -> tuple[Any, ...]:
    return (
        one.id,
        one.sync,
        one.run,
        one.link_id,
        one.side,
        one.kind,
        one.record_id,
        one.key,
        dumps(one.payload),
        one.state,
        words(one.reason),
        one.attempts,
        stamp_or_none(one.created_at),
        stamp_or_none(one.settled_at),
    )


def _intent(row: Row[Any]) -> Intent:
    values: list[Any] = list(row)
    values[8] = loads(values[8])
    values[12:] = map(moment_or_none, values[12:])
    return Intent(*values)
