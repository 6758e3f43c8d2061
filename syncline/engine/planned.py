"""What a plan is made of: writes, refusals, clashes, and what a plan depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncline.engine.decision import Answer, Candidate, Evidence
from syncline.mapping.lens import People
from syncline.store.rows import Link, Slice


@dataclass(frozen=True, slots=True)
class UnitWrite:
    """One unit of a write: the shared value, the side's slice before and after, and the rule."""

    value: Any
    before: Slice
    after: Slice
    why: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """What one side of one link is sent. `kind`: create | update | remove.

    `record_id` is None for a create. `follows` are the side's earlier records that were closed
    for good; a create follows the last one.
    """

    link_id: str
    side: str
    kind: str
    record_id: str | None
    units: Mapping[str, UnitWrite]
    patch: Mapping[str, Any]
    expected: Mapping[str, Any]
    version: int | None = None
    why: str = ""
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that a side cannot take, or shows in a way that cannot be read; with the reason.

    `action`: write (a deviation: not tried again until something changes) | note (a deviation that
    is said in a note) | read | create | loop (written too often: not tried again until a person
    says so).
    """

    side: str
    unit: str
    action: str
    reason: str
    value: Any = None
    shown: Slice = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A value that a side cannot show in its field any more, to be said there in an internal note.

    `origin` is a side that shows it; `name` is the same for the same value.
    """

    side: str
    unit: str
    value: Any
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Concurrent values of a unit that wait for a person."""

    unit: str
    kind: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """An edit that was decided: for the journal and for `why`."""

    side: str
    unit: str
    before: Any
    after: Any
    rule: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """Everything decided for one link. `hold`: its observations wait for a person. `answers` are
    values that people chose, and who chose them."""

    link: Link
    writes: tuple[Write, ...] = ()
    clashes: tuple[Clash, ...] = ()
    losers: tuple[Clash, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()
    hops: tuple[Hop, ...] = ()
    answers: tuple[Hop, ...] = ()
    drift: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()
    hold: bool = False
    needs_times: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else a plan depends on.

    `reachable`: sides that answered in this pass. `listed`: sides whose records are all known, so
    that a missing one may be created. `busy`: (side, unit) with an open intent, `busy_create`
    sides with an unsettled create. `parked_creates`: creates a tool refused, by side, with the
    digest of what it refused. `halted`: (side, unit) that was written too often, with the reason
    (see `breaker`). `remap`: the mapping changed, so every side is compared anew.
    """

    people: Mapping[str, People]
    reachable: frozenset[str]
    listed: frozenset[str] = frozenset()
    busy: frozenset[tuple[str, str]] = frozenset()
    busy_create: frozenset[str] = frozenset()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    parked_creates: Mapping[str, str] = field(default_factory=dict)
    remap: bool = False
    halted: Mapping[tuple[str, str], str] = field(default_factory=dict)


def part(paths: Sequence[str], fields: Slice) -> dict[str, Any]:
    """The part of a side's slice that one lens reads."""
    if len(paths) == 1:
        return {paths[0]: fields.get(paths[0])}
    return {path: fields.get(path) for path in paths}


def overlay(into: dict[str, Any], patch: Mapping[str, Any]) -> None:
    """Lay one nested patch over another."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            overlay(into[key], value)
        else:
            into[key] = value
