"""The oracle sees each kind of harm: done to the tools by hand, in a world that is at rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncline.simulation import story
from syncline.simulation.checks import judge
from syncline.simulation.choices import Choices
from syncline.simulation.shrink import shrink
from syncline.simulation.story import Create, Edit, Merge, Pass, Story, Tool, Trouble, Wait
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


def _choose_over(world: World) -> None:
    """Somebody chose a priority, and it is nowhere."""
    world.groups["r1"].choices["priority"].chose("a", "urgent")


def _remove_bold(world: World) -> None:
    world.ledger.bold["b"] = {"p2"}


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (_choose_over, "lost"),
        (_remove_bold, "plain"),
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


async def test_a_write_against_a_side_s_mode_is_seen() -> None:
    told = AT_REST.model_copy(update={"modes": {"labels": {"b": "source"}}, "never": ("b",)})
    world = World(told)
    await world.play()
    assert world.wrong == [] and "b" not in world.groups["r1"].ids
    made = world.tools["b"].create({"title": "t1"}, by=BOT)
    world.watch.look()
    world.tools["b"].edit(made, {"labels": ["l3"]}, by=BOT)
    world.watch.look()
    assert [name for name, _ in world.wrong][:2] == ["mode", "mode"]


async def test_a_pass_that_refuses_or_leaves_a_side_out_without_a_reason_is_seen() -> None:
    world = World(AT_REST)
    await world.play()
    report = await world.run()
    assert report is not None
    world.watch.ended(
        "hub0", replace(report, refused=("deletes: 9 of 9",), stopped={"a": "not there"})
    )
    assert [name for name, _ in world.wrong] == ["refused", "stopped"]


@pytest.mark.parametrize("lost", [True, False])
async def test_an_edit_of_a_new_record_is_excused_where_the_answer_to_its_create_was_lost(
    lost: bool,
) -> None:
    trouble = Trouble(side="b", method="create", action="drop_after_apply")
    steps = (trouble, AT_REST.steps[0], Pass(until="b create"))
    tools = {"a": Tool(), "b": Tool(history=False)}
    world = World(Story(tools=tools, steps=steps if lost else steps[1:]))
    await world.play()
    await world.do(Edit(record="r1", side="b", how="label", value="l3"))
    assert world.ledger.excused == set()
    await world.do(Pass())
    assert world.ledger.excused == ({"l3"} if lost else set())


@pytest.mark.parametrize(("until", "excused"), [("b update", {"t3", "t4"}), ("b fetch", set())])
async def test_an_edit_in_the_place_of_a_write_is_excused_until_that_was_read(
    until: str, excused: set[str]
) -> None:
    rename = Edit(record="r1", side="a", how="title", value="t3")
    steps = (AT_REST.steps[0], Pass(), Wait(seconds=600), Pass(), rename, Pass(until=until))
    world = World(Story(tools={"a": Tool(), "b": Tool(history=False, answers=False)}, steps=steps))
    await world.play()
    await world.do(Edit(record="r1", side="b", how="label", value="l5"))
    beside = set(world.ledger.excused)
    await world.do(Edit(record="r1", side="b", how="title", value="t4"))
    replaced = set(world.ledger.excused)
    await world.do(Pass())
    assert (beside, replaced) == (set(), excused)


async def test_what_stands_where_a_text_is_only_written_is_excused_in_a_merge() -> None:
    world = World(AT_REST.model_copy(update={"modes": {"body": {"b": "target"}}}))
    await world.play()
    await world.do(Create(record="r2", side="b", title="t5", paragraph="p6"))
    await world.do(Merge(record="r1", into="r2", side="b"))
    assert world.ledger.excused == {"p6"}


def test_a_choice_is_lost_unless_it_was_settled_shown_or_kept() -> None:
    choices = Choices()
    for side in ("a", "b"):
        choices.chose(side, "todo")
    choices.chose("a", "done")
    choices.carried("b", "done")
    choices.chose("b", "blocked")
    assert choices.lost(["blocked"]) == []
    choices.chose("a", "cancelled")
    assert choices.lost(["blocked"]) == ["cancelled"]
    assert choices.lost(["blocked", "cancelled"]) == []
    choices.excuse("a")
    assert choices.lost(["blocked"]) == []


@pytest.mark.parametrize(
    ("shown", "lost"),
    [
        (["a in_progress", "b in_progress", "a done"], []),
        (["b in_progress", "a in_progress", "a done"], []),
        (["a in_progress", "a done", "b in_progress"], ["in_progress"]),
        (["b in_progress", "a done"], ["in_progress"]),
        (["a done"], ["in_progress"]),
    ],
)
def test_a_choice_is_settled_with_its_equal_where_a_hub_was_shown_both_before(
    shown: list[str], lost: list[str]
) -> None:
    choices = Choices()
    choices.chose("a", "todo")
    choices.carried("b", "todo")
    for side, value in (("a", "in_progress"), ("a", "done"), ("b", "in_progress")):
        choices.chose(side, value)
    for one in shown:
        choices.tell(*one.split())
    assert choices.lost(["done"]) == lost


async def test_a_rule_of_a_tool_saw_the_choice_that_it_dropped() -> None:
    tools = {"a": Tool(), "b": Tool(automation=True)}
    world = World(AT_REST.model_copy(update={"tools": tools}))
    await world.play()
    priorities = world.groups["r1"].choices["priority"]
    priorities.chose("a", "high")
    world.tools["b"].edit("B-1", {"status": "done", "priority": "high"}, by=BOT)
    world.watch.look()
    assert world.tools["b"].fields("B-1")["priority"] == "none"
    priorities.chose("b", "low")
    assert priorities.lost(["low"]) == []


async def test_a_field_that_is_not_to_be_written_is_seen_though_the_tool_turned_it_back() -> None:
    modes = {"priority": {"b": "source"}}
    told = {"a": Tool(), "b": Tool(automation=True)}
    world = World(AT_REST.model_copy(update={"tools": told, "modes": modes}))
    await world.play()
    world.tools["b"].edit("B-1", {"status": "done", "priority": "high"}, by=BOT)
    world.watch.look()
    assert [name for name, _ in world.wrong] == ["mode"]


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
