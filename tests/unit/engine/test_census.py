"""A full pass finds what change queries did not tell: bounded, however it was missed (I18)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from syncline.engine.census import take_census
from syncline.engine.passes import Options, open_pass
from syncline.sdk.connector import Page
from syncline.simulation.connector import FULL, MemoryConnector
from tests.support.world import World


class Forgetful(MemoryConnector):
    """A tool whose change query tells nothing of what happened while it forgets."""

    forgets = False

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        async for page in super().changes(record, cursor):
            yield Page([] if self.forgets else page.records, page.cursor)


async def forgetful(folder: Path) -> World:
    world = await World.make(folder, a={}, b={})
    world.connectors["a"] = Forgetful(world.a, FULL)
    return world


def connector(world: World) -> Any:
    return world.connectors["a"]


async def test_a_change_that_was_never_told_arrives_with_the_next_full_pass(tmp_path: Path) -> None:
    world = await forgetful(tmp_path)
    ids = [world.a.create({"title": f"Ticket {n}"}) for n in range(30)]
    await world.settled()
    connector(world).forgets = True
    world.clock.advance(60)
    world.a.edit(ids[3], {"title": "Edited while nobody looked"})
    made = world.a.create({"title": "Made while nobody looked"})
    await world.sync()
    world.clock.advance(60)
    connector(world).forgets = False
    await world.sync()
    assert "Edited while nobody looked" not in {r["title"] for r in world.records("b")}
    before = world.reads()["a"]
    await world.sync(full=True)
    titles = {r["title"] for r in world.records("b")}
    assert {"Edited while nobody looked", "Made while nobody looked"} <= titles
    assert len(world.records("b")) == 31
    assert world.reads()["a"] - before == 3
    assert made in world.a.items


async def test_a_full_pass_over_records_that_are_known_reads_none_of_them_again(
    tmp_path: Path,
) -> None:
    world = await forgetful(tmp_path)
    for n in range(30):
        world.a.create({"title": f"Ticket {n}"})
    await world.settled()
    world.clock.advance(60)
    await world.sync(full=True)
    before = world.reads()
    await world.sync(full=True)
    assert {s: n - before[s] for s, n in world.reads().items()} == {"a": 2, "b": 2}


async def test_a_record_that_was_deleted_and_buried_is_not_found_again(tmp_path: Path) -> None:
    world = await forgetful(tmp_path)
    ids = [world.a.create({"title": f"Ticket {n}"}) for n in range(3)]
    await world.settled()
    world.a.delete(ids[0])
    await world.sync(full=True)
    await world.sync()
    await world.sync(full=True)
    await world.settled()
    assert len(world.records("a")) == 2
    assert len(world.records("b")) == 3


async def test_a_record_moved_out_of_scope_is_not_missing_from_the_census(tmp_path: Path) -> None:
    world = await forgetful(tmp_path)
    ids = [world.a.create({"title": f"Ticket {n}"}) for n in range(3)]
    await world.settled()
    world.a.move(ids[0], in_scope=False)
    await world.settled()
    report = await world.sync(full=True)
    assert (report.state, report.notes) == ("done", ())


async def test_a_listing_that_shrank_is_told_in_numbers(tmp_path: Path) -> None:
    world = await forgetful(tmp_path)
    for n in range(30):
        world.a.create({"title": f"Ticket {n}"})
    await world.settled()
    for n in range(20):
        world.a.delete(f"A-{n + 1}")
    async with open_pass(world.environment(), world.spec, Options(full=True)) as one:
        found = {census.side: census for census in await take_census(one.context)}
    assert (found["a"].known, found["a"].unseen) == (30, 20)
    assert found["a"].refused is not None
    assert (found["b"].known, found["b"].unseen, found["b"].refused) == (30, 0, None)
