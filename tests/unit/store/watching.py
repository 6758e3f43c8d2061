"""What the store sends to its database while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event

from syncline.store.sql import Tx

Statements = list[tuple[str, Any]]
"""Statements with their parameters, in their order."""


def sent(tx: Tx, work: Callable[[Tx], object]) -> Statements:
    """Every statement that `work` sends, whichever way it takes."""
    statements: Statements = []

    def note(_conn: Connection, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        statements.append((sql, parameters))

    event.listen(tx.conn, "before_cursor_execute", note)
    work(_Watched(tx.conn, tx.workspace, tx.writing, statements))
    event.remove(tx.conn, "before_cursor_execute", note)
    return statements


@dataclass(frozen=True, slots=True)
class _Watched(Tx):
    statements: Statements

    def cursor(self) -> Any:
        return _Cursor(Tx.cursor(self), self.statements)


class _Cursor:
    """A driver's cursor, which notes what it is told."""

    def __init__(self, cursor: Any, statements: Statements) -> None:
        self._cursor = cursor
        self._statements = statements

    def execute(self, sql: str, parameters: Any) -> None:
        self._statements.append((sql, parameters))
        self._cursor.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any) -> None:
        self._statements.append((sql, parameters))
        self._cursor.executemany(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)
