"""Laws of the planner, over links whose sides were perturbed independently (`perturbed.py`).

Each is about the pure functions alone: a plan, and what receipts make of it where tools are dicts.
SYNCLINE_PLANS=20000 tries so many of each, other ones every time.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.engine.decision import UnitState
from syncline.engine.plan import plan_link
from syncline.engine.planned import LinkPlan
from syncline.mapping.lens import NOBODY
from tests.unit.engine.perturbed import (
    FIELDS,
    WORDS,
    Case,
    cases,
    shown,
    spelt,
    told,
    type_in,
    written,
)
from tests.unit.engine.scene import TICKET, Scene, linked

MORE = os.environ.get("SYNCLINE_PLANS")

plans = settings(
    max_examples=int(MORE or settings().max_examples),
    derandomize=not MORE and settings().derandomize,
    print_blob=True,
)

CAP = 200
"""Rounds after which a planner that never rests is given up; three are promised."""


def rest(scene: Scene, rnd: random.Random) -> int:
    """Plan and carry out, each time in another order; how many rounds until nothing is left."""
    for rounds in range(CAP):
        plan = scene.plan()
        if not plan.writes and plan.link == replace(scene.link, revision=plan.link.revision):
            return rounds
        writes = list(plan.writes)
        rnd.shuffle(writes)
        scene.apply(replace(plan, writes=tuple(writes)))
    raise AssertionError(f"no rest after {CAP} rounds")


def undecided(plan: LinkPlan) -> set[str]:
    """Units that wait for a person."""
    unread = {refusal.unit for refusal in plan.refusals if refusal.action == "read"}
    return unread | {clash.unit for clash in plan.clashes}


# Termination, fixpoint, convergence: I5, I6.


@plans
@given(cases(), st.randoms(use_true_random=False))
def test_planning_comes_to_rest_within_three_rounds_in_whatever_order_writes_are_made(
    case: Case, rnd: random.Random
) -> None:
    scene = case.scene()
    assert rest(scene, rnd) <= 3
    scene.offline, scene.outside, scene.busy = set(), set(), set()
    assert rest(scene, rnd) <= 3
    assert rest(scene, rnd) == 0


@plans
@given(cases(), st.randoms(use_true_random=False))
def test_at_rest_every_side_shows_the_value_or_it_is_said_why_not(
    case: Case, rnd: random.Random
) -> None:
    scene = case.scene()
    scene.offline, scene.outside, scene.busy = set(), set(), set()
    rest(scene, rnd)
    waits = undecided(scene.plan())
    for unit in set(FIELDS) - waits:
        state, spec = scene.state(unit), scene.sync.units[unit]
        for side, lens in spec.lenses.items():
            drifted = spec.modes[side] == "target" and side in case.edits
            if spec.writable(side) and not drifted and side not in state.deviates:
                assert lens.shows(lens.read(scene.wires[side]), state.value, NOBODY)


@plans
@given(cases(), st.sets(st.sampled_from("abcd"), max_size=3))
def test_lost_writes_are_made_up_for(case: Case, lost: set[str]) -> None:
    scene, twin = case.scene(), case.scene()
    scene.apply(scene.plan(), lost=frozenset(lost))
    scene.settle()
    twin.settle()
    assert scene.wires == twin.wires


# Symmetry, and what a plan depends on: I8, I9.


@plans
@given(cases())
def test_a_plan_depends_on_its_arguments_alone_and_leaves_them_as_they_were(case: Case) -> None:
    scene = case.scene()
    sync, link, observed, around = scene.sync, scene.link, scene.observed(), scene.around()
    before = deepcopy((link, observed))
    first = plan_link(sync, link, observed, around)
    assert plan_link(sync, link, dict(reversed(observed.items())), around) == first
    assert (link, observed) == before


@plans
@given(cases(), st.permutations("abcd"))
def test_other_names_of_the_sides_rename_the_plan_and_nothing_else(
    case: Case, order: list[str]
) -> None:
    names = dict(zip(case.texts, [s for s in order if s in case.texts], strict=True))
    plan, turned = case.scene().plan(), case.renamed(names).scene().plan()
    assert told(plan, names) == told(turned, {name: name for name in names})


@plans
@given(cases(), st.data())
def test_an_edit_taken_away_changes_nothing_in_another_field(
    case: Case, data: st.DataObject
) -> None:
    side, field = data.draw(st.sampled_from(sorted(case.texts))), data.draw(st.sampled_from(FIELDS))
    names = {name: name for name in case.texts}
    plan, less = case.scene().plan(), case.without(field, side=side).scene().plan()
    one, other = told(plan, names), told(less, names)
    assert all(one[unit] == other[unit] for unit in FIELDS if unit != field)
    assert {write.kind for write in (*plan.writes, *less.writes)} <= {"update"}


@plans
@given(cases(), st.sampled_from(FIELDS))
def test_a_field_that_nobody_edited_is_only_sent_where_it_was_owed(case: Case, field: str) -> None:
    scene = replace(case, first={}).without(field).scene()
    plan = scene.plan()
    assert not [hop for hop in plan.hops if hop.unit == field]
    assert all(unit != field for _, unit in written(plan))


@plans
@given(cases())
def test_a_side_that_shows_what_it_was_seen_to_show_need_not_be_looked_at(case: Case) -> None:
    scene = case.scene()
    observed = scene.observed()
    news = {
        side: view
        for side, view in observed.items()
        if side in case.outside
        or any(
            scene.state(unit).seen.get(side) != spec.lenses[side].read(scene.wires[side])
            for unit, spec in scene.sync.units.items()
        )
    }
    names = {name: name for name in case.texts}
    plan = plan_link(scene.sync, scene.link, news, scene.around())
    assert told(plan, names) == told(scene.plan(), names)


# What is written: I3, I4, I7.


@plans
@given(cases())
def test_every_value_written_was_shown_by_somebody_or_merged_of_what_was(case: Case) -> None:
    scene = case.scene()
    for (side, unit), value in written(scene.plan()).items():
        known = scene.state(unit).value
        others = [known, *(shown(scene, s, unit) for s in scene.wires if s != side)]
        if unit == "labels":
            own = set(shown(scene, side, unit) or ())
            assert set(value or ()) <= own.union(*(one or () for one in others))
        elif unit == "body":
            own = set(spelt(shown(scene, side, unit) or {"format": "plain", "source": ""}).split())
            heard = [set(spelt(one).split()) for one in others if one is not None]
            assert set(spelt(value).split() if value else ()) <= own.union(*heard)
        else:
            assert value in others or unit not in case.edits.get(side, {})


@plans
@given(cases())
def test_a_write_is_a_patch_of_its_fields_and_expects_what_its_side_shows(case: Case) -> None:
    scene = case.scene()
    observed = scene.observed()
    for write in scene.plan().writes:
        assert write.side not in case.away | case.outside
        assert set(write.patch) == set(write.units) == set(write.expected)
        for name, part in write.units.items():
            unit = scene.sync.units[name]
            assert unit.writable(write.side) and (write.side, name) not in case.busy
            (path,) = unit.lenses[write.side].paths
            assert write.expected[path] == part.before[path] == observed[write.side].fields[path]
            assert write.patch[path] == part.after[path] != part.before[path]
            assert unit.lenses[write.side].shows(part.after, part.value, NOBODY)


TYPED = st.fixed_dictionaries({}, optional=WORDS["html"])


@plans
@given(st.fixed_dictionaries({side: TYPED for side in "abc"}))
def test_an_edit_is_written_to_the_other_sides_once_each(typed: Mapping[str, Any]) -> None:
    scene = linked(a=TICKET, b=TICKET, c=TICKET)
    type_in(scene, typed)
    rounds = scene.settle()
    for unit in FIELDS:
        sent = [w.side for plan in rounds for w in plan.writes if unit in w.units]
        edited = sum(unit in said for said in typed.values())
        assert len(sent) <= edited * (len(typed) - 1)


# What is remembered: I1, I8, I10.


@plans
@given(cases())
def test_what_is_remembered_moves_only_by_a_decision(case: Case) -> None:
    scene = case.scene()
    plan, observed = scene.plan(), scene.observed()
    waits = {clash.unit for clash in plan.clashes}
    decided = {hop.unit for hop in plan.hops}
    for unit, spec in scene.sync.units.items():
        before, after = scene.state(unit), UnitState.unpack(plan.link.fields[unit])
        assert unit in decided or after.value == before.value
        if unit in waits:
            assert after == before
        for side, seen in after.seen.items():
            (path,) = spec.lenses[side].paths
            assert seen == before.seen.get(side) or seen[path] == observed[side].fields[path]
        for side in after.delivered - before.delivered:
            lens = spec.lenses[side]
            assert side in after.deviates or lens.shows(after.seen[side], after.value, NOBODY)
        assert not any((side, unit) in written(plan) for side in after.delivered)


@plans
@given(cases())
def test_an_edit_that_was_decided_is_shown_or_merged_or_kept_as_a_loser(case: Case) -> None:
    scene = case.scene()
    plan = scene.plan()
    kept = {(clash.unit, c.side) for clash in plan.losers for c in clash.candidates}
    for hop in plan.hops:
        unit = scene.sync.units[hop.unit]
        state = UnitState.unpack(plan.link.fields[hop.unit])
        lens = unit.lenses[hop.side]
        shows = lens.shows(lens.read(scene.wires[hop.side]), state.value, NOBODY)
        if hop.rule == "merge" and hop.unit == "labels":
            before, after, value = (set(v or ()) for v in (hop.before, hop.after, state.value))
            assert value >= after - before and not value & (before - after)
        else:
            assert shows or hop.rule == "merge" or (hop.unit, hop.side) in kept


@plans
@given(cases(), st.data())
def test_an_answered_conflict_is_not_raised_again_and_its_losers_are_kept_whole(
    case: Case, data: st.DataObject
) -> None:
    scene = replace(case, busy=frozenset()).scene()
    asked = scene.plan().clashes
    answers = {}
    for clash in asked:
        answers[clash.unit] = data.draw(st.sampled_from(clash.candidates)).value
        scene.answer(clash, answers[clash.unit])
    answered = scene.plan()
    assert not answered.clashes
    lost = {clash.unit: clash.candidates for clash in answered.losers}
    for clash in asked:
        equal = scene.sync.units[clash.unit].kind.equal
        others = tuple(c for c in clash.candidates if not equal(c.value, answers[clash.unit]))
        assert lost[clash.unit] == others
    scene.apply(answered)
    scene.answers.clear()
    assert not any(plan.clashes for plan in scene.settle())


# Fields: I9.


@plans
@given(
    st.fixed_dictionaries({}, optional={f: WORDS["html"][f] for f in ("title", "labels")}),
    st.fixed_dictionaries({}, optional={f: WORDS["html"][f] for f in ("status", "priority")}),
)
def test_edits_of_different_fields_never_meet(one: dict, other: dict) -> None:
    scene = linked(a=TICKET, b=TICKET)
    type_in(scene, {"a": one, "b": other})
    plan = scene.plan()
    assert not plan.clashes
    scene.settle()
    unread = {refusal.unit for refusal in plan.refusals}
    for field in {*one, *other} - unread:
        assert shown(scene, "b", field) == shown(scene, "a", field)
