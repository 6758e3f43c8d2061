"""The engine on both databases: a day of work, with a lost reply and a new process in between."""

from __future__ import annotations

from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from tests.support.world import World


async def test_a_day_of_work_ends_in_step(url: str) -> None:
    world = await World.make(
        url=url, a={}, b={}, comments=CommentPolicy((Visibility.PUBLIC,), "internal")
    )
    ids = [world.a.create({"title": f"Ticket {n} 🔥", "labels": ["x"]}) for n in range(30)]
    world.b.create({"title": "From b", "body": "<p>Hé</p>"})
    world.b.faults.add(method="create", action="drop_after_apply", times=1)
    await world.sync()
    await world.reopen()
    await world.settled()
    world.a.edit(ids[0], {"title": "Edited in a"})
    world.a.comment(ids[1], "<p>Hello</p>", Visibility.PUBLIC, by="ann")
    for item in list(world.b.items)[:3]:
        world.b.edit(item, {"priority": "high"})
    await world.settled()
    await world.reopen()
    before = world.writes()
    report = await world.sync()
    assert world.writes() == before
    assert (report.links, report.agreed) == (31, 31)
    assert len(world.records("a")) == len(world.records("b")) == 31
    assert sum(r["priority"] == "high" for r in world.records("a")) == 3
    assert sum(len(item.comments) for item in world.b.items.values()) == 1
    await world.store.aclose()
