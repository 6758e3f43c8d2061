"""Intents: the note before a write. What is still open is settled before anything else is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import select

from syncline.store.codec import dumps, loads, moment_or_none, stamp, stamp_or_none, words
from syncline.store.rows import Intent
from syncline.store.sql import Query, Row, Tx, word
from syncline.store.sql import insert as inserting
from syncline.store.sql import update as updating
from syncline.store.tables import intent

_COLUMNS = [column for column in intent.columns if column.name != "workspace"]

_insert = inserting(intent)
_close = updating(intent, ("state", "reason", "settled_at"), ("id",))

_OLDEST_FIRST = select(*_COLUMNS).order_by(intent.c.created_at, intent.c.id)
_load = Query(select(*_COLUMNS), among="id")
_open = Query(_OLDEST_FIRST.where(intent.c.state == word("open")), ("sync",))


@cache
def _in_states(states: Sequence[str]) -> Query:
    listed = intent.c.state.in_([word(state) for state in states])
    return Query(_OLDEST_FIRST.where(listed), among="link_id")


def insert(tx: Tx, intents: Iterable[Intent]) -> None:
    """Store intents; only after the commit may their writes be sent."""
    _insert.run(tx, (_values(one) for one in intents))


def open(tx: Tx, sync: str) -> list[Intent]:
    """The intents of a sync whose outcome is not known yet, oldest first."""
    return [_intent(row) for row in _open.rows(tx, sync=sync)]


def of_links(tx: Tx, link_ids: Iterable[str], states: Sequence[str]) -> dict[str, list[Intent]]:
    """The intents of links that are in one of the states, oldest first."""
    found: dict[str, list[Intent]] = {}
    for row in _in_states(tuple(states)).among(tx, link_ids):
        found.setdefault(row.link_id, []).append(_intent(row))
    return found


def load(tx: Tx, ids: Iterable[str]) -> dict[str, Intent]:
    """Intents by id, in any state; an unknown id is left out."""
    return {row.id: _intent(row) for row in _load.among(tx, ids)}


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


def _intent(row: Row) -> Intent:
    values: list[Any] = list(row)
    values[8] = loads(values[8])
    values[12:] = map(moment_or_none, values[12:])
    return Intent(*values)
