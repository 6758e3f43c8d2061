"""Tombstones: a side that was deleted or unlinked. Only `adopt` brings such a pair back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from syncline.store.codec import moment, moment_or_none, stamp, stamp_or_none, words
from syncline.store.rows import Tombstone
from syncline.store.sql import Query, Row, Tx, delete, upsert
from syncline.store.tables import tombstone

_COLUMNS = [column for column in tombstone.columns if column.name != "workspace"]
_KEY = ("link_id", "side", "record_id")

_put = upsert(tombstone, _KEY, keep=("first_seen_at",))
_lift = delete(tombstone, ("sync", "side", "record_id"))

_LIST = select(*_COLUMNS).order_by(tombstone.c.first_seen_at, tombstone.c.link_id, tombstone.c.side)
_of_links = Query(
    select(*_COLUMNS).order_by(tombstone.c.side, tombstone.c.record_id), among="link_id"
)
_of_records = Query(
    select(*_COLUMNS).order_by(tombstone.c.link_id), ("sync", "side"), among="record_id"
)
_list = Query(_LIST, ("sync",))
_list_in_state = Query(_LIST, ("sync", "state"))


def put(tx: Tx, tombstones: Iterable[Tombstone]) -> None:
    """Store tombstones; one of the same record in a link is replaced and keeps when it began."""
    _put.run(tx, (_values(one) for one in tombstones))


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Sequence[Tombstone]]:
    """The tombstones of links."""
    found: dict[str, Sequence[Tombstone]] = {}
    for row in _of_links.among(tx, link_ids):
        found[row.link_id] = [*found.get(row.link_id, ()), _tombstone(row)]
    return found


def of_records(
    tx: Tx, sync: str, side: str, record_ids: Iterable[str]
) -> dict[str, Sequence[Tombstone]]:
    """The tombstones of a side's records, from every link they were ever in."""
    found: dict[str, Sequence[Tombstone]] = {}
    for row in _of_records.among(tx, record_ids, sync=sync, side=side):
        found[row.record_id] = [*found.get(row.record_id, ()), _tombstone(row)]
    return found


def dead(tx: Tx, sync: str, side: str, record_ids: Iterable[str]) -> set[str]:
    """Records that nothing but `adopt` ties to anything: those with a tombstone, unless their id
    was given to a new record since."""
    found = of_records(tx, sync, side, record_ids)
    return {id_ for id_, group in found.items() if any(one.reason != "reused" for one in group)}


def lift(tx: Tx, records: Iterable[tuple[str, str, str]]) -> None:
    """Take away the tombstones of records, `(sync, side, record_id)`, in every link they were in:
    they were adopted again, or were never gone."""
    _lift.run(tx, records)


def list(tx: Tx, sync: str, state: str | None = None) -> Sequence[Tombstone]:
    """The tombstones of a sync, in one state or in any, oldest first."""
    if state is None:
        return [_tombstone(row) for row in _list.rows(tx, sync=sync)]
    return [_tombstone(row) for row in _list_in_state.rows(tx, sync=sync, state=state)]


def _values(one: Tombstone) -> tuple[Any, ...]:
    return (
        one.sync,
        one.link_id,
        one.side,
        one.record_id,
        one.state,
        one.reason,
        words(one.evidence),
        stamp(one.first_seen_at),
        stamp_or_none(one.confirmed_at),
    )


def _tombstone(row: Row) -> Tombstone:
    *plain, first_seen_at, confirmed_at = row
    return Tombstone(*(*plain, moment(first_seen_at), moment_or_none(confirmed_at)))
