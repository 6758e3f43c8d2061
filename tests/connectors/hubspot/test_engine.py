"""Whole passes between a HubSpot and a tracker in memory: the real engine, store and connector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.hubspot import HubSpotConnector
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, SideSpec
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import MAPPING
from syncline.store import links
from syncline.store.findings import conflicts
from tests.connectors.hubspot.world import API, HubSpotWorld, journal, living, opened
from tests.support.world import World, compiled

MAPPINGS = Path(__file__).parents[3] / "mappings" / "hubspot"
# What the tool in memory holds of each entity that HubSpot has and that is not a ticket.
IN_MEMORY = {
    "ticket": MAPPING,
    "customer_request": """\
entity: customer_request
record: ticket
text: html
fields:
  title: {path: title}
  body: {path: body}
  status: {path: status, enum: {new: todo, open: in_progress, pending: blocked, closed: done}}
  account: {path: custom.account}
""",
    "account": """\
entity: account
record: ticket
text: html
fields:
  name: {path: title}
  domain: {path: custom.domain}
""",
    "person": """\
entity: person
record: ticket
text: html
fields:
  email: {path: custom.email, person: email}
  name: {path: title}
""",
}


class Crm:
    """HubSpot and a tool in memory, and one sync between them."""

    def __init__(self, world: World, hubspot: HubSpotWorld, connector: HubSpotConnector) -> None:
        self.world = world
        self.hubspot = hubspot
        self.connector = connector

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        folder: Path,
        record: str = "ticket",
        entity: str = "ticket",
        comments: CommentPolicy | None = None,
        journalled: bool = False,
    ) -> AsyncIterator[Crm]:
        async with AsyncExitStack() as stack:
            hubspot = await stack.enter_async_context(living(record))
            hubspot.follow()
            said = {"journal": journal(hubspot)} if journalled else {}
            connector = await stack.enter_async_context(opened(hubspot, **said))
            world = await World.make(folder, dev={}, crm={}, comments=comments)
            world.connectors["crm"] = connector  # type: ignore[assignment]
            side = SideSpec("crm", record, "html", create="when_missing")
            sides = {**world.spec.sides, "crm": side}
            ours = (MAPPINGS / f"{entity}.yaml").read_text()
            texts = {"dev": IN_MEMORY[entity], "crm": ours}
            units = compiled(sides, texts, {}, {})
            world.change(entity=entity, sides=sides, units=units)
            yield cls(world, hubspot, connector)

    @property
    def dev(self) -> Any:
        return self.world.tools["dev"]

    async def sync(self, **options: Any) -> Report:
        """A pass after HubSpot's index has caught up."""
        self.hubspot.tool.advance(130)
        self.world.clock.advance(130)
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

    def requests(self) -> tuple[int, int]:
        told = self.connector.requests()
        return told["read"], told["write"]

    def only(self) -> dict[str, Any]:
        """The properties of the one record that there is in HubSpot."""
        (doc,) = self.hubspot.all()
        return dict(doc["properties"])


@pytest.fixture
async def crm(tmp_path: Path) -> AsyncIterator[Crm]:
    async with Crm.opened(tmp_path) as crm:
        yield crm


async def test_a_ticket_reaches_the_tracker_and_edits_travel_both_ways(crm: Crm) -> None:
    id = await crm.hubspot.create({"subject": "Printer on fire", "content": "It burns.\n\nStill."})
    await crm.settled()
    ((issue, item),) = crm.dev.items.items()
    assert item.now.fields["title"] == "Printer on fire"
    assert item.now.fields["body"] == "<p>It burns.</p>\n<p>Still.</p>"
    assert item.now.fields["status"] == "todo"
    crm.dev.edit(issue, {"title": "Printer is smoking", "priority": "high"})
    await crm.hubspot.edit(id, {"hs_pipeline_stage": "Waiting on us"})
    await crm.settled()
    shown = crm.hubspot.shown(id)
    assert (shown["subject"], shown["hs_ticket_priority"]) == ("Printer is smoking", "HIGH")
    assert crm.dev.fields(issue)["status"] == "in_progress"
    crm.dev.edit(issue, {"status": "done"})
    await crm.settled()
    assert crm.hubspot.shown(id)["hs_pipeline_stage"] == "4"


@pytest.mark.parametrize(
    ("record", "entity", "title", "theirs", "ours"),
    [
        ("ticket", "customer_request", "subject", {}, {}),
        ("company", "account", "name", {"domain": "acme.test"}, {"custom": {"domain": "a.test"}}),
        ("contact", "person", None, {"email": "a@b.test"}, {"custom": {"email": "c@d.test"}}),
    ],
)
async def test_every_entity_that_hubspot_has_is_made_and_changed_on_both_sides(
    tmp_path: Path,
    record: str,
    entity: str,
    title: str | None,
    theirs: dict[str, Any],
    ours: dict[str, Any],
) -> None:
    async with Crm.opened(tmp_path, record, entity) as crm:
        named = {title: "Ada Lovelace"} if title else {"firstname": "Ada", "lastname": "Lovelace"}
        id = await crm.hubspot.create({**named, **theirs})
        issue = crm.dev.create({"title": "Grace Hopper", **ours})
        await crm.settled()
        assert len(crm.hubspot.all()) == len(crm.world.records("dev")) == 2
        (made,) = (i for i in crm.dev.items if i != issue)
        assert crm.dev.fields(made)["title"] == "Ada Lovelace"
        crm.dev.edit(made, {"title": "Ada King"})
        (other,) = (doc["id"] for doc in crm.hubspot.all() if doc["id"] != id)
        await crm.hubspot.edit(other, {title or "lastname": "Murray"})
        await crm.settled()
        shown = crm.hubspot.shown(id)
        if title:
            assert shown[title] == "Ada King"
        else:
            assert (shown["firstname"], shown["lastname"]) == ("Ada", "King")
        assert crm.dev.fields(issue)["title"] == ("Murray" if title else "Grace Murray")


