"""Tombstones: a side that was deleted or unlinked. Only `adopt` brings such a pair back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from syncline.store.codec import moment, moment_or_none, stamp, stamp_or_none, words
from syncline.store.rows import Tombstone
from syncline.store.sql import Tx, delete, upsert
from syncline.store.tables import tombstone

_COLUMNS = [column for column in tombstone.columns if column.name != "workspace"]
_KEY = ("link_id", "side", "record_id")

_put = upsert(tombstone, _KEY, keep=("first_seen_at",))
_lift = delete(tombstone, ("sync", "side", "record_id"))


def put(tx: Tx, tombstones: Iterable[Tombstone]) -> None:
    """Store tombstones; one of the same record in a link is replaced and keeps when it began."""
    _put.run(tx, (_values(one) for one in tombstones))


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Sequence[Tombstone]]:
    """The tombstones of links."""
    found: dict[str, Sequence[Tombstone]] = {}
    query = tx.select(*_COLUMNS).order_by(tombstone.c.side, tombstone.c.record_id)
    for row in tx.among(query, tombstone.c.link_id, link_ids):
        found[row.link_id] = [*found.get(row.link_id, ()), _tombstone(row)]
    return found


def of_records(
    tx: Tx, sync: str, side: str, record_ids: Iterable[str]
) -> dict[str, Sequence[Tombstone]]:
    """The tombstones of a side's records, from every link they were ever in."""
    found: dict[str, Sequence[Tombstone]] = {}
    query = tx.select(*_COLUMNS).where(tombstone.c.sync == sync, tombstone.c.side == side)
    rows = tx.among(query.order_by(tombstone.c.link_id), tombstone.c.record_id, record_ids)
    for row in rows:
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
    query = tx.select(*_COLUMNS).where(tombstone.c.sync == sync)
    if state is not None:
        query = query.where(tombstone.c.state == state)
    query = query.order_by(tombstone.c.first_seen_at, tombstone.c.link_id, tombstone.c.side)
    return [_tombstone(row) for row in tx.rows(query)]


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


def _tombstone(row: Row[Any]) -> Tombstone:
    *plain, first_seen_at, confirmed_at = row
    return Tombstone(*(*plain, moment(first_seen_at), moment_or_none(confirmed_at)))
