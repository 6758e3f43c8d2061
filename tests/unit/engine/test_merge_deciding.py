"""How a merge decides between concurrent values: rule 4 of `merge.py`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from syncline.engine.decision import Candidate, Decision, Evidence, digest
from syncline.engine.merge import decide
from syncline.engine.spec import Policy
from syncline.mapping.lens import OVERLAP
from tests.unit.engine.scene import FEW_WORDS, THREE, TICKET, TWO, Scene, candidates, linked

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
