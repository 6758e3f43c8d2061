"""What an undo takes back, what it leaves alone, and what comes after it (I27)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.passes import Environment
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import BOT, FULL, MAPPING, PLAIN, MemoryConnector, MemoryTool
from syncline.simulation.gate import Crash, Died, Gate
from syncline.simulation.hub import GatedStore
from syncline.store import journal, links
from syncline.store.findings import conflicts, deviations, tombstones
from tests.support.world import World


async def three(**more: Any) -> tuple[World, dict[str, str]]:
    """Three tools with one ticket, and where it is."""
    options: dict[str, Any] = {"a": {}, "b": {}, "c": {}, **more}
    world = await World.make(**options)
    world.a.create({"title": "One", "priority": "low"})
    await world.settled()
    return world, {side: next(iter(tool.items)) for side, tool in world.tools.items()}


def titles(world: World) -> dict[str, str]:
    return {
        side: tool.fields(id_)["title"] for side, tool in world.tools.items() for id_ in tool.items
    }


async def quiet(world: World) -> None:
    """A pass that sends nothing."""
    before = world.writes()
    await world.sync()
    assert world.writes() == before


async def test_what_was_delivered_goes_back_and_an_edit_stays_with_the_person_who_made_it() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    run = (await world.sync()).run
    await world.undo(run)
    assert titles(world) == {"a": "One", "b": "Two", "c": "One"}
    await quiet(world)


async def test_what_a_side_kept_travels_again_when_somebody_edits_it() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    await world.undo((await world.sync()).run)
    world.b.edit(ids["b"], {"title": "Three"})
    await world.settled()
    assert set(titles(world).values()) == {"Three"}
    assert not await world.store.read(deviations.list, "s")


async def test_an_edit_elsewhere_after_an_undo_travels_and_what_it_replaces_is_kept() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    await world.undo((await world.sync()).run)
    world.a.edit(ids["a"], {"title": "Three"})
    await world.settled()
    assert set(titles(world).values()) == {"Three"}
    (link,) = await world.store.read(links.page, "s", None, 5)
    (kept,) = await world.store.read(conflicts.of_link, link.id)
    assert (kept.state, [c["value"] for c in kept.candidates]) == ("resolved", ["Two"])


async def test_what_has_changed_since_is_left_alone_and_told() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    run = (await world.sync()).run
    world.c.edit(ids["c"], {"title": "Mine"})
    undone = await world.undo(run)
    assert titles(world) == {"a": "One", "b": "Two", "c": "Mine"}
    assert undone.left == {("c", ids["c"], "title"): "changed there since"}
    await world.settled()
    assert set(titles(world).values()) == {"Mine"}


async def test_what_was_edited_since_and_came_here_is_left_alone() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    run = (await world.sync()).run
    world.a.edit(ids["a"], {"title": "Three"})
    await world.sync()
    world.a.edit(ids["a"], {"title": "Two"})
    await world.sync()
    undone = await world.undo(run)
    assert set(titles(world).values()) == {"Two"}
    reasons = {side: why.partition(" since")[0] for (side, _, _), why in undone.left.items()}
    assert reasons == {"a": "edited there", "c": "written again"}


async def test_a_side_goes_back_to_the_very_word_it_showed() -> None:
    words = MAPPING.replace("urgent: [urgent]", "urgent: [urgent, blocker]")
    world = await World.make(a={}, b={}, mappings={"b": words})
    one = world.a.create({"title": "One", "priority": "urgent"})
    await world.settled()
    (other,) = world.b.items
    world.b.edit(other, {"priority": "blocker"})
    await world.sync()
    world.a.edit(one, {"priority": "low"})
    run = (await world.sync()).run
    assert world.b.fields(other)["priority"] == "low"
    await world.undo(run)
    assert world.b.fields(other)["priority"] == "blocker"
    assert world.a.fields(one)["priority"] == "low"


async def test_what_a_tool_made_of_a_write_goes_back_as_well() -> None:
    world, ids = await three()

    def short(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"title": after["title"][:8]}

    world.c.automations.append(short)
    world.b.edit(ids["b"], {"title": "Rather long"})
    run = (await world.sync()).run
    assert titles(world)["c"] == "Rather l"
    await world.undo(run)
    assert titles(world) == {"a": "One", "b": "Rather long", "c": "One"}


async def test_an_undo_can_be_undone_and_asked_for_twice() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    run = (await world.sync()).run
    first = await world.undo(run)
    twice = await world.undo(run)
    assert all(why.startswith("undone already") for why in twice.left.values())
    assert titles(world) == {"a": "One", "b": "Two", "c": "One"}
    await world.undo(first.report.run)
    assert set(titles(world).values()) == {"Two"}
    await quiet(world)


async def test_a_tool_that_is_down_is_left_for_another_undo() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    run = (await world.sync()).run
    world.c.faults.add("fetch", "down", times=20)
    undone = await world.undo(run)
    assert undone.left[("c", ids["c"], "title")].startswith("c could not be asked")
    assert titles(world) == {"a": "One", "b": "Two", "c": "Two"}
    world.c.faults.clear()
    await world.undo(run)
    assert titles(world) == {"a": "One", "b": "Two", "c": "One"}
    await quiet(world)


async def test_an_edit_made_while_the_undo_is_at_work_is_not_written_over() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    run = (await world.sync()).run

    world.connectors["a"] = Meddled(world.a, lambda: world.a.edit(ids["a"], {"title": "Mine"}))
    await world.undo(run)
    assert titles(world)["a"] == "Mine"


class Meddled(MemoryConnector):
    """A connection whose tool is edited once, just before it is written to."""

    def __init__(self, tool: MemoryTool, meddle: Callable[[], object]) -> None:
        super().__init__(tool, FULL)
        self.meddle = meddle

    async def update(self, record: str, items: Any) -> Any:
        meddle, self.meddle = self.meddle, int
        meddle()
        return await super().update(record, items)


async def test_the_journal_tells_who_undid_what() -> None:
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    run = (await world.sync()).run
    undone = await world.undo(run)
    told = await world.store.read(journal.of_run, undone.report.run)
    assert sorted((h.kind, h.side, h.before, h.after, h.person, h.rule) for h in told) == [
        ("undo", "", "Two", "One", "olga", "undo"),
        ("write", "a", "Two", "One", None, "undo"),
        ("write", "c", "Two", "One", None, "undo"),
    ]


async def test_records_that_a_run_made_are_listed_and_stay() -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    run = (await world.sync()).run
    undone = await world.undo(run)
    assert [(c.side, c.record, c.fate) for c in undone.created] == [
        ("b", next(iter(world.b.items)), "kept")
    ]
    await quiet(world)


@pytest.mark.parametrize(
    ("how", "fate", "can"),
    [("delete", "deleted", FULL), ("archive", "archived", FULL), ("delete", "unlinked", PLAIN)],
)
async def test_records_that_a_run_made_go_where_that_is_asked_for_and_are_not_made_again(
    how: str, fate: str, can: Any
) -> None:
    world = await World.make(a={}, b={}, capabilities={"b": replace(can, answers_writes=True)})
    one = world.a.create({"title": "One"})
    run = (await world.sync()).run
    (copy,) = world.b.items
    undone = await world.undo(run, created=how)
    assert [c.fate for c in undone.created] == [fate]
    assert (copy in world.b.items) is (fate != "deleted")
    await quiet(world)
    await world.sync(full=True)
    assert [id_ for id_, item in world.b.items.items() if not item.now.deleted] == (
        [copy] if fate == "unlinked" else []
    )
    assert not world.a.item(one).now.deleted
    (dead,) = await world.store.read(tombstones.list, "s", "confirmed")
    assert (dead.side, dead.record_id) == ("b", copy)


@pytest.mark.parametrize("touch", ["edited", "edited and synced", "commented"])
async def test_a_record_that_somebody_touched_since_never_goes(touch: str) -> None:
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    run = (await world.sync()).run
    (copy,) = world.b.items
    if touch == "commented":
        world.b.comment(copy, "mine")
    else:
        world.b.edit(copy, {"title": "Mine"})
    if touch.endswith("synced"):
        await world.sync()
    undone = await world.undo(run, created="delete")
    assert [(c.fate, "somebody" in c.reason) for c in undone.created] == [("kept", True)]
    assert copy in world.b.items


async def test_comments_stay() -> None:
    world = await World.make(a={}, b={}, comments=CommentPolicy((Visibility.INTERNAL,)))
    one = world.a.create({"title": "One"})
    await world.settled()
    (copy,) = world.b.items
    world.a.comment(one, "<p>look</p>")
    run = (await world.sync()).run
    await world.undo(run)
    assert [c.author.handle for c in world.b.item(copy).comments] == [BOT]
    await quiet(world)


async def killed(mode: Any, at: int, created: str | None) -> tuple[bool, dict[str, Any]]:
    """An undo that dies at a step, and is run again; whether it died, and what is shown then."""
    world, ids = await three()
    world.b.edit(ids["b"], {"title": "Two"})
    world.c.create({"title": "New"})
    run = (await world.sync()).run
    gate = Gate()
    gate.crash = Crash(at, mode)
    store = GatedStore(world.store._database, "w", world.clock, None)
    store.gate, store.took = gate, lambda: None
    env: Environment = replace(
        world.environment(),
        store=store,
        connectors={
            side: MemoryConnector(tool, FULL, gate=gate) for side, tool in world.tools.items()
        },
    )
    died = False
    try:
        await world.undo(run, created, env)
    except* Died:
        died = True
    world.clock.advance(60)
    if died:
        await world.undo(run, created)
    shown = {
        side: sorted(item.now.fields["title"] for item in tool.items.values())
        for side, tool in world.tools.items()
    }
    await quiet(world)
    return died, shown


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("created", [None, "delete"])
async def test_an_undo_that_was_killed_at_any_step_ends_the_same_when_run_again(
    mode: str, created: str | None
) -> None:
    gone = [] if created else ["New"]
    for at in itertools.count(1):
        died, shown = await killed(mode, at, created)
        assert shown == {
            "a": sorted(["One", *gone]),
            "b": sorted(["Two", *gone]),
            "c": ["New", "One"],
        }, at
        if not died:
            assert at > 10
            break
