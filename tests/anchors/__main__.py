"""Measure, print, write the part of docs/reliability.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from tests.anchors import report, rivals
from tests.anchors.client import one_create
from tests.anchors.playing import Played, play, started
from tests.anchors.report import Line

SHOWN = ("syncall", "item-synchronizer", "vdirsyncer")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.anchors")
    parser.add_argument("--environment", type=Path, default=Path(".anchors"))
    parser.add_argument("--out", type=Path, default=Path("docs/reliability.md"))
    chosen = parser.parse_args()
    theirs, ours = rivals.installed(chosen.environment.resolve()), Path(sys.executable)
    listed = rivals.versions(theirs)
    programs = (
        (f"syncall {listed['syncall']}", theirs, "syncall"),
        (f"vdirsyncer {listed['vdirsyncer']}", theirs, "vdirsyncer"),
        (f"vdirsyncer {listed['vdirsyncer']}, a wins", theirs, "vdirsyncer_a_wins"),
        ("Syncline", ours, "syncline"),
        ("Syncline without a field for its key", ours, "syncline_keyless"),
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            Line(name, _played(name, python, program, Path(folder)))
            for name, python, program in programs
        ]
        made = one_create(Path(folder) / "jira")
    seconds = time.monotonic() - began
    versions = {name: listed[name] for name in SHOWN} | {"jira": version("jira")}
    text = report.part(lines, made, versions, seconds)
    report.written(chosen.out, text)
    print(text)


def _played(name: str, python: Path, program: str, folder: Path) -> Played:
    print(f"{name} …", file=sys.stderr)
    with started(python, f"tests.anchors.program_{program}") as one:
        return play(one, folder / program)


if __name__ == "__main__":
    main()
