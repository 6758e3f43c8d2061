"""An uncovered line needs a reason, and a reason needs an uncovered line."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.coverage import (
    ROOT,
    Excused,
    Measured,
    complaints,
    load,
    measured,
    of_connectors,
    share,
)

FILE = "syncline/sdk/scales.py"
SOURCE = """
def weigh(grams):
    if grams < 0:
        raise ValueError(grams)
    for _ in range(grams):
        pass
    if grams:
        return "some"
    return "none"

print(weigh(2))
"""
BELOW = "syncline/sdk: less than 95 % of its lines or branches run"
NEGATIVE = Excused(
    FILE, "    if grams < 0:\n        raise ValueError(grams)\n", "Nothing weighs less."
)
EMPTY = Excused(FILE, '    if grams:\n        return "some"\n    return "none"\n', "Never asked.")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    """What coverage.py itself measures of SOURCE."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).write_text(SOURCE)
    env = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    for command in (["run", "--branch", FILE], ["json", "-o", "report.json"]):
        subprocess.run(
            [sys.executable, "-m", "coverage", *command],
            cwd=folder,
            env=env,
            check=True,
            capture_output=True,
        )
    return measured(json.loads((folder / "report.json").read_text()))


def told(files: dict[str, Measured], *excused: Excused) -> list[str]:
    found = complaints(files, excused, {FILE: SOURCE})
    return [line for line in found if "less than" not in line]


def test_each_line_that_never_runs_or_never_goes_somewhere_is_told(
    files: dict[str, Measured],
) -> None:
    assert told(files) == [
        f"{FILE}:3 never goes to line 4, without a reason: if grams < 0:",
        f"{FILE}:4 never runs, without a reason: raise ValueError(grams)",
        f"{FILE}:7 never goes to line 9, without a reason: if grams:",
        f'{FILE}:9 never runs, without a reason: return "none"',
    ]


def test_what_has_a_reason_is_not_told(files: dict[str, Measured]) -> None:
    last = Excused(FILE, '    return "none"\n', "Never asked.")
    split = Excused(FILE, "    if grams:\n", "Never asked.")
    assert told(files, NEGATIVE, split, last) == []


def test_a_reason_for_a_line_that_runs_is_told(files: dict[str, Measured]) -> None:
    assert told(files, NEGATIVE, EMPTY) == [
        f'{FILE}:8 is excused, and covered: return "some"',
    ]


def test_a_reason_of_another_python_may_stand_where_the_line_runs(
    files: dict[str, Measured],
) -> None:
    assert told(files, NEGATIVE, replace(EMPTY, python="3.11.0")) == []
    here = replace(EMPTY, python=platform.python_version())
    assert told(files, NEGATIVE, here) == [f'{FILE}:8 is excused, and covered: return "some"']


@pytest.mark.parametrize(
    ("lines", "times"), [("    if grams > 0:\n", 0), ("    if", 2), ("", len(SOURCE) + 1)]
)
def test_a_reason_whose_lines_are_gone_or_stand_twice_is_told(
    files: dict[str, Measured], lines: str, times: int
) -> None:
    first = told(files, Excused(FILE, lines, "Never."))[0]
    assert first.startswith(f"{FILE}: lines excused stand {times} times there, not once")


def test_less_than_the_least_is_told_even_with_a_reason_for_everything(
    files: dict[str, Measured],
) -> None:
    assert share(files, "syncline/sdk").branches == pytest.approx(100 * 4 / 6)
    assert BELOW in complaints(files, [NEGATIVE], {FILE: SOURCE})


def test_every_reason_is_given_for_lines_that_still_stand_in_their_file() -> None:
    for one in load():
        assert one.reason.endswith("."), one.lines
        assert (ROOT / one.file).read_text("utf-8").count(one.lines) == 1, one.lines


def test_a_connector_is_measured_by_itself_and_without_its_fake() -> None:
    def of(ran: int, lines: int) -> dict[str, dict[str, int]]:
        return {"summary": {"covered_lines": ran, "num_statements": lines}}

    report = {
        "files": {
            "connectors/__init__.py": of(0, 5),
            "connectors/desk/connector.py": of(9, 10),
            "connectors/desk/client.py": of(10, 10),
            "connectors/desk/fake/app.py": of(0, 90),
            "connectors/tracker/connector.py": of(3, 4),
            "connectors/tracker/fake.py": of(0, 90),
            "syncline/sdk/http.py": of(0, 7),
        }
    }
    assert of_connectors(report) == {"desk": 95.0, "tracker": 75.0}
