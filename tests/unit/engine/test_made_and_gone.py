"""What a tool takes away as soon as it was made: a spam filter, a virus scanner."""

from __future__ import annotations

from dataclasses import replace

from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import FULL
from syncline.store.findings import parked
from tests.support.world import World
from tests.unit.engine.pairs import link_of


async def test_a_record_that_its_tool_takes_away_at_once_is_not_made_for_ever() -> None:
    world = await World.make(a={}, b={}, capabilities={"b": replace(FULL, answers_writes=False)})

    def filters(_: object) -> None:
        for id_ in list(world.b.items):
            world.b.delete(id_)

    world.b.faults.add("create", filters, times=100, when="after")
    world.a.create({"title": "One"})
    notes = [note for _ in range(6) for note in (await world.sync()).notes]
    assert len([note for note in notes if "gone as soon as it was made" in note]) == 1
    assert world.b.log.count("create") == 1
    assert (await link_of(world, "a", "A-1")).sides["b"].state == "gone"


async def test_a_file_that_its_tool_takes_away_at_once_is_not_copied_for_ever() -> None:
    world = await World.make(a={}, b={}, comments=CommentPolicy((Visibility.INTERNAL,)))
    world.a.create({"title": "One"})
    await world.settled()

    def scans(_: object) -> None:
        world.b.item("B-1").files.clear()

    world.b.faults.add("attach", scans, times=100, when="after")
    world.a.attach("A-1", "x.exe", b"virus")
    for _ in range(6):
        await world.sync()
    assert world.b.log.count("attach") == 1
    (told,) = await world.store.read(parked.list, "s")
    assert (told.side, told.action) == ("b", "create")
    assert "gone as soon as it was made" in told.reason
