"""What an answer of a tool proves: the receipt of a write, folded into the link.

Pure. A receipt is the only thing, beside a decision, that moves what a side was seen to show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from syncline.engine.decision import UnitState
from syncline.engine.identity import born
from syncline.engine.owing import agreed, lacking, owes
from syncline.engine.planned import UnitWrite, part
from syncline.engine.spec import Sync, Unit
from syncline.mapping.lens import OVERLAP, People, Unmappable
from syncline.sdk.connector import Record
from syncline.store.rows import Deviation, Link, LinkSide, Slice


@dataclass(frozen=True, slots=True)
class Receipt:
    """A link after an answer.

    `deviations`: the tool shows something else than was decided, for good; what it made of a value
    that was replaced since is none, as the next write changes it. `stale`: other fields
    of the record, or fields a person edited meanwhile, differ from what was seen, so the record is
    to be observed again. `doubts`: units of which only the tool's history can tell whether the
    tool changed our value or a person did; they are not in `link` yet.
    """

    link: Link
    deviations: tuple[Deviation, ...] = ()
    doubts: tuple[str, ...] = ()
    stale: bool = False

    def saying(self, why: str) -> Receipt:
        """With the tool's own word on why it did less than it was asked for, at each deviation."""
        if not why:
            return self
        told = (replace(one, reason=f"{one.reason}. {why}") for one in self.deviations)
        return replace(self, deviations=tuple(told))


def receive(
    sync: Sync,
    link: Link,
    side: str,
    units: Mapping[str, UnitWrite],
    record: Record,
    people: People,
    *,
    created: bool = False,
    atomic: bool = False,
    late: bool = False,
    edited: frozenset[str] | None = None,
    unsure: Collection[str] = (),
) -> Receipt:
    """Fold the record that a tool shows after a write into its link.

    `created`: the record was made by us, so it is born delivered. `atomic`: the answer is the
    write's own, so nobody can have come between. `late`: the record was read after it was
    made, so that what nobody wrote at creation may be an edit as well as the tool's default.
    `edited`: units that the tool's history proves a person edited after our write (given when
    doubts were asked about). `unsure`: units of which
    nothing can tell whether a person edited them since; they count as never seen, so that what is
    shown and what was written are both kept.
    """
    shown = sync.read(side, record.fields)
    fields = dict(link.fields)
    deviations: list[Deviation] = []
    doubts: list[str] = []
    stale = False
    for name, unit in sync.units.items():
        lens = unit.lenses.get(side)
        if lens is None:
            continue
        state = UnitState.unpack(fields.get(name))
        slice_ = part(lens.paths, shown)
        write = units.get(name)
        if write is None:
            if created and side not in state.seen:
                if name in unsure or name in (edited or ()):
                    stale = True
                    continue
                if late and edited is None and _filled(slice_):
                    doubts.append(name)
                    continue
                alone = not any(other in unit.lenses for other in link.sides if other != side)
                state = _born(unit, state, side, slice_, people, alone)
            elif side in state.seen and state.seen[side] != slice_:
                stale = True
        elif lens.shows(slice_, write.value, people):
            state = _delivered(unit, state, side, slice_, write.value)
        elif edited is not None and name in edited:
            state = _delivered(unit, state, side, write.after, write.value)
            stale = True
        elif name in unsure:
            stale = True
            continue
        elif atomic or edited is not None:
            reason = _reason(lens, slice_, write, people)
            if unit.kind.equal(write.value, state.value):
                told = (link.id, side, name, write.value, slice_, reason)
                deviations.append(Deviation(sync.name, *told))
            state = _deviating(unit, state, side, slice_, write.value, reason)
        else:
            doubts.append(name)
            continue
        fields[name] = state.pack()
    return Receipt(
        _with(sync, link, side, record, fields, created), tuple(deviations), tuple(doubts), stale
    )


def holds(
    sync: Sync, side: str, name: str, shown: Mapping[str, Any], write: UnitWrite, people: People
) -> bool:
    """Whether all that was to change is shown, in a set or a text that somebody edited since.

    A part is not enough: what is missing the tool may have left out, and nobody took it away.
    """
    kind, lens = sync.units[name].kind, sync.units[name].lenses[side]
    if not kind.merges:
        return False
    try:
        view = lens.get(part(lens.paths, shown), people)
        changed = lens.lift(view, write.before, write.after, people)
        if changed is not OVERLAP:
            return kind.equal(changed, view)
        before, after = (lens.get(one, people) for one in (write.before, write.after))
    except Unmappable:
        return False
    return kind.grown(before, after, view)


