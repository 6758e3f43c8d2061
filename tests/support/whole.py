"""What holds of the store after every pass, whatever happened in it: words, times and numbers.

An engine that notes an outcome in a word that nobody asks for, or without a time, loses it without
a trace. So every word that is stored has to be one that is known here, and every time there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Table, select

from syncline.store import tables
from syncline.store.sql import Query, Row, Tx

WORDS: dict[Table, dict[str, set[str]]] = {
    tables.intent: {
        "kind": {"create", "update", "remove"},
        "state": {"open", "applied", "failed", "superseded", "deferred", "parked"},
    },
    tables.journal: {
        "kind": {
            *("link", "unlink", "merge", "create", "edit", "write", "answer", "undo"),
            *("lost", "close", "remove", "retry"),
        },
    },
    tables.conflict: {
        "kind": {"field", "match", "create", "deleted", "merged"},
        "state": {"open", "answered", "resolved"},
    },
    tables.tombstone: {
        "state": {"suspected", "confirmed"},
        "reason": {"deleted", "closed", "merged", "reused", "unlinked"},
    },
    tables.quarantine: {"action": {"create", "read", "write", "loop"}},
    tables.link: {"kind": {"record", "comment", "note", "attachment"}},
    tables.link_side: {"state": {"in", "out", "cut", "gone"}},
    tables.observation: {"state": {"new", "unlinked", "held"}},
    tables.run: {
        "kind": {"sync", "plan", "apply", "undo", "verify"},
        "state": {"running", "done", "attention", "refused", "failed", "crashed"},
    },
}
TIMES = {
    tables.intent: ("created_at",),
    tables.conflict: ("created_at",),
    tables.quarantine: ("created_at",),
    tables.deviation: ("created_at",),
    tables.observation: ("seen_at",),
}
CANDIDATE = {"side", "value", "at", "person"}


class Whole:
    """Looks at a store after each pass, and remembers how often its links had changed by then."""

    def __init__(self) -> None:
        self._revisions: dict[str, int] = {}

    def look(self, tx: Tx) -> None:
        """Fail where what is stored means nothing, or a link's count of changes goes backwards."""
        wrong = [*_words(tx), *_times(tx), *_intents(tx), *_conflicts(tx), *_tombstones(tx)]
        revisions = {row.id: row.revision for row in _rows(tx, tables.link)}
        wrong += [
            f"link {id_} went from revision {was} to {revisions[id_]}"
            for id_, was in self._revisions.items()
            if revisions.get(id_, was) < was
        ]
        assert not wrong, wrong
        self._revisions = revisions


def _rows(tx: Tx, table: Table) -> list[Row]:
    return list(Query(select(*table.columns)).rows(tx))


def _words(tx: Tx) -> Iterator[str]:
    for table, columns in WORDS.items():
        for row in _rows(tx, table):
            for column, known in columns.items():
                if getattr(row, column) not in known:
                    yield f"{table.name}.{column} is {getattr(row, column)!r}"


def _times(tx: Tx) -> Iterator[str]:
    for table, columns in TIMES.items():
        for row in _rows(tx, table):
            for column in columns:
                if getattr(row, column) is None:
                    yield f"{table.name}.{column} is missing: {row}"


def _intents(tx: Tx) -> Iterator[str]:
    for row in _rows(tx, tables.intent):
        if (row.settled_at is None) != (row.state == "open"):
            yield f"an intent is {row.state}, settled at {row.settled_at}"
        if row.state in ("failed", "superseded", "parked") and not row.reason:
            yield f"an intent is {row.state}, and nobody knows why"


def _conflicts(tx: Tx) -> Iterator[str]:
    for row in _rows(tx, tables.conflict):
        for one in json.loads(row.candidates):
            if not one.keys() >= CANDIDATE:
                yield f"a candidate of {row.kind} lacks {CANDIDATE - one.keys()}"


def _tombstones(tx: Tx) -> Iterator[str]:
    for row in _rows(tx, tables.tombstone):
        if (row.confirmed_at is None) != (row.state == "suspected"):
            yield f"a tombstone is {row.state}, confirmed at {row.confirmed_at}"
