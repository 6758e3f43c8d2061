"""Whole passes between Salesforce and a tracker in memory: the real engine, store and connector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from connectors.salesforce import SalesforceConnector
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, SideSpec
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import MAPPING
from syncline.store.findings import conflicts, parked
from tests.connectors.salesforce.world import (
    API,
    ELSEWHERE,
    HERE,
    SalesforceWorld,
    living,
    opened,
)
from tests.support.world import World, compiled

TICKET = (resources.files("mappings") / "salesforce" / "ticket.yaml").read_text("utf-8")
EVERYTHING = (Visibility.PUBLIC, Visibility.INTERNAL)
CREATES = f"{API}/composite/sobjects/Case/"


class Desk:
    """A desk in Salesforce and a tracker of developers, and one sync between them."""

    def __init__(self, world: World, crm: SalesforceWorld, connector: SalesforceConnector) -> None:
        self.world = world
        self.crm = crm
        self.connector = connector

    @classmethod
    async def make(cls, folder: Path, crm: SalesforceWorld, connector: SalesforceConnector) -> Desk:
        comments = CommentPolicy(EVERYTHING, "same")
        world = await World.make(folder, dev={}, crm={}, comments=comments)
        world.connectors["crm"] = connector  # type: ignore[assignment]
        side = SideSpec("crm", "Case", "plain", create="when_missing")
        sides = {**world.spec.sides, "crm": side}
        world.change(sides=sides, units=compiled(sides, {"dev": MAPPING, "crm": TICKET}, {}, {}))
        return cls(world, crm, connector)

    @property
    def dev(self) -> Any:
        return self.world.tools["dev"]

    async def sync(self, **options: Any) -> Report:
        """A pass some time after the last one, so that the lookback lies behind."""
        self.crm.tool.advance(700)
        self.world.clock.advance(700)
        report = await self.world.sync(**options)
        assert not report.stopped
        return report

    async def settled(self) -> None:
        """Passes until none writes; at most three (I6)."""
        for _ in range(4):
            before = self.world.writes()
            await self.sync()
            if self.world.writes() == before:
                return
        raise AssertionError("more than three passes wrote something")

    def requests(self) -> tuple[int, int]:
        told = self.connector.requests()
        return told["read"], told["write"]


@pytest.fixture
async def crm() -> AsyncIterator[SalesforceWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def desk(tmp_path: Path, crm: SalesforceWorld) -> AsyncIterator[Desk]:
    async with opened(crm) as connector:
        yield await Desk.make(tmp_path, crm, connector)


async def test_a_case_reaches_the_tracker_and_edits_travel_both_ways(desk: Desk) -> None:
    id = await desk.crm.create({"Subject": "Printer on fire", "Description": "It burns."})
    await desk.settled()
    ((issue, item),) = desk.dev.items.items()
    assert item.now.fields["title"] == "Printer on fire"
    assert item.now.fields["body"] == "<p>It burns.</p>"
    desk.dev.edit(issue, {"title": "Printer is smoking", "priority": "high"})
    await desk.crm.edit(id, {"Status": "Working"})
    await desk.settled()
    shown = desk.crm.row(id)
    assert (shown["Subject"], shown["Priority"]) == ("Printer is smoking", "High")
    assert shown["Status"] == "Working"
    assert desk.dev.fields(issue)["status"] == "in_progress"


async def test_a_field_that_both_sides_edit_is_a_conflict_until_they_agree(desk: Desk) -> None:
    id = await desk.crm.create({"Subject": "one"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.dev.edit(issue, {"title": "from the tracker"})
    await desk.crm.edit(id, {"Subject": "from the desk"})
    await desk.settled()
    assert desk.crm.row(id)["Subject"] == "from the desk"
    assert desk.dev.fields(issue)["title"] == "from the tracker"
    assert [one.field for one in await desk.world.store.read(conflicts.list, "s")] == ["title"]
    desk.dev.edit(issue, {"title": "from the desk"})
    await desk.settled()
    await desk.crm.edit(id, {"Subject": "on again"})
    await desk.settled()
    assert desk.dev.fields(issue)["title"] == "on again"


async def test_an_unchanged_pass_is_one_request_and_no_write(desk: Desk) -> None:
    for n in range(30):
        await desk.crm.create({"Subject": f"case {n}"})
    await desk.settled()
    await desk.sync()
    before = desk.requests()
    report = await desk.sync()
    read, write = desk.requests()
    assert (read - before[0], write - before[1]) == (1, 0)
    assert sum(report.counts.values()) == 0


async def test_one_in_a_hundred_changed_costs_one_write_and_five_readings(
    desk: Desk,
) -> None:
    ids = [await desk.crm.create({"Subject": f"case {n}"}) for n in range(300)]
    await desk.settled()
    issues = sorted(desk.dev.items)
    for id in ids[:3]:
        await desk.crm.edit(id, {"Subject": "changed at the desk"})
    for issue in issues[-3:]:
        desk.dev.edit(issue, {"title": "changed in the tracker"})
    before = desk.requests()
    report = await desk.sync()
    read, write = desk.requests()
    print(f"1 % changed: {read - before[0]} read, {write - before[1]} written")
    assert report.counts["updated"] == 6
    # The changes, their comments and their files, the records before the write and after it.
    assert (read - before[0], write - before[1]) == (5, 1)


@pytest.mark.parametrize("number", [1, 5])
@pytest.mark.parametrize("fault", ["drop_after_apply", "drop_before", "status_after_apply:500"])
async def test_a_create_without_an_answer_ends_in_one_case_each(
    desk: Desk, number: int, fault: str
) -> None:
    for n in range(number):
        desk.dev.create({"title": f"issue {n}"})
    await desk.crm.fault("PATCH", CREATES, fault)
    await desk.sync()
    await desk.settled()
    assert sorted(one["Subject"] for one in desk.crm.rows()) == [
        f"issue {n}" for n in range(number)
    ]
    assert len(desk.world.records("dev")) == number


async def test_a_bulk_that_is_done_in_part_is_finished_later(desk: Desk) -> None:
    for n in range(5):
        desk.dev.create({"title": f"issue {n}"})
    await desk.crm.fault("PATCH", CREATES, "partial:2")
    await desk.settled()
    assert len(desk.crm.rows()) == 5
    made = [one["applied"] for one in await desk.crm.requests_made() if CREATES in one["path"]]
    assert [len(ids) for ids in made] == [2, 3]
    assert not await desk.world.store.read(parked.list, "s")


async def test_a_deleted_case_cuts_the_link_and_is_not_made_again(desk: Desk) -> None:
    id = await desk.crm.create({"Subject": "in the bin"})
    await desk.settled()
    await desk.crm.delete(id)
    await desk.sync()
    await desk.settled()
    assert desk.crm.rows() == []
    assert len(desk.world.records("dev")) == 1


async def test_a_case_that_leaves_the_scope_is_left_alone_and_comes_back(desk: Desk) -> None:
    id = await desk.crm.create({"Subject": "ours"})
    await desk.settled()
    (issue,) = desk.dev.items
    await desk.crm.edit(id, {"RecordTypeId": desk.crm.types[ELSEWHERE]})
    await desk.settled()
    desk.dev.edit(issue, {"title": "edited meanwhile"})
    await desk.settled()
    assert desk.crm.row(id)["Subject"] == "ours"
    assert len(desk.crm.rows()) == 1
    await desk.crm.edit(id, {"RecordTypeId": desk.crm.types[HERE]})
    await desk.settled()
    assert desk.crm.row(id)["Subject"] == desk.dev.fields(issue)["title"] == "edited meanwhile"


async def test_cases_that_are_merged_become_one_link(desk: Desk) -> None:
    loser = await desk.crm.create({"Subject": "twice"})
    winner = await desk.crm.create({"Subject": "once"})
    await desk.settled()
    desk.crm.rules.merge("Case", winner, loser)
    await desk.settled()
    kept = next(i for i in desk.dev.items if desk.dev.fields(i)["title"] == "once")
    desk.dev.edit(kept, {"priority": "high"})
    await desk.settled()
    assert desk.crm.row(winner)["Priority"] == "High"
    assert len(desk.crm.rows()) == 1
    assert len(desk.dev.items) == 2


async def test_comments_travel_once_and_an_internal_one_stays_internal(desk: Desk) -> None:
    id = await desk.crm.create({"Subject": "asked"})
    await desk.settled()
    (issue,) = desk.dev.items
    await desk.crm.comment(id, "Which printer?", Visibility.PUBLIC)
    desk.dev.comment(issue, "<p>the database is down</p>", Visibility.INTERNAL, by="ann")
    await desk.crm.fault("POST", f"{API}/composite/sobjects", "drop_after_apply")
    await desk.sync()
    await desk.settled()
    theirs, ours = desk.crm.comments(id)
    assert (theirs["CommentBody"], theirs["IsPublished"]) == ("Which printer?", True)
    assert "the database is down" in ours["CommentBody"]
    assert ours["IsPublished"] is False
    assert len(desk.dev.item(issue).comments) == 2


async def test_a_refusal_parks_the_field_in_salesforces_own_words(desk: Desk) -> None:
    id = await desk.crm.create({"Subject": "short"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.crm.org.private.put(id, {})
    desk.dev.edit(issue, {"title": "cannot get there"})
    await desk.settled()
    assert desk.crm.row(id)["Subject"] == "short"
    assert len(desk.crm.rows()) == 1
