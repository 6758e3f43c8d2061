"""A field that something sets back each time is parked and not written for ever (I7, S19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline.engine.breaker import written
from syncline.engine.commands import retry_parked
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, Guards, Policy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import MAPPING
from syncline.store import links
from syncline.store.findings import conflicts, parked
from syncline.store.rows import JournalEntry, Parked
from syncline.store.store import Store
from tests.support.world import World, compiled

NOW = datetime(2026, 1, 1, tzinfo=UTC)

TWISTED = MAPPING.replace("high: [high]", "high: [urgent]").replace(
    "urgent: [urgent]", "urgent: [high]"
)
"""A mapping that calls urgent what the other side calls high, and the other way round."""


async def one(**options: Any) -> World:
    """A world with one linked record, A-1 and B-1."""
    world = await World.make(**{"a": {}, "b": {}, **options})
    world.a.create({"title": "Ticket", "priority": "low", "status": "todo"})
    await world.settled()
    return world


def setting_back(world: World, side: str, value: str) -> Callable[[], None]:
    """An automation that sets one tool's priority some time after every change of it."""

    def act() -> None:
        world.tools[side].edit(f"{side.upper()}-1", {"priority": value}, by="automation")

    return act


async def fight(world: World, passes: int) -> list[Report]:
    """Automations in both tools that want different priorities, a pass after the other."""
    reports = []
    for _ in range(passes):
        for act in (setting_back(world, "a", "low"), setting_back(world, "b", "high")):
            act()
            reports.append(await world.sync())
    return reports


async def parked_here(world: World) -> Parked:
    (row,) = await world.store.read(parked.list, "s")
    return row


def priorities_written(world: World) -> int:
    """How often we changed a priority, in both tools."""
    deeds = [d for tool in world.tools.values() for d in tool.deeds if d.by == "syncline"]
    return sum(
        1
        for deed in deeds
        if deed.kind == "edit" and deed.before and deed.after
        if deed.before["priority"] != deed.after["priority"]
    )


async def test_automations_that_flip_a_field_back_and_forth_are_parked_and_not_fed_for_ever() -> (
    None
):
    world = await one()
    await fight(world, 30)
    assert priorities_written(world) <= 2 * 10
    before = world.writes()
    await fight(world, 5)
    assert world.writes() == before


async def test_the_reason_says_which_values_alternate_and_who_sets_them_back() -> None:
    world = await one()
    reports = await fight(world, 30)
    rows = await world.store.read(parked.list, "s")
    assert {(row.field, row.action) for row in rows} == {("priority", "loop")}
    for row in rows:
        assert "low" in row.reason or "high" in row.reason
        assert "10 times within an hour" in row.reason
        assert "automation of a tool, another integration, or a second hub" in row.reason
        assert f"{row.side} says by whom: automation" in row.reason
    assert reports[-1].state == "attention"


async def test_other_fields_and_other_records_go_on() -> None:
    world = await one()
    world.a.create({"title": "Another", "priority": "low"})
    await world.settled()
    await fight(world, 30)
    world.a.edit("A-1", {"title": "Still in step"})
    world.a.edit("A-2", {"priority": "urgent"})
    await world.settled()
    assert world.b.fields("B-1")["title"] == "Still in step"
    assert world.b.fields("B-2")["priority"] == "urgent"


async def test_what_is_parked_stays_so_for_longer_than_the_hour_and_goes_on_when_told() -> None:
    world = await one()
    await fight(world, 30)
    world.clock.advance(7200)
    before = world.writes()
    await world.sync()
    await fight(world, 1)
    assert world.writes() == before
    for row in await world.store.read(parked.list, "s"):
        assert await retry_parked(world.store, row.id, world.clock.now())
    await world.settled()
    world.a.edit("A-1", {"priority": "urgent"})
    await world.settled()
    for waiting in await world.store.read(conflicts.list, "s"):
        raise AssertionError(waiting)
    assert world.b.fields("B-1")["priority"] == "urgent"
    assert not await world.store.read(parked.list, "s")


async def test_a_person_who_says_again_within_the_hour_is_heeded() -> None:
    world = await one(modes={("priority", "b"): "target"})
    for n in range(11):
        world.a.edit("A-1", {"priority": ("high", "low")[n % 2]})
        await world.sync()
    row = await parked_here(world)
    assert world.b.fields("B-1")["priority"] == "low"
    assert await retry_parked(world.store, row.id, world.clock.now())
    await world.sync()
    assert world.b.fields("B-1")["priority"] == "high"
    assert not await world.store.read(parked.list, "s")


