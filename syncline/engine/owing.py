"""What a link still owes: values to deliver, records to make, cards to show, comments to read.

Pure, and in one place, because a decision and a receipt must come to the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from syncline.engine.decision import UnitState
from syncline.engine.spec import Sync
from syncline.store.rows import Link, LinkSide

CARDS = "_cards"
"""Where a link keeps, beside its units, which cards each side shows."""

WANTED = "_wanted"
"""Where a link keeps that a person wants its record on the sides that ask before they create."""

CLOSED = "_closed"
"""Where a link keeps, by side, the records that were closed for good and are to be followed."""

CHILD = "_child"
"""Where a comment's or file's link keeps, beside its units, where it came from, and which sides
show a copy, and as what."""

UNREAD = "_unread"
"""Where a link keeps of which sides comments and files are to be read: the record changed there."""


def unread(link: Link, sides: Iterable[str]) -> Link:
    """The link with a note that comments and files of these sides are to be read."""
    before = link.fields.get(UNREAD, [])
    now = sorted({*before, *sides})
    if now == before:
        return link
    return replace(link, fields={**link.fields, UNREAD: now}, dirty=True)


def lacking(sync: Sync, link: Link) -> list[str]:
    """Sides on which a record is to be made because the link has none there.

    A copy of a comment or file is made only where it was settled as what it is shown there.
    """
    if link.kind != "note" and not any(at.state == "in" for at in link.sides.values()):
        return []
    wanted = ("when_missing", "ask") if WANTED in link.fields else ("when_missing",)
    closed = link.fields.get(CLOSED, {})
    copies = link.fields[CHILD]["as"] if CHILD in link.fields else sync.sides
    return [
        name
        for name, spec in sync.sides.items()
        if name not in link.sides and name in copies and (spec.create in wanted or name in closed)
    ]


def owes(sync: Sync, link: Link, states: Mapping[str, UnitState] | None = None) -> bool:
    """Whether something is still to be done for a link as it is; missing records apart.

    `states` are the link's unpacked unit states, where the caller has them.
    """
    if states is None:
        states = {name: UnitState.unpack(link.fields.get(name)) for name in sync.units}
    return (
        UNREAD in link.fields
        or undelivered(sync, link.sides, states)
        or bool(cards_owed(sync, link))
    )


def cards_owed(sync: Sync, link: Link) -> dict[str, list[str]]:
    """Sides that do not yet show all their link's other records, with what they are to show."""
    if not any(spec.cards for spec in sync.sides.values()):
        return {}
    live = {side: at for side, at in link.sides.items() if at.state == "in" and at.url}
    shown = link.fields.get(CARDS, {})
    owed = {}
    for side in live:
        cards = sorted(f"{s}:{at.record_id}" for s, at in live.items() if s != side)
        if cards and side in sync.sides and sync.sides[side].cards and shown.get(side) != cards:
            owed[side] = cards
    return owed


def undelivered(sync: Sync, sides: Mapping[str, LinkSide], states: Mapping[str, UnitState]) -> bool:
    """Whether some side in scope still has to be sent something."""
    return any(
        side not in state.delivered
        and side in state.seen
        and state.known
        and sides[side].state == "in"
        and sync.units[name].writable(side)
        for name, side, state in _not_showing(sync, sides, states)
    )


def agreed(sync: Sync, sides: Mapping[str, LinkSide], states: Mapping[str, UnitState]) -> bool:
    """Whether every side in scope that takes writes shows every decided value."""
    return not any(
        side in sync.units[name].lenses
        and sides[side].state == "in"
        and sync.units[name].writable(side)
        for name, side, _ in _not_showing(sync, sides, states)
    )


def _not_showing(
    sync: Sync, sides: Mapping[str, LinkSide], states: Mapping[str, UnitState]
) -> list[tuple[str, str, UnitState]]:
    """The units that some side of the link does not show as decided: mostly none."""
    return [
        (name, side, state)
        for name, state in states.items()
        if name in sync.units
        for side in sides
        if side not in state.delivered or side in state.deviates
    ]
