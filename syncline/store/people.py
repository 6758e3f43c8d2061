"""People as each connection knows them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from syncline.store.codec import words, words_or_none
from syncline.store.rows import PersonRow
from syncline.store.sql import Query, Row, Tx, upsert
from syncline.store.tables import person

_COLUMNS = [column for column in person.columns if column.name != "workspace"]

_put = upsert(person, ("connection", "handle"))
_everybody = Query(select(*_COLUMNS), ("connection",))
_some = Query(select(*_COLUMNS), ("connection",), among="handle")


def put(tx: Tx, people: Iterable[PersonRow]) -> None:
    """Store people; one known under the same handle is replaced.

    In the order of their keys, because several syncs write the same people at the same time.
    """
    rows = [
        (one.connection, one.handle, words_or_none(one.email), words(one.name), one.active)
        for one in people
    ]
    _put.run(tx, sorted(rows, key=lambda row: row[:2]))


def of_connection(
    tx: Tx, connection: str, handles: Iterable[str] | None = None
) -> dict[str, PersonRow]:
    """The people of a connection by handle: all of them, or those asked for."""
    rows: Iterable[Row] = (
        _everybody.rows(tx, connection=connection)
        if handles is None
        else _some.among(tx, handles, connection=connection)
    )
    return {row.handle: _person(row) for row in rows}


def _person(row: Row) -> PersonRow:
    *plain, active = row
    return PersonRow(*(*plain, bool(active)))
