"""The quarantine: what cannot be done now, with the reason; one row an action of a field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, func, select

from syncline.store.codec import moment_or_none, stamp_or_none, words
from syncline.store.rows import Parked
from syncline.store.sql import Tx, delete, upsert
from syncline.store.tables import quarantine

_COLUMNS = [column for column in quarantine.columns if column.name != "workspace"]

_put = upsert(quarantine, ("link_id", "side", "field", "action"), keep=("id", "created_at"))
_clear = delete(quarantine, ("id",))


def put(tx: Tx, parked: Iterable[Parked]) -> None:
    """Park actions; one that is parked already keeps its id and its moment."""
    _put.run(tx, (_values(one) for one in parked))


def clear(tx: Tx, ids: Iterable[str]) -> None:
    """These are parked no longer."""
    _clear.run(tx, ((id_,) for id_ in ids))


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Sequence[Parked]]:
    """What is parked of links."""
    found: dict[str, Sequence[Parked]] = {}
    query = tx.select(*_COLUMNS).order_by(quarantine.c.id)
    for row in tx.among(query, quarantine.c.link_id, link_ids):
        found[row.link_id] = [*found.get(row.link_id, ()), _parked(row)]
    return found


def list(tx: Tx, sync: str | None = None) -> Sequence[Parked]:
    """Everything parked, of one sync or of all, oldest first."""
    query = tx.select(*_COLUMNS)
    if sync is not None:
        query = query.where(quarantine.c.sync == sync)
    query = query.order_by(quarantine.c.created_at, quarantine.c.id)
    return [_parked(row) for row in tx.rows(query)]


def count(tx: Tx, sync: str) -> int:
    """How many actions of a sync are parked."""
    query = select(func.count()).where(tx.here(quarantine), quarantine.c.sync == sync)
    return tx.conn.scalar(query) or 0


def _values(one: Parked) -> tuple[Any, ...]:
    return (
        one.id,
        one.sync,
        one.link_id,
        one.side,
        one.field,
        one.action,
        words(one.reason),
        one.digest,
        stamp_or_none(one.created_at),
    )


def _parked(row: Row[Any]) -> Parked:
    *plain, created_at = row
    return Parked(*(*plain, moment_or_none(created_at)))
