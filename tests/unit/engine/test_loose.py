"""Records that belong to no link yet: tied by an address or a marker, or left to themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncline.engine.commands import adopt, answer_conflict, retry_parked, unlink
from syncline.sdk.connector import CreateSearch, FindResult, Found
from syncline.simulation.connector import FULL, MemoryConnector
from syncline.store import intents, links
from syncline.store.findings import conflicts, parked
from tests.support.world import World
from tests.unit.engine.pairs import link_of, places

PATH = "custom.refers_to"


async def referring(**options: Any) -> World:
    """Tools of which b has a field for the addresses of other records."""
    world = await World.make(**{"a": {}, "b": {}, **options})
    b = replace(world.spec.sides["b"], references=(PATH,))
    world.change(sides={**world.spec.sides, "b": b})
    return world


def record(title: str, refers_to: Any = None) -> dict[str, Any]:
    return {"title": title, "custom": {"refers_to": refers_to}}


async def test_a_record_that_names_the_address_of_another_is_linked_with_it() -> None:
    world = await referring()
    world.a.create({"title": "One"})
    world.b.create(record("One", "memory://a/A-1"))
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    assert (len(world.a.items), len(world.b.items)) == (1, 1)


async def test_one_of_several_addresses_is_enough_and_unknown_ones_mean_nothing() -> None:
    world = await referring()
    world.a.create({"title": "One"})
    world.b.create(record("One", ["https://elsewhere.test/7", "memory://a/A-1"]))
    world.b.create(record("Two", ["https://elsewhere.test/7"]))
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    assert sorted(r["title"] for r in world.records("a")) == ["One", "Two"]


async def test_a_record_that_is_made_later_finds_the_one_that_names_it() -> None:
    world = await referring(create="never")
    world.b.create(record("One", "memory://a/A-1"))
    await world.settled()
    world.a.create({"title": "One"})
    world.b.edit("B-1", {"custom": {"refers_to": "memory://a/A-1"}})
    await world.settled()
    assert len(world.a.items) == 1


async def test_an_address_of_a_linked_record_joins_its_link() -> None:
    world = await referring(c={}, create="never", match=("reference", ("title",)))
    world.a.create({"title": "One"})
    world.c.create({"title": "One"})
    await world.settled()
    world.b.create(record("In other words", "memory://a/A-1"))
    await world.sync()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1", "c": "C-1"}


async def test_two_records_of_one_tool_that_name_a_linked_record_are_a_question() -> None:
    world = await referring(c={}, create="never", match=("reference", ("title",)))
    world.a.create({"title": "One"})
    world.c.create({"title": "One"})
    await world.settled()
    world.b.create(record("In other words", "memory://a/A-1"))
    world.b.create(record("Said again", "memory://c/C-1"))
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "c": "C-1"}
    (asked,) = await world.store.read(conflicts.list, "s")
    assert {c["value"] for c in asked.candidates} == {"A-1", "B-1", "B-2", "C-1"}
    await adopt(world.store, "s", [("a", "A-1"), ("b", "B-2")], "unused", world.clock.now())
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-2", "c": "C-1"}
    assert {one.kind for one in await world.store.read(conflicts.list, "s")} == {"field"}


async def test_records_of_two_tools_that_name_a_linked_record_both_join_it() -> None:
    world = await referring(c={}, d={}, create="never", match=("reference", ("title",)))
    d = replace(world.spec.sides["d"], references=(PATH,))
    world.change(sides={**world.spec.sides, "d": d})
    world.a.create({"title": "One"})
    world.c.create({"title": "One"})
    await world.settled()
    world.b.create(record("In other words", "memory://a/A-1"))
    world.d.create(record("Said again", "memory://c/C-1"))
    await world.settled()
    linked = {"a": "A-1", "b": "B-1", "c": "C-1", "d": "D-1"}
    assert places(await link_of(world, "a", "A-1")) == linked


async def test_a_record_that_only_looks_like_one_that_is_tied_by_address_is_another() -> None:
    world = await referring(c={}, create="never", match=("reference", ("title",)))
    world.a.create({"title": "One"})
    world.b.create(record("Two", "memory://a/A-1"))
    world.c.create({"title": "Two"})
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    assert not await world.store.read(links.find, "s", "c", ["C-1"])
    assert [one.kind for one in await world.store.read(conflicts.list, "s")] == ["field"]


async def test_an_address_of_a_record_that_has_a_partner_takes_nobodys_place() -> None:
    world = await referring()
    world.a.create({"title": "One"})
    await world.settled()
    world.b.create(record("Two", "memory://a/A-1"))
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    assert sorted(r["title"] for r in world.records("a")) == ["One", "Two"]
    assert world.b.fields("B-1")["title"] == "One"


async def test_an_address_within_the_same_tool_ties_nothing() -> None:
    world = await World.make(a={}, b={})
    a = replace(world.spec.sides["a"], references=(PATH,))
    world.change(sides={**world.spec.sides, "a": a})
    world.a.create(record("One"))
    world.a.create(record("Two", ["memory://a/A-1", "memory://b/B-1"]))
    world.b.create({"title": "Two"})
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1"}
    assert sorted(r["title"] for r in world.records("b")) == ["One", "Two"]
    assert not await world.store.read(conflicts.list, "s")


async def test_two_records_that_name_the_same_address_are_a_question() -> None:
    world = await referring()
    world.a.create({"title": "One"})
    world.b.create(record("One", "memory://a/A-1"))
    world.b.create(record("One again", "memory://a/A-1"))
    await world.settled()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert {c["value"] for c in asked.candidates} == {"A-1", "B-1", "B-2"}
    assert (len(world.a.items), len(world.b.items)) == (1, 2)


async def test_an_unlinked_record_is_not_tied_again_by_the_address_it_names() -> None:
    world = await referring()
    world.a.create({"title": "One"})
    world.b.create(record("One", "memory://a/A-1"))
    await world.settled()
    await unlink(world.store, await link_of(world, "b", "B-1"), "b", world.clock.now())
    world.b.edit("B-1", {"title": "Two"})
    await world.settled()
    assert world.a.fields("A-1")["title"] == "One"
    assert (len(world.a.items), len(world.b.items)) == (1, 1)


async def test_addresses_mean_nothing_where_the_sync_does_not_match_by_them() -> None:
    world = await referring(match=("marker",))
    world.a.create({"title": "One"})
    world.b.create(record("Two", "memory://a/A-1"))
    await world.settled()
    assert (len(world.a.items), len(world.b.items)) == (2, 2)


# Markers.


async def test_a_copy_of_a_record_that_we_made_is_a_record_of_its_own() -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    await world.settled()
    world.b.create({"title": "One, copied"}, key=world.b.item("B-1").key)
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-1", "b": "B-1"}
    assert places(await link_of(world, "b", "B-2")) == {"a": "A-2", "b": "B-2"}


class Doubting(MemoryConnector):
    """Where several records have a key, as connectors answer."""

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return [FindResult(Found.UNKNOWN, reason="several records carry this key") for _ in items]


async def test_of_two_copies_with_a_key_whose_create_was_lost_neither_is_taken_by_its_number() -> (
    None
):
    """The tool cannot say which is ours; `B-10` comes before `B-9` where numbers are texts."""
    world = await World.make(a={}, b={}, create="never", match=("marker",))
    world.connectors["b"] = Doubting(world.b, FULL)
    for number in range(8):
        world.b.create({"title": f"Another {number}"})
    await world.settled()
    made = {s: replace(spec, create="when_missing") for s, spec in world.spec.sides.items()}
    world.change(sides=made)
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_after_apply")
    await world.sync()
    world.b.create({"title": "One, copied"}, key=world.b.item("B-9").key)
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1"}
    asked = [c for c in await world.store.read(conflicts.list, "s") if not c.field]
    assert {c["value"] for one in asked for c in one.candidates} >= {"B-9", "B-10"}


async def lost_and_listed(
    world: World, times: int = 1, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Creates whose answers are lost; the listing shows their records before the search does."""
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_after_apply", times=times)
    await world.sync()

    def shows(_: object) -> None:
        world.b.search_lag = timedelta(microseconds=1)

    world.b.search_lag = timedelta(minutes=1)
    world.b.faults.add("changes", shows)
    meanwhile()
    await world.sync()
    assert await world.store.read(intents.open, "s")


