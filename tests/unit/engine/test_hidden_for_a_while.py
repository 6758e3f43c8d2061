"""What was being written on a record that Syncline's account loses sight of, and sees again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import FULL
from syncline.store import intents
from syncline.store.findings import parked
from tests.support.world import World


async def linked() -> World:
    """A record of a and its copy in b, whose comments and files are copied too."""
    world = await World.make(
        a={},
        b={},
        comments=CommentPolicy((Visibility.INTERNAL,)),
        capabilities={"b": replace(FULL, answers_writes=False)},
    )
    world.a.create({"title": "One"})
    await world.settled()
    return world


def write(world: World, method: str) -> None:
    """Something to be copied to b by a request of this kind."""
    if method == "comment":
        world.a.comment("A-1", "<p>Is it hot?</p>")
    else:
        world.a.attach("A-1", "x.txt", b"x")


async def open_after_some_passes(world: World) -> int:
    for _ in range(3):
        await world.sync()
        world.clock.advance(60)
    return len(await world.store.read(intents.open, "s"))


async def made_once(world: World, method: str) -> None:
    item = world.b.item("B-1")
    assert len(item.comments) + len(item.files) == 1
    assert world.b.log.count(method) == 1
    assert not await world.store.read(parked.list, "s")
    assert not await world.store.read(intents.open, "s")


@pytest.mark.parametrize("method", ["comment", "attach"])
async def test_what_was_lost_on_a_record_that_is_hidden_waits_for_it(method: str) -> None:
    world = await linked()
    write(world, method)
    world.b.faults.add(method, "drop_after_apply")
    await world.sync()
    world.b.hide("B-1")
    assert await open_after_some_passes(world) == 1
    world.b.hide("B-1", hidden=False)
    await world.settled()
    await made_once(world, method)


@pytest.mark.parametrize("method", ["comment", "attach"])
async def test_what_was_made_just_before_its_record_was_hidden_is_not_gone(method: str) -> None:
    world = await linked()
    write(world, method)
    world.b.faults.add(method, lambda _: world.b.hide("B-1"), when="after")
    await world.sync()
    assert await open_after_some_passes(world) == 1
    world.b.hide("B-1", hidden=False)
    await world.settled()
    await made_once(world, method)


@pytest.mark.parametrize("action", ["drop_after_apply", "drop_before"])
async def test_nothing_waits_for_a_record_that_is_gone_for_good(action: str) -> None:
    world = await linked()
    write(world, "comment")
    world.b.faults.add("comment", action)
    await world.sync()
    world.b.delete("B-1")
    for _ in range(4):
        await world.sync(full=True)
        world.clock.advance(60)
    assert not await world.store.read(intents.open, "s")
    assert not await world.store.read(parked.list, "s")
