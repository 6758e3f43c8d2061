"""What a tool puts off again and again is parked; a tool that is down parks nothing (I16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from syncline.engine.attempts import TRIES
from syncline.engine.commands import retry_parked
from syncline.engine.spec import CommentPolicy, Guards
from syncline.sdk.connector import Create, NewComment, Outcome, Result, Update, Visibility
from syncline.simulation.connector import MemoryConnector
from syncline.store.findings import parked
from tests.support.world import World

MINUTES = 300


class Balky(MemoryConnector):
    """A tool that puts some records off. `put_off` says which: by title, or with "*" all."""

    put_off: frozenset[str] = frozenset()

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        titles = [self.tool.fields(item.id)["title"] for item in items]
        return await self._each(items, titles, super().update, record)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        titles = [str(item.fields["title"]) for item in items]
        return await self._each(items, titles, super().create, record)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        titles = [item.body.rpartition("\n")[2] for item in items]
        return await self._each(items, titles, super().comment, record)

    async def _each(
        self, items: Sequence[Any], titles: Sequence[str], call: Any, record: str
    ) -> Sequence[Outcome]:
        told = []
        for item, title in zip(items, titles, strict=True):
            if self.put_off & {title, "*"}:
                told.append(Outcome(Result.RETRY, reason="the record is locked"))
            else:
                told += await call(record, [item])
        return told


async def balky(**options: Any) -> tuple[World, Balky]:
    """A world with some linked records, whose side b may put some off."""
    world = await World.make(a={}, b={}, **options)
    world.change(guards=Guards(max_writes_per_hour=1000))
    balk = Balky(world.b, world.connectors["b"].capabilities)
    world.connectors["b"] = balk
    for n in range(4):
        world.a.create({"title": f"Ticket {n + 1}"})
    await world.settled()
    return world, balk


async def passes(world: World, count: int, busy: bool = True) -> None:
    """Passes five minutes apart; `busy`: people edit another record between them."""
    for n in range(count):
        world.clock.advance(MINUTES)
        if busy:
            world.a.edit("A-4", {"labels": [f"{n}"]})
        await world.sync()


async def test_a_record_that_is_put_off_again_and_again_is_parked_with_the_tools_words() -> None:
    world, balk = await balky()
    balk.put_off = frozenset({"Ticket 1"})
    world.a.edit("A-1", {"priority": "high"})
    await passes(world, TRIES - 1)
    assert not await world.store.read(parked.list, "s")
    await passes(world, 1)
    (row,) = await world.store.read(parked.list, "s")
    assert (row.side, row.field, row.action) == ("b", "priority", "write")
    assert "the record is locked" in row.reason and f"{TRIES} times" in row.reason
    balk.put_off = frozenset()
    await passes(world, 2)
    assert world.b.fields("B-1")["priority"] is None
    world.a.edit("A-2", {"priority": "high"})
    await passes(world, 1)
    assert world.b.fields("B-2")["priority"] == "high"


async def test_twenty_tries_within_minutes_are_not_enough() -> None:
    world, balk = await balky()
    balk.put_off = frozenset({"Ticket 1"})
    world.a.edit("A-1", {"priority": "high"})
    for n in range(2 * TRIES):
        world.a.edit("A-4", {"labels": [f"{n}"]})
        await world.sync()
    assert not await world.store.read(parked.list, "s")


@pytest.mark.parametrize("whole", [True, False])
async def test_a_tool_that_is_down_parks_none_of_its_records(whole: bool) -> None:
    """Down for each record alike, or as a whole."""
    world, balk = await balky()
    for n in range(4):
        world.a.edit(f"A-{n + 1}", {"priority": "high"})
    if whole:
        world.b.faults.add(method="update", action="retry", times=10 * TRIES)
    else:
        balk.put_off = frozenset("*")
    await passes(world, 2 * TRIES)
    world.b.faults.clear()
    balk.put_off = frozenset({"Ticket 1"})  # the last one it is not ready for yet
    await passes(world, 2)
    assert not await world.store.read(parked.list, "s")
    balk.put_off = frozenset()
    await passes(world, 1)
    assert {record["priority"] for record in world.records("b")} == {"high"}


async def test_where_nothing_else_is_written_nobody_knows_whether_it_is_the_record() -> None:
    world, balk = await balky()
    balk.put_off = frozenset({"Ticket 1"})
    world.a.edit("A-1", {"priority": "high"})
    await passes(world, 2 * TRIES, busy=False)
    assert not await world.store.read(parked.list, "s")


async def test_a_record_that_is_taken_at_last_was_never_counted() -> None:
    world, balk = await balky()
    balk.put_off = frozenset({"Ticket 1"})
    world.a.edit("A-1", {"priority": "high"})
    await passes(world, TRIES - 1)
    balk.put_off = frozenset()
    await passes(world, 1)
    balk.put_off = frozenset({"Ticket 1"})
    world.a.edit("A-1", {"priority": "low"})
    await passes(world, TRIES - 1)
    assert not await world.store.read(parked.list, "s")


async def test_a_create_that_is_put_off_again_and_again_is_parked() -> None:
    world, balk = await balky()
    balk.put_off = frozenset({"Never"})
    world.a.create({"title": "Never"})
    await passes(world, TRIES)
    (row,) = await world.store.read(parked.list, "s")
    assert (row.side, row.field, row.action) == ("b", "", "create")
    balk.put_off = frozenset()
    await passes(world, 1)
    assert len(world.b.items) == 4
    await retry_parked(world.store, row.id, world.clock.now())
    await world.settled()
    assert len(world.b.items) == 5


async def test_a_comment_that_is_put_off_again_and_again_is_parked() -> None:
    everything = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "internal")
    world, balk = await balky(comments=everything)
    balk.put_off = frozenset({"<p>Never</p>"})
    world.a.comment("A-1", "<p>Never</p>", Visibility.PUBLIC)
    await passes(world, TRIES)
    (row,) = await world.store.read(parked.list, "s")
    assert row.action == "create" and "the record is locked" in row.reason


async def test_what_a_person_lets_be_tried_again_is_counted_anew() -> None:
    world, balk = await balky()
    balk.put_off = frozenset({"Ticket 1"})
    world.a.edit("A-1", {"priority": "high"})
    await passes(world, TRIES)
    (row,) = await world.store.read(parked.list, "s")
    await retry_parked(world.store, row.id, world.clock.now())
    await passes(world, TRIES - 1)
    assert not await world.store.read(parked.list, "s")
    balk.put_off = frozenset()
    await passes(world, 1)
    assert world.b.fields("B-1")["priority"] == "high"


async def test_a_newer_value_takes_the_place_of_one_that_was_given_up() -> None:
    world, balk = await balky()
    balk.put_off = frozenset({"Ticket 1"})
    world.a.edit("A-1", {"priority": "high"})
    await passes(world, TRIES)
    balk.put_off = frozenset()
    world.a.edit("A-1", {"priority": "low"})
    await passes(world, 1)
    assert world.b.fields("B-1")["priority"] == "low"
    assert not await world.store.read(parked.list, "s")
