"""How one sequence became another: the hunks of a diff, in time near linear for real texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_MOST_PAIRS = 2_000_000
"""Pairs of equal elements beyond which difflib would take seconds; such a middle is one hunk."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """old[start:end] was replaced by new[new_start:new_end]; either may be empty."""

    start: int
    end: int
    new_start: int
    new_end: int


def hunks(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Hunk]:
    """The changes from old to new, in order, with at least one unchanged element between two."""
    head = 0
    shorter = min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    if not left and not right:
        return []
    if not left or not right or _pairs(left, right) > _MOST_PAIRS:
        return [Hunk(head, len(old) - tail, head, len(new) - tail)]
    found = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return [
        Hunk(head + i1, head + i2, head + j1, head + j2)
        for tag, i1, i2, j1, j2 in found
        if tag != "equal"
    ]


def _pairs(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    counts = Counter(right)
    return sum(counts[one] for one in left)
