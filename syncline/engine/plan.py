"""Plans one link: from its state and what its sides show to a new state and what to write.

A pure function of its arguments: no clock, no randomness, no store, no network. The pass loads
what is needed, calls `plan_link` for every link that moved, and carries out what it returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from syncline.engine.births import creates
from syncline.engine.decision import Decision, UnitState
from syncline.engine.identity import CREATED, born
from syncline.engine.merge import decide
from syncline.engine.notes import with_notes
from syncline.engine.owing import agreed, owes
from syncline.engine.planned import (
    Clash,
    Hop,
    LinkPlan,
    Refusal,
    Surroundings,
    UnitWrite,
    Write,
    overlay,
    part,
)
from syncline.engine.spec import Sync, Unit
from syncline.mapping.lens import People, Unmappable, Unwritable
from syncline.store.rows import Link, LinkSide, Observation, Slice


def plan_link(
    sync: Sync, link: Link, observed: Mapping[str, Observation], around: Surroundings
) -> LinkPlan:
    """Decide every unit of a link, then say what each side is to be sent.

    A record seen leaving the sync's scope still has its changes delivered; after that its side is
    `out`: kept, but neither read nor written, until it returns.
    """
    sides, left = _scopes(sync, link, observed, around)
    views = {
        side: observation.fields
        for side, observation in sorted(observed.items())
        if side in sides and not observation.deleted and (sides[side].state == "in" or side in left)
    }
    decided: dict[str, Decision] = {}
    for name, unit in sync.units.items():
        state = UnitState.unpack(link.fields.get(name))
        if around.remap:
            state = _reread(unit, state, around.people)
        decided[name] = decide(
            unit,
            state,
            _trusted(unit, views, around, name),
            around.people,
            around.answers.get(name),
            around.evidence.get(name),
        )
    writes, refusals, states = _deliveries(sync, link, sides, left, decided, views, around)
    waits = False
    if not _illegible(decided):
        made, refused_creates, waits = creates(sync, link, sides, decided, states, around)
        writes += made
        refusals += refused_creates
    found = _collect(sync, link, sides, left, decided, states, writes, refusals, waits)
    plan = replace(found, hops=_hops(decided, around), answers=_answers(link, decided, around))
    return with_notes(_with_births(plan, observed))


def _illegible(decided: Mapping[str, Decision]) -> bool:
    """Whether all that is known of a record is that it cannot be read, as of a comment whose body
    cannot: copied now, it would be an empty one. Whoever mends it makes it show something new.
    """
    known = any(decision.state.known for decision in decided.values())
    return not known and any(decision.unreadable for decision in decided.values())


def _with_births(plan: LinkPlan, observed: Mapping[str, Observation]) -> LinkPlan:
    """The plan with when the tools made the records that were observed, told once a record."""
    link = plan.link
    fields = link.fields
    for side, observation in observed.items():
        if side in link.sides and link.sides[side].record_id == observation.record_id:
            created = observation.fields.get(CREATED)
            fields = born(fields, side, observation.record_id, created)
    if fields is link.fields:
        return plan
    return replace(plan, link=replace(link, fields=fields), changed=True)


def _scopes(
    sync: Sync, link: Link, observed: Mapping[str, Observation], around: Surroundings
) -> tuple[dict[str, LinkSide], tuple[str, ...]]:
    """Each side's new state, and the sides that leave the scope in this pass."""
    sides = dict(link.sides)
    left = []
    for side, observation in observed.items():
        known = sides.get(side)
        if known is None or known.state not in ("in", "out") or observation.deleted:
            continue
        inside = observation.in_scope and matches(sync, side, observation.fields, around.people)
        if known.state == "in" and not inside:
            left.append(side)
        state = "in" if inside else "out"
        newest = max(known.version or 0, observation.version or 0) or None
        key, url = observation.key or known.key, observation.url or known.url
        sides[side] = LinkSide(side, known.record_id, state, newest, key, url)
    return sides, tuple(left)


