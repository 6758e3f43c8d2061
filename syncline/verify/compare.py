"""Whether the sides of a link show the same thing, and if not, whether that is known. Pure.

Two sides agree when they show one value as far as each can: equal by the field's kind, or by what
the mapping declares to be lost on a side (`norm`). There is no decided value in this: any side's
may be the one that explains all.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from syncline.engine.spec import Sync, Unit
from syncline.mapping.lens import People, Unmappable, Unwritable
from syncline.store.rows import Deviation, Slice


@dataclass(frozen=True, slots=True)
class Look:
    """What the sides show of one unit of one link; those in mode `off` apart."""

    unit: Unit
    slices: Mapping[str, Slice]
    values: Mapping[str, Any]
    unreadable: Mapping[str, str]
    off: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notes:
    """What the store says of a unit beside its state: what waits, by side or as a whole."""

    conflict: bool = False
    unsettled: bool = False
    parked: Set[str] = frozenset()
    deviations: Mapping[str, Deviation] = field(default_factory=dict)


def look(unit: Unit, slices: Mapping[str, Slice], people: Mapping[str, People]) -> Look | None:
    """What sides with these slices show of a unit; None where none of them has to agree."""
    taking = [s for s in slices if s in unit.lenses and unit.modes[s] != "off"]
    if len(taking) < 2 or not any(unit.writable(side) for side in taking):
        return None
    parts: dict[str, Slice] = {}
    values: dict[str, Any] = {}
    off: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    for side in slices:
        if side not in unit.lenses:
            continue
        lens = unit.lenses[side]
        parts[side] = {path: slices[side].get(path) for path in lens.paths}
        try:
            value = lens.get(parts[side], people[side])
        except Unmappable as error:
            if side in taking:
                unreadable[side] = error.reason
            continue
        (off if unit.modes[side] == "off" else values)[side] = value
    return Look(unit, parts, values, unreadable, off)


def agree(unit: Unit, values: Mapping[str, Any], people: Mapping[str, People]) -> bool:
    """Whether sides that show these values show one thing, each as far as it can."""
    first, *others = values.values() or (None,)
    if all(unit.kind.equal(first, other) for other in others):
        return True
    for value in values.values():
        if all(_shows(unit, side, shown, value, people) for side, shown in values.items()):
            return True
    if sum(unit.lenses[side].lossy for side in values) < 2:
        return False
    return all(_meet(unit, one, other, values, people) for one, other in combinations(values, 2))


def agrees(found: Look, people: Mapping[str, People]) -> bool:
    """Whether all that has to agree does."""
    return not found.unreadable and agree(found.unit, found.values, people)


def off_differs(found: Look, people: Mapping[str, People]) -> bool:
    """Whether a side that is switched off for the unit shows something else than the others."""
    return bool(found.off) and not agree(found.unit, {**found.values, **found.off}, people)


def explained(found: Look, notes: Notes, people: Mapping[str, People]) -> str | None:
    """The known reason for which the sides differ, by what waits in the store; None: no such.

    A deviation explains a difference only while the side shows what was noted then, and the sides
    that do not deviate still show what had been written.
    """
    deviating = _deviating(found, notes, people)
    for reason, sides in (("deviation", deviating), ("parked", deviating | notes.parked)):
        if sides and _agree_without(found, sides, people):
            return reason
    if notes.conflict:
        return "conflict"
    return "in_flight" if notes.unsettled else None


def explained_by_mode(
    found: Look, by_hand: Mapping[str, bool], people: Mapping[str, People]
) -> str | None:
    """Whether a side's mode explains the difference: `target`, `source`, or None.

    What people type where nobody listens (`target`) stays there alone; what they type elsewhere
    never reaches a `source`. `by_hand` says of each side whether a person put there what it shows:
    where it was Syncline, or nobody, no mode is an excuse.
    """
    unit, values = found.unit, found.values
    if found.unreadable:
        return None
    drifted = {s for s in values if unit.modes[s] == "target" and by_hand.get(s, True)}
    if drifted and agree(unit, _without(values, drifted), people):
        return "target"
    takers = {s: v for s, v in values.items() if unit.writable(s) and s not in drifted}
    if not any(unit.modes[side] == "source" for side in values):
        return None
    for side, value in values.items():
        heard = unit.heard(side) and by_hand.get(side, True)
        if heard and takers and agree(unit, {**takers, side: value}, people):
            return "source"
    return None


def explained_by_default(found: Look, filled: Set[str]) -> str | None:
    """Whether what differs is only what tools filled in records that Syncline made: `default`.

    `filled` are sides where nobody changed the field since Syncline made the record. Where nobody
    else has a value, what they show is no word of anybody.
    """
    others = _without(found.values, filled)
    nothing = not found.unreadable and all(value is None for value in others.values())
    return "default" if filled and others and nothing else None


def modes_matter(unit: Unit) -> bool:
    """Whether some side of the unit is not `both`."""
    return any(mode in ("source", "target") for mode in unit.modes.values())


def shared_values(
    sync: Sync, side: str, fields: Slice, people: Mapping[str, People]
) -> dict[str, Any]:
    """What a slice says in the shared schema; what cannot be read is left out."""
    values: dict[str, Any] = {}
    for name, unit in sync.units.items():
        lens = unit.lenses.get(side)
        if lens is None:
            continue
        try:
            value = lens.get({path: fields.get(path) for path in lens.paths}, people[side])
        except Unmappable:
            continue
        values.update({name: value} if len(unit.fields) == 1 else value or {})
    return values


def belongs(
    sync: Sync, side: str, fields: Slice, in_scope: bool, people: Mapping[str, People]
) -> bool:
    """Whether a record is in the connection's scope and fits its side's filter."""
    where = sync.sides[side].where
    return in_scope and (where is None or where(shared_values(sync, side, fields, people)))


def _without(values: Mapping[str, Any], sides: Set[str]) -> dict[str, Any]:
    return {side: value for side, value in values.items() if side not in sides}


def _agree_without(found: Look, sides: Set[str], people: Mapping[str, People]) -> bool:
    unread = set(found.unreadable) - set(sides)
    return not unread and agree(found.unit, _without(found.values, sides), people)


def _deviating(found: Look, notes: Notes, people: Mapping[str, People]) -> Set[str]:
    """The sides that still show what was noted, where the rest shows what was written to them."""
    noted = {
        side: one.value
        for side, one in notes.deviations.items()
        if found.slices.get(side) == dict(one.shown)
    }
    others = _without(found.values, noted.keys())
    return {
        side
        for side, value in noted.items()
        if all(_shows(found.unit, s, v, value, people) for s, v in others.items())
    }


def _shows(unit: Unit, side: str, shown: Any, value: Any, people: Mapping[str, People]) -> bool:
    """Whether a side that shows `shown` shows what `value` looks like there."""
    if unit.kind.equal(shown, value):
        return True
    try:
        return unit.kind.equal(shown, unit.lenses[side].norm(value, people[side]))
    except (Unwritable, Unmappable):
        return False


def _meet(
    unit: Unit, one: str, other: str, values: Mapping[str, Any], people: Mapping[str, People]
) -> bool:
    """Whether two sides, each of which may show less than the value, agree on what both can show.

    Their value may have come from a third side or a person's answer, so neither need show all.
    """

    def norm(side: str, value: Any) -> Any:
        return unit.lenses[side].norm(value, people[side])

    try:
        return unit.kind.equal(
            norm(one, norm(other, values[one])), norm(other, norm(one, values[other]))
        )
    except (Unwritable, Unmappable):
        return False