async def test_an_unchanged_pass_is_one_request_and_a_changed_one_hardly_more(crm: Crm) -> None:
    ids = [await crm.hubspot.create({"subject": f"ticket {n}"}) for n in range(300)]
    await crm.settled()
    await crm.sync()
    before = crm.requests()
    report = await crm.sync()
    after = crm.requests()
    assert (after[0] - before[0], after[1] - before[1]) == (1, 0)
    assert sum(report.counts.values()) == 0

    issues = list(crm.dev.items)
    for n in range(3):  # one in a hundred, on either side
        await crm.hubspot.edit(ids[n], {"subject": f"edited at HubSpot {n}"})
        crm.dev.edit(issues[-1 - n], {"title": f"edited in the tracker {n}"})
    before = crm.requests()
    report = await crm.sync()
    after = crm.requests()
    assert report.counts["updated"] == 6
    # The changes, a batched look before the write, the write, and a batched look after it.
    assert (after[0] - before[0], after[1] - before[1]) == (3, 1)


async def test_with_the_journal_an_unchanged_pass_is_two_requests(tmp_path: Path) -> None:
    async with Crm.opened(tmp_path, journalled=True) as crm:
        for n in range(300):
            await crm.hubspot.create({"subject": f"ticket {n}"})
        await crm.settled()
        await crm.sync()
        before = crm.requests()
        assert sum((await crm.sync()).counts.values()) == 0
        after = crm.requests()
        # One for the journal, and none for its token more than twice an hour.
        assert (after[0] - before[0], after[1] - before[1]) == (2, 0)


@pytest.mark.parametrize("journalled", [True, False])
async def test_a_tickets_new_company_reaches_the_others_where_the_journal_is_read(
    tmp_path: Path, journalled: bool
) -> None:
    async with Crm.opened(tmp_path, "ticket", "customer_request", journalled=journalled) as crm:
        by = crm.hubspot.fake.by("Ann Agent")
        acme = crm.hubspot.portal.create("companies", {"name": "Acme"}, by)["id"]
        id = await crm.hubspot.create({"subject": "one"})
        await crm.settled()
        (issue,) = crm.dev.items
        crm.hubspot.portal.associate("tickets", id, "companies", acme)
        await crm.settled()
        told = crm.dev.fields(issue).get("custom") or {}
        assert (told.get("account") == acme) is journalled


@pytest.mark.parametrize("journalled", [True, False])
async def test_an_archived_ticket_cuts_the_link_without_a_census_where_the_journal_is_read(
    tmp_path: Path, journalled: bool
) -> None:
    async with Crm.opened(tmp_path, journalled=journalled) as crm:
        ids = [await crm.hubspot.create({"subject": f"ticket {n}"}) for n in range(3)]
        await crm.settled()
        await crm.hubspot.delete(ids[0])
        for _ in range(2):  # what is called deleted is looked at once more by the next pass
            await crm.sync()
        linked = await crm.world.store.read(links.versions, "s", "crm", state="in")
        assert linked.keys() == (set(ids[1:]) if journalled else set(ids))


async def test_many_issues_become_tickets_in_one_request(crm: Crm) -> None:
    for n in range(100):
        crm.dev.create({"title": f"issue {n}"})
    writes = crm.requests()[1]
    await crm.settled()
    assert crm.requests()[1] - writes == 1
    assert {one["properties"]["subject"] for one in crm.hubspot.all()} == {
        f"issue {n}" for n in range(100)
    }


@pytest.mark.parametrize(
    "fault", ["drop_after_apply", "drop_before", "status_after_apply:500", "partial:2"]
)
async def test_creates_without_an_answer_end_in_one_ticket_each(crm: Crm, fault: str) -> None:
    for n in range(5):
        crm.dev.create({"title": f"issue {n}"})
    await crm.hubspot.fault("POST", f"{API}/tickets/batch/upsert", fault)
    await crm.sync()
    await crm.settled()
    subjects = [one["properties"]["subject"] for one in crm.hubspot.all()]
    assert sorted(subjects) == [f"issue {n}" for n in range(5)]
    assert len(crm.world.records("dev")) == 5


