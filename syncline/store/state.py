"""Small things a sync remembers under a name, and the fingerprint of its configuration."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from syncline.store.codec import dumps, loads
from syncline.store.sql import Query, Tx, upsert
from syncline.store.tables import sync_state

_FINGERPRINT = "fingerprint"

_put = upsert(sync_state, ("sync", "key"))
_get = Query(select(sync_state.c.value), ("sync", "key"))


def get(tx: Tx, sync: str, key: str) -> Any:
    """The JSON value under a key, None where there is none."""
    row = _get.first(tx, sync=sync, key=key)
    return None if row is None else loads(row.value)


def put(tx: Tx, sync: str, key: str, value: Any) -> None:
    """Keep a JSON value under a key."""
    _put.run(tx, [(sync, key, dumps(value))])


def fingerprint(tx: Tx, sync: str) -> str | None:
    """The fingerprint the sync last ran under: of its sides, fields, filters and mappings."""
    found = get(tx, sync, _FINGERPRINT)
    return None if found is None else str(found)