def matches(sync: Sync, side: str, fields: Slice, people: Mapping[str, People]) -> bool:
    """Whether a record of this side belongs to the sync by the side's filter."""
    where = sync.sides[side].where
    return where is None or where(shared_values(sync, side, fields, people))


def shared_values(
    sync: Sync,
    side: str,
    fields: Slice,
    people: Mapping[str, People],
    only: Set[str] | None = None,
) -> dict[str, Any]:
    """What a side's slice says in the shared schema; fields that cannot be read are left out.

    `only` names the shared fields that are wanted, all without it.
    """
    values: dict[str, Any] = {}
    for name, unit in sync.units.items():
        lens = unit.lenses.get(side)
        if lens is None or (only is not None and only.isdisjoint(unit.fields)):
            continue
        try:
            value = lens.get(part(lens.paths, fields), people[side])
        except Unmappable:
            continue
        values.update({name: value} if len(unit.fields) == 1 else value or {})
    return values


def _trusted(
    unit: Unit, views: Mapping[str, Slice], around: Surroundings, name: str
) -> dict[str, Slice]:
    """The views of one unit that may be believed: a side with an open intent has none."""
    lenses, busy = unit.lenses, around.busy
    return {
        side: part(lenses[side].paths, fields)
        for side, fields in views.items()
        if side in lenses and not (busy and (side, name) in busy)
    }


def _reread(unit: Unit, state: UnitState, people: Mapping[str, People]) -> UnitState:
    """Rule 9: what was seen is read again through the new lens from its wire values.

    A slice that lacks one of the lens's paths tells nothing. Sides that no longer show the decided
    value are to be written again.
    """
    seen: dict[str, Slice] = {}
    delivered = set()
    for side, slice_ in state.seen.items():
        lens = unit.lenses.get(side)
        if lens is None or any(path not in slice_ for path in lens.paths):
            continue
        seen[side] = part(lens.paths, slice_)
        if side in state.delivered and lens.shows(seen[side], state.value, people[side]):
            delivered.add(side)
    return state._replace(seen=seen, delivered=frozenset(delivered), deviates={})


def _deliveries(
    sync: Sync,
    link: Link,
    sides: Mapping[str, LinkSide],
    left: Sequence[str],
    decided: Mapping[str, Decision],
    views: Mapping[str, Slice],
    around: Surroundings,
) -> tuple[list[Write], list[Refusal], dict[str, UnitState]]:
    """Rule 5: every side in scope that takes writes and is not known to show the value."""
    states = {name: decision.state for name, decision in decided.items()}
    writes: list[Write] = []
    refusals: list[Refusal] = []
    for side, at in sides.items():
        if at.state != "in" or side in left or side not in around.reachable:
            continue
        parts: dict[str, UnitWrite] = {}
        for name, unit in sync.units.items():
            if side in states[name].delivered:
                continue
            if not _to_deliver(unit, side, name, decided[name], states[name], around):
                continue
            if (side, name) in around.halted:
                reason, state = around.halted[side, name], states[name]
                refusals.append(Refusal(side, name, "loop", reason, state.value, state.seen[side]))
                continue
            found = _put(unit, side, states[name], around.people[side])
            if isinstance(found, UnitWrite):
                found = replace(found, why="remap" if around.remap else decided[name].rule)
                if found.after == found.before:
                    states[name] = _shown_already(states[name], side)
                else:
                    parts[name] = found
            else:
                refusals.append(found)
                states[name] = _refused(states[name], side, found.reason)
        if parts:
            why = next(iter(parts.values())).why
            writes.append(update_of(sync, link, side, at, parts, why))
    return writes, refusals, states


def _to_deliver(
    unit: Unit, side: str, name: str, decision: Decision, state: UnitState, around: Surroundings
) -> bool:
    return (
        state.known
        and unit.writable(side)
        and side in unit.lenses
        and side in state.seen
        and side not in decision.unreadable
        and not decision.conflict
        and (side, name) not in around.busy
    )