def _filled(slice_: Slice) -> bool:
    return any(value not in (None, "", [], {}) for value in slice_.values())


def _delivered(unit: Any, state: UnitState, side: str, slice_: Slice, value: Any) -> UnitState:
    """The side shows what was sent; it joins `delivered` only if that is still the value."""
    seen = {**state.seen, side: slice_}
    if not unit.kind.equal(value, state.value):
        return state._replace(seen=seen)
    deviates = {s: why for s, why in state.deviates.items() if s != side}
    return state._replace(seen=seen, delivered=state.delivered | {side}, deviates=deviates)


def _deviating(
    unit: Any, state: UnitState, side: str, slice_: Slice, value: Any, reason: str
) -> UnitState:
    moved = state._replace(seen={**state.seen, side: slice_})
    if not unit.kind.equal(value, state.value):
        return moved
    return moved._replace(
        delivered=state.delivered | {side},
        deviates={**state.deviates, side: reason},
    )


def _born(
    unit: Unit, state: UnitState, side: str, slice_: Slice, people: People, alone: bool
) -> UnitState:
    """A field nobody wrote at creation: what the tool put there is its own default, not an edit.

    A value that was held back, or that the side has no word for, is still to be delivered; where
    the sync never writes it, an edit there is made without having seen it. Where the side is
    `alone` in having the field, its default is the first value: nobody else shows one.
    """
    if not state.known:
        return _first(unit, state, side, slice_, people) if alone else state
    state = state._replace(seen={**state.seen, side: slice_})
    if state.value is not None and not unit.lenses[side].shows(slice_, state.value, people):
        return state
    return state._replace(delivered=state.delivered | {side})


def _reason(lens: Any, slice_: Slice, write: UnitWrite, people: People) -> str:
    if slice_ == write.before:
        return "the tool took the write and kept its old value"
    try:
        shown = lens.get(slice_, people)
    except Unmappable as error:
        return f"the tool made something unreadable of it: {error.reason}"
    return (
        f"the tool made {shown!r} of it" if not isinstance(shown, dict) else "the tool changed it"
    )


def _first(unit: Unit, state: UnitState, side: str, slice_: Slice, people: People) -> UnitState:
    try:
        value = unit.kind.normal(unit.lenses[side].get(slice_, people))
    except Unmappable:
        return state
    return UnitState(value, True, frozenset({side}), {side: slice_})


def _with(
    sync: Sync, link: Link, side: str, record: Record, fields: Mapping[str, Any], created: bool
) -> Link:
    sides = dict(link.sides)
    at = sides.get(side)
    if at is None or created:
        at = LinkSide(side, record.id)
    newest = max(at.version or 0, record.version or 0) or None
    sides[side] = replace(
        at,
        record_id=record.id,
        version=newest,
        key=record.key or at.key,
        url=record.url or at.url,
    )
    fields = born(fields, side, record.id, record.created_at)
    return _owing(sync, replace(link, sides=sides, fields=fields, revision=link.revision + 1))


def _owing(sync: Sync, link: Link) -> Link:
    """The link with what it still owes and whether it agrees, as its fields say."""
    states = {name: UnitState.unpack(link.fields.get(name)) for name in sync.units}
    missing = link.dirty and bool(lacking(sync, link))
    return replace(
        link,
        dirty=missing or owes(sync, link, states),
        agreed=agreed(sync, link.sides, states),
    )


def refuse(sync: Sync, link: Link, side: str, unit: str, reason: str) -> Link:
    """The link after a tool's final no to one unit: delivered, with a deviation."""
    state = UnitState.unpack(link.fields.get(unit))
    state = state._replace(
        delivered=state.delivered | {side},
        deviates={**state.deviates, side: reason},
    )
    fields = {**link.fields, unit: state.pack()}
    return _owing(sync, replace(link, fields=fields, revision=link.revision + 1))


def halfway(sync: Sync, link: Link, side: str, unit: str, slice_: Slice) -> Link:
    """The link when a write stopped at a status on its way: seen there, and still to be delivered.

    What our own step left is no edit of anybody's.
    """
    state = UnitState.unpack(link.fields.get(unit))
    state = state._replace(seen={**state.seen, side: slice_})
    fields = {**link.fields, unit: state.pack()}
    return _owing(sync, replace(link, fields=fields, revision=link.revision + 1))
