"""What is remembered of a connection: the account behind it, its schema, its last health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from syncline.store.codec import dumps, maybe, moment_or_none, stamp, words_or_none
from syncline.store.sql import Bulk, Query, Row, Tx
from syncline.store.tables import connection

_COLUMNS = [column for column in connection.columns if column.name != "workspace"]

_put = Bulk(
    "INSERT INTO connection (workspace, name, connector, account, schema, schema_at, health, "
    "health_at) VALUES (:p, :p, :p, :p, :p, :p, :p, :p) ON CONFLICT (workspace, name) DO UPDATE "
    "SET connector = coalesce(excluded.connector, connection.connector), "
    "account = coalesce(excluded.account, connection.account), "
    "schema = coalesce(excluded.schema, connection.schema), "
    "schema_at = coalesce(excluded.schema_at, connection.schema_at), "
    "health = coalesce(excluded.health, connection.health), "
    "health_at = coalesce(excluded.health_at, connection.health_at)",
    0,
)
_get = Query(select(*_COLUMNS), ("name",))
_list = Query(select(*_COLUMNS).order_by(connection.c.name))


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """`account` is whom the credentials stood for, `schema` what `describe` said, `health` what the
    last check or pass found, each with the moment; None where it was never asked."""

    name: str
    connector: str | None = None
    account: str | None = None
    schema: Any = None
    schema_at: datetime | None = None
    health: Mapping[str, Any] | None = None
    health_at: datetime | None = None


def put(
    tx: Tx,
    name: str,
    at: datetime,
    *,
    connector: str | None = None,
    account: str | None = None,
    schema: Any = None,
    health: Mapping[str, Any] | None = None,
) -> None:
    """Remember what was learned at a moment; what is None stays as it was."""
    when = stamp(at)
    row = (
        name,
        connector,
        words_or_none(account),
        *((None, None) if schema is None else (dumps(schema), when)),
        *((None, None) if health is None else (dumps(health), when)),
    )
    _put.run(tx, [row])


def get(tx: Tx, name: str) -> ConnectionRow | None:
    """What is remembered of a connection, None for an unknown one."""
    row = _get.first(tx, name=name)
    return None if row is None else _connection(row)


def list(tx: Tx) -> Sequence[ConnectionRow]:
    """Every remembered connection, by name."""
    return [_connection(row) for row in _list.rows(tx)]


def _connection(row: Row) -> ConnectionRow:
    name, connector, account, schema, schema_at, health, health_at = row
    return ConnectionRow(
        name,
        connector,
        account,
        maybe(schema),
        moment_or_none(schema_at),
        maybe(health),
        moment_or_none(health_at),
    )
