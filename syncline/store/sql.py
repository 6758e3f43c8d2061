"""The two ways in which the store talks to a database, each bound to one workspace.

A `Query` reads and a `Bulk` writes. Both are made once, when a module is loaded, and both put the
workspace into every statement themselves. So no query function can reach another workspace's rows.

SQLAlchemy describes the tables, renders the SQL, connects, begins and commits. Statements are
rendered once and go straight to the driver: to build a small query, recognise it and wrap its
answer takes many times as long as the database does, and a small pass consists of little else.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    literal_column,
    text,
)
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler

from syncline.store.codec import dumps

CHUNK = 1000
"""Values asked for in one statement. They are one parameter, since rendering a placeholder for each
costs more than the database takes to look the value up."""


Row: TypeAlias = Any
"""A named tuple of the columns that a query selects."""


@dataclass(frozen=True, slots=True)
class Tx:
    """One transaction of one workspace: what every query function takes first."""

    conn: Connection
    workspace: str
    writing: bool

    def cursor(self) -> DBAPICursor:
        """Where a statement is run."""
        return self.conn.connection.cursor()


class Query:
    """One select of one table.

    `key` names columns that must equal a value given under the column's name when the query is run;
    further values are asked for with `bindparam`. `among` names the column that is one of the
    values of a list. A select within the select ties itself to the workspace. What comes back is as
    the driver gives it: on SQLite a flag is 0 or 1.
    """

    __slots__ = ("_among", "_rendered", "_select")

    def __init__(self, query: Select[Any], key: Sequence[str] = (), among: str = "") -> None:
        (table,) = query.get_final_froms()
        columns = [table.c[name] for name in ("workspace", *key)]
        self._select = query.where(*(column == bindparam(column.name) for column in columns))
        self._among = table.c[among] if among else None
        self._rendered: dict[str, _Rendered] = {}

    def rows(self, tx: Tx, **values: Any) -> Sequence[Row]:
        """All rows."""
        dialect = tx.conn.dialect
        if dialect.name not in self._rendered:
            self._rendered[dialect.name] = self._render(dialect)
        sql, names, constants, row = self._rendered[dialect.name]
        given = {**constants, **values, "workspace": tx.workspace}
        cursor = tx.cursor()
        cursor.execute(sql, [given[name] for name in names])
        return [row(found) for found in cursor.fetchall()]

    def first(self, tx: Tx, **values: Any) -> Row | None:
        """The first row, if any."""
        return next(iter(self.rows(tx, **values)), None)

    def number(self, tx: Tx, **values: Any) -> int:
        """What a query that counts comes to."""
        return int(self.rows(tx, **values)[0][0])

    def among(self, tx: Tx, wanted: Iterable[str], **values: Any) -> Iterator[Row]:
        """The rows whose `among` column is one of those wanted, however many those are."""
        for part in chunks(wanted):
            listed = dumps(part) if tx.conn.dialect.name == "sqlite" else part
            yield from self.rows(tx, **values, among=listed)

    def _render(self, dialect: Dialect) -> _Rendered:
        query = self._select
        if self._among is not None:
            listed = _in_json if dialect.name == "sqlite" else _in_array
            query = query.where(listed(self._among))
        compiled = query.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler) and compiled.positiontup is not None
        constants = {n: bind.value for n, bind in compiled.binds.items() if not bind.required}
        row = namedtuple("row", query.selected_columns.keys(), rename=True)  # type: ignore[misc]
        return _Rendered(compiled.string, compiled.positiontup, constants, row._make)


class _Rendered(NamedTuple):
    """A query as one kind of database takes it: the statement, the names of its parameters in
    their order, the values that are the same each time, and what makes a row."""

    sql: str
    names: Sequence[str]
    constants: Mapping[str, Any]
    row: Callable[[Sequence[Any]], Row]


def _in_json(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.in_(text("SELECT value FROM json_each(:among)"))


def _in_array(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column == any_(bindparam("among", type_=ARRAY(Text)))


def word(text: str) -> ColumnElement[str]:
    """A word that every run of a query looks for, as part of its statement.

    A condition of a partial index must be written like this: SQLite plans a statement anew, at ten
    times the cost of running it, for each value it is given in such a place.
    """
    return literal_column(f"'{text}'")


def chunks(values: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """The distinct values, in lists of at most `size`."""
    rest = iter(dict.fromkeys(values))
    while part := list(islice(rest, size)):
        yield part


def starts_with(column: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a text begins with the value `prefix`, as a range an index answers."""
    prefix = bindparam("prefix", type_=Text)
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
        if not tx.writing:
            raise RuntimeError("a step that was called read-only was about to write; nothing was")
        cursor = tx.cursor()
        cursor.executemany(self._sql[tx.conn.dialect.paramstyle], batch)
        return cursor.rowcount


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
