"""Whole syncs: an in-memory desk with Markdown on one side, Jira over HTTP on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from importlib import resources

import pytest

from connectors.jira import JiraConnector
from syncline.engine.spec import CommentPolicy, SideSpec, Sync
from syncline.schema.text import adf_source
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import FULL, MAPPING, MemoryConnector, MemoryTool
from syncline.store.findings import deviations
from syncline.store.findings import parked as findings
from syncline.store.store import Store
from tests.connectors.jira.world import JiraWorld, document, opened, written
from tests.support.world import StillClock, World, compiled

TICKET = (resources.files("mappings") / "jira" / "ticket.yaml").read_text("utf-8")
DESK = MAPPING.replace("text: html", "text: markdown")


class EngineClock(StillClock):
    """The engine's clock, which takes Jira's along."""

    def __init__(self, jira: JiraWorld) -> None:
        super().__init__()
        self._jira = jira

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._jira.clock.advance(seconds)


class Office(World):
    """A desk and Jira, in one sync."""

    @classmethod
    async def opened(cls, jira: JiraWorld, connector: JiraConnector) -> Office:
        office = cls()
        office.clock = EngineClock(jira)
        office.site = jira
        office.desk = MemoryTool(
            office.clock, name="desk", id_prefix="DESK-", text_format="markdown"
        )
        office.tools = {"desk": office.desk}
        office.connectors = {
            "desk": MemoryConnector(office.desk, FULL),
            "jira": connector,  # type: ignore[dict-item]  # the engine takes any connector
        }
        specs = {
            "desk": SideSpec("desk", office.desk.record, "markdown", create="when_missing"),
            "jira": SideSpec("jira", "issue", "adf", create="when_missing"),
        }
        office.spec = Sync(
            name="s",
            entity="ticket",
            sides=specs,
            units=compiled(specs, {"desk": DESK, "jira": TICKET}, {}, {}),
            match=("reference", "marker"),
            comments=CommentPolicy((Visibility.INTERNAL,)),
            fingerprint="f1",
        )
        office.url = "sqlite://"
        office.store = await Store.open(office.url, "w", office.clock, inline=True)
        return office

    site: JiraWorld
    desk: MemoryTool
    url: str

    def issue(self) -> dict[str, object]:
        """The one issue, as the connector would show it."""
        (doc,) = self.site.site.issues.values()
        fields: dict[str, object] = doc["fields"]
        return {"id": doc["id"], **fields}


@pytest.fixture
async def office(world: JiraWorld, connector: JiraConnector) -> AsyncIterator[Office]:
    office = await Office.opened(world, connector)
    yield office
    await office.store.aclose()


TEXT = "# Steps\n\nPress **Pay**.\n\n- once\n- twice\n\nNothing happens."


async def test_a_ticket_becomes_an_issue_and_edits_travel_both_ways(
    office: Office, world: JiraWorld
) -> None:
    id = office.desk.create({"title": "Cannot pay", "body": TEXT, "status": "todo"})
    await office.settled()
    issue = str(office.issue()["id"])
    assert office.issue()["summary"] == "Cannot pay"
    await world.edit(issue, {"summary": "Cannot pay by card"})
    office.desk.edit(id, {"priority": "high"})
    await office.settled()
    assert office.desk.fields(id)["title"] == "Cannot pay by card"
    assert office.issue()["priority"] == "2"


async def test_an_unchanged_pass_is_one_request_and_changes_nothing(
    office: Office, world: JiraWorld
) -> None:
    for n in range(7):
        office.desk.create({"title": f"ticket {n}", "body": TEXT, "status": "todo"})
    await office.settled()
    office.clock.advance(3600)
    await office.sync()
    office.clock.advance(3600)
    before = world.requests()
    report = await office.sync()
    assert world.requests() == (before.read + 1, before.write)
    assert report.state == "done"
    assert not any(report.counts.get(name) for name in ("created", "updated", "conflicts"))


async def test_one_block_edited_in_jira_changes_only_that_block(
    office: Office, world: JiraWorld
) -> None:
    body = "First *as written*.\n\nSecond paragraph.\n\n* odd bullet\n* another"
    id = office.desk.create({"title": "Texts", "body": body, "status": "todo"})
    await office.settled()
    issue = str(office.issue()["id"])
    shown = world.doc(issue)["fields"]["description"]
    changed = {**shown, "content": [*shown["content"]]}
    changed["content"][1] = document("Second paragraph, edited.")["content"][0]
    await world.edit(issue, {"description": adf_source(changed)})
    await office.settled()
    assert office.desk.fields(id)["body"] == body.replace(
        "Second paragraph.", "Second paragraph, edited."
    )
    assert world.doc(issue)["fields"]["description"] == changed


async def test_one_block_edited_in_the_desk_leaves_jira_s_other_blocks_as_they_are(
    office: Office, world: JiraWorld
) -> None:
    id = office.desk.create({"title": "Texts", "body": "One.\n\nTwo.", "status": "todo"})
    await office.settled()
    issue = str(office.issue()["id"])
    own = document("One.\n\nTwo.")
    own["content"][0]["attrs"] = {"localId": "jira-s-own"}
    await world.edit(issue, {"description": adf_source(own)})
    await office.settled()
    office.desk.edit(id, {"body": "One.\n\nTwo, edited."})
    await office.settled()
    first, second = world.doc(issue)["fields"]["description"]["content"]
    assert first == own["content"][0]
    assert second["content"][0]["text"] == "Two, edited."


async def test_a_create_whose_answer_is_lost_makes_one_issue(
    office: Office, world: JiraWorld
) -> None:
    world.site.search_lag = timedelta(seconds=2)
    await world.fault("drop_after_apply", "/rest/api/3/issue/bulk", "POST")
    office.desk.create({"title": "Only once", "status": "todo"})
    for _ in range(12):
        await office.sync()
    assert office.issue()["summary"] == "Only once"


async def test_a_status_without_its_required_field_parks_that_field_alone(
    world: JiraWorld,
) -> None:
    async with opened(world, transition_fields={}) as connector:
        office = await Office.opened(world, connector)
        bug = await world.create({"summary": "A bug", "issuetype": "Bug"})
        await world.settle()
        await office.settled()
        ((item, _),) = office.desk.listing()
        office.desk.edit(item.id, {"status": "cancelled", "title": "Renamed all the same"})
        reports = await office.settled()
        (parked,) = await office.store.read(findings.list)
        await office.store.aclose()
    told = world.doc(bug)["fields"]
    assert (told["summary"], told["status"]) == ("Renamed all the same", "10000")
    assert parked.field == "status"
    for word in ("'Reject'", "'Resolution'", "transition_fields"):
        assert word in parked.reason
    assert reports[-1].counts["parked"] == 1


async def test_an_issue_that_cannot_be_closed_is_made_and_the_deviation_says_why(
    office: Office, world: JiraWorld
) -> None:
    await world.fault("status:400", "/rest/api/3/issue/20000/transitions", "POST", times=9)
    office.desk.create({"title": "Dropped before", "status": "cancelled"})
    await office.settled()
    (deviation,) = await office.store.read(lambda tx: deviations.list(tx, "s"))
    assert (office.issue()["summary"], deviation.field) == ("Dropped before", "status")
    assert "Jira refused the transition" in deviation.reason
    assert "'Won't Do'" in deviation.reason.replace('"', "'")


async def test_a_comment_whose_answer_is_lost_is_made_once(
    office: Office, world: JiraWorld
) -> None:
    id = office.desk.create({"title": "Talked about", "status": "todo"})
    await office.settled()
    issue = str(office.issue()["id"])
    office.desk.comment(id, "Seen *twice*?", Visibility.INTERNAL)
    await world.fault("drop_after_apply", f"/rest/api/3/issue/{issue}/comment", "POST")
    for _ in range(4):
        await office.sync()
    (comment,) = world.site.comments_of(issue)
    assert "Seen" in str(comment["body"])


async def test_a_comment_that_both_sides_had_before_is_copied_to_neither(
    office: Office, world: JiraWorld
) -> None:
    office.change(match=(("title",),))
    id = office.desk.create({"title": "There already", "status": "todo"})
    issue = await world.create({"summary": "There already"})
    office.desk.comment(id, "The *same* words.", Visibility.INTERNAL)
    await world.comment(issue, written("The same words."), Visibility.INTERNAL)
    await world.settle()
    await office.settled()
    assert len(office.desk.item(id).comments) == 1
    assert len(list(world.site.comments_of(issue))) == 1