async def test_edits_of_one_field_on_both_sides_are_a_conflict_and_neither_is_lost(
    crm: Crm,
) -> None:
    id = await crm.hubspot.create({"subject": "one"})
    await crm.settled()
    (issue,) = crm.dev.items
    crm.dev.edit(issue, {"title": "in the tracker"})
    await crm.hubspot.edit(id, {"subject": "at HubSpot"})
    await crm.settled()
    assert crm.hubspot.shown(id)["subject"] == "at HubSpot"
    assert crm.dev.fields(issue)["title"] == "in the tracker"
    (row,) = await crm.world.store.read(conflicts.list, "s")
    assert row.field == "title"


async def test_an_archived_ticket_cuts_the_link_and_is_not_made_again(crm: Crm) -> None:
    ids = [await crm.hubspot.create({"subject": f"ticket {n}"}) for n in range(3)]
    await crm.settled()
    await crm.hubspot.delete(ids[0])
    await crm.sync(full=True)
    await crm.settled()
    assert sorted(one["id"] for one in crm.hubspot.all()) == ids[1:]
    assert len(crm.world.records("dev")) == 3


async def test_a_ticket_that_left_the_pipeline_is_left_alone_until_it_comes_back(crm: Crm) -> None:
    id = await crm.hubspot.create({"subject": "one"})
    await crm.settled()
    (issue,) = crm.dev.items
    await crm.hubspot.leave_scope(id)
    await crm.settled()
    crm.dev.edit(issue, {"title": "edited meanwhile"})
    await crm.settled()
    assert crm.hubspot.shown(id)["subject"] == "one"
    back = {"hs_pipeline": "0", "hs_pipeline_stage": "New"}
    await crm.hubspot.edit(id, back)
    await crm.settled()
    assert crm.hubspot.shown(id)["subject"] == "edited meanwhile"


async def test_merged_tickets_go_on_as_the_new_one_with_another_id(crm: Crm) -> None:
    first = await crm.hubspot.create({"subject": "first"})
    second = await crm.hubspot.create({"subject": "second"})
    await crm.settled()
    made = crm.hubspot.portal.merge("tickets", first, second, crm.hubspot.fake.by("Ann Agent"))
    await crm.settled()
    assert made["id"] not in (first, second)
    await crm.hubspot.edit(made["id"], {"subject": "both"})
    await crm.settled()
    assert len(crm.hubspot.all()) == 1
    assert "both" in [crm.dev.fields(id)["title"] for id in crm.dev.items]
    assert len(crm.world.records("dev")) == 2


async def test_two_companies_that_are_merged_leave_the_links_of_others_whole(
    tmp_path: Path,
) -> None:
    async with Crm.opened(tmp_path, "company", "account") as crm:
        names = ("Acme", "Acme Ltd", "Bolt")
        ids = [await crm.hubspot.create({"name": name}) for name in names]
        await crm.settled()
        issues = {crm.dev.fields(issue)["title"]: issue for issue in crm.dev.items}
        by = crm.hubspot.fake.by("Ann Agent")
        ticket = crm.hubspot.portal.create("tickets", {"hs_pipeline_stage": "1"}, by)["id"]
        crm.hubspot.portal.associate("tickets", ticket, "companies", ids[1])
        made = crm.hubspot.portal.merge("companies", ids[0], ids[1], by)["id"]
        await crm.settled()
        # The new company goes on in the link of one of the two; the third has its own.
        await crm.hubspot.edit(made, {"name": "Acme Group"})
        crm.dev.edit(issues["Bolt"], {"title": "Bolt GmbH"})
        await crm.settled()
        assert crm.hubspot.shown(ids[2])["name"] == "Bolt GmbH"
        titles = sorted(crm.dev.fields(issue)["title"] for issue in crm.dev.items)
        assert "Acme Group" in titles and len(titles) == 3
        assert len(crm.hubspot.all()) == 2
        kept = next(i for i in crm.dev.items if crm.dev.fields(i)["title"] == "Acme Group")
        crm.dev.edit(kept, {"title": "Acme Holding"})
        await crm.settled()
        assert crm.hubspot.shown(made)["name"] == "Acme Holding"
        shown = crm.hubspot.portal.get("tickets", ticket)["properties"]
        assert shown["hs_primary_company_id"] == made


async def test_comments_travel_as_notes_and_stay_internal(tmp_path: Path) -> None:
    everything = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "same")
    async with Crm.opened(tmp_path, comments=everything) as crm:
        id = await crm.hubspot.create({"subject": "asked"})
        await crm.settled()
        (issue,) = crm.dev.items
        crm.dev.comment(issue, "<p>the database is down</p>", Visibility.INTERNAL, by="ann")
        await crm.hubspot.comment(id, "<p>a colleague's word</p>", Visibility.INTERNAL)
        await crm.settled()
        notes = crm.hubspot.fake.sheet("ticket", id).comments
        assert len(notes) == 2
        assert not any(note.public for note in notes)
        assert "the database is down" in " ".join(note.text for note in notes)
        shown = await crm.world.connectors["dev"].comments("ticket", [issue])
        assert "a colleague's word" in " ".join(one.body for one in shown[issue])
        assert {one.visibility for one in shown[issue]} == {Visibility.INTERNAL}
