"""The command line in this process, for tests that run command after command.

What cannot come out differently the second time is kept: the tree of commands, and what came of the
laws for a mapping of the same content, which `check` tries on the same made-up records each time.
"""

from __future__ import annotations

from functools import cache
from random import Random

import typer.main

from syncline import checking
from syncline.cli.main import main
from syncline.mapping.laws import Breach, try_mapping
from syncline.mapping.load import ToolMapping
from syncline.mapping.units import fingerprint

__all__ = ["main"]

_tried: dict[tuple[object, ...], list[Breach]] = {}


def _try_once(mapping: ToolMapping, rng: Random) -> list[Breach]:
    content = fingerprint(mapping), rng.getstate()
    if content not in _tried:
        _tried[content] = try_mapping(mapping, rng)
    return _tried[content]


checking.try_mapping = _try_once
typer.main.get_command = cache(typer.main.get_command)
