"""What people did, kept apart from the hub: the oracle's memory.

Everything a person writes is a token that is written once in a whole story, so that it can be
recognised wherever it comes up. What a person could see when writing is what the new token
supersedes; nothing here looks at a clock, or at what the engine believes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncline.simulation.choices import UNITS, Choices

TOKEN = re.compile(r"(?<![A-Za-z0-9])[tlpc][0-9]+(?![A-Za-z0-9])")
"""Titles, labels, paragraphs and comments that people wrote."""


def tokens(value: Any) -> list[str]:
    """The tokens in a value, in the order in which they stand there."""
    if isinstance(value, str):
        return TOKEN.findall(value)
    if isinstance(value, Mapping):
        return [token for part in value.values() for token in tokens(part)]
    if isinstance(value, list | tuple | set | frozenset):
        return [token for part in value for token in tokens(part)]
    return []


@dataclass(slots=True)
class Group:
    """Records that are the same thing: one made by a person, and what the hub made of it.

    `ids`: side to record. `torn`: sides where a person deleted, binned, merged, cut off or took
    away the record at some time: what the sides have to show then depends on when the hub heard of
    it. `kin`: groups that are the same thing as this one to somebody who merged records.
    `replaced`: units in which somebody put something in the place of a write that was not read
    again yet, where nothing else tells what a tool made of a write. `choices`: by unit.
    """

    name: str
    ids: dict[str, str] = field(default_factory=dict)
    torn: set[str] = field(default_factory=set)
    kin: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    choices: dict[str, Choices] = field(default_factory=lambda: {u: Choices() for u in UNITS})

    @property
    def all(self) -> set[str]:
        """The group and those it was merged with: what is kept of one may be kept with another."""
        return {self.name} | self.kin

    def excuse(self, side: str, shown: Mapping[str, Any]) -> None:
        """What a side shows of choices need not have arrived."""
        for unit, choices in self.choices.items():
            choices.excuse(side, shown.get(unit))


@dataclass(slots=True)
class Ledger:
    """All edits of a story. `known[t]` are the tokens that a person replaced, knowingly, by `t`;
    `bold` what somebody wrote in bold, by the side where they did."""

    home: dict[str, str] = field(default_factory=dict)
    known: dict[str, frozenset[str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    excused: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    bold: dict[str, set[str]] = field(default_factory=dict)

    def wrote(self, group: str, token: str, replaced: Iterable[str] = ()) -> None:
        """Somebody wrote a token in place of others."""
        self.home[token] = group
        past: set[str] = set()
        for old in replaced:
            past |= {old} | self.known.get(old, frozenset())
        self.known[token] = frozenset(past)

    def took_out(self, shown: Iterable[str]) -> None:
        """Somebody took labels off, or paragraphs out."""
        for token in shown:
            self.taken |= {token} | self.known.get(token, frozenset())

    def commented(self, group: str, token: str, side: str) -> None:
        """Somebody wrote a comment on one side."""
        self.home[token] = group
        self.comments[token] = side

    def superseded(self) -> set[str]:
        """Tokens that a person replaced or took out, having seen them."""
        gone = set(self.taken)
        for past in self.known.values():
            gone |= past
        return gone

    def of(self, group: str, kind: str) -> set[str]:
        """All tokens of one kind (t, l, p, c) that people wrote in a group."""
        return {token for token, home in self.home.items() if home == group and token[0] == kind}
