"""What a plan makes of decisions: patches, new records, groups, changed mappings, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncline.engine.births import fields_digest
from syncline.engine.plan import plan_link
from syncline.engine.spec import Policy
from tests.unit.engine.scene import FEW_WORDS, TICKET, Scene, linked

TWO = {"a": TICKET, "b": TICKET}
THREE = {**TWO, "c": TICKET}

STATES = """\
entity: ticket
record: ticket
text: html
fields:
  title: {path: title}
  status:
    {path: state, group: progress, enum: {todo: [New, Reopened], in_progress: Open,
     done: [Fixed, Rejected]}}
  resolution:
    {path: state, group: progress, enum: {fixed: Fixed, rejected: Rejected,
     "": [New, Reopened, Open]}}
"""
"""A tool with one wire field for a status and how it ended."""

APART = """\
entity: ticket
record: ticket
text: html
fields:
  title: {path: title}
  status: {path: status, enum: {todo: New, in_progress: Open, done: Closed}}
  resolution: {path: resolution}
"""
"""A tool that has the two apart."""


# Patches.


def test_edits_of_several_fields_travel_in_one_patch() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two", labels=[], priority="high")
    (write,) = scene.plan().writes
    assert dict(write.patch) == {"title": "Two", "labels": [], "priority": "high"}
    assert dict(write.expected) == {"title": "One", "labels": ["x"], "priority": "low"}
    assert write.version == scene.versions["b"]


def test_a_conflict_in_one_field_does_not_hold_back_another() -> None:
    scene = linked(**TWO)
    scene.show("a", title="From A", priority="high")
    scene.show("b", title="From B")
    plan = scene.step()
    assert [clash.unit for clash in plan.clashes] == ["title"]
    assert scene.shown("priority") == {"a": "high", "b": "high"}


def test_a_side_that_cannot_be_reached_is_sent_nothing_and_is_still_owed() -> None:
    scene = linked(**THREE)
    scene.offline = {"c"}
    scene.show("a", title="Two")
    assert [write.side for write in scene.step().writes] == ["b"]
    assert scene.link.dirty and not scene.link.agreed
    scene.offline.clear()
    assert [write.side for write in scene.step().writes] == ["c"]
    assert not scene.link.dirty and scene.link.agreed


def test_a_side_that_left_the_scope_is_sent_nothing_until_it_returns() -> None:
    scene = linked(**TWO)
    scene.outside = {"b"}
    scene.show("a", title="Two")
    plan = scene.step()
    assert plan.left == ("b",) and not plan.writes
    assert scene.link.agreed
    scene.outside.clear()
    scene.settle()
    assert scene.shown("title") == {"a": "Two", "b": "Two"}


def test_a_filter_on_shared_values_takes_records_out_and_in() -> None:
    scene = linked(**TWO, where={"a": lambda values: values.get("priority") == "low"})
    scene.show("a", priority="high", title="Last words")
    scene.settle()
    assert scene.link.sides["a"].state == "out"
    assert scene.shown("title")["b"] == "Last words"
    scene.show("b", title="Unheard")
    scene.settle()
    assert scene.shown("title")["a"] == "Last words"
    scene.show("a", priority="low")
    scene.settle()
    assert scene.link.sides["a"].state == "in"
    assert scene.shown("title")["a"] == "Unheard"


# Groups.


def group(**policies: Policy) -> Scene:
    scene = Scene(a=STATES, b=APART, policies=policies)
    scene.show("a", title="One", state="New")
    scene.settle()
    assert scene.wires["b"] == {"title": "One", "status": "New"}
    return scene


def test_fields_on_one_wire_path_are_decided_and_written_together() -> None:
    scene = group()
    scene.show("a", state="Rejected")
    (write,) = scene.plan().writes
    assert dict(write.patch) == {"status": "Closed", "resolution": "rejected"}
    scene.settle()
    scene.show("b", resolution="fixed")
    scene.settle()
    assert scene.shown("state")["a"] == "Fixed"


def test_edits_of_two_fields_of_a_group_meet() -> None:
    scene = group()
    scene.show("a", state="Fixed")
    scene.show("b", status="Open")
    (clash,) = scene.plan().clashes
    assert [c.value for c in clash.candidates] == [
        {"status": "done", "resolution": "fixed"},
        {"status": "in_progress"},
    ]


def test_a_state_that_means_the_same_is_not_rewritten_into_its_synonym() -> None:
    scene = group()
    scene.show("a", state="Reopened")
    scene.show("b", title="Two")
    scene.settle()
    assert scene.wires["a"] == {"title": "Two", "state": "Reopened"}


# New records.


def test_a_new_record_has_what_its_side_can_take_and_is_born_delivered() -> None:
    scene = Scene(a=TICKET, b=FEW_WORDS)
    scene.show("a", title="Printer on fire", status="busy", priority="urgent", labels=["x", "q"])
    plan = scene.step()
    (write,) = plan.writes
    assert (write.kind, write.record_id, dict(write.expected)) == ("create", None, {})
    assert scene.wires["b"] == {"title": "Print", "priority": "high", "labels": ["tag_x"]}
    assert [(r.side, r.unit) for r in plan.refusals] == [("b", "status")]
    assert "b" in scene.state("title").delivered


def test_what_a_new_record_could_not_be_given_stays_a_deviation() -> None:
    scene = Scene(a=TICKET, b=FEW_WORDS)
    scene.show("a", title="One", status="busy")
    scene.settle()
    assert set(scene.state("status").deviates) == {"b"}
    assert not scene.link.agreed
    scene.show("a", title="Two")
    scene.settle()
    assert set(scene.state("status").deviates) == {"b"}


def test_what_a_tool_puts_into_a_new_record_by_itself_is_its_default_and_no_edit() -> None:
    scene = Scene(**TWO)
    scene.habits["b"] = lambda wire: {"status": "todo", "priority": "medium", **wire}
    scene.show("a", title="One", priority="high")
    scene.settle()
    assert scene.shown("status") == {"a": None, "b": "todo"}
    assert scene.shown("priority") == {"a": "high", "b": "high"}
    scene.show("b", status="busy")
    scene.settle()
    assert scene.shown("status")["a"] == "busy"


def test_a_new_record_made_during_a_conflict_gets_the_answer() -> None:
    for answer in ("From B", "One"):
        scene = linked(**TWO, c=TICKET, specs={"c": {"create": "never"}})
        spec = scene.sync.sides["c"]
        sides = {**scene.sync.sides, "c": replace(spec, create="when_missing")}
        scene.sync = replace(scene.sync, sides=sides)
        scene.show("a", title="From A")
        scene.show("b", title="From B")
        plan = scene.step()
        assert scene.shown("title") == {"a": "From A", "b": "From B", "c": "One"}
        scene.answer(plan.clashes[0], answer)
        scene.settle()
        assert set(scene.shown("title").values()) == {answer}


@pytest.mark.parametrize("why", ["required", "create_only"])
def test_a_record_waits_for_the_answer_where_it_could_not_be_given_it_later(why: str) -> None:
    once = TICKET.replace("title: {path: title}", "title: {path: title, create_only: true}")
    specs = {"c": {"create": "when_missing", "required": ("title",)}}
    if why == "create_only":
        specs["c"].pop("required")
    scene = Scene(**TWO, c=once if why == "create_only" else TICKET, specs=specs)
    scene.show("a", title="From A")
    scene.show("b", title="From B")
    plan = scene.step()
    assert plan.clashes and not plan.refusals and "c" not in scene.wires
    scene.answer(plan.clashes[0], "From B")
    scene.settle()
    assert set(scene.shown("title").values()) == {"From B"}


def test_defaults_fill_what_nobody_says_and_are_not_sent_back() -> None:
    scene = Scene(**TWO, specs={"b": {"defaults": {"priority": "medium", "title": "Never"}}})
    scene.show("a", title="One")
    scene.settle()
    assert scene.shown("priority") == {"a": None, "b": "medium"}
    assert scene.shown("title")["b"] == "One"
    assert not scene.state("priority").deviates
    scene.show("a", title="One", priority="high")
    scene.settle()
    assert scene.shown("priority") == {"a": "high", "b": "high"}


def test_a_source_is_not_given_the_others_value_when_its_record_is_made() -> None:
    scene = Scene(**TWO, modes={("priority", "b"): "source", ("labels", "b"): "off"})
    scene.show("a", title="One", priority="high", labels=["x"])
    scene.settle()
    assert scene.wires["b"] == {"title": "One"}
    scene.show("b", priority="low")
    (clash,) = scene.step().clashes
    assert [(c.side, c.value) for c in clash.candidates] == [(None, "high"), ("b", "low")]
    scene.answer(clash, "low")
    scene.settle()
    assert scene.shown("priority") == {"a": "low", "b": "low"}


def test_a_required_field_that_nothing_fills_parks_the_create_and_says_how_to_fill_it() -> None:
    scene = Scene(**TWO, specs={"b": {"required": ("priority",)}})
    scene.show("a", title="One")
    plan = scene.step()
    assert not plan.writes
    (refusal,) = plan.refusals
    assert (refusal.side, refusal.action) == ("b", "create")
    assert "priority" in refusal.reason and "sides.b.defaults" in refusal.reason


def test_a_create_a_tool_refused_is_not_sent_again_as_it_was() -> None:
    scene = Scene(**TWO)
    scene.show("a", title="One")
    (write,) = scene.plan().writes
    around = replace(scene.around(), parked_creates={"b": fields_digest(write.patch)})
    assert not plan_link(scene.sync, scene.link, scene.observed(), around).writes
    scene.show("a", title="Two")
    assert plan_link(scene.sync, scene.link, scene.observed(), around).writes


def test_a_create_waits_for_an_earlier_one_and_for_a_side_that_was_not_listed() -> None:
    scene = Scene(**TWO)
    scene.show("a", title="One")
    for around in (
        replace(scene.around(), busy_create=frozenset({"b"})),
        replace(scene.around(), listed=frozenset({"a"})),
        replace(scene.around(), reachable=frozenset({"a"})),
    ):
        plan = plan_link(scene.sync, scene.link, scene.observed(), around)
        assert not plan.writes and plan.link.dirty


def test_a_record_that_is_out_of_scope_is_not_copied() -> None:
    scene = Scene(**TWO)
    scene.show("a", title="One")
    scene.outside = {"a"}
    assert not scene.plan().writes


# Rule 9: a changed mapping.


def remapped(scene: Scene, **mappings: str) -> Scene:
    """The same link and the same tools under other mappings."""
    later = Scene(**mappings)
    later.link, later.wires, later.versions = scene.link, scene.wires, scene.versions
    later.remap = True
    return later


def test_an_unchanged_wire_is_no_edit_under_a_changed_mapping() -> None:
    scene = linked(**TWO)
    other = TICKET.replace("todo: [todo, reopened], in_progress: busy", "in_progress: [busy, todo]")
    later = remapped(scene, a=other, b=other)
    plan = later.plan()
    assert not plan.hops and not plan.clashes


def test_what_differs_under_a_changed_mapping_is_planned_as_remap() -> None:
    wide = FEW_WORDS.replace("max_length: 5", "max_length: 9")
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("a", title="Printer on fire")
    scene.settle()
    later = remapped(scene, a=TICKET, b=wide)
    (write,) = later.plan().writes
    assert (write.why, dict(write.patch)) == ("remap", {"title": "Printer o"})
    later.settle()
    assert later.shown("title")["a"] == "Printer on fire"


def test_an_edit_made_before_the_mapping_changed_still_counts() -> None:
    scene = linked(**TWO)
    scene.show("b", title="Edited")
    later = remapped(scene, **TWO)
    later.settle()
    assert later.shown("title") == {"a": "Edited", "b": "Edited"}


def test_a_field_mapped_later_is_compared_as_on_a_first_link() -> None:
    without = TICKET.replace("  priority:", "  summary:").replace("path: priority", "path: none")
    without = "\n".join(line for line in TICKET.splitlines() if "priority" not in line) + "\n"
    scene = linked(a=TICKET, b=without)
    scene.wires["b"]["priority"] = "high"
    later = remapped(scene, **TWO)
    (clash,) = later.plan().clashes
    assert {(c.side, c.value) for c in clash.candidates} == {("a", "low"), ("b", "high")}


NESTED = """\
entity: ticket
record: ticket
text: html
fields:
  title: {path: fields.title}
  priority: {path: fields.more.priority, enum: {high: high, low: low}}
  labels: {path: fields.more.labels}
"""
"""A tool whose fields are within objects of the wire record."""


def test_fields_within_one_object_travel_in_one_patch_and_leave_the_rest_of_it_alone() -> None:
    scene = Scene(a=TICKET, b=NESTED)
    scene.show("a", title="One", priority="low", labels=["x"])
    scene.show("b", fields={"title": "One", "more": {"priority": "low", "labels": ["x"]}})
    scene.settle()
    scene.wires["b"]["fields"]["more"]["colour"] = "red"
    scene.show("a", title="Two", priority="high", labels=["x", "y"])
    (write,) = scene.plan().writes
    assert dict(write.patch) == {
        "fields": {"title": "Two", "more": {"priority": "high", "labels": ["x", "y"]}}
    }
    scene.settle()
    assert scene.wires["b"]["fields"]["more"]["colour"] == "red"


def test_a_default_of_one_field_of_a_group_fills_that_field_of_new_records() -> None:
    scene = Scene(a=TICKET, b=APART, c=STATES, specs={"b": {"defaults": {"resolution": "none"}}})
    scene.show("a", title="One")
    scene.settle()
    assert scene.wires["b"]["resolution"] == "none"
