"""What a link remembers, and what is worked out from it alone: pure functions, no tool."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syncline.engine.decision import UnitState
from syncline.engine.identity import forgotten, joined, moved, unheard
from syncline.engine.owing import CARDS, cards_owed
from syncline.engine.undone import Extent
from syncline.store.rows import JournalEntry, Link, LinkSide
from tests.unit.engine.scene import FEW_WORDS, THREE, TWO, Scene, linked


def test_a_record_that_is_forgotten_takes_nothing_of_the_others_along() -> None:
    state = UnitState(
        "One",
        True,
        frozenset("abc"),
        {side: {"title": "One"} for side in "abc"},
        {"b": "it shortens titles", "c": "it takes no titles"},
        frozenset("ac"),
    )
    link = Link("L1", "s", "record", None, {}, {"title": state.pack(), "_other": {"kept": 1}})
    after = forgotten(link, "c")
    assert UnitState.unpack(after.fields["title"]) == UnitState(
        "One",
        True,
        frozenset("ab"),
        {side: {"title": "One"} for side in "ab"},
        {"b": "it shortens titles"},
        frozenset("a"),
    )
    assert after.fields["_other"] == {"kept": 1}


def showing(**sides: LinkSide) -> tuple[Scene, Link]:
    scene = linked(**TWO)
    specs = {name: replace(spec, cards=True) for name, spec in scene.sync.sides.items()}
    scene.sync = replace(scene.sync, sides=specs)
    return scene, replace(scene.link, sides=sides)


def test_a_card_is_owed_for_each_record_in_scope_that_has_an_address() -> None:
    here = {side: LinkSide(side, f"{side}1", url=f"https://{side}.example/1") for side in "ab"}
    scene, link = showing(**here)
    assert cards_owed(scene.sync, link) == {"a": ["b:b1"], "b": ["a:a1"]}
    known = replace(link, fields={CARDS: {"a": ["b:b1"]}})
    assert cards_owed(scene.sync, known) == {"b": ["a:a1"]}


def test_a_record_without_an_address_or_out_of_scope_is_on_no_card_and_gets_none() -> None:
    a = LinkSide("a", "a1", url="https://a.example/1")
    scene, link = showing(a=a, b=LinkSide("b", "b1"))
    assert cards_owed(scene.sync, link) == {}
    scene, link = showing(a=a, b=LinkSide("b", "b1", "out", url="https://b.example/1"))
    assert cards_owed(scene.sync, link) == {}


def test_an_address_and_a_key_stay_known_where_a_tool_does_not_tell_them_again() -> None:
    scene = linked(**TWO)
    at = replace(scene.link.sides["a"], key="APP-1", url="https://a.example/1")
    scene.link = replace(scene.link, sides={**scene.link.sides, "a": at})
    after = scene.plan().link.sides["a"]
    assert (after.key, after.url) == ("APP-1", "https://a.example/1")


def test_a_record_that_goes_to_the_other_link_is_remembered_there_alone() -> None:
    state = UnitState("One", True, frozenset("ab"), {s: {"title": "One"} for s in "ab"})
    sides = {"a": LinkSide("a", "a1", "gone"), "b": LinkSide("b", "b1")}
    ends = Link("L2", "s", "record", None, sides, {"title": state.pack()})
    home = Link("L1", "s", "record", None, {"a": LinkSide("a", "a2")}, {})
    kept, rest = joined(home, ends, ["b"])
    assert kept.sides["b"] == LinkSide("b", "b1")
    assert kept.dirty
    assert rest.sides["b"] == LinkSide("b", "", "cut")
    left = UnitState.unpack(rest.fields["title"])
    assert (left.delivered, set(left.seen)) == (frozenset("a"), {"a"})


def test_what_the_old_record_would_not_take_is_to_be_sent_to_the_one_in_its_place() -> None:
    scene = linked(**TWO)
    packed = scene.state("title")._replace(deviates={"b": "it shortens titles"}).pack()
    link = replace(scene.link, fields={**scene.link.fields, "title": packed}, dirty=False)
    at = LinkSide("b", "b2")
    after = moved(scene.sync, link, "b", at)
    assert after.sides["b"] == at
    assert after.dirty
    assert UnitState.unpack(after.fields["title"]).delivered == {"a"}
    assert not moved(scene.sync, replace(scene.link, dirty=False), "b", at).dirty


def test_an_undo_covers_what_happened_from_its_first_moment_to_its_last() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    hop = JournalEntry(at, "s", "run", "L1", "a", "a1", "title", "write", None, "One", None, "")
    moment = timedelta(seconds=1)
    assert Extent(since=at, until=at).covers(hop)
    assert not Extent(since=at + moment).covers(hop)
    assert not Extent(until=at - moment).covers(hop)
    assert not Extent(unit="body").covers(hop)
    assert not Extent(run="another").covers(hop)


def test_what_a_record_never_got_is_all_that_the_others_had_for_it_and_nothing_else() -> None:
    scene = linked(**THREE, d=FEW_WORDS.replace("  priority:", "  # priority:"))
    scene.show("b", title="Two")
    scene.show("c", priority="high")
    scene.show("d", status="closed")
    observed = dict(reversed(scene.observed().items()))
    found = unheard(scene.sync, scene.link, observed, "a", scene.people)
    assert found == {"title": "Two", "priority": "high", "status": "done"}
    ended = {**observed, "c": replace(observed["c"], deleted=True)}
    found = unheard(scene.sync, scene.link, ended, "a", scene.people)
    assert found == {"title": "Two", "status": "done"}


def test_what_was_decided_and_not_yet_shown_was_never_got_either() -> None:
    scene = linked(**TWO)
    scene.show("b", title="Two")
    scene.apply(scene.plan(), lost=frozenset("a"))
    assert unheard(scene.sync, scene.link, scene.observed(), "a", scene.people) == {"title": "Two"}
