"""The workspace itself: its secret, with which markers in records are signed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from syncline.store.codec import stamp
from syncline.store.sql import Query, Tx, upsert
from syncline.store.tables import workspace

_make = upsert(workspace, (), keep=("secret", "created_at"))
_secret = Query(select(workspace.c.secret))


def secret(tx: Tx) -> bytes | None:
    """The workspace's secret, None before `ensure`."""
    row = _secret.first(tx)
    return None if row is None else bytes(row.secret)


def ensure(tx: Tx, fresh: bytes, at: datetime) -> bytes:
    """The workspace's secret; `fresh` (random, from the caller) becomes it where there is none."""
    _make.run(tx, [(fresh, stamp(at))])
    kept = secret(tx)
    return fresh if kept is None else kept
