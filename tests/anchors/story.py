"""What people do on both shelves, and the judge of what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

from tests.anchors.shelf import SIDES, Shelf

WANTED = {"n0": "edited in a", "n1": "edited in b", "n4": "new in a", "n5": "new in b",
          "n6": "another in a"}  # fmt: skip
REMOVED = "n3"
RIVALS = ("one person's title", "another person's title")
WRITES = 6
"""What a program has to write: each edit to the other side, and the deletion."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong. `undelivered`: an edit is on one side and not on the other, `lost`: on none;
    `kept`: a record that somebody deleted is still there; `deleted`: records that are gone though
    nobody deleted them."""

    duplicates: int = 0
    undelivered: int = 0
    lost: int = 0
    kept: int = 0
    deleted: int = 0

    @property
    def damaged(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def begin(folder: Path, records: int) -> None:
    """So many records on a; b is empty."""
    shelf = Shelf(folder, "a")
    for number in range(records):
        shelf.add(_fields(f"n{number}", f"title {number}", number), id=f"n{number}")


def edit(folder: Path) -> None:
    """Two edits, three new records and a deletion."""
    a, b = (Shelf(folder, side) for side in SIDES)
    a.change(_id(a, "n0"), {"title": WANTED["n0"], "changed": _moment(60)})
    b.change(_id(b, "n1"), {"title": WANTED["n1"], "changed": _moment(61)})
    for shelf, name, second in ((a, "n4", 40), (a, "n6", 41), (b, "n5", 42)):
        shelf.add(_fields(name, WANTED[name], second), id=name)
    a.remove(_id(a, REMOVED))


def edit_at_once(folder: Path) -> None:
    """Two people give the same record another title, each on one side."""
    for second, (side, title) in enumerate(zip(SIDES, RIVALS, strict=True)):
        shelf = Shelf(folder, side)
        shelf.change(_id(shelf, "n0"), {"title": title, "changed": _moment(60 + second)})


def overwritten(folder: Path) -> int:
    """How many of those two titles stand nowhere any more."""
    shelves = [Shelf(folder, side).records().values() for side in SIDES]
    return len(set(RIVALS) - {record["title"] for shelf in shelves for record in shelf})


Look = Mapping[tuple[str, str], str]
"""Every record that stood there at a moment: its name by side and id."""


def look(folder: Path) -> Look:
    """What stands there now."""
    shelves = {side: Shelf(folder, side).records() for side in SIDES}
    return {(side, id): one["name"] for side in SIDES for id, one in shelves[side].items()}


def judge(
    folder: Path, looks: Sequence[Look], wanted: Mapping[str, str], removed: str | None = None
) -> Verdict:
    """What is wrong now. `looks`: after what people did, and after each run since. `wanted` are the
    titles that people gave, by name; `removed` is the name of what they deleted."""
    shelves = [list(Shelf(folder, side).records().values()) for side in SIDES]
    copies = [Counter(record["name"] for record in shelf) for shelf in shelves]
    titles = [{(record["name"], record["title"]) for record in shelf} for shelf in shelves]
    found = [sum(edit in side for side in titles) for edit in wanted.items()]
    gone = {
        at: name
        for before, after in pairwise(looks)
        for at, name in before.items()
        if at not in after and name != removed
    }
    return Verdict(
        duplicates=sum(count - 1 for side in copies for count in side.values()),
        undelivered=found.count(1),
        lost=found.count(0),
        kept=sum(removed in side for side in copies),
        deleted=len(gone),
    )


def _fields(name: str, title: str, second: int) -> dict[str, str]:
    return {"name": name, "title": title, "changed": _moment(second)}


def _moment(second: int) -> str:
    return f"2025-01-01T00:{second // 60:02d}:{second % 60:02d}+00:00"


def _id(shelf: Shelf, name: str) -> str:
    return next(id for id, record in shelf.records().items() if record["name"] == name)
