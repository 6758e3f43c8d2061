"""The oracle sees each kind of harm: done to the tools by hand, in a world that is at rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncline.simulation import story
from syncline.simulation.checks import judge
from syncline.simulation.shrink import shrink
from syncline.simulation.story import Create, Edit, Pass, Story, Tool
from syncline.simulation.tool import BOT
from syncline.simulation.world import World

AT_REST = Story(
    tools={"a": Tool(), "b": Tool()},
    steps=(
        Create(record="r1", side="a", title="t1", paragraph="p2"),
        Pass(),
        Edit(record="r1", side="b", how="label", value="l3"),
        Edit(record="r1", side="a", how="comment", value="c4"),
        Pass(),
    ),
)


def _overwrite(world: World) -> None:
    for name in ("a", "b"):
        world.tools[name].edit(world.groups["r1"].ids[name], {"title": "t0"}, by="ann")


def _duplicate(world: World) -> None:
    world.tools["b"].create({"title": "t1", "body": "<p>p2</p>"}, by=BOT)


def _invent(world: World) -> None:
    world.tools["b"].edit("B-1", {"title": "t99"}, by=BOT)


def _remove(world: World) -> None:
    world.tools["b"].archive("B-1", by=BOT)


def _echo(world: World) -> None:
    world.tools["b"].edit("B-1", {"title": "t1"}, by=BOT)


def _comment_twice(world: World) -> None:
    world.tools["b"].comment("B-1", "c4", by=BOT)


def _drop_label(world: World) -> None:
    for name in ("a", "b"):
        world.tools[name].edit(world.groups["r1"].ids[name], {"labels": []}, by="ann")


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (_overwrite, "lost"),
        (_duplicate, "duplicate"),
        (_invent, "invention"),
        (_remove, "deletion"),
        (_echo, "echo"),
        (_comment_twice, "duplicate"),
        (_drop_label, "labels"),
    ],
)
async def test_the_oracle_sees(harm: Callable[[World], None], check: str) -> None:
    world = World(AT_REST)
    await world.play()
    harm(world)
    world.watch.look()
    await judge(world)
    assert check in {name for name, _ in world.wrong}


async def test_a_world_without_harm_is_found_without_fault() -> None:
    world = World(AT_REST)
    await world.play()
    await judge(world)
    assert world.wrong == []
    assert world.counts["edits delivered"] == 4


async def test_a_write_of_a_hub_that_only_plans_is_seen() -> None:
    world = World(AT_REST)
    await world.play()
    world.watch.planning = True
    world.watch.step("hub0", "b update", True)
    assert world.wrong[0][0] == "plan wrote"


async def test_a_hub_that_acts_when_another_has_taken_over_is_seen() -> None:
    world = World(AT_REST)
    world.watch.took("hub1")
    for _ in range(3):
        world.watch.step("hub0", "b update", True)
    assert {name for name, _ in world.wrong} == {"two writers"}


def test_a_story_is_made_as_short_as_what_it_shows() -> None:
    def breaks(told: Story) -> set[str]:
        kinds = [step.how for step in told.steps if isinstance(step, Edit)]
        return {"label"} if "label" in kinds and len(told.tools) > 1 else set()

    tools = {"a": Tool(lag=90), "b": Tool(text="plain"), "c": Tool()}
    long = AT_REST.model_copy(update={"tools": tools, "title": "newest"})
    short = shrink(long, "label", breaks)
    assert [step.do for step in short.steps] == ["edit"]
    assert set(short.tools.values()) == {Tool()} and len(short.tools) == 2
    assert short.title == "ask"
    assert story.dump(short).count("do:") == 1
