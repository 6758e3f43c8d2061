"""The rules of the merge, one by one, as examples: what people do, what is decided and shown."""

from __future__ import annotations

from syncline.engine.decision import Answer, UnitState, digest
from syncline.engine.merge import decide
from syncline.mapping.lens import NOBODY
from tests.unit.engine.scene import FEW_WORDS, THREE, TICKET, TWO, Scene, candidates, linked

# Rule 0: an open intent takes a side's say away, in that unit alone.


def test_a_side_with_an_open_intent_has_no_say_in_that_unit() -> None:
    scene = linked(**THREE)
    scene.busy = {("b", "title")}
    scene.show("b", title="From B", priority="high")
    scene.show("a", title="From A")
    plan = scene.step()
    assert not plan.clashes
    assert scene.shown("title") == {"a": "From A", "b": "From B", "c": "From A"}
    assert scene.shown("priority") == {"a": "high", "b": "high", "c": "high"}
    scene.busy.clear()
    assert candidates(scene) == {(None, "From A"), ("b", "From B")}


# Rule 1: what an edit is.


def test_a_view_that_is_as_it_was_seen_is_no_edit() -> None:
    scene = linked(**TWO)
    assert not scene.plan().changed


def test_another_spelling_of_the_same_value_is_no_edit_and_is_remembered() -> None:
    scene = linked(**TWO)
    scene.show("a", status="reopened", title=" One ")
    plan = scene.step()
    assert not plan.writes and not plan.hops
    assert scene.state("status").seen["a"] == {"status": "reopened"}
    assert scene.shown("status") == {"a": "reopened", "b": "todo"}
    assert not scene.plan().changed


def test_what_was_observed_but_not_decided_is_still_an_edit() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two")
    first, second = scene.plan(), scene.plan()
    assert first == second
    assert [hop.after for hop in second.hops] == ["Two"]


def test_a_side_that_is_away_has_no_edit_and_keeps_what_was_seen() -> None:
    scene = linked(**TWO)
    scene.offline = {"b"}
    scene.show("b", title="From B")
    assert not scene.plan().changed
    assert scene.state("title").seen["b"] == {"title": "One"}


# Rule 2: what an edit means.


def test_an_edit_of_a_set_is_what_was_added_and_removed() -> None:
    scene = linked(**THREE)
    scene.show("a", labels=["x", "y"])
    scene.show("b", labels=[])
    scene.show("c", labels=["x", "z"])
    assert not scene.step().clashes
    assert set(map(frozenset, scene.shown("labels").values())) == {frozenset({"y", "z"})}


def test_editing_a_side_that_shows_less_of_a_set_keeps_what_it_cannot_show() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("a", labels=["x", "only here"])
    scene.settle()
    assert scene.shown("labels")["b"] == ["tag_x"]
    scene.show("b", labels=["tag_y"])
    scene.settle()
    assert sorted(scene.shown("labels")["a"]) == ["only here", "y"]


def test_an_element_only_one_side_knows_survives_there() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("b", labels=["tag_x", "their own"])
    scene.show("a", labels=["x", "y"])
    scene.settle()
    assert scene.shown("labels") == {"a": ["x", "y"], "b": ["tag_x", "their own", "tag_y"]}


def test_a_cut_title_is_not_taken_for_the_whole() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("a", title="Printer on fire")
    scene.settle()
    assert scene.shown("title")["b"] == "Print"
    assert not scene.plan().changed
    scene.show("b", title="Paper")
    scene.settle()
    assert scene.shown("title") == {"a": "Paper", "b": "Paper"}


def test_a_stand_in_is_not_taken_for_the_value() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("a", priority="urgent")
    scene.settle()
    assert scene.shown("priority") == {"a": "urgent", "b": "high"}
    scene.show("b", priority="low")
    scene.settle()
    assert scene.shown("priority") == {"a": "low", "b": "low"}


def test_editing_one_paragraph_keeps_what_the_format_cannot_show_in_others() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    underlined = "<p><u>First</u> one</p>"
    scene.show("a", body=f"{underlined}<p>Second</p>")
    scene.settle()
    body = scene.shown("body")["b"]
    scene.show("b", body=body.replace("Second", "Second, **better**"))
    scene.settle()
    assert scene.shown("body")["a"] == f"{underlined}<p>Second, <strong>better</strong></p>"


def test_three_formats_take_changes_of_different_paragraphs() -> None:
    textile = TICKET.replace("text: html", "text: textile")
    scene = linked(a=TICKET, b=FEW_WORDS, c=textile)
    scene.show("a", body="<p>One</p><p>Two</p><p>Three</p>")
    scene.settle()
    assert scene.shown("body")["c"] == "One\n\nTwo\n\nThree"
    scene.show("a", body="<p>One <strong>a</strong></p><p>Two</p><p>Three</p>")
    scene.show("b", body="One\n\nTwo\n\nThree *b*")
    scene.show("c", body="One\n\nTwo *c*\n\nThree")
    assert not scene.step().clashes
    scene.settle()
    assert scene.shown("body") == {
        "a": "<p>One <strong>a</strong></p><p>Two <strong>c</strong></p><p>Three <em>b</em></p>",
        "b": "One **a**\n\nTwo **c**\n\nThree *b*",
        "c": "One *a*\n\nTwo *c*\n\nThree _b_",
    }


