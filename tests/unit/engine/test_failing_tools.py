"""A tool that fails in the middle of a pass: what is promised holds, and the next pass goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.report import Report
from syncline.engine.spec import DeletePolicy, Policy
from syncline.sdk.connector import Capabilities
from syncline.sdk.errors import AuthRequired, ConnectorError, Misconfigured, Retriable
from syncline.simulation.connector import FULL, PLAIN
from syncline.simulation.faults import Call
from syncline.store import intents, links
from syncline.store.findings import conflicts, parked, tombstones
from tests.support.world import World

RESTART = Retriable("b is being restarted; nothing was changed. It is asked again later.")


def failing(error: ConnectorError) -> Callable[[Call], None]:
    """A call that ends with this error, before anything was applied."""

    def fails(_: Call) -> None:
        raise error

    return fails


async def three(b: Capabilities = FULL, **options: Any) -> tuple[World, str, str, str]:
    """A record in step between a, b and c; b will fail."""
    world = await World.make(a={}, b={}, c={}, capabilities={"b": b}, **options)
    one = world.a.create({"title": "One", "priority": "low"})
    await world.settled()
    (other,), (third,) = world.b.items, world.c.items
    return world, one, other, third


def titles(world: World) -> dict[str, list[str]]:
    return {side: sorted(r["title"] for r in world.records(side)) for side in world.tools}


async def made_good(world: World) -> None:
    """Later, when the tool is well again: all sides show the same, and nothing waits."""
    world.clock.advance(3600)
    await world.settled()
    assert titles(world)["a"] == titles(world)["b"]
    assert not await world.store.read(intents.open, "s")
    assert not await world.store.read(parked.list, "s")


def only_b_stopped(report: Report, why: str) -> None:
    assert list(report.stopped) == ["b"]
    assert why in report.stopped["b"]
    assert report.state == "failed"


# On the way to a write.


async def test_a_write_waits_when_its_record_cannot_be_read_just_before() -> None:
    world, one, other, third = await three(PLAIN)
    world.a.edit(one, {"title": "Two"})
    world.b.faults.add("fetch", "down")
    report = await world.sync()
    only_b_stopped(report, "b did not answer fetch")
    assert world.b.log.count("update") == 0
    assert world.c.fields(third)["title"] == "Two"
    assert not await world.store.read(intents.open, "s")
    await made_good(world)
    assert world.b.fields(other)["title"] == "Two"


@pytest.mark.parametrize(
    "error",
    [
        RESTART,
        AuthRequired("b does not accept the token; nothing was changed."),
        Misconfigured("b has no project HELP; nothing was sent."),
    ],
    ids=["down", "token", "project"],
)
@pytest.mark.parametrize("what", ["update", "create"])
async def test_a_tool_that_stops_taking_writes_is_named_and_nothing_is_lost(
    what: str, error: ConnectorError
) -> None:
    world, one, other, third = await three()
    if what == "update":
        world.a.edit(one, {"title": "Two"})
    else:
        world.a.create({"title": "Two"})
    world.b.faults.add(what, failing(error))
    report = await world.sync()
    only_b_stopped(report, str(error))
    assert "Two" in titles(world)["c"]
    assert "Two" not in titles(world)["b"]
    await made_good(world)
    assert "Two" in titles(world)["b"]


async def test_a_tool_that_refuses_the_first_batch_is_not_asked_for_the_others() -> None:
    world = await World.make(a={}, b={}, capabilities={"b": PLAIN})
    for n in range(101):
        world.a.create({"title": f"Ticket {n}"})

    def revoked(_: Call) -> None:
        raise AuthRequired("b does not accept the token; nothing was changed.")

    world.b.faults.add("create", revoked)
    only_b_stopped(await world.sync(), "b does not accept the token")
    assert world.b.log.count("create") == 1
    assert not await world.store.read(intents.open, "s")
    await made_good(world)
    assert len(world.records("b")) == 101


# After a write.


async def test_a_write_that_was_taken_and_cannot_be_read_afterwards_is_not_sent_again() -> None:
    world, one, other, _ = await three(PLAIN)
    world.a.edit(one, {"title": "Two"})
    world.b.faults.add("update", lambda _: world.b.faults.add("fetch", "down"))
    report = await world.sync()
    only_b_stopped(report, "b did not answer fetch")
    assert len(await world.store.read(intents.open, "s")) == 1
    await made_good(world)
    assert world.b.fields(other)["title"] == "Two"
    assert world.b.log.count("update") == 1


async def test_a_record_that_was_made_and_cannot_be_read_afterwards_is_not_made_again() -> None:
    world = await World.make(a={}, b={}, capabilities={"b": PLAIN})
    world.a.create({"title": "One"})
    world.b.faults.add("create", lambda _: world.b.faults.add("fetch", "down"))
    only_b_stopped(await world.sync(), "b did not answer fetch")
    (waiting,) = await world.store.read(intents.open, "s")
    assert waiting.record_id in world.b.items
    await made_good(world)
    assert titles(world)["b"] == ["One"]
    assert world.b.log.count("create") == 1


async def test_what_a_tool_made_of_a_write_is_asked_about_where_its_history_was_down() -> None:
    asking = replace(FULL, answers_writes=False)
    world, one, other, _ = await three(asking)
    world.a.edit(one, {"priority": "high"})
    world.b.automations.append(lambda before, after: {"priority": "urgent"})
    world.b.faults.add("history", "down")
    only_b_stopped(await world.sync(), "b did not answer history")
    assert len(await world.store.read(intents.open, "s")) == 1
    world.b.automations.clear()
    world.clock.advance(3600)
    await world.settled()
    assert not await world.store.read(intents.open, "s")
    assert world.b.fields(other)["priority"] == "urgent"
    assert world.a.fields(one)["priority"] == "high"
    assert world.b.log.count("update") == 1
    (asked,) = await world.store.read(conflicts.list, "s")
    assert {candidate["value"] for candidate in asked.candidates} == {"high", "urgent"}


async def test_a_record_that_moved_and_cannot_be_read_again_keeps_what_a_person_wrote() -> None:
    world, one, other, _ = await three()
    world.a.edit(one, {"title": "Two"})

    def edited(_: Call) -> None:
        world.b.edit(other, {"title": "Mine"})
        world.b.faults.add("fetch", "down")

    world.b.faults.add("update", edited)
    only_b_stopped(await world.sync(), "b did not answer fetch")
    world.clock.advance(3600)
    await world.settled()
    assert world.b.fields(other)["title"] == "Mine"
    assert world.a.fields(one)["title"] == "Two"
    assert len(await world.store.read(conflicts.list, "s")) == 1


async def test_a_record_hidden_from_us_when_it_is_written_is_not_taken_as_deleted() -> None:
    world, one, other, _ = await three()
    world.a.edit(one, {"title": "Two"})
    world.b.faults.add("update", lambda _: world.b.hide(other))
    await world.sync()
    assert not await world.store.read(tombstones.list, "s", "suspected")
    world.b.hide(other, False)
    await made_good(world)
    assert world.b.fields(other)["title"] == "Two"


# While it is found out what exists.


async def test_a_suspected_deletion_is_not_believed_while_its_tool_is_down() -> None:
    world, one, other, third = await three()
    world.b.delete(other)
    world.b.create({"title": "Another"})
    await world.sync(full=True)
    world.b.faults.add("fetch", "down")
    only_b_stopped(await world.sync(), "b did not answer fetch")
    (link_id,) = (await world.store.read(links.find, "s", "a", [one])).values()
    link = (await world.store.read(links.load, [link_id]))[link_id]
    assert link.sides["b"].state == "in"
    await world.sync()
    link = (await world.store.read(links.load, [link_id]))[link_id]
    assert link.sides["b"].state == "gone"
    assert {"One"} <= {*titles(world)["a"]} & {*titles(world)["c"]}


async def test_a_census_that_is_cut_off_judges_nothing_missing() -> None:
    world, one, other, _ = await three()
    world.b.delete(other)
    world.b.faults.add("census", "down")
    only_b_stopped(await world.sync(full=True), "b did not answer census")
    assert not await world.store.read(tombstones.list, "s", "suspected")


# While values clash.


async def test_a_clash_waits_for_a_person_where_a_history_cannot_be_asked() -> None:
    world, one, other, _ = await three(policies={"title": Policy("newest")})
    world.b.edit(other, {"title": "Earlier"})
    world.clock.advance(60)
    world.a.edit(one, {"title": "Later"})
    world.b.faults.add("history", "down")
    only_b_stopped(await world.sync(), "b did not answer history")
    assert (world.a.fields(one)["title"], world.b.fields(other)["title"]) == ("Later", "Earlier")
    assert len(await world.store.read(conflicts.list, "s")) == 1


# While a deletion is carried over.


async def deleted(**options: Any) -> tuple[World, str, str]:
    """A record deleted in a, which b and c are to follow; a full pass has missed it already."""
    world, one, other, third = await three(**options)
    world.change(deletes=DeletePolicy(propagate="delete", on_edit="delete"))
    world.a.create({"title": "Another"})
    await world.settled()
    world.a.delete(one)
    await world.sync(full=True)
    return world, other, third


async def test_a_deletion_reaches_a_tool_that_was_down_when_the_others_followed_it() -> None:
    world, other, third = await deleted()
    world.b.faults.add("changes", "down")
    only_b_stopped(await world.sync(), "b did not answer changes")
    assert other in world.b.items
    assert third not in world.c.items
    world.clock.advance(3600)
    await world.settled()
    assert other not in world.b.items
    assert titles(world) == {"a": ["Another"], "b": ["Another"], "c": ["Another"]}


async def test_a_removal_that_its_tool_cannot_take_now_is_made_later() -> None:
    world, other, third = await deleted()
    world.b.faults.add("remove", failing(RESTART))
    only_b_stopped(await world.sync(), str(RESTART))
    assert other in world.b.items
    world.clock.advance(3600)
    await world.settled()
    assert titles(world) == {"a": ["Another"], "b": ["Another"], "c": ["Another"]}


async def test_a_deletion_waits_where_nobody_can_say_whether_the_record_was_edited() -> None:
    world, one, other, third = await three()
    world.change(deletes=DeletePolicy(propagate="delete", on_edit="keep"))
    world.a.create({"title": "Another"})
    await world.settled()
    world.a.delete(one)
    await world.sync(full=True)
    world.b.faults.add("fetch", "down")
    only_b_stopped(await world.sync(), "b did not answer fetch")
    assert other in world.b.items
    world.b.edit(other, {"title": "Mine"})
    world.clock.advance(3600)
    await world.settled()
    assert world.b.fields(other)["title"] == "Mine"


# Where more than one tool is in the middle of something.


async def test_what_was_lost_twice_is_settled_once_the_tool_is_back() -> None:
    world, one, other, _ = await three()
    world.a.edit(one, {"title": "Two"})
    world.a.create({"title": "Three"})
    world.b.faults.add("update", "drop_after_apply")
    world.b.faults.add("create", "drop_after_apply")
    await world.sync()
    world.b.faults.add("find", "down")
    only_b_stopped(await world.sync(), "b did not answer find")
    assert len(await world.store.read(intents.open, "s")) == 2
    await made_good(world)
    assert titles(world)["b"] == ["Three", "Two"]
    assert world.b.log.count("create") == 2


async def test_a_record_that_never_holds_still_is_given_up_for_this_pass_and_not_lost() -> None:
    world, one, other, _ = await three(PLAIN, policies={"title": Policy("authority", "a")})
    world.a.edit(one, {"title": "Two"})
    numbers = iter(range(100))
    before = world.b.log.count("fetch")

    def edited(_: Call) -> None:
        world.b.edit(other, {"title": f"Mine {next(numbers)}"})

    world.b.faults.add("fetch", edited, times=100)
    await world.sync()
    assert world.b.log.count("fetch") == before + 3
    assert world.b.log.count("update") == 0
    assert world.b.fields(other)["title"] == "Mine 2"
    world.b.faults.clear()
    await made_good(world)
    assert world.b.fields(other)["title"] == "Two"


async def test_records_that_vanish_while_they_are_counted_are_not_suspected() -> None:
    world, one, other, _ = await three()
    world.a.create({"title": "Another"})
    await world.settled()
    world.b.delete(other)

    def blinded(_: Call) -> None:
        for id_ in world.b.items:
            world.b.hide(id_)

    world.b.faults.add("fetch", blinded)
    report = await world.sync(full=True)
    assert any("cannot be read, so nothing missing is judged" in note for note in report.notes)
    assert not await world.store.read(tombstones.list, "s", "suspected")
