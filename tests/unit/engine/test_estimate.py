"""What a plan says it will cost is what the pass then costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncline.engine.report import estimate
from syncline.sdk.connector import Capabilities
from syncline.simulation.connector import FULL, PLAIN
from tests.support.world import World

BULK = replace(FULL, bulk_create=3, bulk_update=2, bulk_fetch=2)
SLOW = replace(PLAIN, bulk_fetch=2)


@pytest.mark.parametrize("can", [FULL, BULK, PLAIN, SLOW, replace(BULK, answers_writes=False)])
@pytest.mark.parametrize("what", ["create", "update"])
async def test_a_plan_tells_how_many_requests_its_writes_take(what: str, can: Capabilities) -> None:
    world = await World.make(a={}, b={}, capabilities={"b": can})
    for n in range(5):
        world.a.create({"title": f"Ticket {n}"})
    if what == "update":
        await world.settled()
        for n in range(5):
            world.a.edit(f"A-{n + 1}", {"title": f"Edited {n}"})
    plans = await world.preview()
    told = estimate([w for p in plans for w in p.writes], {"a": FULL, "b": can})
    world.b.log.clear()
    await world.sync()
    sent = sum(world.b.log.count(kind) for kind in ("create", "update", "fetch"))
    assert told == {"b": sent}
