"""The judge sees what is wrong, and the page keeps what is not its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.anchors import report
from tests.anchors.shelf import SIDES, Shelf
from tests.anchors.story import (
    REMOVED,
    WANTED,
    Verdict,
    begin,
    edit,
    edit_at_once,
    judge,
    look,
    overwritten,
)


class Desk:
    """Two shelves in step, after people have edited them; and somebody who copies by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        begin(folder, 4)
        self.a, self.b = (Shelf(folder, side) for side in SIDES)
        for record in self.a.records().values():
            self.b.add(record)

    def carried_over(self) -> None:
        """Everything that people did, on both shelves."""
        edit(self.folder)
        self.looks = [look(self.folder)]
        self.b.remove(self.id("b", REMOVED))
        for name, title in WANTED.items():
            for side, shelf in zip(SIDES, (self.a, self.b), strict=True):
                if name in look(self.folder).values() and (known := self.id(side, name)):
                    shelf.change(known, {"title": title})
                else:
                    shelf.add({"name": name, "title": title})
        self.looks.append(look(self.folder))

    def id(self, side: str, name: str) -> str:
        found = look(self.folder).items()
        return next((id for (at, id), called in found if (at, called) == (side, name)), "")

    def verdict(self) -> Verdict:
        return judge(self.folder, [*self.looks, look(self.folder)], WANTED, REMOVED)


def twice(desk: Desk) -> None:
    desk.b.add({"name": "n4", "title": WANTED["n4"]})


def not_delivered(desk: Desk) -> None:
    desk.b.change(desk.id("b", "n0"), {"title": "title 0"})


def written_over(desk: Desk) -> None:
    for side, shelf in (("a", desk.a), ("b", desk.b)):
        shelf.change(desk.id(side, "n1"), {"title": "title 1"})


def come_back(desk: Desk) -> None:
    desk.a.add({"name": REMOVED, "title": "title 3"})


def gone(desk: Desk) -> None:
    desk.a.remove(desk.id("a", "n2"))


@pytest.mark.parametrize(
    ("harm", "verdict"),
    [
        (lambda desk: None, Verdict()),
        (twice, Verdict(duplicates=1)),
        (not_delivered, Verdict(undelivered=1)),
        (written_over, Verdict(lost=1)),
        (come_back, Verdict(kept=1)),
        (gone, Verdict(deleted=1)),
    ],
)
def test_the_judge_tells_each_harm(
    tmp_path: Path, harm: Callable[[Desk], None], verdict: Verdict
) -> None:
    desk = Desk(tmp_path)
    desk.carried_over()
    harm(desk)
    assert desk.verdict() == verdict
    assert desk.verdict().damaged == (verdict != Verdict())


def test_a_record_that_was_deleted_and_made_again_was_deleted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.carried_over()
    desk.a.remove(desk.id("a", "n2"))
    desk.looks.append(look(tmp_path))
    desk.a.add({"name": "n2", "title": "title 2"})
    assert desk.verdict() == Verdict(deleted=1)


def test_an_edit_that_stands_nowhere_any_more_was_written_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    edit_at_once(tmp_path)
    assert overwritten(tmp_path) == 0
    desk.a.change("n0", {"title": "title 0"})
    assert overwritten(tmp_path) == 1


def test_only_what_stands_between_the_marks_is_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    report.written(page, "first")
    page.write_text(page.read_text() + "\nBelow.\n")
    report.written(page, "second")
    assert (
        page.read_text()
        == report.NEW.replace(report.BEGIN, f"{report.BEGIN}\nsecond") + "\nBelow.\n"
    )


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text("Mine.\n")
    with pytest.raises(SystemExit, match="nothing was written"):
        report.written(page, "text")
    assert page.read_text() == "Mine.\n"
