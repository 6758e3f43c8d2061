"""What an undo takes back and what it leaves alone: pure, over the journal and what tools show now.

What was written to a field of a side is taken back to what that side showed before, if the side
still shows what was written and nobody touched the field there since. A value that somebody
entered in a tool is theirs: its own side keeps it, and it does not travel again until somebody
edits the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncline.engine.decision import UnitState
from syncline.engine.planned import part
from syncline.engine.spec import Sync, Unit
from syncline.mapping.lens import People, Unmappable, Unwritable
from syncline.store.rows import Deviation, Intent, JournalEntry, Link, Slice

UNDONE = "its value was taken back elsewhere by an undo; it travels again when the field is edited"
"""Why a side counts as delivered though it shows a value that was undone."""

HOPS = ("edit", "write", "create")
"""Kinds of journal entries after which a side shows something else."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Which writes are to be undone: those of a run, or to a link or a unit of it, in a time."""

    run: str | None = None
    link: str | None = None
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, hop: JournalEntry) -> bool:
        """Whether what a journal entry tells of is to be undone."""
        return (
            self.run in (None, hop.run)
            and self.unit in (None, hop.field)
            and (self.since is None or hop.at >= self.since)
            and (self.until is None or hop.at <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Written:
    """What was written to one unit of one side, from the first to the last write to be undone.

    `later` is what happened to the unit on that side since, so that it is not ours any more.
    """

    side: str
    unit: str
    record: str
    first: JournalEntry
    last: JournalEntry
    later: JournalEntry | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    """A unit of a side that goes back: what it shows now, in which version, and showed before."""

    written: Written
    now: Slice
    before: Slice
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A unit of a side that stays as it is, and why. `shown` is None where nobody looked.

    `kind`: changed (it is not ours any more) | undone (an undo took it back before) | again (the
    undo may be run again, and may then take it back).
    """

    written: Written
    reason: str
    shown: Slice | None = None
    kind: str = "changed"


def written(hops: Sequence[JournalEntry], extent: Extent) -> list[Written]:
    """What the extent covers of a link's story, a unit of a side each, oldest first.

    Writes that follow each other are one; an edit made in the tool itself ends them, so that an
    undo never goes back behind it.
    """
    places: dict[tuple[str, str], list[JournalEntry]] = {}
    for hop in hops:
        if hop.field is not None and hop.kind in HOPS:
            places.setdefault((hop.side, hop.field), []).append(hop)
    found = []
    for (side, unit), story in places.items():
        chosen = [n for n, hop in enumerate(story) if hop.kind == "write" and extent.covers(hop)]
        if not chosen:
            continue
        first = last = chosen[-1]
        while first - 1 in chosen:
            first -= 1
        later = story[-1] if last < len(story) - 1 else None
        record = story[last].record_id or ""
        found.append(Written(side, unit, record, story[first], story[last], later))
    return found


def untouchable(sync: Sync, link: Link, one: Written) -> Left | None:
    """Why a unit of a side is not even looked at; None where it is."""
    if one.later is not None:
        return _overtaken(one, one.later)
    at = link.sides.get(one.side)
    if at is None or at.state in ("cut", "gone") or at.record_id != one.record:
        return Left(one, "its record is not linked any more")
    if at.state == "out":
        return Left(one, "its record has left the sync's scope")
    unit = sync.units.get(one.unit)
    if unit is None or not unit.writable(one.side) or one.side not in unit.lenses:
        return Left(one, "the sync does not write this field there any more")
    return None


def _overtaken(one: Written, later: JournalEntry) -> Left:
    """Something happened to the field after what is to be undone."""
    when = f"{later.at:%Y-%m-%d %H:%M} UTC"
    if later.kind == "edit":
        return Left(one, f"edited there since ({when})")
    if later.rule == "undo" and later.after == one.first.before:
        return Left(one, f"undone already ({when}, run {later.run[:8]})", kind="undone")
    return Left(one, f"written again since ({when}, run {later.run[:8]})")


def compare(
    unit: Unit,
    state: UnitState,
    one: Written,
    now: Slice,
    version: int | None,
    sent: Mapping[str, Intent],
    people: People,
    deviation: Deviation | None,
) -> Restore | Left:
    """Whether a side still shows what was written, told by what its tool shows now."""
    lens = unit.lenses[one.side]
    shown = part(lens.paths, now)
    kept = [sent.get(hop.intent_id or "") for hop in (one.first, one.last)]
    slices = [i.payload["units"].get(one.unit) for i in kept if i is not None]
    if len(slices) < 2 or None in slices:
        return Left(one, "what it showed before was not kept", shown)
    before, after = slices[0]["before"], slices[1]["after"]
    if any(path not in before or path not in after for path in lens.paths):
        return Left(one, "its mapping has changed since", shown)
    if not _ours(unit, state, one, before, people):
        return Left(one, "another value was decided since, and is still on its way", shown)
    made = deviation is not None and unit.kind.equal(deviation.value, one.last.after)
    as_made = made and deviation is not None and deviation.shown == shown
    if not (as_made or shown == after or lens.shows(shown, one.last.after, people)):
        return Left(one, "changed there since", shown)
    if not _readable(unit, one.side, before, people):
        return Left(one, "what it showed before has no meaning in the mapping any more", shown)
    if shown == before:
        return Left(one, "it shows what it showed before", shown)
    return Restore(one, shown, part(lens.paths, before), version)


def _ours(unit: Unit, state: UnitState, one: Written, before: Slice, people: People) -> bool:
    """Whether what was written to a side is still what was decided for it.

    So it is where an undo took the value back elsewhere, or died before it did so here.
    """
    return (
        state.deviates.get(one.side) == UNDONE
        or unit.kind.equal(state.value, one.last.after)
        or unit.lenses[one.side].shows(before, state.value, people)
    )


def taken_back(
    unit: Unit,
    state: UnitState,
    before: Mapping[str, Slice],
    edited: Sequence[tuple[str, Any]],
    people: Mapping[str, People],
) -> UnitState:
    """The unit after an undo that takes sides back to what they showed `before`.

    The value decided is the one that most of these sides showed, with what they cannot show of the
    one before; `edited` are the sides of the edits that led to what is undone, each with what it
    showed before its own. A side that keeps the value that is taken back counts as delivered, so
    that neither is written over.
    """
    shown = [unit.lenses[s].whole(state.value, slice_, people[s]) for s, slice_ in before.items()]
    past = [_completed(unit, side, state.value, value, people) for side, value in edited]
    value = max([*past, *shown], key=lambda one: sum(_shown(unit, before, one, people).values()))
    seen = {side: s for side, s in {**state.seen, **before}.items() if side in unit.lenses}
    agrees = _shown(unit, seen, value, people)
    delivered = set(state.delivered) - set(seen)
    delivered |= {side for side in seen if agrees[side] and side not in before}
    held = {s for s in seen if not agrees[s] and (s in before or s in state.delivered)}
    return UnitState(
        unit.kind.normal(value),
        True,
        frozenset(delivered | held),
        state.seen,
        dict.fromkeys(sorted(held), UNDONE),
    )


def _completed(unit: Unit, side: str, kept: Any, value: Any, people: Mapping[str, People]) -> Any:
    """What a side showed, with what it cannot show of the value that is taken back."""
    lens = unit.lenses.get(side)
    if lens is None:
        return value
    try:
        return lens.whole(kept, lens.put(None, value, people[side]), people[side])
    except (Unmappable, Unwritable):
        return value


def _shown(
    unit: Unit, slices: Mapping[str, Slice], value: Any, people: Mapping[str, People]
) -> dict[str, bool]:
    return {
        side: unit.lenses[side].shows(slice_, value, people[side])
        for side, slice_ in slices.items()
    }


def _readable(unit: Unit, side: str, slice_: Slice, people: People) -> bool:
    """Whether a slice means anything today."""
    try:
        unit.lenses[side].get(slice_, people)
    except Unmappable:
        return False
    return True
