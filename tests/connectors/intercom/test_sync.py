"""Whole passes between an Intercom and a tracker in memory: the real engine and store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.intercom import IntercomConnector
from connectors.intercom.fake.workspace import DESCRIPTION, TITLE
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, SideSpec
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import MAPPING
from syncline.store.findings import conflicts
from tests.connectors.intercom.world import ELSEWHERE, IntercomWorld
from tests.support.world import World, compiled

MAPPINGS = Path(__file__).parents[3] / "mappings"
EVERYTHING = (Visibility.PUBLIC, Visibility.INTERNAL)


class Desk:
    """A support desk in Intercom and a tracker of developers, and one sync between them."""

    def __init__(self, world: World, intercom: IntercomWorld, connector: IntercomConnector) -> None:
        self.world = world
        self.intercom = intercom
        self.connector = connector

    @classmethod
    async def make(
        cls,
        folder: Path,
        intercom: IntercomWorld,
        connector: IntercomConnector,
        comments: CommentPolicy | None = None,
    ) -> Desk:
        world = await World.make(folder, dev={}, support={}, comments=comments)
        world.connectors["support"] = connector  # type: ignore[assignment]
        support = SideSpec("support", "ticket", "html", create="when_missing")
        sides = {**world.spec.sides, "support": support}
        texts = {"dev": MAPPING, "support": (MAPPINGS / "intercom" / "ticket.yaml").read_text()}
        world.change(sides=sides, units=compiled(sides, texts, {}, {}))
        return cls(world, intercom, connector)

    @property
    def dev(self) -> Any:
        return self.world.tools["dev"]

    async def sync(self, **options: Any) -> Report:
        """A pass after Intercom's index has caught up."""
        self.intercom.tool.advance(130)
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


@pytest.fixture
async def desk(tmp_path: Path, world: IntercomWorld, connector: IntercomConnector) -> Desk:
    return await Desk.make(tmp_path, world, connector)


async def test_a_ticket_reaches_the_tracker_and_edits_travel_both_ways(desk: Desk) -> None:
    id = await desk.intercom.create(
        {"title": "Printer on fire", "description": "It burns.\n\nStill."}
    )
    await desk.settled()
    ((issue, item),) = desk.dev.items.items()
    assert item.now.fields["title"] == "Printer on fire"
    assert item.now.fields["body"] == "<p>It burns.</p>\n<p>Still.</p>"
    desk.dev.edit(issue, {"title": "Printer is smoking", "body": "<p>No more.</p>"})
    await desk.intercom.edit(id, {"state": "In progress"})
    await desk.settled()
    shown = desk.intercom.ticket(id)["attributes"]
    assert (shown[TITLE], shown[DESCRIPTION]) == ("Printer is smoking", "No more.")
    assert desk.dev.fields(issue)["status"] == "in_progress"
    assert desk.intercom.state_of(id) == "In progress"


async def test_an_issue_becomes_a_ticket_in_its_state_and_closing_travels_back(desk: Desk) -> None:
    issue = desk.dev.create({"title": "Slow", "status": "blocked"})
    await desk.settled()
    (ticket,) = desk.intercom.tickets()
    assert desk.intercom.state_of(ticket["id"]) == "Waiting on customer"
    await desk.intercom.edit(ticket["id"], {"state": "Resolved"})
    await desk.settled()
    assert desk.dev.fields(issue)["status"] == "done"