def test_changes_of_the_same_paragraph_wait_for_a_person_and_are_kept_whole() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("a", body="<p>Text from A</p>")
    scene.show("b", body="Text from B")
    before = scene.shown("body")
    plan = scene.step()
    assert not plan.writes
    assert {(c.side, c.value["source"]) for c in plan.clashes[0].candidates} == {
        ("a", "<p>Text from A</p>"),
        ("b", "Text from B"),
    }
    assert scene.shown("body") == before


# Rule 3: maximal values.


def test_an_edit_on_a_side_that_showed_the_value_replaces_it() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two")
    plan = scene.step()
    assert not plan.clashes and not plan.losers
    assert scene.shown("title") == {"a": "Two", "b": "Two"}


def test_an_edit_on_a_side_still_waiting_for_the_value_is_concurrent_with_it() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two")
    scene.apply(scene.plan(), lost=frozenset({"b"}))
    scene.show("b", title="From B")
    assert candidates(scene) == {(None, "Two"), ("b", "From B")}


def test_a_later_edit_on_a_side_that_showed_the_value_beats_it_and_meets_the_other_edit() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two")
    scene.apply(scene.plan(), lost=frozenset({"b"}))
    scene.show("b", title="From B")
    scene.show("a", title="Three")
    assert candidates(scene) == {("a", "Three"), ("b", "From B")}


def test_both_sides_typing_the_same_is_no_conflict() -> None:
    scene = linked(**THREE)
    scene.show("a", title="Two")
    scene.show("b", title="Two")
    plan = scene.step()
    assert not plan.clashes
    assert [write.side for write in plan.writes] == ["c"]


def test_an_edit_of_a_target_is_drift_and_is_overwritten_when_the_value_changes() -> None:
    scene = linked(**THREE, modes={("title", "c"): "target"})
    scene.show("c", title="Drifted")
    plan = scene.step()
    assert plan.drift == (("c", "title"),)
    assert not plan.writes and not plan.clashes
    scene.show("a", title="Two")
    plan = scene.plan()
    (write,) = [w for w in plan.writes if w.side == "c"]
    assert write.expected == {"title": "Drifted"}
    scene.settle()
    assert scene.shown("title") == {"a": "Two", "b": "Two", "c": "Two"}
    assert scene.state("title").seen["c"] == {"title": "Two"}


def test_a_target_that_drifted_while_it_waited_is_still_written() -> None:
    scene = linked(**TWO, modes={("title", "b"): "target"})
    scene.show("a", title="Two")
    scene.apply(scene.plan(), lost=frozenset({"b"}))
    scene.show("b", title="Drifted")
    (write,) = scene.plan().writes
    assert write.expected == {"title": "Drifted"}


def test_a_target_that_drifts_to_the_new_value_needs_no_write() -> None:
    scene = linked(**TWO, modes={("title", "b"): "target"})
    scene.show("a", title="Two")
    scene.show("b", title="Two")
    assert not scene.step().writes
    assert scene.state("title").delivered == {"a", "b"}
    assert not scene.plan().drift


def test_a_source_is_heard_and_never_written() -> None:
    scene = Scene(**TWO, modes={("title", "b"): "source"})
    scene.show("a", title="One")
    scene.show("b", title="One")
    scene.settle()
    scene.show("b", title="From B")
    scene.settle()
    assert scene.shown("title") == {"a": "From B", "b": "From B"}
    scene.show("a", title="From A")
    scene.settle()
    assert scene.shown("title") == {"a": "From A", "b": "From B"}
    scene.show("b", title="From B again")
    assert candidates(scene) == {(None, "From A"), ("b", "From B again")}


def test_a_side_that_is_off_is_neither_heard_nor_written() -> None:
    scene = linked(**THREE, modes={("title", "c"): "off"})
    assert scene.shown("title")["c"] is None
    scene.show("c", title="From C")
    plan = scene.step()
    assert not plan.writes and not plan.hops and not plan.drift
    scene.show("a", title="Two")
    scene.settle()
    assert scene.shown("title") == {"a": "Two", "b": "Two", "c": "From C"}


# Unreadable values.


def test_a_value_nobody_understands_parks_its_unit_alone() -> None:
    scene = linked(**TWO)
    scene.show("a", status="on the moon", title="Two")
    plan = scene.step()
    assert [(r.side, r.unit, r.action) for r in plan.refusals] == [("a", "status", "read")]
    assert plan.hold
    assert scene.shown("title")["b"] == "Two"
    assert scene.shown("status")["b"] == "todo"


def test_a_value_nobody_understands_is_never_overwritten() -> None:
    scene = linked(**TWO)
    scene.show("a", status="on the moon")
    scene.show("b", status="done")
    scene.settle()
    assert scene.shown("status") == {"a": "on the moon", "b": "done"}
    scene.show("a", status="busy")
    assert {value for _, value in candidates(scene, "status")} == {"done", "in_progress"}


# State as it is stored.


def test_a_state_survives_packing() -> None:
    seen = {"a": {"t": "v"}, "c": {"t": "u"}}
    state = UnitState("v", True, frozenset({"b", "a"}), seen, {"b": "why"}, frozenset({"c"}))
    assert UnitState.unpack(state.pack()) == state
    assert UnitState.unpack(UnitState().pack()) == UnitState.unpack(None) == UnitState()


def test_an_answer_alone_decides_nothing() -> None:
    scene = linked(**TWO)
    unit, state = scene.sync.units["title"], scene.state("title")
    views = {s: {"title": "One"} for s in "ab"}
    answer = Answer(digest("title", []), "Never")
    assert decide(unit, state, views, {"a": NOBODY, "b": NOBODY}, answer).state == state