async def test_our_marker_says_more_than_an_address_that_the_tool_fills_in() -> None:
    can = {"b": replace(FULL, search_lag=timedelta(minutes=1))}
    world = await referring(capabilities=can)
    world.b.automations.append(lambda before, after: {"custom": {"refers_to": "memory://a/A-1"}})
    world.a.create({"title": "Elsewhere"})
    world.b.faults.add("create", "retry", times=2)
    await world.sync()
    world.b.faults.clear()
    await lost_and_listed(world, times=2)
    for id_, title in (("A-1", "Elsewhere"), ("A-2", "One")):
        other = places(await link_of(world, "a", id_))["b"]
        assert world.b.fields(other)["title"] == title
    world.b.search_lag = timedelta(0)
    world.clock.advance(3600)
    await world.settled()
    assert (len(world.a.items), len(world.b.items)) == (2, 2)


async def test_a_record_that_looks_like_a_lost_one_is_not_tied_to_it_beside_its_link() -> None:
    can = {"b": replace(FULL, search_lag=timedelta(minutes=1))}
    world = await World.make(a={}, b={}, c={}, capabilities=can, match=("marker", ("title",)))
    never = {s: replace(world.spec.sides[s], create="never") for s in "ac"}
    world.change(sides={**world.spec.sides, **never})
    await lost_and_listed(world, meanwhile=lambda: world.c.create({"title": "One"}))
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}
    world.b.search_lag = timedelta(0)
    world.clock.advance(3600)
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}


