"""The inbox of webhooks: which records a tool said may have changed, until somebody reads them.

A delivery that comes again makes no second row, for as long as its rows are kept (`KEPT`). Nothing
of a payload is here but records' ids: what they show is read from the tool.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from syncline.store.codec import moment, stamp
from syncline.store.sql import Bulk, Query, Tx, upsert
from syncline.store.tables import webhook_inbox

KEPT = timedelta(hours=48)
"""How long a hint waits: longer than any signature is believed, and than the usual 24 hours between
two passes that read everything, after which it tells nothing new."""

_KEY = ("connection", "delivery", "record", "record_id")

_put = upsert(webhook_inbox, _KEY, keep=("received_at",))
_forget = Bulk("DELETE FROM webhook_inbox WHERE workspace = :p AND received_at < :p", 0)

_of = webhook_inbox.c
_each = (
    select(_of.workspace, _of.connection, func.max(_of.received_at).label("last"))
    .group_by(_of.workspace, _of.connection, _of.record, _of.record_id)
    .subquery()
)
_waiting = Query(
    select(_each.c.connection, func.count(), func.max(_each.c.last)).group_by(_each.c.connection)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one connection: how many records, and when the last hint came."""

    records: int
    last: datetime


def put(
    tx: Tx, connection: str, delivery: str, records: Iterable[tuple[str, str]], at: datetime
) -> int:
    """Store what a delivery hints at, `(record, id)`; how many rows are new, none for a replay."""
    when = stamp(at)
    return _put.run(tx, [(connection, delivery, *record, when) for record in set(records)])


def waiting(tx: Tx) -> dict[str, Waiting]:
    """What waits, by connection; those for which nothing does are left out."""
    rows = _waiting.rows(tx)
    return {connection: Waiting(records, moment(last)) for connection, records, last in rows}


def forget(tx: Tx, before: datetime) -> int:
    """Take away the hints that came before a moment; how many rows those were."""
    return _forget.run(tx, [(stamp(before),)])
