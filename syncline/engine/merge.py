"""The rules of the merge for one unit of one link, as pure functions.

`view(s)` is what side s shows now, `seen(s)` what the last decision or receipt knew it to show,
`value` the last decided value and `delivered` the sides known to show it. An edit is a view that
differs from what was seen; what it means is the side's own change lifted onto the shared value;
the maximal values are the edits, and `value` unless an edit was made on a side that showed it.
See docs/architecture.md, "The merge", for the rules by number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncline.engine.decision import Answer, Candidate, Decision, Edit, Evidence, UnitState, digest
from syncline.engine.spec import Unit
from syncline.mapping.lens import OVERLAP, People, Unmappable, Unwritable
from syncline.store.rows import Slice


def decide(
    unit: Unit,
    state: UnitState,
    views: Mapping[str, Slice],
    people: Mapping[str, People],
    answer: Answer | None = None,
    evidence: Evidence | None = None,
) -> Decision:
    """Rules 1 to 4 and 7 for one unit: from what the sides show to what holds.

    `views` has the sides that can be trusted to show something now (in scope, reachable, no open
    intent); the others have no say and keep what was seen of them.
    """
    look = _look(unit, state, views, people)
    if not look.edits and not look.joined:
        if look.touched:
            moved = state._replace(seen={**state.seen, **look.touched})
            return Decision(moved, "seen", unreadable=look.unreadable, drift=look.drift)
        return Decision(state, unreadable=look.unreadable, drift=look.drift)
    if not state.known and not look.edits and _all_equal(unit, look.shown.values()):
        return _agreed_at_first(unit, look, views)
    maximal = _maximal(unit, state, look, people, evidence)
    if not maximal:
        return _settled(unit, state, look, views, people, state.value, "first link")
    chosen, rule, losers = _choose(unit, state, look, views, maximal, people, answer, evidence)
    if rule in ("conflict", "needs times"):
        return Decision(
            state,
            edits=look.edits,
            conflict=_told(unit, state, views, people, maximal),
            unreadable=look.unreadable,
            drift=look.drift,
            needs_times=rule == "needs times",
        )
    settled = _settled(unit, state, look, views, people, chosen, rule)
    return settled._replace(losers=losers) if losers else settled


@dataclass(slots=True)
class _Look:
    """What the views say before anything is decided."""

    shown: dict[str, Any]
    unreadable: dict[str, str]
    edits: tuple[Edit, ...]
    joined: tuple[str, ...]
    lifted: dict[str, Any]
    touched: dict[str, Slice]
    drift: tuple[str, ...]


def _look(
    unit: Unit, state: UnitState, views: Mapping[str, Slice], people: Mapping[str, People]
) -> _Look:
    look = _Look({}, {}, (), (), {}, {}, ())
    edits, joined, drift = [], [], []
    lenses, modes, known, shows = unit.lenses, unit.modes, state.seen, look.shown
    for side, view in views.items():
        lens = lenses.get(side)
        if lens is None or modes[side] == "off":
            continue
        seen = known.get(side)
        try:
            shown = shows[side] = lens.get(view, people[side])
        except Unmappable as error:
            look.unreadable[side] = error.reason
            continue
        if seen is None or (seen == view and side in state.left):
            joined.append(side)
            continue
        if seen == view:
            continue
        before = _get(lens, seen, people[side])
        if unit.kind.equal(before, shown):
            look.touched[side] = view
        elif unit.heard(side):
            edits.append(Edit(side, before, shown))
            look.lifted[side] = lens.lift(
                state.value if state.known else None, seen, view, people[side]
            )
        else:
            drift.append(side)
            if side not in state.delivered:
                look.touched[side] = view
    look.edits, look.joined, look.drift = tuple(edits), tuple(joined), tuple(drift)
    return look


def _all_equal(unit: Unit, shown: Iterable[Any]) -> bool:
    values = iter(shown)
    first = next(values, None)
    return all(unit.kind.equal(first, value) for value in values)


def _agreed_at_first(unit: Unit, look: _Look, views: Mapping[str, Slice]) -> Decision:
    """Rule 7 where every side shows the same: the case of nearly every unit of a first link."""
    value = next(iter(look.shown.values()), None)
    seen = {side: views[side] for side in look.joined}
    state = UnitState(unit.kind.normal(value), True, frozenset(look.joined), seen)
    return Decision(state, "first link", unreadable=look.unreadable)


def _get(lens: Any, slice_: Slice, people: People) -> Any:
    """What a stored slice means today; a slice that no longer means anything was empty."""
    try:
        return lens.get(slice_, people)
    except Unmappable:
        return None


def _maximal(
    unit: Unit,
    state: UnitState,
    look: _Look,
    people: Mapping[str, People],
    evidence: Evidence | None,
) -> list[Candidate]:
    """Rule 3, and rule 7 for sides never seen: empty ones are filled, equal ones agree."""
    at = evidence.at if evidence else {}
    who = evidence.person if evidence else {}
    found = [
        Candidate(e.side, look.lifted[e.side], at.get(e.side), who.get(e.side)) for e in look.edits
    ]
    for side in look.joined:
        shown = look.shown[side]
        if not unit.heard(side) or shown is None or _agrees(unit, state, side, shown, people):
            continue
        found.append(Candidate(side, shown, at.get(side), who.get(side)))
    knew = any(edit.side in state.delivered for edit in look.edits)
    if state.known and not knew and (look.edits or state.value is not None):
        found.insert(0, Candidate(None, state.value, evidence.value_at if evidence else None))
    return found


def _agrees(
    unit: Unit, state: UnitState, side: str, shown: Any, people: Mapping[str, People]
) -> bool:
    """Whether a side never seen before shows the decided value, and so says nothing against it."""
    return state.known and _shows(unit, side, shown, state.value, people[side])


def _choose(
    unit: Unit,
    state: UnitState,
    look: _Look,
    views: Mapping[str, Slice],
    maximal: list[Candidate],
    people: Mapping[str, People],
    answer: Answer | None,
    evidence: Evidence | None,
) -> tuple[Any, str, tuple[Candidate, ...]]:
    """Rule 4: one maximal value, one that explains all, the change of all, or the policy."""
    explained = _explains_all(unit, look, maximal, people)
    if explained is not None:
        return explained.value, ("edit" if explained.side else "agreed"), ()
    alone = maximal[0] if len(maximal) == 1 else None
    if alone is not None and alone.side in state.deviates and alone.value is not OVERLAP:
        return alone.value, "edit", ()
    if unit.kind.merges and unit.policy.kind == "merge" and alone is None:
        merged = _merge(unit, state, maximal, views, people)
        if merged is not OVERLAP:
            return merged, "merge", ()
    told = _told(unit, state, views, people, maximal)
    if answer is not None and answer.digest == digest(unit.name, told):
        return answer.value, "answer", _losers(unit, told, answer.value)
    winner = _by_policy(unit, state, maximal, evidence)
    if winner is None:
        return None, "conflict", ()
    if winner == "needs times":
        return None, winner, ()
    return winner.value, unit.policy.kind, _losers(unit, told, winner.value)


def _told(
    unit: Unit,
    state: UnitState,
    views: Mapping[str, Slice],
    people: Mapping[str, People],
    maximal: Sequence[Candidate],
) -> tuple[Candidate, ...]:
    """The candidates as a person is told them: a change without a place is all its side shows,
    with what that side cannot show of the decided value."""
    return tuple(
        replace(c, value=unit.lenses[c.side].whole(state.value, views[c.side], people[c.side]))
        if c.side and c.value is OVERLAP
        else c
        for c in maximal
    )


def _losers(unit: Unit, maximal: Sequence[Candidate], chosen: Any) -> tuple[Candidate, ...]:
    return tuple(c for c in maximal if not unit.kind.equal(c.value, chosen))


def _explains_all(
    unit: Unit,
    look: _Look,
    maximal: Sequence[Candidate],
    people: Mapping[str, People],
) -> Candidate | None:
    """A maximal value under which every edit shows exactly what its side shows.

    Where the decided value is itself maximal, only it can explain: it was made without the edits.
    """
    sides = [c.side for c in maximal if c.side is not None]
    tried = maximal[:1] if maximal[0].side is None else maximal
    for candidate in tried:
        if candidate.value is OVERLAP:
            continue
        if all(_shows(unit, s, look.shown[s], candidate.value, people[s]) for s in sides):
            return candidate
    return None


def _shows(unit: Unit, side: str, shown: Any, value: Any, people: People) -> bool:
    """Whether a side that shows `shown` shows what `value` looks like there."""
    if unit.kind.equal(shown, value):
        return True
    try:
        return unit.kind.equal(shown, unit.lenses[side].norm(value, people))
    except Unwritable:
        return False


def _merge(
    unit: Unit,
    state: UnitState,
    maximal: Sequence[Candidate],
    views: Mapping[str, Slice],
    people: Mapping[str, People],
) -> Any:
    """Every edit's own change applied in turn; OVERLAP where two meet, or their order matters."""
    sides = [c.side for c in maximal if c.side is not None]
    merged, turned = (_in_turn(unit, state, order, views, people) for order in (sides, sides[::-1]))
    if merged is OVERLAP or turned is OVERLAP or not unit.kind.equal(merged, turned):
        return OVERLAP
    return merged


