"""What a merge has delivered: writes, deviations, first links and sides that join later."""

from __future__ import annotations

from syncline.engine.plan import plan_link
from tests.unit.engine.scene import FEW_WORDS, THREE, TICKET, TWO, Scene, candidates, linked

# Rule 5: delivering.


def test_a_write_is_a_patch_of_the_unit_and_says_what_it_expects() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two")
    (write,) = scene.plan().writes
    assert (write.side, dict(write.patch), dict(write.expected)) == (
        "b",
        {"title": "Two"},
        {"title": "One"},
    )


def test_nothing_moves_on_a_write_whose_answer_never_came() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two")
    scene.apply(scene.plan(), lost=frozenset({"b"}))
    state = scene.state("title")
    assert (state.value, state.delivered, state.seen["b"]) == ("Two", {"a"}, {"title": "One"})
    assert scene.link.dirty
    assert [w.side for w in scene.plan().writes] == ["b"]


def test_the_receipt_of_one_field_says_nothing_of_another() -> None:
    scene = linked(**TWO)
    scene.show("a", title="Two")
    plan = scene.plan()
    scene.show("b", priority="high")
    scene.apply(plan)
    scene.settle()
    assert scene.shown("title") == {"a": "Two", "b": "Two"}
    assert scene.shown("priority") == {"a": "high", "b": "high"}


# Rule 6: deviations.


def test_a_tool_that_makes_something_else_of_a_write_is_told_once_and_left_alone() -> None:
    scene = linked(**TWO)
    scene.habits["b"] = lambda wire: {**wire, "title": wire["title"].upper()}
    scene.show("a", title="Two")
    scene.settle()
    assert scene.shown("title") == {"a": "Two", "b": "TWO"}
    state = scene.state("title")
    assert state.delivered == {"a", "b"} and set(state.deviates) == {"b"}
    assert not scene.plan().changed and not scene.link.agreed


def test_an_edit_of_a_side_that_deviates_is_taken() -> None:
    scene = linked(**TWO)
    scene.habits["b"] = lambda wire: {**wire, "title": wire["title"].upper()}
    scene.show("a", title="Two")
    scene.settle()
    scene.show("b", title="THREE")
    scene.settle()
    assert scene.shown("title") == {"a": "THREE", "b": "THREE"}
    assert not scene.state("title").deviates


def test_a_value_a_side_has_no_word_for_is_refused_once_and_tried_again_when_it_changes() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("a", status="busy")
    plan = scene.step()
    assert [(r.side, r.unit, r.action) for r in plan.refusals] == [("b", "status", "write")]
    assert not scene.plan().refusals
    scene.show("a", status="done")
    scene.settle()
    assert scene.shown("status") == {"a": "done", "b": "closed"}
    assert scene.link.agreed


# Rule 7: first links, and sides that join later.


def first_link(unit: str = "title", **shown: object) -> Scene:
    scene = Scene(**{side: TICKET for side in shown})
    for side, value in shown.items():
        scene.show(side, **{unit: value})
    return scene


def test_equal_records_agree_at_once() -> None:
    scene = first_link(a="One", b="One")
    assert not scene.step().writes
    assert scene.link.agreed


def test_an_empty_side_is_filled() -> None:
    scene = first_link(a=None, b="One")
    scene.settle()
    assert scene.shown("title") == {"a": "One", "b": "One"}


def test_two_different_values_are_concurrent() -> None:
    assert candidates(first_link(a="One", b="Two")) == {("a", "One"), ("b", "Two")}


def test_two_different_sets_are_united() -> None:
    scene = first_link("labels", a=["x"], b=["y"])
    scene.settle()
    assert [sorted(shown) for shown in scene.shown("labels").values()] == [["x", "y"]] * 2


def test_a_shorter_showing_of_the_same_is_no_conflict() -> None:
    scene = Scene(a=TICKET, b=FEW_WORDS)
    scene.show("a", title="Printer on fire", priority="urgent")
    scene.show("b", title="Print", priority="high")
    plan = scene.step()
    assert not plan.clashes and not plan.writes
    assert scene.state("title").value == "Printer on fire"


def joined_later(**fields: object) -> Scene:
    """Two linked sides and a third record that is adopted into their link."""
    scene = linked(**THREE, specs={"c": {"create": "never"}})
    scene.show("c", **fields)
    return scene


def test_a_side_that_joins_with_the_value_agrees() -> None:
    scene = joined_later(title="One", status="todo", priority="low", labels=["x"], body="Text")
    assert not scene.step().writes
    assert scene.link.agreed


def test_a_side_that_joins_empty_is_filled_and_one_that_differs_is_asked_about() -> None:
    scene = joined_later(title="Other")
    plan = scene.step()
    assert {(c.side, c.value) for c in plan.clashes[0].candidates} == {
        (None, "One"),
        ("c", "Other"),
    }
    assert scene.shown("priority")["c"] == "low"


def test_a_side_that_joins_with_the_value_does_not_speak_against_an_edit_of_it() -> None:
    scene = joined_later(title="One")
    scene.show("a", title="Two")
    assert not scene.step().clashes
    assert set(scene.shown("title").values()) == {"Two"}


def test_a_side_that_joins_with_the_same_text_does_not_double_it() -> None:
    scene = joined_later(title="One", body="<p>Text</p>", labels=["x"])
    scene.show("a", body="<p>Text</p><p>More</p>", labels=[])
    scene.settle()
    assert all(
        body.count("Text") == body.count("More") == 1 for body in scene.shown("body").values()
    )
    assert all(not shown for shown in scene.shown("labels").values())


def test_a_side_that_leaves_with_an_open_question_stays_until_it_is_answered() -> None:
    scene = linked(**THREE)
    scene.show("a", title="From A")
    scene.show("b", title="From B")
    scene.outside = {"b"}
    asked = scene.step().clashes
    assert scene.plan().clashes == asked
    scene.answer(asked[0], "From B")
    scene.settle()
    assert set(scene.shown("title").values()) == {"From B"}
    assert scene.link.sides["b"].state == "out"


def test_the_order_in_which_sides_were_observed_changes_nothing() -> None:
    scene = linked(**THREE)
    for side in "abc":
        scene.show(side, title=f"From {side}", labels=["x", side])
    observed = scene.observed()
    turned = dict(reversed(observed.items()))
    plans = [plan_link(scene.sync, scene.link, o, scene.around()) for o in (observed, turned)]
    assert plans[0] == plans[1]


def test_a_side_that_returns_into_scope_keeps_what_was_seen() -> None:
    scene = linked(**TWO)
    scene.outside = {"b"}
    scene.show("b", priority="high")
    scene.step()
    scene.show("a", title="Two")
    scene.settle()
    assert scene.shown("title") == {"a": "Two", "b": "One"}
    assert scene.shown("priority")["a"] == "high"
    scene.outside.clear()
    scene.show("b", labels=["x", "back"])
    scene.settle()
    assert scene.shown("title") == {"a": "Two", "b": "Two"}
    assert scene.shown("labels")["a"] == ["x", "back"]
