"""What people chose from a list, kept apart from the hub: who had seen which choice before.

A status or a priority is no word that is used once, as a title is: the same value may be chosen by
several people. So each choice counts by itself, and a side shows the choices that its value may
stand for. A choice is settled by a later one of somebody who saw it; of what nobody settled, one
is on the sides in the end, and a conflict keeps the others. Nothing here looks at a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

UNITS = ("status", "priority")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that somebody chose on a side; `past` are the choices they could know of."""

    number: int
    side: str
    value: Any
    past: frozenset[int]


@dataclass(slots=True)
class Choices:
    """All choices of one unit of one group; `excused` are those that need not have arrived, `heard`
    those that a hub was shown where they were made, and in which order."""

    made: list[Choice] = field(default_factory=list)
    excused: set[int] = field(default_factory=set)
    heard: dict[int, int] = field(default_factory=dict)
    _shown: dict[str, frozenset[int]] = field(default_factory=dict)

    def chose(self, side: str, value: Any) -> None:
        """Somebody chose a value on a side, where they saw what stood there."""
        one = Choice(len(self.made), side, value, self._with_past(self._shown.get(side, ())))
        self.made.append(one)
        self._shown[side] = frozenset({one.number})

    def carried(self, side: str, value: Any) -> None:
        """The hub put a value there."""
        self._shown[side] = frozenset(one.number for one in self.made if one.value == value)

    def tell(self, side: str, value: Any) -> None:
        """A hub is shown the value there, which may be what stood there a while ago."""
        for one in self.made:
            if (one.side, one.value) == (side, value):
                self.heard.setdefault(one.number, len(self.heard))

    def excuse(self, side: str, *values: Any) -> None:
        """What a side shows, and choices of these values, need not have arrived."""
        self.excused |= self._with_past(self._shown.get(side, ()))
        self.excused |= {one.number for one in self.made if one.value in values}

    def lost(self, kept: Iterable[Any]) -> list[Any]:
        """Values that nobody settled and that are not among those kept.

        Who puts back what was there before has changed nothing, as far as anybody can see who did
        not look in between.
        """
        settled = {number for one in self.made for number in one.past} | self.excused
        safe = list(kept)
        return [
            one.value
            for one in self.made
            if one.number not in settled
            and one.value not in safe
            and one.value not in self._values(one.past)
            and not any(self._with_its_equal(one, later) for later in self.made)
        ]

    def _with_its_equal(self, one: Choice, later: Choice) -> bool:
        """Whether a choice was settled by somebody who saw another one of the same value.

        Two people who choose the same, not knowing of each other, are of one mind: a hub that was
        shown both found nothing to decide, and who then replaces the one replaces the other. A hub
        that was shown the later choice first has to keep what it had not been shown.
        """
        last = self.heard.get(later.number, len(self.made))
        before = {number for number, at in self.heard.items() if at < last}
        return one.number in before and one.value in self._values(before & later.past)

    def _values(self, numbers: Iterable[int]) -> set[Any]:
        return {self.made[number].value for number in numbers}

    def _with_past(self, numbers: Iterable[int]) -> frozenset[int]:
        """With all that was the same by value, which nobody can tell apart, and what those knew."""
        values = [self.made[number].value for number in numbers]
        known = frozenset(one.number for one in self.made if one.value in values)
        return known.union(*(self.made[number].past for number in known))
