"""Cursors: where the reading of a side's changes goes on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from syncline.store.sql import Query, Tx, delete, upsert
from syncline.store.tables import cursor

_save = upsert(cursor, ("sync", "side"))
_drop = delete(cursor, ("sync", "side"))
_load = Query(select(cursor.c.side, cursor.c.value, cursor.c.fingerprint), ("sync",))


@dataclass(frozen=True, slots=True)
class Cursor:
    """A saved position. `fingerprint` names the scope, filter and mapping it was read under."""

    value: str | None
    fingerprint: str


def load(tx: Tx, sync: str) -> dict[str, Cursor]:
    """The cursors of a sync by side."""
    rows = _load.rows(tx, sync=sync)
    return {side: Cursor(value, fingerprint) for side, value, fingerprint in rows}


def save(tx: Tx, sync: str, side: str, value: str | None, fingerprint: str) -> None:
    """Move a side's cursor; in the transaction that stores what it covers."""
    _save.run(tx, [(sync, side, value, fingerprint)])


def drop(tx: Tx, sync: str, sides: list[str] | None = None) -> None:
    """Forget the cursors of a sync, or of some of its sides: the next pass reads everything."""
    _drop.run(tx, ((sync, side) for side in (load(tx, sync) if sides is None else sides)))
