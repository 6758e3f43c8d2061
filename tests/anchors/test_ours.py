"""Syncline's own line of the table."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.anchors.client import one_create
from tests.anchors.playing import HIDDEN, KINDS, Cell, play, started
from tests.anchors.story import WRITES, Verdict

CLEAN = Verdict()

AT = (1, 3, WRITES)
"""The writes that meet trouble here; `make anchors` goes through all of them."""


def test_syncline_comes_through_every_trouble_of_the_table(tmp_path: Path) -> None:
    with started(Path(sys.executable), "tests.anchors.program_syncline") as program:
        played = play(program, tmp_path, AT)
    for kind in KINDS:
        assert played.at_writes[kind] == Cell([CLEAN] * len(AT), 0), kind
    for count in HIDDEN:
        assert played.listings[count] == Cell([CLEAN], 0), count
    assert played.overwritten == 0


def test_synclines_connector_makes_one_issue_where_the_package_makes_several(
    tmp_path: Path,
) -> None:
    made = one_create(tmp_path)
    assert made.package > 1
    assert (made.connector, made.found) == (1, True)
