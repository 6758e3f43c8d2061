"""A new SQLite store is made as Alembic made the first one: by the statements that it sent then.

Alembic takes longer to work them out than most tests take, and comes to the same each time.
`really` is what works them out; the tests of migrations use it alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, text

from syncline.store import migrate

really = migrate.upgrade

_sent: list[tuple[str, Any]] = []


def upgrade(connection: Connection, place: str) -> None:
    """`migrate.upgrade`, from memory where there is nothing yet."""
    if connection.dialect.name != "sqlite" or connection.scalar(
        text("SELECT count(*) FROM sqlite_master")
    ):
        really(connection, place)
    elif _sent:
        for statement, parameters in _sent:
            connection.exec_driver_sql(statement, parameters or None)
    else:
        _listen(connection, place)


def _listen(connection: Connection, place: str) -> None:
    heard: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if not statement.lstrip().startswith(("SELECT", "PRAGMA")):
            heard.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", hear)
    try:
        really(connection, place)
    finally:
        event.remove(connection, "before_cursor_execute", hear)
    _sent[:] = heard
