"""The same, where side a wins conflicts; without a policy vdirsyncer leaves them to a person."""

from __future__ import annotations

from pathlib import Path

from tests.anchors import program_vdirsyncer


def main(folder: Path) -> None:
    program_vdirsyncer.main(folder, "a wins")
