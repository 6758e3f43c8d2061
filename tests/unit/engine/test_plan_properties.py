"""Laws of the planner, over links whose views are one state perturbed on every side.

Each case starts from an agreed link, lets people edit any fields on any sides, and looks at what a
plan does with it: to the sides, which are dicts, and to what is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.engine.decision import UnitState
from syncline.engine.plan import LinkPlan
from syncline.engine.spec import Policy
from syncline.mapping.lens import NOBODY, Unmappable
from tests.unit.engine.scene import FEW_WORDS, TICKET, Scene, linked

FIELDS = ("title", "body", "status", "priority", "labels")

WORDS = {
    "html": {
        "title": st.sampled_from(["One", "Two", "Printer on fire", "", None]),
        "body": st.lists(st.sampled_from(["Text", "<b>Bold</b>", "More"]), max_size=3).map(
            lambda found: "".join(f"<p>{one}</p>" for one in found)
        ),
        "status": st.sampled_from(["todo", "reopened", "busy", "done", None, "unheard of"]),
        "priority": st.sampled_from(["urgent", "high", "medium", "low", None]),
        "labels": st.lists(st.sampled_from(["x", "y", "z", "odd"]), unique=True),
    },
    "markdown": {
        "title": st.sampled_from(["One", "Two", "Print", "", None]),
        "body": st.lists(st.sampled_from(["Text", "**Bold**", "- item"]), max_size=3).map(
            "\n\n".join
        ),
        "status": st.sampled_from(["open", "closed", None, "unheard of"]),
        "priority": st.sampled_from(["high", "low", None]),
        "labels": st.lists(st.sampled_from(["tag_x", "tag_y", "alien"]), unique=True),
    },
}

Edits = Mapping[str, Mapping[str, Any]]
"""What people type, by side and field."""


def typed(text: str, fields: tuple[str, ...] = FIELDS) -> st.SearchStrategy[dict[str, Any]]:
    """Edits of some fields of one side."""
    return st.fixed_dictionaries({}, optional={f: WORDS[text][f] for f in fields})


@st.composite
def edits(draw: st.DrawFn, lossy: bool = True, fields: tuple[str, ...] = FIELDS) -> Edits:
    """What people typed on two or three sides; the last may be one that shows less."""
    sides = "ab" + draw(st.sampled_from(["", "c"]))
    last = draw(st.sampled_from(["html", "markdown"])) if lossy else "html"
    texts = {side: last if side == sides[-1] else "html" for side in sides}
    return {side: {"_": text, **draw(typed(text, fields))} for side, text in texts.items()}


policies = st.sampled_from(
    [{}, {"title": Policy("authority", "a")}, {"priority": Policy("state", order=("low", "high"))}]
)


def mappings(typed: Edits) -> dict[str, str]:
    return {side: TICKET if said["_"] == "html" else FEW_WORDS for side, said in typed.items()}


def perturbed(typed: Edits, **options: Any) -> Scene:
    """An agreed link, after people typed this."""
    scene = linked(**mappings(typed), **options)
    apply(scene, typed)
    return scene


def apply(scene: Scene, typed: Edits) -> None:
    for side, said in typed.items():
        fields = {field: value for field, value in said.items() if field != "_"}
        if fields:
            scene.show(side, **fields)


def written(plan: LinkPlan) -> dict[tuple[str, str], Any]:
    """Every unit that is written, by side, with its shared value."""
    return {(w.side, name): part.value for w in plan.writes for name, part in w.units.items()}


@given(edits(), policies)
def test_planning_comes_to_rest_within_three_passes(typed: Edits, said: dict) -> None:
    scene = perturbed(typed, policies=said)
    scene.settle()
    again = scene.plan()
    assert not again.writes and again.link.fields == scene.link.fields


@given(edits(), st.sets(st.sampled_from("abc"), max_size=2))
def test_lost_writes_are_made_up_for(typed: Edits, lost: set[str]) -> None:
    scene, twin = perturbed(typed), perturbed(typed)
    scene.apply(scene.plan(), lost=frozenset(lost))
    scene.settle()
    twin.settle()
    assert scene.wires == twin.wires


@given(edits(), policies)
def test_a_plan_depends_on_its_arguments_alone_and_leaves_them_as_they_were(
    typed: Edits, said: dict
) -> None:
    scene = perturbed(typed, policies=said)
    link, wires = deepcopy(scene.link), deepcopy(scene.wires)
    first = scene.plan()
    assert scene.plan() == first
    assert scene.link == link and scene.wires == wires


@given(edits(lossy=False))
def test_which_side_is_called_what_does_not_matter(typed: Edits) -> None:
    names = dict(zip(typed, reversed(list(typed)), strict=True))
    plan = perturbed(typed).plan()
    turned = perturbed({names[side]: said for side, said in typed.items()}).plan()
    assert {(names[side], unit) for side, unit in written(plan)} == set(written(turned))
    assert {c.unit for c in plan.clashes} == {c.unit for c in turned.clashes}
    atomic = {k: v for k, v in written(plan).items() if k[1] in ("title", "status", "priority")}
    assert all(written(turned)[names[side], unit] == v for (side, unit), v in atomic.items())


@given(edits(), st.data())
def test_taking_edits_away_adds_no_write_to_another_field(
    typed: Edits, data: st.DataObject
) -> None:
    there = [(side, field) for side, said in typed.items() for field in said if field != "_"]
    if not there:
        return
    side, field = data.draw(st.sampled_from(there))
    less = {
        s: {f: v for f, v in said.items() if (s, f) != (side, field)} for s, said in typed.items()
    }
    before, after = perturbed(typed).plan(), perturbed(less).plan()
    assert {k: v for k, v in written(before).items() if k[1] != field} == {
        k: v for k, v in written(after).items() if k[1] != field
    }


@given(edits(), policies)
def test_every_value_written_was_shown_by_somebody_or_merged_of_what_was(
    typed: Edits, said: dict
) -> None:
    scene = perturbed(typed, policies=said)
    for (_, unit), value in written(scene.plan()).items():
        shown = [_shown(scene, side, unit) for side in scene.wires]
        if unit == "labels":
            assert set(value or ()) <= {"x"}.union(*(one or () for one in shown))
        elif unit != "body":
            assert value in shown


def _shown(scene: Scene, side: str, unit: str) -> Any:
    lens = scene.sync.units[unit].lenses[side]
    try:
        return lens.get(lens.read(scene.wires[side]), NOBODY)
    except Unmappable:
        return None


MODES = st.dictionaries(
    st.tuples(st.sampled_from(FIELDS), st.sampled_from("abc")),
    st.sampled_from(["both", "source", "target", "off"]),
    max_size=4,
)


@given(edits(), MODES)
def test_nothing_is_written_against_its_mode_nor_without_being_mapped(
    typed: Edits, modes: dict
) -> None:
    modes = {(field, side): mode for (field, side), mode in modes.items() if side in typed}
    scene = perturbed(typed, modes=modes)
    for plan in scene.settle():
        for write in plan.writes:
            assert all(scene.sync.units[name].writable(write.side) for name in write.units)
            assert set(write.patch) == set(write.units)


@given(edits())
def test_an_edit_is_written_to_the_other_sides_once_each(typed: Edits) -> None:
    scene = perturbed(typed)
    plans = scene.settle()
    for unit in FIELDS:
        sent = [w.side for plan in plans for w in plan.writes if unit in w.units]
        edited = sum(unit in said for said in typed.values())
        assert len(sent) <= edited * (len(typed) - 1)


@given(edits(), policies)
def test_what_is_remembered_moves_only_by_a_decision(typed: Edits, said: dict) -> None:
    scene = perturbed(typed, policies=said)
    before = {unit: scene.state(unit) for unit in FIELDS}
    plan = scene.plan()
    waits = {clash.unit for clash in plan.clashes}
    for unit, state in before.items():
        after = UnitState.unpack(plan.link.fields[unit])
        if unit in waits:
            assert after == state
        for side in typed:
            sent = (side, unit) in written(plan)
            assert not (sent and side in after.delivered)
            if sent and unit not in typed[side]:
                assert after.seen[side] == state.seen[side]


@given(typed("html", ("title", "labels")), typed("html", ("status", "priority")))
def test_edits_of_different_fields_never_meet(one: dict, other: dict) -> None:
    scene = perturbed({"a": {"_": "html", **one}, "b": {"_": "html", **other}})
    plan = scene.plan()
    assert not plan.clashes
    scene.settle()
    unread = {refusal.unit for refusal in plan.refusals}
    for field in set(one) - unread:
        assert _shown(scene, "b", field) == _shown(scene, "a", field)


@given(edits(), st.data())
def test_an_answered_conflict_is_not_raised_again(typed: Edits, data: st.DataObject) -> None:
    scene = perturbed(typed)
    asked = scene.plan().clashes
    for clash in asked:
        scene.answer(clash, data.draw(st.sampled_from(clash.candidates)).value)
    answered = scene.plan()
    assert not answered.clashes
    assert {c.unit for c in answered.losers} == {c.unit for c in asked}
    assert not any(plan.clashes for plan in scene.settle())


@settings(max_examples=50)
@given(edits(), edits())
def test_a_second_round_of_edits_comes_to_rest_too(first: Edits, second: Edits) -> None:
    scene = perturbed(first)
    scene.step()
    again = {s: said for s, said in second.items() if s in first and said["_"] == first[s]["_"]}
    apply(scene, again)
    scene.settle()
    for clash in scene.plan().clashes:
        scene.answer(clash, clash.candidates[0].value)
    scene.settle()
    assert not scene.plan().clashes
