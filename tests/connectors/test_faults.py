"""The planned faults of the three sides do what they say: a crash test is only as good as these."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from syncline.sdk.connector import Connector, Create, Result, Update
from syncline.sdk.errors import Retriable
from syncline.sdk.secrets import Secret
from syncline.simulation.connector import FieldRule, ManualClock, MemoryConnector, MemoryTool
from syncline.simulation.faults import Call
from tests.sides.feed import FeedConnector
from tests.sides.feed_app import feed_app
from tests.sides.paged import PagedConnector, paged_app
from tests.sides.serving import served
from tests.sides.under_test import HttpWorld, opened

Side = tuple[MemoryTool, Connector]

BATCH = [Create(f"key-{n}", {"title": f"number {n}"}) for n in range(3)]


@pytest.fixture(params=["memory", "paged", "feed"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    clock = ManualClock()
    tool = MemoryTool(clock, name=request.param)
    if request.param == "memory":
        yield tool, MemoryConnector(tool, token=Secret(tool.token))
        return
    kind = PagedConnector if request.param == "paged" else FeedConnector
    app = paged_app(tool) if request.param == "paged" else feed_app(tool)
    async with served(app) as address:
        world = HttpWorld(tool, clock, address)
        tool.workflow = None
        async with opened(kind, world, tool.token) as connector:
            yield tool, connector


def titles(tool: MemoryTool) -> list[str]:
    return [item.now.fields["title"] for item in tool.items.values()]


async def test_a_call_lost_on_its_way_is_ambiguous_and_changes_nothing(side: Side) -> None:
    tool, connector = side
    tool.faults.add("create", "drop_before")
    (outcome,) = await connector.create("ticket", BATCH[:1])
    assert outcome.result is Result.AMBIGUOUS
    assert titles(tool) == []


async def test_a_lost_answer_is_ambiguous_and_the_record_exists(side: Side) -> None:
    tool, connector = side
    tool.faults.add("create", "drop_after_apply")
    (outcome,) = await connector.create("ticket", BATCH[:1])
    assert outcome.result is Result.AMBIGUOUS
    assert titles(tool) == ["number 0"]
    assert tool.log.calls[-1].applied == 1


async def test_a_torn_bulk_is_ambiguous_for_every_item_and_half_done() -> None:
    clock = ManualClock()
    tool = MemoryTool(clock)
    async with served(feed_app(tool)) as address:
        world = HttpWorld(tool, clock, address)
        tool.workflow = None
        async with opened(FeedConnector, world, tool.token) as feed:
            for number, connector in enumerate((MemoryConnector(tool), feed)):
                tool.faults.add("create", "torn:2")
                items = [Create(f"{number}{item.key}", item.fields) for item in BATCH]
                outcomes = await connector.create("ticket", items)
                assert [outcome.result for outcome in outcomes] == [Result.AMBIGUOUS] * 3
                assert len(titles(tool)) == 2 * (number + 1)


async def test_a_bulk_done_in_part_says_for_each_item(side: Side) -> None:
    tool, connector = side
    if connector.capabilities.bulk_create == 1:
        tool.faults.add("create", "reject")
        results = [o.result for o in await connector.create("ticket", BATCH)]
        assert results == [Result.REJECTED, Result.APPLIED, Result.APPLIED]
        return
    tool.faults.add("create", "partial:1")
    results = [o.result for o in await connector.create("ticket", BATCH)]
    assert results == [Result.APPLIED, Result.RETRY, Result.RETRY]
    assert titles(tool) == ["number 0"]


async def test_a_tool_that_is_down_applies_nothing_and_may_be_asked_again(side: Side) -> None:
    tool, connector = side
    tool.faults.add("*", "down", times=100)
    (outcome,) = await connector.create("ticket", BATCH[:1])
    assert outcome.result is Result.RETRY
    with pytest.raises(Retriable):
        await connector.fetch("ticket", ["T-1"])
    assert titles(tool) == []


async def test_a_listing_that_loses_records_still_fetches_them(side: Side) -> None:
    tool, connector = side
    ids = [tool.create({"title": f"number {n}"}) for n in range(10)]
    tool.faults.add("census", "listing_loses:90", times=5)
    listed = [id async for page in connector.census("ticket") for id in page.versions]
    assert len(listed) == 1
    tool.faults.clear()
    assert set(await connector.fetch("ticket", ids)) == set(ids)


async def test_a_person_can_be_faster_than_our_write(side: Side) -> None:
    tool, connector = side
    id = tool.create({"title": "as planned"})
    version = tool.item(id).now.version
    tool.faults.add("update", lambda call: tool.edit(id, {"title": "a person's"}))
    item = Update(id, {"title": "ours"}, {"title": "as planned"}, version)
    (outcome,) = await connector.update("ticket", [item])
    conditional = connector.capabilities.conditional_update
    assert outcome.result is (Result.CONFLICT if conditional else Result.APPLIED)
    deeds = [(d.by, d.after["title"]) for d in tool.deeds if d.kind == "edit" and d.after]
    assert deeds == [("ann", "a person's"), ("syncline", "ours")][: 1 if conditional else 2]


async def test_a_function_may_strike_when_the_tool_has_done_its_part(side: Side) -> None:
    tool, connector = side
    seen: list[tuple[Call, list[str]]] = []
    tool.faults.add("create", lambda call: seen.append((call, titles(tool))), when="after")
    await connector.create("ticket", BATCH[:1])
    ((call, shown),) = seen
    assert (call.kind, call.applied, shown) == ("create", 1, ["number 0"])


async def test_a_field_that_is_cut_and_an_automation_show_in_the_record(side: Side) -> None:
    tool, connector = side
    tool.rules["title"] = FieldRule(required=True, cut=8)
    tool.automations.append(
        lambda before, after: {"priority": "high"} if after.get("status") == "blocked" else {}
    )
    fields = {"title": "a title too long", "status": "blocked"}
    (made,) = await connector.create("ticket", [Create("key-cut", fields)])
    assert made.id
    shown = tool.fields(made.id)
    assert (shown["title"], shown["priority"]) == ("a title ", "high")


async def test_what_a_reader_does_to_a_record_does_not_reach_the_tool(side: Side) -> None:
    tool, connector = side
    id = tool.create({"title": "kept", "labels": ["one"], "custom": {"order": 1}})
    answer = (await connector.fetch("ticket", [id]))[id]
    answer.fields["labels"].append("two")  # type: ignore[union-attr]
    answer.fields["custom"]["order"] = 2  # type: ignore[union-attr]
    assert (tool.fields(id)["labels"], tool.fields(id)["custom"]) == (["one"], {"order": 1})
