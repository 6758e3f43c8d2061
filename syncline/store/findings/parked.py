"""The quarantine: what cannot be done now, with the reason; one row an action of a field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select

from syncline.store.codec import moment_or_none, stamp_or_none, words
from syncline.store.rows import Parked
from syncline.store.sql import Query, Row, Tx, delete, upsert
from syncline.store.tables import quarantine

_COLUMNS = [column for column in quarantine.columns if column.name != "workspace"]

_put = upsert(quarantine, ("link_id", "side", "field", "action"), keep=("id", "created_at"))
_clear = delete(quarantine, ("id",))

_LIST = select(*_COLUMNS).order_by(quarantine.c.created_at, quarantine.c.id)
_of_links = Query(select(*_COLUMNS).order_by(quarantine.c.id), among="link_id")
_list = Query(_LIST)
_list_of_sync = Query(_LIST, ("sync",))
_count = Query(select(func.count()).select_from(quarantine), ("sync",))


def put(tx: Tx, parked: Iterable[Parked]) -> None:
    """Park actions; one that is parked already keeps its id and its moment."""
    _put.run(tx, (_values(one) for one in parked))


def clear(tx: Tx, ids: Iterable[str]) -> None:
    """These are parked no longer."""
    _clear.run(tx, ((id_,) for id_ in ids))


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Sequence[Parked]]:
    """What is parked of links."""
    found: dict[str, Sequence[Parked]] = {}
    for row in _of_links.among(tx, link_ids):
        found[row.link_id] = [*found.get(row.link_id, ()), _parked(row)]
    return found


def list(tx: Tx, sync: str | None = None) -> Sequence[Parked]:
    """Everything parked, of one sync or of all, oldest first."""
    rows = _list.rows(tx) if sync is None else _list_of_sync.rows(tx, sync=sync)
    return [_parked(row) for row in rows]


def count(tx: Tx, sync: str) -> int:
    """How many actions of a sync are parked."""
    return _count.number(tx, sync=sync)


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


def _parked(row: Row) -> Parked:
    *plain, created_at = row
    return Parked(*(*plain, moment_or_none(created_at)))
