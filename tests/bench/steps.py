"""The passes that are measured, in order, and the least requests each can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BULK = 100

SESSION = frozenset({"describe", "people"})
"""Requests that open a session: cached afterwards, listed apart."""

UNCHANGED = "unchanged"

FEW = 100
FEW_CHANGED = f"{FEW} changed on each side"
"""As many whatever there is: what they cost must not depend on how many records there are."""

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
    return [
        Step(
            "first link",
            {"paged": inclusive_pages(records), "feed": pages(records - made) + pages(made)},
            goal=1.05,
            cpu=2.5,
        ),
        Step("echo of the first link", {"paged": 1, "feed": pages(made)}, 1.0, writes=0),
        Step(UNCHANGED, {"paged": 1, "feed": 1}, 1.0, writes=0, repeat=5),
        _changed("1 % changed on each side", edits),
        _echo("echo of those writes", edits),
        Step("unchanged again", {"paged": 1, "feed": 1}, 1.0, writes=0),
        _changed(FEW_CHANGED, FEW),
        _echo("echo of these writes", FEW),
    ]


def _changed(name: str, edits: int) -> Step:
    """Changes and the writes; the feed tool is looked at before, the paged tool after."""
    told = pages(edits)
    bound = {"paged": inclusive_pages(edits) + edits + told, "feed": told + told + told}
    return Step(name, bound, goal=1.2, edits=edits, cpu=3.0)


def _echo(name: str, edits: int) -> Step:
    return Step(name, {"paged": inclusive_pages(edits), "feed": pages(edits)}, 1.0, writes=0)


def pages(items: int) -> int:
    """Requests for so many items; none still takes one."""
    return max(1, -(-items // BULK))


def inclusive_pages(items: int) -> int:
    """The same for the paged tool's changes: each page repeats the last record of the one before,
    because a page number is no safe place to go on from and the filter includes its moment."""
    return max(1, -(-(items - 1) // (BULK - 1)))
