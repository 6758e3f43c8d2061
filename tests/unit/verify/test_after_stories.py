"""After the simulator's stories verify finds nothing; after one more change behind the engine's
back, it finds that."""

from __future__ import annotations

import pytest

from syncline.engine.passes import Options, signer
from syncline.simulation.checks import judge
from syncline.simulation.connector import MemoryConnector
from syncline.simulation.draw import draw
from syncline.simulation.hub import SECRET
from syncline.simulation.world import World
from syncline.store import links
from syncline.verify.found import Verified
from syncline.verify.run import verify
from syncline.verify.sides import Ports
from tests.unit.verify.planted import LONG, slip


async def told(seed: int) -> World:
    """A story to its end, conflicts answered and all records in sight; then time
    goes by, and passes with it."""
    story = draw(seed)
    world = World(story)
    await world.play()
    for tool in world.tools.values():
        for id_ in tool.items:
            tool.hide(id_, hidden=False)
    await judge(world)
    assert not world.wrong
    for _ in range(2):
        world.clock.advance(2 * LONG)
        await world.run(Options(full=True, apply=True))
    world.clock.advance(2 * LONG)
    return world


async def verified(world: World) -> Verified:
    connectors = {name: MemoryConnector(tool) for name, tool in world.tools.items()}
    run = f"verify{world.clock.monotonic()}"
    world.clock.advance(1)
    return await verify(
        Ports(world.sync(), connectors, world.store, world.clock, lambda: run, signer(SECRET, "w"))
    )


# Of seed 8 nothing is left that two tools have.
@pytest.mark.parametrize("seed", [*range(8), 9, 10])
async def test_after_a_story_it_finds_what_was_planted_and_nothing_else(seed: int) -> None:
    world = await told(seed)
    try:
        found = await verified(world)
        assert found.state == "done", found
        page = await world.store.read(links.page, "s", None, 1000)
        whole = (one for one in page if [at.state for at in one.sides.values()][:2] == ["in", "in"])
        link = next(whole)
        side, at = next(iter(link.sides.items()))
        slip(world.tools[side], at.record_id, title="planted")
        found = await verified(world)
        (one,) = found.disagreements.kept
        assert (one.link, one.field, one.values[side]) == (link.id, "title", "planted")
    finally:
        await world.stop()
        world.database.close()