def _in_turn(
    unit: Unit,
    state: UnitState,
    sides: Sequence[str],
    views: Mapping[str, Slice],
    people: Mapping[str, People],
) -> Any:
    value = state.value if state.known else None
    for side in sides:
        value = unit.lenses[side].lift(value, state.seen.get(side), views[side], people[side])
        if value is OVERLAP:
            return OVERLAP
    return value


def _by_policy(
    unit: Unit, state: UnitState, maximal: Sequence[Candidate], evidence: Evidence | None
) -> Any:
    """The policy's winner, None to ask a person, or "needs times"."""
    usable = [c for c in maximal if c.value is not OVERLAP]
    policy = unit.policy
    if policy.kind == "newest":
        if evidence is None:
            return "needs times"
        times = [c.at for c in usable]
        if len(usable) == len(maximal) and None not in times and len(set(times)) == len(times):
            return max(usable, key=lambda c: c.at.timestamp() if c.at else 0.0)
    if policy.kind == "state" and len(usable) == len(maximal):
        ranks = [policy.order.index(c.value) if c.value in policy.order else -1 for c in usable]
        if min(ranks) >= 0 and ranks.count(max(ranks)) == 1:
            return usable[ranks.index(max(ranks))]
    for candidate in usable:
        if policy.authority is not None and candidate.side == policy.authority:
            return candidate
    for candidate in usable:
        if candidate.side is None and policy.authority in state.delivered:
            return candidate
    return None


def _settled(
    unit: Unit,
    state: UnitState,
    look: _Look,
    views: Mapping[str, Slice],
    people: Mapping[str, People],
    chosen: Any,
    rule: str,
) -> Decision:
    """The state after a decision: who shows the value, and what each side was seen to show."""
    chosen = unit.kind.normal(chosen)
    same = state.known and unit.kind.equal(chosen, state.value)
    edited = {edit.side for edit in look.edits} | set(look.joined)
    showing = {
        side
        for side, shown in look.shown.items()
        if (side in edited or not same) and _shows(unit, side, shown, chosen, people[side])
    }
    kept = {s for s in state.delivered if s not in edited} if same else set()
    delivered = frozenset(showing | kept)
    seen = dict(state.seen)
    seen.update(look.touched)
    drifted = () if same else look.drift
    for side in (*edited, *drifted):
        seen[side] = views[side]
    deviates = {s: why for s, why in state.deviates.items() if same and s in delivered}
    value = state.value if same else chosen
    after = UnitState(value, True, delivered, seen, deviates)
    return Decision(after, rule, edits=look.edits, unreadable=look.unreadable, drift=look.drift)
