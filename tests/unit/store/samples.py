"""Rows for the store's tests, complete unless told otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from syncline.store.rows import (
    Conflict,
    Deviation,
    Intent,
    JournalEntry,
    Link,
    LinkSide,
    Observation,
    Parked,
    Run,
    Tombstone,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SYNC = "escalations"


def link(id_: str = "l1", **changes: Any) -> Link:
    """A link of records `{id}-desk` and `{id}-tracker`."""
    sides = {
        "desk": LinkSide("desk", f"{id_}-desk", version=7, url=f"https://desk.example/{id_}"),
        "tracker": LinkSide("tracker", f"{id_}-tracker", key=f"APP-{id_}"),
    }
    fields = {"title": {"value": f"Title of {id_}", "delivered": ["desk", "tracker"]}}
    return replace(Link(id_, SYNC, "record", None, sides, fields), **changes)


def moved(one: Link, side: str, **changes: Any) -> Link:
    """The link with one of its sides changed."""
    return replace(one, sides={**one.sides, side: replace(one.sides[side], **changes)})


def seen(record_id: str = "r1", **changes: Any) -> Observation:
    """A new observation of a record of the desk, not linked."""
    fields = {"subject": f"Subject of {record_id}"}
    return replace(
        Observation(SYNC, "desk", record_id, "new", fields, version=3, seen_at=NOW), **changes
    )


def intent(id_: str = "i1", **changes: Any) -> Intent:
    """An open intent to update the tracker."""
    payload = {"patch": {"summary": "New"}, "before": {"summary": "Old"}}
    base = Intent(id_, SYNC, "run1", "l1", "tracker", "update", "1", f"key-{id_}", payload)
    return replace(base, **{"created_at": NOW, **changes})


def entry(**changes: Any) -> JournalEntry:
    """A title edited at the desk."""
    base = JournalEntry(
        NOW, SYNC, "run1", "l1", "desk", "1", "title", "edit", "Old", "New", "Ann", "edit alone"
    )
    return replace(base, **changes)


def conflict(id_: str = "c1", **changes: Any) -> Conflict:
    """Two titles that wait for an answer."""
    candidates = ({"side": "desk", "value": "One"}, {"side": "tracker", "value": "Two"})
    base = Conflict(id_, SYNC, "l1", "title", "field", candidates, "digest-1", created_at=NOW)
    return replace(base, **changes)


def parked(id_: str = "p1", **changes: Any) -> Parked:
    """A status without a counterpart."""
    base = Parked(id_, SYNC, "l1", "tracker", "status", "update", "no such status", created_at=NOW)
    return replace(base, **changes)


def deviation(**changes: Any) -> Deviation:
    """A title that the tracker cuts."""
    base = Deviation(SYNC, "l1", "tracker", "title", "Long title", {"summary": "Long"}, "cut", NOW)
    return replace(base, **changes)


def tombstone(**changes: Any) -> Tombstone:
    """A desk record that was not in the census."""
    base = Tombstone(SYNC, "l1", "desk", "1", "suspected", "deleted", "not in the census", NOW)
    return replace(base, **changes)


def run(id_: str = "run1", **changes: Any) -> Run:
    """A pass that is under way."""
    return replace(Run(id_, SYNC, "sync", "running", NOW), **changes)
