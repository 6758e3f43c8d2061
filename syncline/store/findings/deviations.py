"""Deviations: where a tool shows something else than what was written, for good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select

from syncline.store.codec import dumps, loads, moment_or_none, stamp_or_none, words
from syncline.store.rows import Deviation
from syncline.store.sql import Query, Row, Tx, delete, upsert
from syncline.store.tables import deviation

_COLUMNS = [column for column in deviation.columns if column.name != "workspace"]
_KEY = ("link_id", "side", "field")

_put = upsert(deviation, _KEY)
_clear = delete(deviation, _KEY)

_BY_FIELD = (deviation.c.side, deviation.c.field)
_of_links = Query(select(*_COLUMNS).order_by(*_BY_FIELD), among="link_id")
_list = Query(select(*_COLUMNS).order_by(deviation.c.link_id, *_BY_FIELD), ("sync",))
_count = Query(select(func.count()).select_from(deviation), ("sync",))


def put(tx: Tx, deviations: Iterable[Deviation]) -> None:
    """Store deviations; one of the same field of a side replaces the older."""
    _put.run(tx, (_values(one) for one in deviations))


def clear(tx: Tx, fields: Iterable[tuple[str, str, str]]) -> None:
    """These, `(link_id, side, field)`, deviate no longer."""
    _clear.run(tx, fields)


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Sequence[Deviation]]:
    """The deviations of links."""
    found: dict[str, Sequence[Deviation]] = {}
    for row in _of_links.among(tx, link_ids):
        found[row.link_id] = [*found.get(row.link_id, ()), _deviation(row)]
    return found


def list(tx: Tx, sync: str) -> Sequence[Deviation]:
    """The deviations of a sync, those of a link together."""
    return [_deviation(row) for row in _list.rows(tx, sync=sync)]


def count(tx: Tx, sync: str) -> int:
    """How many fields of a sync deviate."""
    return _count.number(tx, sync=sync)


def _values(one: Deviation) -> tuple[Any, ...]:
    return (
        one.sync,
        one.link_id,
        one.side,
        one.field,
        dumps(one.value),
        dumps(one.shown),
        words(one.reason),
        stamp_or_none(one.created_at),
    )


def _deviation(row: Row) -> Deviation:
    sync, link_id, side, field, value, shown, reason, created_at = row
    return Deviation(
        sync,
        link_id,
        side,
        field,
        loads(value),
        loads(shown),
        reason,
        moment_or_none(created_at),
    )