async def test_a_field_that_both_edit_waits_for_a_person_and_keeps_both_values(desk: Desk) -> None:
    id = await desk.intercom.create({"title": "one"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.dev.edit(issue, {"title": "theirs"})
    await desk.intercom.edit(id, {"title": "ours"})
    await desk.settled()
    (kept,) = await desk.world.store.read(conflicts.list, "s")
    assert {(one["side"], one["value"]) for one in kept.candidates} == {
        ("dev", "theirs"),
        ("support", "ours"),
    }
    # Neither is written over until somebody has chosen.
    assert desk.intercom.ticket(id)["attributes"][TITLE] == "ours"
    assert desk.dev.fields(issue)["title"] == "theirs"


async def test_an_unchanged_pass_is_one_request_and_one_percent_changed_stays_beside_the_bound(
    desk: Desk,
) -> None:
    ids = [await desk.intercom.create({"title": f"ticket {n}"}) for n in range(200)]
    await desk.settled()
    await desk.sync()
    before = desk.requests()
    report = await desk.sync()
    after = desk.requests()
    assert (after["read"] - before["read"], after["write"] - before["write"]) == (1, 0)
    assert sum(report.counts.values()) == 0
    issues = {desk.dev.fields(issue)["title"]: issue for issue in desk.dev.items}
    for n in range(2):
        desk.dev.edit(issues[f"ticket {n}"], {"title": f"changed {n}"})
    before = desk.requests()
    await desk.sync()
    after = desk.requests()
    # The changes once, and of each ticket a look before its write: no field tells of a lost edit.
    assert after["write"] - before["write"] == 2
    assert after["read"] - before["read"] <= 1 + 2
    assert desk.intercom.ticket(ids[0])["attributes"][TITLE] == "changed 0"


@pytest.mark.parametrize("fault", ["drop_after_apply", "drop_before", "status_after_apply:500"])
async def test_a_create_without_an_answer_ends_in_one_ticket(desk: Desk, fault: str) -> None:
    desk.dev.create({"title": "only one"})
    # A fault's path is a prefix, which the search for changes has as well.
    desk.intercom.after_search(lambda: desk.intercom.fault("POST", "/tickets", fault))
    await desk.sync()
    made = [one for one in await desk.intercom.requests_made() if one["path"] == "/tickets"]
    assert [one["status"] for one in made] == [500 if "500" in fault else 0]
    await desk.settled()
    assert desk.intercom.titles() == ["only one"]
    assert len(desk.world.records("dev")) == 1


async def test_a_deleted_ticket_is_missed_by_a_census_and_not_made_again(desk: Desk) -> None:
    ids = [await desk.intercom.create({"title": f"ticket {n}"}) for n in range(3)]
    await desk.settled()
    await desk.intercom.delete(ids[0])
    await desk.sync(full=True)
    await desk.sync()
    issues = {desk.dev.fields(issue)["title"]: issue for issue in desk.dev.items}
    desk.dev.edit(issues["ticket 0"], {"title": "changed"})
    await desk.settled()
    assert sorted(one["id"] for one in desk.intercom.tickets()) == sorted(ids[1:])


async def test_a_ticket_of_another_type_is_left_alone_until_it_comes_back(desk: Desk) -> None:
    id = await desk.intercom.create({"title": "one"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.intercom.fake.desk.move(desk.intercom.ticket(id), ELSEWHERE)
    await desk.settled()
    desk.dev.edit(issue, {"title": "two"})
    await desk.settled()
    assert desk.intercom.ticket(id)["attributes"][TITLE] == "one"
    desk.intercom.fake.desk.move(desk.intercom.ticket(id), "Bug")
    await desk.settled()
    assert desk.intercom.ticket(id)["attributes"][TITLE] == "two"
    assert len(desk.intercom.tickets()) == len(desk.dev.items) == 1


@pytest.mark.parametrize(
    ("as_", "kind"), [("internal", "note"), ("same", "note"), ("public", "comment")]
)
async def test_a_developers_internal_comment_is_public_only_where_the_sync_says_so(
    tmp_path: Path, world: IntercomWorld, connector: IntercomConnector, as_: str, kind: str
) -> None:
    desk = await Desk.make(tmp_path, world, connector, CommentPolicy(EVERYTHING, as_))
    id = await world.create({"title": "asked"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.dev.comment(issue, "<p>the <b>database</b> is down</p>", Visibility.INTERNAL, by="ann")
    await desk.settled()
    (part,) = world.ticket(id)["parts"]
    assert part["part_type"] == kind
    assert "the <b>database</b> is down" in part["body"]
    await desk.settled()
    assert len(world.ticket(id)["parts"]) == 1
    assert len(desk.dev.item(issue).comments) == 1


async def test_a_reply_whose_answer_is_lost_is_written_once(
    tmp_path: Path, world: IntercomWorld, connector: IntercomConnector
) -> None:
    desk = await Desk.make(tmp_path, world, connector, CommentPolicy(EVERYTHING, "same"))
    id = await world.create({"title": "asked"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.dev.comment(issue, "<p>It is <i>known</i> &amp; old.</p>", Visibility.PUBLIC, by="ann")
    await world.fault("POST", f"/tickets/{id}/reply", "drop_after_apply")
    await desk.sync()
    await desk.settled()
    assert [part["part_type"] for part in world.ticket(id)["parts"]] == ["comment"]
