"""Rule 0 against whole tools: what became of a write whose answer never came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from syncline.sdk.connector import Capabilities, Change
from syncline.sdk.errors import Ambiguous
from syncline.simulation.connector import FULL, MemoryConnector
from syncline.store import intents, runs
from syncline.store.findings import conflicts
from syncline.store.lease import Lease
from syncline.store.rows import Run
from tests.support.world import World


async def two_tools() -> tuple[World, str, str]:
    world = await World.make(a={}, b={})
    one = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    return world, one, other


async def there_and_back(world: World, one: str, other: str) -> None:
    """Two was written to b before, and a person there put One back: the history knows that."""
    world.a.edit(one, {"title": "Two"})
    await world.sync()
    assert world.b.fields(other)["title"] == "Two"
    world.b.edit(other, {"title": "One"})
    await world.sync()
    assert world.a.fields(one)["title"] == "One"


async def test_an_old_write_of_the_same_value_does_not_prove_that_a_new_one_arrived() -> None:
    world, one, other = await two_tools()
    await there_and_back(world, one, other)
    world.a.edit(one, {"title": "Two"})
    world.b.faults.add(method="update", action="drop_before", times=1)
    await world.sync()
    await world.settled()
    assert world.b.fields(other)["title"] == world.a.fields(one)["title"] == "Two"


async def test_an_older_write_of_ours_does_not_prove_that_this_one_arrived() -> None:
    world, one, other = await two_tools()
    world.a.edit(one, {"title": "Two"})
    await world.sync()
    world.a.edit(one, {"title": "Three"})
    world.b.faults.add(method="update", action="drop_before", times=1)
    await world.sync()
    world.b.edit(other, {"priority": "high"})
    await world.settled()
    assert world.b.fields(other)["title"] == world.a.fields(one)["title"] == "Three"


async def test_a_write_that_a_person_took_back_was_applied_and_their_edit_counts() -> None:
    world, one, other = await two_tools()
    world.a.edit(one, {"title": "Two"})
    world.b.faults.add(method="update", action="drop_after_apply", times=1)
    await world.sync()
    world.b.edit(other, {"title": "One"})
    await world.settled()
    assert world.b.fields(other)["title"] == world.a.fields(one)["title"] == "One"


async def test_while_a_tool_cannot_be_asked_the_others_go_on_and_nothing_is_sent_again() -> None:
    world = await World.make(a={}, b={}, c={})
    one = world.a.create({"title": "One"})
    await world.settled()
    (other,), (third,) = world.b.items, world.c.items
    world.a.edit(one, {"title": "Two"})
    world.b.faults.add(method="update", action="drop_after_apply", times=1)
    await world.sync()
    world.b.faults.add(method="*", action="down", times=1000)
    world.a.edit(one, {"title": "Three"})
    await world.sync()
    assert world.c.fields(third)["title"] == "Three"
    assert len(await world.store.read(intents.open, "s")) == 1
    world.b.faults.clear()
    await world.settled()
    assert world.b.fields(other)["title"] == "Three"
    assert not await world.store.read(intents.open, "s")


@pytest.mark.parametrize("action", ["drop_before", "drop_after_apply"])
async def test_a_write_of_two_fields_is_settled_field_by_field(action: str) -> None:
    world, one, other = await two_tools()
    world.a.edit(one, {"title": "Two", "priority": "high"})
    world.b.faults.add(method="update", action=action, times=1)
    await world.sync()
    world.b.edit(other, {"priority": "low"})
    reports = await world.settled()
    shown = [world.a.fields(one), world.b.fields(other)]
    assert [fields["title"] for fields in shown] == ["Two", "Two"]
    if action == "drop_after_apply":
        assert [fields["priority"] for fields in shown] == ["low", "low"]
    else:
        assert reports[-1].counts["conflicts"] == 1
        assert [fields["priority"] for fields in shown] == ["high", "low"]


async def test_a_lost_write_of_what_had_been_written_over_a_moment_before_is_sent_again() -> None:
    """A history is asked for from well before the write: its clock is not ours."""
    world = await World.make(a={}, b={})
    one = world.a.create({"title": "One"})
    for status in ("done", "blocked", "done"):
        world.a.edit(one, {"status": status})
        await world.sync()
    world.b.faults.add(method="update", action="drop_before", times=1)
    world.a.edit(one, {"status": "blocked"})
    await world.sync()
    world.b.edit("B-1", {"title": "Two"})
    await world.settled()
    for side in ("a", "b"):
        (fields,) = world.records(side)
        assert (fields["title"], fields["status"]) == ("Two", "blocked")


async def test_a_lost_create_that_the_listing_shows_before_the_search_does_stays_in_step() -> None:
    minute = timedelta(minutes=1)
    can = {"b": replace(FULL, search_lag=minute)}
    world = await World.make(a={}, b={}, capabilities=can)
    one = world.a.create({"title": "One", "body": "<p>Text.</p>"})
    world.b.faults.add(method="create", action="drop_after_apply", times=1)
    await world.sync()

    def shows(_: object) -> None:
        world.b.search_lag = timedelta(microseconds=1)

    world.b.search_lag = minute
    world.b.faults.add(method="changes", action=shows, times=1)
    await world.sync()
    assert len(await world.store.read(intents.open, "s")) == 1
    (other,) = world.b.items
    world.b.search_lag = timedelta(hours=9)
    world.clock.advance(120)
    await world.sync()
    assert not await world.store.read(intents.open, "s")
    world.a.edit(one, {"title": "Two"})
    await world.sync()
    assert len(world.b.items) == 1
    assert world.b.fields(other)["title"] == "Two"


async def test_every_attempt_at_a_create_has_the_same_key() -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    world.b.faults.add(method="create", action="drop_before", times=2)
    for _ in range(3):
        await world.sync()
        world.clock.advance(60)
    attempts = [call.ids for call in world.b.log.calls if call.kind == "create"]
    assert len(attempts) == 3
    assert len(set(attempts)) == 1
    assert len(world.b.items) == 1


async def lost_without_a_history(sent: Mapping[str, Any], typed: Mapping[str, Any]) -> World:
    """A write whose answer is lost, in a tool without a history; then a person edits there."""
    world = await World.make(a={}, b={}, capabilities={"b": replace(FULL, history=False)})
    one = world.a.create({"title": "One", "body": "<p>A</p>"})
    await world.settled()
    world.a.edit(one, sent)
    world.b.faults.add(method="update", action="drop_after_apply", times=1)
    await world.sync()
    (other,) = world.b.items
    world.b.edit(other, typed)
    return world


@pytest.mark.parametrize(
    ("field", "before", "sent", "typed", "left"),
    [
        ("labels", [], ["ours"], ["ours", "theirs"], ["theirs"]),
        ("body", "<p>A</p>", "<p>A</p><p>B</p>", "<p>C</p><p>A</p><p>B</p>", "<p>C</p><p>A</p>"),
    ],
)
async def test_what_shows_all_that_was_sent_and_more_was_written_and_then_edited(
    field: str, before: Any, sent: Any, typed: Any, left: Any
) -> None:
    world = await lost_without_a_history({field: sent}, {field: typed})
    world.a.edit("A-1", {field: before})
    reports = await world.settled()
    shown = [world.a.fields("A-1")[field], world.b.fields("B-1")[field]]
    assert [str(one).replace("\n", "") for one in shown] == [str(left)] * 2
    assert not reports[-1].counts["conflicts"]


async def test_a_label_missing_of_those_that_were_sent_may_never_have_been_taken() -> None:
    world = await lost_without_a_history({"labels": ["one", "two"]}, {"labels": ["one"]})
    await world.settled()
    assert world.a.fields("A-1")["labels"] == world.b.fields("B-1")["labels"] == ["one", "two"]


class Forgetful(MemoryConnector):
    """Its tool keeps a history of other record types only, and answers no write of this one."""

    def capabilities_of(self, record: str) -> Capabilities:
        return replace(self.capabilities, history=False, answers_writes=False)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        return {id: () for id in ids}


async def lost_create_then_edited(**typed: str) -> World:
    """A create whose answer is lost, of a type without a history; then a person edits there."""
    world = await World.make(a={}, b={})
    world.connectors["b"] = Forgetful(world.b, FULL)
    world.a.create({"title": "One", "status": "todo"})
    world.b.faults.add(method="create", action="drop_after_apply", times=1)
    await world.sync()
    (other,) = world.b.items
    world.b.edit(other, typed)
    await world.settled()
    return world


async def test_an_edit_of_what_a_lost_create_wrote_is_asked_about() -> None:
    world = await lost_create_then_edited(title="Two")
    (waiting,) = await world.store.read(conflicts.list, "s")
    assert {c["value"] for c in waiting.candidates} == {"One", "Two"}
    assert [fields["title"] for fields in world.records("b")] == ["Two"]


async def test_an_edit_of_what_a_lost_create_left_empty_is_no_default_of_the_tool() -> None:
    world = await lost_create_then_edited(priority="high")
    assert [fields["priority"] for fields in world.records("a")] == ["high"]


async def test_a_create_that_left_long_after_its_note_is_waited_for_from_then_on() -> None:
    minute = timedelta(minutes=1)
    world = await World.make(a={}, b={}, capabilities={"b": replace(FULL, search_lag=minute)})
    world.a.create({"title": "One"})
    world.b.search_lag = minute
    world.b.faults.add("create", lambda _: world.clock.advance(30))
    world.b.faults.add("create", lose_the_answer, when="after")
    await world.sync()
    world.clock.advance(35)
    await world.sync()
    assert len(await world.store.read(intents.open, "s")) == 1
    world.clock.advance(60)
    await world.settled()
    assert len(world.b.items) == 1
    assert not await world.store.read(intents.open, "s")


def lose_the_answer(_: object) -> None:
    raise Ambiguous("no answer")


async def test_a_run_that_was_killed_ended_with_its_last_sign_of_life() -> None:
    world = await World.make(a={}, b={})
    lease = await Lease.acquire(world.store, "s", "killed", world.clock)
    killed = Run("killed", "s", "sync", "running", world.clock.now())
    world.clock.advance(4)
    await world.store.commit(lease, runs.start, killed)
    last_sign = world.clock.now()
    world.clock.advance(3600)
    await world.sync()
    ended = await world.store.read(runs.get, "killed")
    assert ended == replace(killed, state="crashed", finished_at=last_sign)
