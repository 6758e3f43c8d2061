"""The few ways in which the store talks to a database, each bound to one workspace.

Queries start from `Tx.select`, which adds the workspace; changes of many rows go through `Bulk`,
which puts the workspace into every row. So no query function can reach another workspace's rows.

`Bulk` renders its SQL once and sends plain tuples: SQLAlchemy's own execution of an `insert()`
costs half as much again as the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    select,
    text,
)

from syncline.store.codec import dumps

CHUNK = 1000
"""Values asked for in one statement. They are one parameter, since rendering a placeholder for each
costs more than the database takes to look the value up."""


class Tx:
    """One transaction of one workspace: what every query function takes first."""

    __slots__ = ("conn", "workspace")

    def __init__(self, conn: Connection, workspace: str) -> None:
        self.conn = conn
        self.workspace = workspace

    def here(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row belongs to this workspace."""
        return _of_workspace(table, self.workspace)

    def select(self, *columns: Column[Any]) -> Select[Any]:
        """A query of this workspace's rows; all columns are of one table."""
        return select(*columns).where(self.here(columns[0].table))

    def rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """All rows of a query."""
        return self.conn.execute(query).all()

    def first(self, query: Select[Any]) -> Row[Any] | None:
        """The first row of a query, if any."""
        return self.conn.execute(query).first()

    def among(
        self, query: Select[Any], column: Column[Any], values: Iterable[str]
    ) -> Iterator[Row[Any]]:
        """The rows of a query whose column is one of the values, however many those are."""
        sqlite = self.conn.dialect.name == "sqlite"
        asked = query.where(_in_json(column) if sqlite else _in_array(column))
        for part in chunks(values):
            yield from self.conn.execute(asked, {"among": dumps(part) if sqlite else part})


def _in_json(column: Column[Any]) -> ColumnElement[bool]:
    return column.in_(text("SELECT value FROM json_each(:among)"))


def _in_array(column: Column[Any]) -> ColumnElement[bool]:
    return column == any_(bindparam("among", type_=ARRAY(Text)))


@lru_cache(1024)
def _of_workspace(table: Table, workspace: str) -> ColumnElement[bool]:
    return table.c.workspace == workspace


def chunks(values: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """The distinct values, in lists of at most `size`."""
    rest = iter(dict.fromkeys(values))
    while part := list(islice(rest, size)):
        yield part


def starts_with(column: Column[Any], prefix: str) -> ColumnElement[bool]:
    """The condition that a text begins with a prefix, as a range that an index answers."""
    return and_(column >= prefix, column < prefix + "\U0010ffff")


class Bulk:
    """One statement for many rows; a row is a tuple of the columns named when it was made.

    The statement has a placeholder for the workspace after the first `values` ones. It never
    returns rows: RETURNING makes a batch four times as dear.
    """

    __slots__ = ("_sql", "_values")

    def __init__(self, template: str, values: int) -> None:
        self._sql = {"qmark": template.replace(":p", "?"), "format": template.replace(":p", "%s")}
        self._values = values

    def run(self, tx: Tx, rows: Iterable[tuple[Any, ...]]) -> int:
        """Run it for every row; how many rows of the database were touched."""
        at, own = self._values, (tx.workspace,)
        batch = [row[:at] + own + row[at:] for row in rows] if at else [own + row for row in rows]
        if not batch:
            return 0
        sql = self._sql[tx.conn.dialect.paramstyle]
        return tx.conn.exec_driver_sql(sql, batch).rowcount


def _columns(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if column.name != "workspace" and column.autoincrement is not True
    ]


def insert(table: Table) -> Bulk:
    """Insert rows of all columns, in the table's order, without the workspace."""
    names = ["workspace", *_columns(table)]
    places = ", ".join([":p"] * len(names))
    return Bulk(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})", 0)  # noqa: S608


def upsert(table: Table, key: Sequence[str], keep: Sequence[str] = ()) -> Bulk:
    """Insert rows of all columns, or replace those under `key`, except their `keep` columns."""
    names = ["workspace", *_columns(table)]
    places = ", ".join([":p"] * len(names))
    fixed = {"workspace", *key, *keep}
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in fixed)
    then = f"UPDATE SET {changes}" if changes else "NOTHING"
    return Bulk(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places}) "  # noqa: S608
        f"ON CONFLICT ({', '.join(['workspace', *key])}) DO {then}",
        0,
    )


def update(table: Table, values: Sequence[str], key: Sequence[str]) -> Bulk:
    """Set the `values` columns of the rows under `key`; a row is the values, then the key."""
    changes = ", ".join(f"{name} = :p" for name in values)
    return Bulk(f"UPDATE {table.name} SET {changes} WHERE {_under(key)}", len(values))  # noqa: S608


def delete(table: Table, key: Sequence[str]) -> Bulk:
    """Delete the rows under `key`."""
    return Bulk(f"DELETE FROM {table.name} WHERE {_under(key)}", 0)  # noqa: S608


def _under(key: Sequence[str]) -> str:
    return " AND ".join(f"{name} = :p" for name in ("workspace", *key))
