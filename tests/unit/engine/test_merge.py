"""The rules of the merge, one by one, as examples: what people do, what is decided and shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from syncline.engine.decision import Answer, Candidate, Decision, Evidence, UnitState, digest
from syncline.engine.merge import decide
from syncline.engine.plan import plan_link
from syncline.engine.spec import Policy
from syncline.mapping.lens import NOBODY, OVERLAP
from tests.unit.engine.scene import FEW_WORDS, TICKET, Scene, linked

TWO = {"a": TICKET, "b": TICKET}
THREE = {**TWO, "c": TICKET}


def candidates(scene: Scene, unit: str = "title") -> set:
    """The values that wait for a person, as (side, value)."""
    (clash,) = [c for c in scene.plan().clashes if c.unit == unit]
    return {(c.side, c.value) for c in clash.candidates}


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


# Rule 4: deciding.


ASK = Policy("ask")
NEWEST = Policy("newest")


def in_conflict(policy: Policy = ASK, unit: str = "title", **shown: str) -> Scene:
    """Two sides whose people typed different things; from a and from b."""
    scene = linked(**THREE, policies={unit: policy})
    for side, value in (shown or {"a": "From A", "b": "From B"}).items():
        scene.show(side, **{unit: value})
    return scene


def test_with_ask_nothing_moves_and_nothing_is_written() -> None:
    scene = in_conflict()
    before = scene.state("title")
    plan = scene.step()
    assert not plan.writes and plan.hold
    assert scene.state("title") == before
    assert not scene.link.agreed


def test_an_answer_decides_and_the_other_value_is_kept_as_a_loser() -> None:
    scene = in_conflict()
    scene.answer(scene.plan().clashes[0], "From B")
    plan = scene.step()
    assert {c.value for clash in plan.losers for c in clash.candidates} == {"From A"}
    assert set(scene.shown("title").values()) == {"From B"}


def test_an_answer_may_be_a_value_that_nobody_showed() -> None:
    scene = in_conflict()
    scene.answer(scene.plan().clashes[0], "  From both ")
    plan = scene.step()
    assert len(plan.losers[0].candidates) == 2
    assert set(scene.shown("title").values()) == {"From both"}


def test_an_answer_may_be_what_was_there_before() -> None:
    scene = in_conflict()
    scene.answer(scene.plan().clashes[0], "One")
    scene.settle()
    assert set(scene.shown("title").values()) == {"One"}


def test_an_answer_to_other_candidates_is_not_taken() -> None:
    scene = in_conflict()
    scene.answer(scene.plan().clashes[0], "From B")
    scene.show("a", title="From A again")
    plan = scene.plan()
    assert not plan.writes
    assert candidates(scene) == {("a", "From A again"), ("b", "From B")}


def test_a_side_that_gives_in_ends_the_conflict() -> None:
    scene = in_conflict()
    scene.step()
    scene.show("a", title="From B")
    assert not scene.step().clashes
    assert set(scene.shown("title").values()) == {"From B"}


def test_a_side_that_takes_its_edit_back_ends_the_conflict() -> None:
    scene = in_conflict()
    scene.step()
    scene.show("a", title="One")
    assert not scene.step().clashes
    assert set(scene.shown("title").values()) == {"From B"}


def test_the_digest_names_the_unit_the_sides_and_the_values() -> None:
    one = [Candidate("a", "x"), Candidate("b", "y")]
    other = [Candidate("a", "y"), Candidate("b", "x")]
    named = {digest("title", one), digest("body", one), digest("title", other), digest("title", [])}
    assert len(named) == 4
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert digest("title", [Candidate("a", "x", at, "ann")]) == digest("title", one[:1])


def test_authority_decides_and_keeps_the_loser() -> None:
    scene = in_conflict(Policy("authority", "b"))
    plan = scene.step()
    assert [c.value for clash in plan.losers for c in clash.candidates] == ["From A"]
    assert set(scene.shown("title").values()) == {"From B"}


def test_authority_asks_where_the_authority_said_nothing() -> None:
    scene = in_conflict(Policy("authority", "c"))
    assert scene.plan().clashes


def test_authority_stands_for_the_value_that_it_shows() -> None:
    scene = linked(**TWO, policies={"title": Policy("authority", "a")})
    scene.show("a", title="Two")
    scene.apply(scene.plan(), lost=frozenset({"b"}))
    scene.show("b", title="From B")
    plan = scene.step()
    assert [c.value for clash in plan.losers for c in clash.candidates] == ["From B"]
    assert set(scene.shown("title").values()) == {"Two"}


def test_state_takes_the_furthest_and_asks_where_it_has_no_rank() -> None:
    policy = Policy("state", order=("todo", "in_progress", "done"))
    scene = in_conflict(policy, "status", a="done", b="busy")
    scene.settle()
    assert set(scene.shown("status").values()) == {"done"}
    few = Policy("state", order=("todo", "in_progress"))
    assert in_conflict(few, "status", a="done", b="busy").plan().clashes


def at(minute: int) -> datetime:
    return datetime(2026, 1, 1, 12, minute, tzinfo=UTC)


def newest(evidence: Evidence | None, policy: Policy = NEWEST) -> Decision:
    scene = in_conflict(policy)
    unit = scene.sync.units["title"]
    views = {s: {"title": wire["title"]} for s, wire in scene.wires.items()}
    return decide(unit, scene.state("title"), views, scene.people, None, evidence)


def test_newest_asks_for_the_histories_before_anything_else() -> None:
    decision = newest(None)
    assert decision.needs_times and not decision.moved


def test_newest_takes_the_later_edit() -> None:
    decision = newest(Evidence({"a": at(2), "b": at(1)}))
    assert (decision.state.value, [c.value for c in decision.losers]) == ("From A", ["From B"])


@pytest.mark.parametrize("policy", [ASK, Policy("authority", "c")])
def test_no_policy_but_newest_looks_at_a_clock(policy: Policy) -> None:
    assert newest(Evidence({"a": at(2), "b": at(1)}, value_at=at(3)), policy).conflict


@pytest.mark.parametrize("times", [{}, {"a": at(1)}, {"a": at(1), "b": at(1)}])
def test_newest_without_a_clear_winner_takes_the_authority_and_else_asks(times: dict) -> None:
    assert newest(Evidence(times)).conflict
    assert newest(Evidence(times), Policy("newest", "b")).state.value == "From B"


def test_a_kind_that_merges_asks_nobody_unless_told_to() -> None:
    scene = linked(**TWO, policies={"labels": Policy("ask")})
    scene.show("a", labels=["x", "y"])
    scene.show("b", labels=["x", "z"])
    (clash,) = scene.plan().clashes
    assert [c.value for c in clash.candidates] == [["x", "y"], ["x", "z"]]


def test_a_text_edit_that_cannot_be_placed_is_a_conflict_that_can_be_told_and_answered() -> None:
    scene = linked(a=TICKET, b=FEW_WORDS)
    scene.show("a", body="<p>Text from A</p>")
    scene.apply(scene.plan(), lost=frozenset({"b"}))
    scene.show("b", body="Text from B")
    plan = scene.plan()
    (clash,) = plan.clashes
    assert not plan.writes
    assert all(c.value is not OVERLAP for c in clash.candidates)
    assert "Text from B" in str([c.to_json() for c in clash.candidates])
    scene.answer(clash, {"format": "markdown", "source": "Both"})
    scene.settle()
    assert scene.shown("body") == {"a": "<p>Both</p>", "b": "Both"}


def plainer() -> Scene:
    """A tool that takes the emphasis out of what it is sent, which is told once."""
    scene = linked(**TWO)
    scene.habits["b"] = lambda wire: {**wire, "body": re.sub("</?strong>", "", wire["body"] or "")}
    scene.show("a", body="<p>Hello <strong>world</strong></p>\n<p>Two</p>")
    scene.settle()
    assert scene.shown("body")["b"] == "<p>Hello world</p>\n<p>Two</p>"
    assert "b" in scene.state("body").deviates
    return scene


def test_an_edit_where_a_tool_shows_less_of_a_text_keeps_what_it_cannot_show() -> None:
    scene = plainer()
    scene.show("b", body="<p>Hello world</p>\n<p>Three</p>")
    scene.settle()
    assert scene.shown("body") == {
        "a": "<p>Hello <strong>world</strong></p>\n<p>Three</p>",
        "b": "<p>Hello world</p>\n<p>Three</p>",
    }


def test_an_edit_of_the_very_words_that_a_tool_shows_otherwise_is_asked_about() -> None:
    scene = plainer()
    scene.show("b", body="<p>Hello you</p>\n<p>Two</p>")
    plan = scene.plan()
    (clash,) = plan.clashes
    assert not plan.writes
    assert [c.side for c in clash.candidates] == ["b"]
    assert "Hello you" in str(clash.candidates[0].to_json())


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
    state = UnitState("v", True, frozenset({"b", "a"}), {"a": {"t": "v"}}, {"b": "why"})
    assert UnitState.unpack(state.pack()) == state
    assert UnitState.unpack(UnitState().pack()) == UnitState.unpack(None) == UnitState()


def test_an_answer_alone_decides_nothing() -> None:
    scene = linked(**TWO)
    unit, state = scene.sync.units["title"], scene.state("title")
    views = {s: {"title": "One"} for s in "ab"}
    answer = Answer(digest("title", []), "Never")
    assert decide(unit, state, views, {"a": NOBODY, "b": NOBODY}, answer).state == state
