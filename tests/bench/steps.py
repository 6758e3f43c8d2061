"""The passes that are measured, in order, and the least requests each can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BULK = 100

SESSION = frozenset({"describe", "people"})
"""Requests that open a session: cached afterwards, listed apart."""

UNCHANGED = "unchanged"

WRITES = frozenset({"create", "update", "remove", "comment", "edit_comments"})


@dataclass(frozen=True, slots=True)
class Step:
    """One pass. Before it people edit `edits` records in each tool, and time goes by.

    `bound` is the least number of requests, by tool; `goal` the most of it that we allow
    ourselves; `cpu` the processor time allowed as a multiple of the floor's, where there is one;
    `writes` the write requests allowed. A pass that changes nothing is run `repeat` times, for the
    median.
    """

    name: str
    bound: Mapping[str, int]
    goal: float
    edits: int = 0
    cpu: float | None = None
    writes: int | None = None
    repeat: int = 1


def steps(records: int) -> list[Step]:
    """The passes over tools with so many records."""
    made = -(-records // 10)
    edits = max(1, records // 100)
    read, told = inclusive_pages(edits), pages(edits)
    return [
        Step(
            "first link",
            {"paged": inclusive_pages(records), "feed": pages(records - made) + pages(made)},
            goal=1.05,
            cpu=2.5,
        ),
        Step("echo of the first link", {"paged": 1, "feed": pages(made)}, 1.0, writes=0),
        Step(UNCHANGED, {"paged": 1, "feed": 1}, 1.0, writes=0, repeat=5),
        Step(
            "1 % changed on each side",
            # Changes and the writes; the feed tool is looked at before, the paged tool after.
            {"paged": read + edits + told, "feed": told + told + told},
            goal=1.2,
            edits=edits,
            cpu=3.0,
        ),
        Step("echo of those writes", {"paged": read, "feed": told}, 1.0, writes=0),
        Step("unchanged again", {"paged": 1, "feed": 1}, 1.0, writes=0),
    ]


def pages(items: int) -> int:
    """Requests for so many items; none still takes one."""
    return max(1, -(-items // BULK))


def inclusive_pages(items: int) -> int:
    """The same for the paged tool's changes: each page repeats the last record of the one before,
    because a page number is no safe place to go on from and the filter includes its moment."""
    return max(1, -(-(items - 1) // (BULK - 1)))
