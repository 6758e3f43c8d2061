"""Whole passes between a Zendesk and a tracker in memory: the real engine, store and connector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.zendesk import ZendeskConnector
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, SideSpec
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import MAPPING
from syncline.store.findings import conflicts, deviations, parked
from syncline.store.rows import Deviation
from tests.connectors.zendesk.world import API, ZendeskWorld, living, opened
from tests.support.world import World, compiled

MAPPINGS = Path(__file__).parents[3] / "mappings"
EVERYTHING = (Visibility.PUBLIC, Visibility.INTERNAL)


class Desk:
    """A support desk in Zendesk and a tracker of developers, and one sync between them."""

    def __init__(self, world: World, zendesk: ZendeskWorld, connector: ZendeskConnector) -> None:
        self.world = world
        self.zendesk = zendesk
        self.connector = connector

    @classmethod
    async def make(
        cls,
        folder: Path,
        zendesk: ZendeskWorld,
        connector: ZendeskConnector,
        comments: CommentPolicy | None = None,
    ) -> Desk:
        world = await World.make(folder, dev={}, support={}, comments=comments)
        world.connectors["support"] = connector  # type: ignore[assignment]
        support = SideSpec("support", "ticket", "html", create="when_missing")
        sides = {**world.spec.sides, "support": support}
        texts = {"dev": MAPPING, "support": (MAPPINGS / "zendesk" / "ticket.yaml").read_text()}
        world.change(sides=sides, units=compiled(sides, texts, {}, {}))
        return cls(world, zendesk, connector)

    @property
    def dev(self) -> Any:
        return self.world.tools["dev"]

    async def sync(self, **options: Any) -> Report:
        """A pass after Zendesk has had the time to tell what happened."""
        self.zendesk.tool.advance(130)
        self.world.clock.advance(120)
        report = await self.world.sync(**options)
        assert not report.stopped
        return report

    async def settled(self) -> list[Report]:
        """Passes until none writes; at most three (I6)."""
        reports = []
        for _ in range(4):
            before = self.world.writes()
            reports.append(await self.sync())
            if self.world.writes() == before:
                return reports
        raise AssertionError("more than three passes wrote something")

    def requests(self) -> dict[str, int]:
        return dict(self.connector.requests())

    async def deviations(self) -> list[Deviation]:
        """What Zendesk shows for good otherwise than it was decided."""
        rows = await self.world.store.read(deviations.list, "s")
        return [row for row in rows if row.side == "support"]


@pytest.fixture
async def zendesk() -> AsyncIterator[ZendeskWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def connector(zendesk: ZendeskWorld) -> AsyncIterator[ZendeskConnector]:
    async with opened(zendesk, scope={}) as connector:
        yield connector


@pytest.fixture
async def desk(tmp_path: Path, zendesk: ZendeskWorld, connector: ZendeskConnector) -> Desk:
    return await Desk.make(tmp_path, zendesk, connector)


async def test_a_ticket_reaches_the_tracker_and_edits_travel_both_ways(desk: Desk) -> None:
    id = await desk.zendesk.create(
        {"subject": "Printer on fire", "description": "It burns.\n\nStill.", "tags": ["escalated"]}
    )
    await desk.settled()
    ((issue, item),) = desk.dev.items.items()
    assert item.now.fields["title"] == "Printer on fire"
    assert item.now.fields["body"] == "<p>It burns.</p>\n<p>Still.</p>"
    assert item.now.fields["labels"] == ["escalated"]
    desk.dev.edit(issue, {"title": "Printer is smoking", "priority": "high"})
    await desk.zendesk.edit(id, {"tags": ["escalated", "vip"], "status": "open"})
    await desk.settled()
    shown = desk.zendesk.ticket(id)
    assert (shown["subject"], shown["priority"]) == ("Printer is smoking", "high")
    assert desk.dev.fields(issue)["labels"] == ["escalated", "vip"]
    assert desk.dev.fields(issue)["status"] == "in_progress"


async def test_an_unchanged_pass_is_one_request_and_no_write(desk: Desk) -> None:
    for n in range(30):
        await desk.zendesk.create({"subject": f"ticket {n}"})
    await desk.settled()
    await desk.sync()
    before = desk.requests()
    report = await desk.sync()
    after = desk.requests()
    assert (after["read"] - before["read"], after["write"] - before["write"]) == (1, 0)
    assert sum(report.counts.values()) == 0


async def test_many_issues_become_tickets_in_one_job_and_none_becomes_two(desk: Desk) -> None:
    for n in range(30):
        desk.dev.create({"title": f"issue {n}", "body": f"<p>text of <b>{n}</b></p>"})
    reports = await desk.settled()
    assert reports[0].counts["created"] == 30
    assert desk.requests()["write"] == 1
    assert sorted(one["subject"] for one in desk.zendesk.tickets()) == sorted(
        f"issue {n}" for n in range(30)
    )
    assert not any(desk.zendesk.comments(str(t["id"]))[0]["public"] for t in desk.zendesk.tickets())
    assert await desk.deviations() == []


@pytest.mark.parametrize(("number", "path"), [(1, "tickets"), (5, "tickets/create_many")])
@pytest.mark.parametrize("fault", ["drop_after_apply", "drop_before", "status_after_apply:500"])
async def test_a_create_without_an_answer_ends_in_one_ticket_each(
    desk: Desk, number: int, path: str, fault: str
) -> None:
    for n in range(number):
        desk.dev.create({"title": f"issue {n}"})
    await desk.zendesk.fault("POST", f"{API}{path}", fault, times=2 if number == 1 else 1)
    await desk.sync()
    await desk.settled()
    assert sorted(one["subject"] for one in desk.zendesk.tickets()) == [
        f"issue {n}" for n in range(number)
    ]
    assert len(desk.world.records("dev")) == number


async def test_an_edited_body_is_never_written_and_said_once(desk: Desk) -> None:
    issue = desk.dev.create({"title": "One", "body": "<p>first</p>"})
    await desk.settled()
    (ticket,) = desk.zendesk.tickets()
    id, writes = str(ticket["id"]), desk.world.writes()
    desk.dev.edit(issue, {"body": "<p>better words</p>"})
    await desk.settled()
    assert desk.zendesk.ticket(id)["description"] == "first"
    assert desk.dev.fields(issue)["body"] == "<p>better words</p>"
    said = await desk.deviations()
    assert [(one.field, one.reason) for one in said] == [
        ("body", "body cannot be edited there after creation")
    ]
    desk.dev.edit(issue, {"title": "Two"})
    await desk.settled()
    assert desk.zendesk.ticket(id)["subject"] == "Two"
    assert desk.world.writes() == writes + 1
    assert await desk.deviations() == said
    assert len(desk.zendesk.comments(id)) == 1


async def test_a_closed_ticket_parks_the_field_in_zendesks_own_words(desk: Desk) -> None:
    id = await desk.zendesk.create({"subject": "over"})
    await desk.settled()
    (issue,) = desk.dev.items
    await desk.zendesk.edit(id, {"status": "closed"})
    await desk.settled()
    desk.dev.edit(issue, {"priority": "high"})
    await desk.settled()
    (row,) = await desk.world.store.read(parked.list, "s")
    assert (row.side, row.field) == ("support", "priority")
    assert "closed prevents ticket update" in row.reason
    writes = desk.world.writes()
    await desk.sync()
    assert desk.world.writes() == writes


async def test_an_edit_between_the_look_and_the_write_is_a_conflict_and_nothing_is_lost(
    desk: Desk,
) -> None:
    id = await desk.zendesk.create({"subject": "one"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.dev.edit(issue, {"priority": "high"})
    # Not told before a minute has passed, so the plan does not know of it.
    desk.zendesk.tool.advance(130)
    await desk.zendesk.edit(id, {"subject": "two"})
    desk.world.clock.advance(120)
    await desk.world.sync()
    await desk.settled()
    shown = desk.zendesk.ticket(id)
    assert (shown["subject"], shown["priority"]) == ("two", "high")
    assert desk.dev.fields(issue)["title"] == "two"


async def test_a_deleted_ticket_cuts_the_link_and_is_not_made_again(desk: Desk) -> None:
    id = await desk.zendesk.create({"subject": "in the bin"})
    await desk.settled()
    await desk.zendesk.delete(id)
    await desk.sync()
    await desk.settled()
    assert desk.zendesk.tickets() == []
    assert len(desk.world.records("dev")) == 1


async def test_a_census_finds_a_ticket_that_was_scrubbed(desk: Desk) -> None:
    ids = [await desk.zendesk.create({"subject": f"ticket {n}"}) for n in range(3)]
    await desk.settled()
    await desk.zendesk.delete(ids[0])
    desk.zendesk.office.bin.scrub(ids[0])
    await desk.sync(full=True)
    await desk.sync()
    desk.dev.edit(next(iter(desk.dev.items)), {"title": "changed"})
    await desk.settled()
    assert sorted(one["id"] for one in desk.zendesk.tickets()) == sorted(map(int, ids[1:]))


@pytest.mark.parametrize(
    ("as_", "public"), [("internal", False), ("same", False), ("public", True)]
)
async def test_a_developers_internal_comment_is_public_only_where_the_sync_says_so(
    tmp_path: Path,
    zendesk: ZendeskWorld,
    connector: ZendeskConnector,
    as_: str,
    public: bool,
) -> None:
    policy = CommentPolicy(EVERYTHING, as_)
    desk = await Desk.make(tmp_path, zendesk, connector, policy)
    id = await zendesk.create({"subject": "asked"}, by=zendesk.carol)
    await desk.settled()
    (issue,) = desk.dev.items
    desk.dev.comment(issue, "<p>the <b>database</b> is down</p>", Visibility.INTERNAL, by="ann")
    await desk.settled()
    _, comment = zendesk.comments(id)
    assert comment["public"] is public
    assert "the <b>database</b> is down" in comment["html_body"]
    await desk.settled()
    assert len(zendesk.comments(id)) == 2
    assert len(desk.dev.item(issue).comments) == 1


async def test_a_reply_reaches_the_tracker_once_and_a_lost_answer_makes_no_second_one(
    tmp_path: Path, zendesk: ZendeskWorld, connector: ZendeskConnector
) -> None:
    desk = await Desk.make(tmp_path, zendesk, connector, CommentPolicy(EVERYTHING, "same"))
    id = await zendesk.create({"subject": "asked"}, by=zendesk.carol)
    await desk.settled()
    (issue,) = desk.dev.items
    await zendesk.comment(id, "<p>Which printer?</p>", Visibility.PUBLIC)
    desk.dev.comment(issue, "<p>It is <i>known</i> &amp; old.</p>", Visibility.PUBLIC, by="ann")
    await zendesk.fault("PUT", f"{API}tickets", "drop_after_apply")
    await desk.sync()
    await desk.settled()
    assert [c["public"] for c in zendesk.comments(id)] == [True, True, True]
    assert [c.body for c in desk.dev.item(issue).comments] == [
        "<p>It is <i>known</i> &amp; old.</p>",
        "<p><strong>Ann Agent</strong> wrote in support:</p>\n<p>Which printer?</p>",
    ]


async def closed_for_good(desk: Desk, on_closed: str = "follow_up") -> tuple[str, str]:
    """An issue, and its ticket, which Zendesk has closed; tickets are not made by themselves."""
    id = await desk.zendesk.create({"subject": "Printer on fire", "tags": ["escalated"]})
    await desk.settled()
    (issue,) = desk.dev.items
    sides = dict(desk.world.spec.sides)
    sides["support"] = replace(sides["support"], create="never", on_closed=on_closed)
    desk.world.change(sides=sides)
    await desk.zendesk.edit(id, {"status": "solved"})
    await desk.zendesk.edit(id, {"status": "closed"})
    await desk.settled()
    return id, issue


async def test_a_ticket_that_was_closed_for_good_parks_what_it_does_not_take(desk: Desk) -> None:
    _, issue = await closed_for_good(desk, "park")
    desk.dev.edit(issue, {"title": "Burning again", "priority": "high"})
    await desk.settled()
    rows = await desk.world.store.read(parked.list, "s")
    assert {row.field for row in rows} == {"title", "priority"}
    assert len(desk.zendesk.tickets()) == 1


@pytest.mark.parametrize("fault", [None, "drop_after_apply", "drop_before"])
async def test_a_ticket_that_was_closed_for_good_is_followed_up_once(
    desk: Desk, fault: str | None
) -> None:
    id, issue = await closed_for_good(desk)
    desk.dev.edit(issue, {"title": "Burning again", "status": "in_progress"})
    if fault:
        await desk.zendesk.fault("POST", f"{API}tickets", fault, times=2)
    await desk.sync()
    await desk.settled()
    ((new, shown),) = [(t["id"], t) for t in desk.zendesk.tickets() if str(t["id"]) != id]
    assert shown["via"]["source"]["rel"] == "follow_up"
    assert desk.zendesk.ticket(id)["followup_ids"] == [new]
    assert (shown["subject"], shown["status"]) == ("Burning again", "open")
    assert shown["tags"] == ["escalated"]
    await desk.zendesk.edit(str(new), {"priority": "urgent"})
    await desk.settled()
    assert desk.dev.fields(issue)["priority"] == "urgent"
    assert not await desk.world.store.read(parked.list, "s")


@pytest.mark.parametrize("told", [True, False])
async def test_tickets_that_zendesk_merges_become_one_link_and_no_follow_up(
    desk: Desk, told: bool
) -> None:
    """Told by the export, or met by a write before the export tells."""
    ids = [await desk.zendesk.create({"subject": name}) for name in ("twice", "once")]
    await desk.settled()
    first, second = sorted(desk.dev.items, key=lambda i: desk.dev.fields(i)["title"], reverse=True)
    sides = dict(desk.world.spec.sides)
    sides["support"] = replace(sides["support"], create="never", on_closed="follow_up")
    desk.world.change(sides=sides)
    office = desk.zendesk.office
    office.bin.merge(desk.zendesk.ann, {"source": ids[0], "target": ids[1]})
    desk.dev.edit(first, {"priority": "high"})
    if not told:
        await desk.world.sync()
    await desk.settled()
    desk.dev.edit(second, {"priority": "urgent"})
    await desk.settled()
    assert len(desk.zendesk.tickets()) == len(desk.dev.items) == 2
    assert desk.zendesk.ticket(ids[1])["priority"] == "urgent"
    assert desk.dev.fields(first)["status"] == "todo"
    (kept,) = await desk.world.store.read(conflicts.list, "s")
    assert (kept.kind, kept.candidates[0]["edits"]) == ("merged", {"priority": "high"})


@pytest.mark.parametrize("fault", [None, "drop_after_apply", "drop_before"])
async def test_an_edit_of_a_description_is_said_in_an_internal_note_once(
    desk: Desk, fault: str | None
) -> None:
    id = await desk.zendesk.create({"subject": "Printer", "description": "It burns."})
    await desk.settled()
    units = dict(desk.world.spec.units)
    units["body"] = replace(units["body"], on_uneditable="note")
    desk.world.change(units=units)
    (issue,) = desk.dev.items
    desk.dev.edit(issue, {"body": "<p>It is <b>out</b>.</p>"})
    if fault:
        await desk.zendesk.fault("PUT", f"{API}tickets/{id}", fault, times=1)
    await desk.sync()
    await desk.settled()
    first, note = desk.zendesk.comments(id)
    assert first["plain_body"].strip() == "It burns."
    assert not note["public"]
    assert "wrote in dev" in note["html_body"] and "<b>out</b>" in note["html_body"]
    assert not await desk.world.store.read(parked.list, "s")