@pytest.mark.parametrize("later", [False, True])
async def test_what_may_be_a_lost_record_is_nothing_elses_counterpart(later: bool) -> None:
    can = {"b": replace(FULL, find_by_key=False)}
    world = await World.make(a={}, b={}, c={}, capabilities=can, match=(("title",),))
    never = {s: replace(world.spec.sides[s], create="never") for s in "ac"}
    world.change(sides={**world.spec.sides, **never})
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_after_apply")
    await world.sync()
    for _ in range(2):
        if later:
            world.clock.advance(3600)
            await world.sync()
    world.c.create({"title": "One"})
    await world.settled()
    assert places(await link_of(world, "c", "C-1")) == {"b": "B-2", "c": "C-1"}
    await adopt(world.store, "s", [("a", "A-1"), ("b", "B-1")], "unused", world.clock.now())
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1"}


async def test_a_question_about_a_lost_record_is_about_no_other() -> None:
    world = await World.make(a={}, b={}, capabilities={"b": replace(FULL, find_by_key=False)})
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_after_apply")
    await world.settled()
    assert {c.kind for c in await world.store.read(conflicts.list, "s")} == {"match"}
    world.b.create({"title": "Two"})
    await world.settled()
    assert places(await link_of(world, "b", "B-2")) == {"a": "A-2", "b": "B-2"}
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1"}


async def test_two_records_that_name_one_address_are_a_question_whichever_side_names_it() -> None:
    world = await World.make(a={}, b={})
    a = replace(world.spec.sides["a"], references=(PATH,))
    world.change(sides={**world.spec.sides, "a": a})
    world.b.create({"title": "One"})
    world.a.create(record("One", "memory://b/B-1"))
    world.a.create(record("One again", "memory://b/B-1"))
    await world.settled()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert {c["value"] for c in asked.candidates} == {"A-1", "A-2", "B-1"}
    assert (len(world.a.items), len(world.b.items)) == (2, 1)


async def test_addresses_along_three_tools_make_one_link() -> None:
    world = await referring(c={})
    c = replace(world.spec.sides["c"], references=(PATH,))
    world.change(sides={**world.spec.sides, "c": c})
    world.a.create({"title": "One"})
    world.b.create(record("One", "memory://a/A-1"))
    world.c.create(record("One", "memory://b/B-1"))
    await world.settled()
    assert places(await link_of(world, "a", "A-1")) == {"a": "A-1", "b": "B-1", "c": "C-1"}
    assert [len(tool.items) for tool in world.tools.values()] == [1, 1, 1]


# Creates whose answer was lost, in a tool that keeps no keys.


async def lost(**can: Any) -> World:
    """A record of a, whose copy in b was made and not answered for; one pass has gone by since."""
    world = await World.make(
        a={}, b={}, capabilities={"b": replace(FULL, find_by_key=False, **can)}
    )
    world.a.create({"title": "One", "body": "<p>Text</p>"})
    world.b.faults.add("create", "drop_after_apply")
    await world.sync()
    return world


