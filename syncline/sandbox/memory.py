"""A fake's memory: tables of JSON documents in memory, written through to SQLite.

What a request changed is written when the frame commits, before the answer leaves: a fake that is
killed knows after a restart what it said it had done.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import ItemsView, Iterator, ValuesView
from typing import Any, Literal, TypeAlias

Document: TypeAlias = dict[str, Any]
_Write: TypeAlias = Literal["insert", "update", "delete"]

SEQUENCES = "sandbox.sequences"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    place INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, id)
)
"""
_INSERT = "INSERT OR REPLACE INTO documents (kind, id, document) VALUES (?, ?, ?)"
_UPDATE = "UPDATE documents SET document = ? WHERE kind = ? AND id = ?"
_DELETE = "DELETE FROM documents WHERE kind = ? AND id = ?"


class Table:
    """Documents by id, in the order they were first put; reading costs nothing.

    A document that was put is a value: put a new one to change it. It must be what JSON can hold.
    """

    def __init__(self, rows: dict[str, Document]) -> None:
        self._rows = rows
        self._pending: dict[str, _Write] = {}

    def get(self, id: str) -> Document | None:
        """The document, or None."""
        return self._rows.get(id)

    def put(self, id: str, document: Document) -> None:
        """Keep a document; one that was there keeps its place."""
        if id not in self._rows:
            self._pending.pop(id, None)
            self._pending[id] = "insert"
        elif self._pending.get(id) != "insert":
            self._pending[id] = "update"
        self._rows[id] = document

    def delete(self, id: str) -> None:
        """Forget a document; nothing happens if there is none."""
        if self._rows.pop(id, None) is not None:
            self._pending[id] = "delete"

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, id: object) -> bool:
        return id in self._rows

    def values(self) -> ValuesView[Document]:
        """The documents."""
        return self._rows.values()

    def items(self) -> ItemsView[str, Document]:
        """Ids and documents."""
        return self._rows.items()

    def write(self, kind: str, database: sqlite3.Connection) -> None:
        """Write what changed since the last time."""
        for id, what in self._pending.items():
            if what == "delete":
                database.execute(_DELETE, (kind, id))
            elif what == "insert":
                database.execute(_INSERT, (kind, id, _text(self._rows[id])))
            else:
                database.execute(_UPDATE, (_text(self._rows[id]), kind, id))
        self._pending.clear()


class State:
    """All tables and sequences of a fake. What was not committed is lost with the process."""

    def __init__(self, path: str = ":memory:") -> None:
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(_SCHEMA)
        stored: dict[str, dict[str, Document]] = {}
        for kind, id, document in self._database.execute(
            "SELECT kind, id, document FROM documents ORDER BY place"
        ):
            stored.setdefault(kind, {})[id] = json.loads(document)
        self._tables = {kind: Table(rows) for kind, rows in stored.items()}

    def table(self, name: str) -> Table:
        """The table of this name; the same one each time."""
        return self._tables.setdefault(name, Table({}))

    def next(self, name: str, start: int = 1) -> int:
        """The next number of a sequence; none is given twice."""
        sequences = self.table(SEQUENCES)
        number: int = (sequences.get(name) or {"next": start})["next"]
        sequences.put(name, {"next": number + 1})
        return number

    def commit(self) -> None:
        """Make what changed durable."""
        for kind, table in self._tables.items():
            table.write(kind, self._database)
        self._database.commit()

    def close(self) -> None:
        """Commit and let go of the file."""
        self.commit()
        self._database.close()


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
