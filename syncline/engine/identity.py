"""Which record a link's side is: what a deletion, a merge or a reused id does to a link.

Pure. A link follows ids (I23). What it remembers of a record goes with that record: `forgotten`
when another takes its place, kept while the same one may come back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from syncline.engine.decision import UnitState
from syncline.engine.owing import CARDS, CLOSED, owes
from syncline.engine.planned import part
from syncline.engine.spec import Sync
from syncline.mapping.lens import People, Unmappable
from syncline.store.rows import Link, LinkSide, Observation, Slice

BORN = "_born"
"""Where a link keeps, by side, which record it knows and when its tool made it."""

CREATED = "@created"
"""Where an observation keeps when its tool made the record."""

NOISE = timedelta(seconds=1)
"""By how much two answers of a tool about the same moment may differ."""

HISTORY = "_history"
"""Where a link keeps the ids of the links whose records were merged into its own."""


def buried(link: Link, side: str, state: str = "gone", *, returns: bool = False) -> Link:
    """The link after one of its sides has ended: nothing is read or written there.

    `returns`: the same record may come back (a deletion is taken back), so what is known of it is
    kept, and what is decided meanwhile is then still to be delivered.
    """
    sides = {**link.sides, side: replace(link.sides[side], state=state)}
    # Who shows whose card starts anew when the pair is tied again.
    fields = {name: packed for name, packed in link.fields.items() if name != CARDS}
    after = replace(link, sides=sides, fields=fields, revision=link.revision + 1)
    return after if returns else forgotten(after, side)


def forgotten(link: Link, side: str) -> Link:
    """The link without anything it knows of the record on a side: another one is there now."""
    fields = dict(link.fields)
    for name, packed in link.fields.items():
        if isinstance(packed, Mapping) and "delivered" in packed:
            state = UnitState.unpack(packed)
            without = state._replace(
                delivered=state.delivered - {side},
                seen={s: slice_ for s, slice_ in state.seen.items() if s != side},
                deviates={s: why for s, why in state.deviates.items() if s != side},
                left=state.left - {side},
            )
            fields[name] = without.pack()
    return replace(link, fields=fields)


def born(
    fields: Mapping[str, Any], side: str, record_id: str, created: datetime | str | None
) -> Mapping[str, Any]:
    """A link's fields that know when the record on a side was made; the same where they do."""
    known = fields.get(BORN, {})
    if created is None or known.get(side, (None,))[0] == record_id:
        return fields
    said = created if isinstance(created, str) else created.isoformat()
    return {**fields, BORN: {**known, side: [record_id, said]}}


def another(link: Link, side: str, record_id: str, created: datetime | str | None) -> bool | None:
    """Whether an id that a side knows was given to a new record, made later than the one it had.

    None where it cannot be told: the tool does not say when a record was made.
    """
    id_, was = link.fields.get(BORN, {}).get(side, (None, None))
    if created is None or id_ != record_id:
        return None
    now = datetime.fromisoformat(created) if isinstance(created, str) else created
    return now - datetime.fromisoformat(was) > NOISE


def returned(link: Link, side: str) -> Link:
    """The link with a record that is back from its deletion, to be compared with what was seen."""
    at = replace(link.sides[side], state="in")
    sides = {**link.sides, side: at}
    return replace(link, sides=sides, dirty=True, revision=link.revision + 1)


def closed(link: Link, side: str) -> tuple[str, ...]:
    """The records that a side had before, the one to be followed last."""
    return tuple(link.fields.get(CLOSED, {}).get(side, ()))


def create_name(link_id: str, side: str, followed: int) -> str:
    """What a create of a link's side is called in its key; each follow-up has a name of its own."""
    return f"{link_id}:{side}:{followed}" if followed else f"{link_id}:{side}"


def make_way(link: Link, side: str) -> Link:
    """The link without a record on a side, where one is to follow the one that was closed."""
    was = [*closed(link, side), link.sides[side].record_id]
    after = forgotten(link, side)
    return replace(
        after,
        sides={name: at for name, at in link.sides.items() if name != side},
        fields={**after.fields, CLOSED: {**link.fields.get(CLOSED, {}), side: was}},
        dirty=True,
        revision=link.revision + 1,
    )


def moved(sync: Sync, link: Link, side: str, at: LinkSide) -> Link:
    """The link with another record on a side, which answers for the one that was there.

    What was seen is kept: what the new record shows otherwise is an edit (rule 1). What the old
    one would not take is to be sent to the new one.
    """
    fields = dict(link.fields)
    for name in sync.units:
        state = UnitState.unpack(fields.get(name))
        if side in state.deviates:
            deviates = {s: why for s, why in state.deviates.items() if s != side}
            state = state._replace(delivered=state.delivered - {side}, deviates=deviates)
            fields[name] = state.pack()
    after = replace(link, sides={**link.sides, side: at}, fields=fields, revision=link.revision + 1)
    return replace(after, dirty=link.dirty or owes(sync, after))


def joined(link: Link, other: Link, spare: Collection[str]) -> tuple[Link, Link]:
    """Two links after a record of `other` was merged into one of `link`.

    `link` has both histories, and the records of `other` on `spare` sides, where it has none.
    What is left of `other` gets no new record in their place: it is not paired anew.
    """
    history = [*link.fields.get(HISTORY, ()), other.id, *other.fields.get(HISTORY, ())]
    sides = {**link.sides, **{side: other.sides[side] for side in spare}}
    after = replace(
        link,
        sides=sides,
        fields={**link.fields, HISTORY: list(dict.fromkeys(history))},
        dirty=link.dirty or bool(spare),
        revision=link.revision + 1,
    )
    rest = other
    for side in spare:
        rest = forgotten(rest, side)
    cut = {side: LinkSide(side, "", "cut") for side in spare}
    return after, replace(rest, sides={**other.sides, **cut})


def lineage(link: Link) -> list[str]:
    """The link and those that were joined into it: all whose journal is its story."""
    return [link.id, *link.fields.get(HISTORY, ())]


def unheard(
    sync: Sync,
    link: Link,
    observed: Mapping[str, Observation],
    side: str,
    people: Mapping[str, People],
) -> dict[str, Any]:
    """The values that the record on a side never got, by unit: what the others were waiting to
    deliver to it, and what people edited there since."""
    found: dict[str, Any] = {}
    for name, unit in sync.units.items():
        state = UnitState.unpack(link.fields.get(name))
        if not unit.writable(side) or not state.known or side not in state.seen:
            continue
        if side not in state.delivered or side in state.deviates:
            found[name] = state.value
        for other, one in observed.items():
            lens = unit.lenses.get(other)
            if other == side or lens is None or one.deleted or not unit.heard(other):
                continue
            before = _shown(lens.get, state.seen.get(other, {}), people[other])
            shown = _shown(lens.get, part(lens.paths, one.fields), people[other])
            if other in state.seen and not unit.kind.equal(before, shown):
                found[name] = shown
    return found


def _shown(get: Callable[..., Any], slice_: Slice, people: People) -> Any:
    """A shared value, or what the tool has where the mapping cannot read it."""
    try:
        return get(slice_, people)
    except Unmappable:
        return dict(slice_)
