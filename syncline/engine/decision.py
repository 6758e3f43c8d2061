"""What is remembered of one unit of one link, and what deciding about it comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from syncline.store.rows import Slice

NOTHING: Mapping[str, Any] = MappingProxyType({})
NOBODY: frozenset[str] = frozenset()


class UnitState(NamedTuple):
    """What is remembered of one unit of one link.

    `known` is false until a value was decided. `deviates` says, for sides that count as delivered
    though they show something else, why. `left` are sides whose record was deleted when the others
    were closed for it: what was seen there says nothing of the value. (A tuple, as is `Decision`:
    there are some for each unit of each link, and a frozen dataclass takes three times as long to
    make.)
    """

    value: Any = None
    known: bool = False
    delivered: frozenset[str] = frozenset()
    seen: Mapping[str, Slice] = NOTHING
    deviates: Mapping[str, str] = NOTHING
    left: frozenset[str] = NOBODY

    def pack(self) -> dict[str, Any]:
        """The JSON the store keeps."""
        packed: dict[str, Any] = {
            "value": self.value,
            "delivered": sorted(self.delivered),
            "seen": dict(self.seen),
        }
        if not self.known:
            packed["known"] = False
        if self.deviates:
            packed["deviates"] = dict(self.deviates)
        if self.left:
            packed["left"] = sorted(self.left)
        return packed

    @classmethod
    def unpack(cls, packed: Mapping[str, Any] | None) -> UnitState:
        if packed is None:
            return UNKNOWN
        return cls(
            packed["value"],
            packed.get("known", True),
            frozenset(packed["delivered"]),
            packed["seen"],
            packed.get("deviates", NOTHING),
            frozenset(packed["left"]) if "left" in packed else NOBODY,
        )


UNKNOWN = UnitState()
"""What is remembered of a unit that nobody has decided yet."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A maximal value. `side` None: the decided value itself."""

    side: str | None
    value: Any
    at: datetime | None = None
    person: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "side": self.side,
            "value": self.value,
            "at": self.at.isoformat() if self.at else None,
            "person": self.person,
        }


@dataclass(frozen=True, slots=True)
class Edit:
    """A change a person made on one side, as shared values."""

    side: str
    before: Any
    after: Any


class Decision(NamedTuple):
    """What was decided for one unit; `state` is what to remember.

    `rule` says in a word why. `conflict` waits for a person: then nothing moved. `losers` are
    values that lost and are kept whole. `needs_times`: ask the tools' histories, then decide again.
    """

    state: UnitState
    rule: str = "unchanged"
    edits: tuple[Edit, ...] = ()
    conflict: tuple[Candidate, ...] = ()
    losers: tuple[Candidate, ...] = ()
    unreadable: Mapping[str, str] = NOTHING
    drift: tuple[str, ...] = ()
    needs_times: bool = False

    @property
    def moved(self) -> bool:
        """Whether there is something to remember."""
        return self.rule != "unchanged"


def digest(unit: str, candidates: Sequence[Candidate]) -> str:
    """Names exactly these candidates, so that an answer cannot meet other ones."""
    body = orjson.dumps(
        [unit, [[c.side, c.value] for c in candidates]], option=orjson.OPT_SORT_KEYS
    )
    return hashlib.sha256(body).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a conflict, bound to the candidates it was given for, and who gave it."""

    digest: str
    value: Any
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the tools' histories say of each side's edit: when, and by whom."""

    at: Mapping[str, datetime | None] = field(default_factory=dict)
    person: Mapping[str, str | None] = field(default_factory=dict)
    value_at: datetime | None = None