def _put(unit: Unit, side: str, state: UnitState, people: People) -> UnitWrite | Refusal:
    lens = unit.lenses[side]
    before, action = state.seen[side], "write"
    try:
        if lens.create_only and not lens.shows(before, state.value, people):
            if unit.on_uneditable == "note" and state.value is not None:
                action = "note"
            raise Unwritable(f"{' and '.join(unit.fields)} cannot be edited there after creation")
        after = lens.put(before, state.value, people)
    except Unwritable as error:
        return Refusal(side, unit.name, action, error.reason, state.value, before)
    return UnitWrite(state.value, before, after)


def _shown_already(state: UnitState, side: str) -> UnitState:
    return state._replace(delivered=state.delivered | {side})


def _refused(state: UnitState, side: str, reason: str) -> UnitState:
    """Rule 6: the side counts as delivered, and the pair (value, shown) is a deviation."""
    return state._replace(
        delivered=state.delivered | {side},
        deviates={**state.deviates, side: reason},
    )


def update_of(
    sync: Sync, link: Link, side: str, at: LinkSide, parts: Mapping[str, UnitWrite], why: str
) -> Write:
    """The one write that brings these units to a record; its compare-and-set knows them all."""
    patch: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for name, unit_write in parts.items():
        lens = sync.units[name].lenses[side]
        overlay(patch, lens.patch(unit_write.before, unit_write.after))
        overlay(expected, lens.patch(unit_write.after, unit_write.before))
    return Write(link.id, side, "update", at.record_id, parts, patch, expected, at.version, why)


def _staying(sides: Mapping[str, LinkSide], left: Sequence[str]) -> dict[str, LinkSide]:
    """The sides of a link that waits for a person: what one leaves with is not decided yet."""
    return {name: replace(at, state="in") if name in left else at for name, at in sides.items()}


def _collect(
    sync: Sync,
    link: Link,
    sides: Mapping[str, LinkSide],
    left: tuple[str, ...],
    decided: Mapping[str, Decision],
    states: Mapping[str, UnitState],
    writes: list[Write],
    refusals: list[Refusal],
    waits: bool,
) -> LinkPlan:
    fields = {**link.fields, **{name: state.pack() for name, state in states.items()}}
    clashes = tuple(Clash(name, "field", d.conflict) for name, d in decided.items() if d.conflict)
    unreadable = [
        Refusal(side, name, "read", reason)
        for name, d in decided.items()
        for side, reason in d.unreadable.items()
    ]
    hold = bool(clashes or unreadable)
    places = _staying(sides, left) if hold else sides
    changed = places != link.sides or fields != link.fields
    after = Link(
        link.id,
        link.sync,
        link.kind,
        link.parent,
        places,
        fields,
        link.revision + changed,
        dirty=waits or bool(writes),
        agreed=not clashes and agreed(sync, sides, states),
    )
    if not after.dirty and owes(sync, after, states):
        after = replace(after, dirty=True)
    return LinkPlan(
        after,
        writes=tuple(writes),
        clashes=clashes,
        losers=tuple(Clash(n, "field", d.losers) for n, d in decided.items() if d.losers),
        refusals=tuple(refusals + unreadable),
        drift=tuple((side, name) for name, d in decided.items() for side in d.drift),
        left=left,
        hold=hold,
        needs_times=any(d.needs_times for d in decided.values()),
        changed=changed or after.dirty != link.dirty or after.agreed != link.agreed,
    )


def _hops(decided: Mapping[str, Decision], around: Surroundings) -> tuple[Hop, ...]:
    """The edits that were decided; by whom, where the tools' histories were asked anyway."""
    return tuple(
        Hop(edit.side, name, edit.before, edit.after, d.rule, people.get(edit.side))
        for name, d in decided.items()
        if d.edits and not d.conflict
        for people in [around.evidence[name].person if name in around.evidence else {}]
        for edit in d.edits
    )


def _answers(link: Link, decided: Mapping[str, Decision], around: Surroundings) -> tuple[Hop, ...]:
    """What people chose, and who."""
    return tuple(
        Hop("", name, before.value, d.state.value, "answer", around.answers[name].by)
        for name, d in decided.items()
        if d.rule == "answer"
        for before in [UnitState.unpack(link.fields.get(name))]
    )
