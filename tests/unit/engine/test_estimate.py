"""What a plan says it will cost is what the pass then costs, and what a pass says that it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.engine import passes
from syncline.engine.intents import new_intent, write_of
from syncline.engine.passes import Options, open_pass
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


@pytest.mark.parametrize(
    ("options", "partial"),
    [({}, False), ({"limit": 5}, True), ({"only": ["a:A-1"]}, True), ({"full": True}, False)],
)
async def test_a_pass_over_some_records_says_that_it_was_one(
    options: dict[str, Any], partial: bool
) -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    assert (await world.sync(**options)).partial is partial


async def test_a_plan_of_many_batches_is_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "BATCH", 2)
    world = await World.make(a={}, b={})
    for n in range(5):
        world.a.create({"title": f"Ticket {n}"})
    assert len(await world.preview()) == 5
    await world.settled()
    for n in range(5):
        world.a.edit(f"A-{n + 1}", {"title": f"Edited {n}"})
    plans = await world.preview()
    assert sorted(write.patch["title"] for plan in plans for write in plan.writes) == [
        f"Edited {n}" for n in range(5)
    ]


async def test_a_write_that_was_noted_is_the_same_when_it_is_read_again() -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One", "priority": "low"})
    await world.settled()
    world.a.edit("A-1", {"title": "Two", "priority": "high"})
    ((write,),) = [plan.writes for plan in await world.preview()]
    marked = {name: replace(unit, why="answer") for name, unit in write.units.items()}
    async with open_pass(world.environment(), world.spec, Options()) as one:
        for tried in (write, replace(write, units=marked, follows=("B-0",))):
            note = new_intent(one.context, tried, world.clock.now())
            assert write_of(note) == tried
