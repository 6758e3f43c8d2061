"""Plans one link: from its state and what its sides show to a new state and what to write.

A pure function of its arguments: no clock, no randomness, no store, no network. The pass loads
what is needed, calls `plan_link` for every link that moved, and carries out what it returns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from syncline.engine.merge import Answer, Candidate, Decision, Evidence, UnitState, decide
from syncline.engine.spec import SideSpec, Sync, Unit
from syncline.mapping.lens import People, Unmappable, Unwritable
from syncline.store.rows import Link, LinkSide, Observation, Slice

CARDS = "_cards"
"""Where a link keeps, beside its units, which cards each side shows."""


@dataclass(frozen=True, slots=True)
class UnitWrite:
    """One unit of a write: the shared value, and the side's slice before and after."""

    value: Any
    before: Slice
    after: Slice


@dataclass(frozen=True, slots=True)
class Write:
    """What one side of one link is sent. `kind`: create | update | remove.

    `record_id` is None for a create. `fresh` tells that `expected` comes from this pass's view.
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


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that a side cannot take, or shows in a way that cannot be read; with the reason.

    `action`: write (a deviation: not tried again until something changes) | read | create.
    """

    side: str
    unit: str
    action: str
    reason: str
    value: Any = None
    shown: Slice = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """Everything decided for one link. `hold`: its observations wait for a person."""

    link: Link
    writes: tuple[Write, ...] = ()
    clashes: tuple[Clash, ...] = ()
    losers: tuple[Clash, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    hops: tuple[Hop, ...] = ()
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
    digest of what it refused. `remap`: the mapping changed, so every side is compared anew.
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
    creates, refused_creates, waits = _creates(sync, link, sides, decided, states, around)
    writes += creates
    refusals += refused_creates
    return _collect(sync, link, sides, left, decided, states, writes, refusals, waits)


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
        sides[side] = replace(
            known,
            state=state,
            version=newest,
            key=observation.key or known.key,
            url=observation.url or known.url,
        )
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


def part(paths: Sequence[str], fields: Slice) -> dict[str, Any]:
    """The part of a side's slice that one lens reads."""
    return {path: fields.get(path) for path in paths}


def _trusted(
    unit: Unit, views: Mapping[str, Slice], around: Surroundings, name: str
) -> dict[str, Slice]:
    """The views of one unit that may be believed: a side with an open intent has none."""
    return {
        side: part(unit.lenses[side].paths, fields)
        for side, fields in views.items()
        if side in unit.lenses and (side, name) not in around.busy
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
        if side in state.delivered and _still_shows(lens, seen[side], state.value, people[side]):
            delivered.add(side)
    return replace(state, seen=seen, delivered=frozenset(delivered), deviates={})


def _still_shows(lens: Any, slice_: Slice, value: Any, people: People) -> bool:
    try:
        return bool(lens.shows(slice_, value, people))
    except (Unmappable, Unwritable):
        return False


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
            if not _to_deliver(unit, side, name, decided[name], states[name], around):
                continue
            found = _put(unit, side, states[name], around.people[side])
            if isinstance(found, UnitWrite):
                if found.after == found.before:
                    states[name] = _shown_already(states[name], side)
                else:
                    parts[name] = found
            else:
                refusals.append(found)
                states[name] = _refused(states[name], side, found.reason)
        if parts:
            why = "remap" if around.remap else decided[next(iter(parts))].rule
            writes.append(_write(sync, link, side, at, parts, why))
    return writes, refusals, states


def _to_deliver(
    unit: Unit, side: str, name: str, decision: Decision, state: UnitState, around: Surroundings
) -> bool:
    return (
        state.known
        and unit.writable(side)
        and side in unit.lenses
        and side not in state.delivered
        and side in state.seen
        and side not in decision.unreadable
        and not decision.conflict
        and (side, name) not in around.busy
    )


def _put(unit: Unit, side: str, state: UnitState, people: People) -> UnitWrite | Refusal:
    lens = unit.lenses[side]
    before = state.seen[side]
    try:
        if lens.create_only and not lens.shows(before, state.value, people):
            raise Unwritable(f"{' and '.join(unit.fields)} cannot be edited there after creation")
        after = lens.put(before, state.value, people)
    except Unwritable as error:
        return Refusal(side, unit.name, "write", error.reason, state.value, before)
    return UnitWrite(state.value, before, after)


def _shown_already(state: UnitState, side: str) -> UnitState:
    return replace(state, delivered=state.delivered | {side})


def _refused(state: UnitState, side: str, reason: str) -> UnitState:
    """Rule 6: the side counts as delivered, and the pair (value, shown) is a deviation."""
    return replace(
        state,
        delivered=state.delivered | {side},
        deviates={**state.deviates, side: reason},
    )


def _write(
    sync: Sync, link: Link, side: str, at: LinkSide, parts: Mapping[str, UnitWrite], why: str
) -> Write:
    patch: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for name, unit_write in parts.items():
        lens = sync.units[name].lenses[side]
        overlay(patch, lens.patch(unit_write.before, unit_write.after))
        overlay(expected, lens.patch(unit_write.after, unit_write.before))
    return Write(link.id, side, "update", at.record_id, parts, patch, expected, at.version, why)


def overlay(into: dict[str, Any], patch: Mapping[str, Any]) -> None:
    """Lay one nested patch over another."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            overlay(into[key], value)
        else:
            into[key] = value


def _creates(
    sync: Sync,
    link: Link,
    sides: Mapping[str, LinkSide],
    decided: Mapping[str, Decision],
    states: Mapping[str, UnitState],
    around: Surroundings,
) -> tuple[list[Write], list[Refusal], bool]:
    """Records to be made on sides that lack one; each is born delivered when its receipt comes.

    The last part of the answer: whether some create has to wait for a later pass.
    """
    writes: list[Write] = []
    refusals: list[Refusal] = []
    waits = False
    for name in lacking(sync, sides):
        if name not in around.reachable & around.listed or name in around.busy_create:
            waits = True
            continue
        spec = sync.sides[name]
        write, refused = _create(sync, link, spec, decided, states, around.people[name])
        parked = around.parked_creates.get(name)
        if write is not None and parked == fields_digest(write.patch):
            continue
        refusals += refused
        if write is not None:
            writes.append(write)
    return writes, refusals, waits


def lacking(sync: Sync, sides: Mapping[str, LinkSide]) -> list[str]:
    """Sides on which a record is to be made because the link has none there."""
    if not any(at.state == "in" for at in sides.values()):
        return []
    return [n for n, s in sync.sides.items() if s.create == "when_missing" and n not in sides]


def _create(
    sync: Sync,
    link: Link,
    spec: SideSpec,
    decided: Mapping[str, Decision],
    states: Mapping[str, UnitState],
    people: People,
) -> tuple[Write | None, list[Refusal]]:
    parts: dict[str, UnitWrite] = {}
    refusals: list[Refusal] = []
    fields: dict[str, Any] = {}
    for name, unit in sync.units.items():
        lens = unit.lenses.get(spec.name)
        if lens is None or lens.read_only or unit.modes[spec.name] == "off":
            continue
        if decided[name].conflict:
            continue
        decided_value = states[name].value
        value = _default(unit, spec) if decided_value is None else decided_value
        if value is None:
            continue
        try:
            after = lens.put(None, value, people)
        except Unwritable as error:
            refusals.append(Refusal(spec.name, name, "write", error.reason, value))
            continue
        overlay(fields, lens.patch(None, after))
        if decided_value is not None:
            parts[name] = UnitWrite(decided_value, {}, after)
    missing = [path for path in spec.required if not _holds(fields, path)]
    if missing:
        reason = (
            f"{spec.name} requires {', '.join(missing)}, which nothing fills; give it a value "
            f"under sides.{spec.name}.defaults"
        )
        return None, [*refusals, Refusal(spec.name, "", "create", reason)]
    return Write(link.id, spec.name, "create", None, parts, fields, {}, None, "missing"), refusals


def fields_digest(fields: Mapping[str, Any]) -> str:
    """Names exactly these fields of a create, so that a refused one is not sent again as it was."""
    return hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _default(unit: Unit, spec: SideSpec) -> Any:
    if len(unit.fields) == 1:
        return spec.defaults.get(unit.fields[0])
    group = {f: spec.defaults[f] for f in unit.fields if f in spec.defaults}
    return group or None


def _holds(fields: Mapping[str, Any], path: str) -> bool:
    at: Any = fields
    for step in path.split("."):
        if not isinstance(at, Mapping) or at.get(step) in (None, "", []):
            return False
        at = at[step]
    return True


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
    after = replace(
        link,
        sides=sides,
        fields=fields,
        dirty=waits
        or bool(writes)
        or undelivered(sync, sides, states)
        or bool(cards_owed(sync, replace(link, sides=sides))),
        agreed=not clashes and agreed(sync, sides, states),
    )
    changed = after.sides != link.sides or after.fields != link.fields
    return LinkPlan(
        replace(after, revision=link.revision + 1) if changed else after,
        writes=tuple(writes),
        clashes=clashes,
        losers=tuple(Clash(n, "field", d.losers) for n, d in decided.items() if d.losers),
        refusals=tuple(refusals + unreadable),
        hops=tuple(
            Hop(edit.side, name, edit.before, edit.after, d.rule)
            for name, d in decided.items()
            if not d.conflict
            for edit in d.edits
        ),
        drift=tuple((side, name) for name, d in decided.items() for side in d.drift),
        left=left,
        hold=bool(clashes or unreadable),
        needs_times=any(d.needs_times for d in decided.values()),
        changed=changed or after.dirty != link.dirty or after.agreed != link.agreed,
    )


def cards_owed(sync: Sync, link: Link) -> dict[str, list[str]]:
    """Sides that do not yet show all their link's other records, with what they are to show."""
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
        state.known
        and at.state == "in"
        and sync.units[name].writable(side)
        and side in state.seen
        and side not in state.delivered
        for name, state in states.items()
        if name in sync.units
        for side, at in sides.items()
    )


def agreed(sync: Sync, sides: Mapping[str, LinkSide], states: Mapping[str, UnitState]) -> bool:
    """Whether every side in scope that takes writes shows every decided value."""
    return not any(
        at.state == "in"
        and sync.units[name].writable(side)
        and (side not in state.delivered or side in state.deviates)
        for name, state in states.items()
        if name in sync.units
        for side, at in sides.items()
        if side in sync.units[name].lenses
    )