async def told(world: World) -> None:
    """Nothing is made twice; a person is asked about the create and the record it may have made."""
    await world.settled()
    assert (len(world.a.items), len(world.b.items)) == (1, 1)
    assert world.b.log.count("create") == 1
    (waiting,) = await world.store.read(parked.list, "s")
    assert (waiting.side, waiting.action) == ("b", "create")
    assert "`syncline adopt`" in waiting.reason
    (asked,) = await world.store.read(conflicts.list, "s")
    assert {(c["side"], c["value"]) for c in asked.candidates} == {("a", "A-1"), ("b", "B-1")}


async def test_a_lost_create_that_cannot_be_looked_for_is_asked_about_and_not_made_again() -> None:
    world = await lost()
    await told(world)
    await adopt(world.store, "s", [("a", "A-1"), ("b", "B-1")], "unused", world.clock.now())
    world.a.edit("A-1", {"title": "Two"})
    await world.settled()
    assert world.b.fields("B-1")["title"] == "Two"
    assert not await world.store.read(parked.list, "s")
    assert not await world.store.read(conflicts.list, "s")


async def test_its_history_tells_that_an_edited_record_may_be_that_of_a_lost_create() -> None:
    world = await lost()
    world.b.edit("B-1", {"title": "Two", "body": "<p>Other</p>"})
    world.b.edit("B-1", {"title": "Three"})
    await told(world)


async def test_a_lost_create_is_made_again_when_a_person_says_so() -> None:
    world = await lost()
    await world.settled()
    world.b.delete("B-1")
    (waiting,) = await world.store.read(parked.list, "s")
    assert await retry_parked(world.store, waiting.id, world.clock.now())
    await world.settled()
    assert [r["title"] for r in world.records("b")] == ["One"]
    assert not await world.store.read(parked.list, "s")


async def test_a_lost_create_is_not_sent_again_while_the_history_cannot_be_asked() -> None:
    world = await lost()
    world.b.create({"title": "Another"})
    world.b.faults.add("history", "down")
    assert list((await world.sync()).stopped) == ["b"]
    assert world.b.log.count("create") == 1
    await world.settled()
    assert world.b.log.count("create") == 1


async def test_a_clone_of_a_record_that_is_not_settled_yet_waits_until_it_is() -> None:
    can = {"b": replace(FULL, search_lag=timedelta(minutes=1))}
    world = await World.make(a={}, b={}, capabilities=can)
    world.a.create({"title": "One"})
    world.b.faults.add("create", "drop_after_apply")
    await world.sync()
    world.b.create({"title": "One"})
    world.b.create({"title": "Another"})

    def shows(_: object) -> None:
        world.b.search_lag = timedelta(microseconds=1)

    world.b.search_lag = timedelta(minutes=1)
    world.b.faults.add("changes", shows)
    await world.sync()
    assert sorted(record["title"] for record in world.records("a")) == ["Another", "One"]
    world.b.search_lag = timedelta(0)
    world.clock.advance(3600)
    await world.settled()
    assert sorted(record["title"] for record in world.records("a")) == ["Another", "One", "One"]
    assert sorted(record["title"] for record in world.records("b")) == ["Another", "One", "One"]


async def test_a_record_that_was_never_ours_is_copied_while_a_create_is_lost() -> None:
    world = await lost()
    world.b.create({"title": "Another"})
    world.b.edit("B-2", {"priority": "high"})
    await world.settled()
    assert sorted(record["title"] for record in world.records("a")) == ["Another", "One"]


async def test_the_answer_to_a_conflict_of_two_records_that_were_just_linked_is_delivered() -> None:
    world = await World.make(a={}, b={}, match=(("title",),))
    world.a.create({"title": "Printer", "priority": "low"})
    world.b.create({"title": "Printer", "priority": "high"})
    await world.sync()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert await answer_conflict(world.store, asked.id, asked.digest, "high")
    await world.settled()
    assert world.a.fields("A-1")["priority"] == world.b.fields("B-1")["priority"] == "high"
    assert not await world.store.read(conflicts.list, "s")


async def test_what_a_record_showed_when_it_joined_its_link_is_told_in_a_later_conflict() -> None:
    world = await referring(c={}, create="never", match=("reference", ("title",)))
    world.a.create({"title": "One"})
    world.c.create({"title": "One"})
    await world.settled()
    world.b.create(record("Said in b", "memory://a/A-1"))
    await world.sync()
    world.a.edit("A-1", {"title": "Said in a"})
    await world.settled()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert {one["value"] for one in asked.candidates} == {"Said in a", "Said in b"}
    assert world.c.fields("C-1")["title"] == "One"
