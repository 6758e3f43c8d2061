"""What was read of all sides, put aside on disk: memory holds one batch, however large a sync is.

The file has no name and is deleted by SQLite when it is closed, also when the process dies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from syncline.store.codec import dumps, loads
from syncline.store.rows import Slice

_TABLES = """
CREATE TABLE record (
    side TEXT, id TEXT, fields TEXT, url TEXT, marker TEXT, updated_at TEXT, in_scope INTEGER,
    deleted INTEGER, merged_into TEXT, PRIMARY KEY (side, id)
) WITHOUT ROWID;
CREATE TABLE reference (side TEXT, id TEXT, url TEXT, PRIMARY KEY (side, id, url)) WITHOUT ROWID;
CREATE TABLE tie (side TEXT, id TEXT, link TEXT, PRIMARY KEY (side, id, link)) WITHOUT ROWID;
"""

_COLUMNS = (
    "r.side, r.id, r.fields, r.url, r.marker, r.updated_at, r.in_scope, r.deleted, r.merged_into"  # noqa: E501
)

_AMONG = (
    f"SELECT {_COLUMNS} FROM record r WHERE side = ? AND id IN (SELECT value FROM json_each(?))"  # noqa: E501, S608
)

_LOOSE = f"""
SELECT {_COLUMNS} FROM record r LEFT JOIN tie t ON t.side = r.side AND t.id = r.id
WHERE r.side = ? AND r.id > ? AND t.link IS NULL AND r.in_scope AND NOT r.deleted
ORDER BY r.id LIMIT ?
"""  # noqa: S608

_SAME_MARKER = """
SELECT side, marker, json_group_array(id) FROM record
WHERE marker IS NOT NULL AND NOT deleted GROUP BY side, marker HAVING count(*) > 1
"""

_SAME_REFERENCE = """
SELECT f.side, f.url, json_group_array(f.id) FROM reference f
JOIN record r ON r.side = f.side AND r.id = f.id
WHERE NOT r.deleted AND f.url IN (SELECT url FROM record o WHERE NOT o.deleted AND o.side <> f.side)
GROUP BY f.side, f.url HAVING count(*) > 1
"""

_TIED_TWICE = """
SELECT side, id, json_group_array(link) FROM tie GROUP BY side, id HAVING count(*) > 1
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a side shows of a record: the slice its mapping reads, and what ties it to others."""

    side: str
    id: str
    fields: Slice
    url: str | None = None
    marker: str | None = None
    updated_at: datetime | None = None
    in_scope: bool = True
    deleted: bool = False
    merged_into: str | None = None
    references: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """Whether the record is there and answers for itself."""
        return not self.deleted and self.merged_into in (None, self.id)


class Spool:
    """Records as they were read, and the links they were found in."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def put(self, records: Iterable[Shown]) -> None:
        """Keep records; one that comes again was read later, so it replaces the other."""
        rows = list(records)
        self._db.executemany(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_row, rows)
        )
        self._db.executemany(
            "DELETE FROM reference WHERE side = ? AND id = ?", ((r.side, r.id) for r in rows)
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO reference VALUES (?, ?, ?)",
            ((r.side, r.id, url) for r in rows for url in r.references),
        )

    def tie(self, ties: Iterable[tuple[str, str, str]]) -> None:
        """Note that records, `(side, id, link)`, belong to a link."""
        self._db.executemany("INSERT OR IGNORE INTO tie VALUES (?, ?, ?)", ties)

    def get(self, side: str, ids: Sequence[str]) -> dict[str, Shown]:
        """Records of a side; one that was not read is left out."""
        rows = self._db.execute(_AMONG, (side, dumps(list(ids))))
        return {shown.id: shown for shown in map(_shown, rows)}

    def loose(self, side: str, after: str, limit: int) -> list[Shown]:
        """Live records of a side that are in no link, by id from `after` on."""
        return [_shown(row) for row in self._db.execute(_LOOSE, (side, after, limit))]

    def same_marker(self) -> Iterator[tuple[str, str, list[str]]]:
        """Markers that several live records of one side bear: `(side, marker, ids)`."""
        return self._groups(_SAME_MARKER)

    def same_reference(self) -> Iterator[tuple[str, str, list[str]]]:
        """Records of other sides that several records of one side name: `(side, url, ids)`."""
        return self._groups(_SAME_REFERENCE)

    def tied_twice(self) -> Iterator[tuple[str, str, list[str]]]:
        """Records that are in several links: `(side, id, links)`."""
        return self._groups(_TIED_TWICE)

    def _groups(self, query: str) -> Iterator[tuple[str, str, list[str]]]:
        for side, name, found in self._db.execute(query):
            yield side, name, sorted(loads(found))


def _row(shown: Shown) -> tuple[Any, ...]:
    return (
        shown.side,
        shown.id,
        dumps(shown.fields),
        shown.url,
        shown.marker,
        shown.updated_at.isoformat() if shown.updated_at else None,
        shown.in_scope,
        shown.deleted,
        shown.merged_into,
    )


def _shown(row: tuple[Any, ...]) -> Shown:
    side, id_, fields, url, marker, updated_at, in_scope, deleted, merged_into = row
    read: Mapping[str, Any] = loads(fields)
    at = datetime.fromisoformat(updated_at) if updated_at else None
    return Shown(side, id_, read, url, marker, at, bool(in_scope), bool(deleted), merged_into)