async def test_ten_writes_within_an_hour_are_nothing_and_more_over_a_day_are_neither() -> None:
    world = await one()
    for n in range(10):
        world.a.edit("A-1", {"priority": ("high", "low")[n % 2]})
        await world.sync()
    assert not await world.store.read(parked.list, "s")
    world.clock.advance(3600)
    for n in range(30):
        world.clock.advance(600)
        world.a.edit("A-1", {"priority": ("high", "low")[n % 2]})
        await world.sync()
    assert world.b.fields("B-1")["priority"] == "low"
    assert not await world.store.read(parked.list, "s")


async def test_the_limit_is_the_operators() -> None:
    world = await one()
    world.change(guards=Guards(max_writes_per_hour=3))
    for n in range(4):
        world.a.edit("A-1", {"priority": ("high", "low")[n % 2]})
        await world.sync()
    assert (await parked_here(world)).side == "b"
    assert world.b.fields("B-1")["priority"] == "high"


async def test_a_plan_tells_what_it_would_park_and_sends_nothing() -> None:
    world = await one()
    world.change(guards=Guards(max_writes_per_hour=1))
    world.a.edit("A-1", {"priority": "high"})
    await world.sync()
    world.a.edit("A-1", {"priority": "low"})
    (plan,) = await world.preview()
    assert [(refusal.side, refusal.unit, refusal.action) for refusal in plan.refusals] == [
        ("b", "priority", "loop")
    ]
    assert not plan.writes


async def test_two_hubs_that_understand_a_field_differently_come_to_rest() -> None:
    """Each hub writes what the other one takes for an edit, for ever."""
    first = await one()
    second = await World.make(a={}, b={}, create="never", match=(("title",),))
    second.clock, second.store = (
        first.clock,
        await Store.open("sqlite://", "v", first.clock, inline=True),
    )
    second.tools, second.connectors = first.tools, first.connectors
    second.spec = replace(
        second.spec,
        units=compiled(
            second.spec.sides,
            {"a": MAPPING, "b": TWISTED},
            {"priority": Policy("authority", "b")},
            {},
        ),
    )
    await second.sync()
    first.a.edit("A-1", {"priority": "high"})
    for _ in range(40):
        await first.sync()
        await second.sync()
    before = first.writes()
    for _ in range(5):
        await first.sync()
        await second.sync()
    assert first.writes() == before
    assert priorities_written(first) <= 4 * 10
    assert len(first.a.items) == len(first.b.items) == 1
    held = [*await first.store.read(parked.list, "s"), *await second.store.read(parked.list, "s")]
    assert {row.action for row in held} == {"loop"}


async def test_what_was_not_written_often_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await one()
    asked: list[object] = []
    monkeypatch.setattr("syncline.store.journal.writes", lambda *args: asked.append(args) or {})
    world.a.edit("A-1", {"priority": "high"})
    await world.settled()
    assert not asked
    (link,) = await world.store.read(links.page, "s", None, 9)
    assert link.revision < 10


def test_writes_before_a_person_said_again_do_not_count() -> None:
    def entry(kind: str, after: object) -> JournalEntry:
        return JournalEntry(NOW, "s", "r", "L", "b", "B-1", "priority", kind, None, after, None, "")

    hops = [entry("write", "high"), entry("write", "low"), entry("retry", None)]
    assert written([*hops, entry("write", "urgent")]) == {("b", "priority"): ["urgent"]}


async def test_the_reason_quotes_of_a_long_text_what_it_says() -> None:
    world = await one(a={}, b={}, policies={"body": Policy("authority", "a")})
    for n in range(30):
        world.a.edit("A-1", {"body": f"<p>The <b>printer</b> is on fire, number {n % 2}</p>"})
        await world.sync()
    (row,) = await world.store.read(parked.list, "s")
    assert (row.field, row.action) == ("body", "loop")
    assert "(The printer is on fire, number" in row.reason


async def test_a_field_is_parked_as_well_where_nobody_can_say_who_sets_it_back() -> None:
    world = await one()
    for side in "ab":
        world.tools[side].faults.add("history", "down", times=1000)
    await fight(world, 30)
    rows = await world.store.read(parked.list, "s")
    assert {(row.field, row.action) for row in rows} == {("priority", "loop")}
    assert "by whom" not in rows[0].reason


async def test_a_comment_that_is_edited_back_and_forth_is_parked_too() -> None:
    world = await one(comments=CommentPolicy((Visibility.INTERNAL,)))
    comment = world.a.comment("A-1", "<p>Zero</p>")
    await world.settled()
    for n in range(30):
        world.a.edit_comment("A-1", comment, f"<p>{'One' if n % 2 else 'Two'}</p>")
        await world.sync()
    (row,) = await world.store.read(parked.list, "s")
    assert (row.side, row.field, row.action) == ("b", "body", "loop")
    assert world.b.log.count("edit_comments") == 10
