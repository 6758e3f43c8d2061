"""The same, where the shelves have no field for Syncline's key."""

from __future__ import annotations

from pathlib import Path

from tests.anchors import program_syncline


def main(folder: Path) -> None:
    program_syncline.main(folder, key_field=None)
