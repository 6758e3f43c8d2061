"""A roadmap in three tools at once: Jira's epics, PostHog's features and Odoo's projects.

Jira and PostHog are fakes; Odoo is a real one, or a recording of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from syncline.sdk.connector import Connector
from syncline.store.findings import conflicts, parked
from tests.connectors.jira import world as jira
from tests.connectors.jira.world import JiraWorld
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld, opened
from tests.connectors.posthog import world as posthog
from tests.connectors.posthog.world import PostHogWorld
from tests.support.in_step import Clocks, InStep, in_step, values

LABEL = "roadmap"
ONLY = {"labels": {"any": [LABEL]}}
MADE = {"labels": [LABEL]}
ROADMAP: dict[str, Any] = {
    "entity": "roadmap_item",
    "sides": {
        "tracker": {
            "record": "issue",
            "where": {"issue_type": "epic", **ONLY},
            "create": "when_missing",
            "defaults": {"issue_type": "epic", **MADE},
        },
        "product": {"record": "early_access_feature", "create": "when_missing"},
        "office": {
            "record": "project",
            "where": ONLY,
            "create": "when_missing",
            "defaults": MADE,
        },
    },
    "fields": {
        "title": {},
        "body": {},
        "status": {"authority": "tracker"},
        "labels": {},
        "owner": {},
        "target_on": {},
    },
    "links": "off",
}
STAGES = {"To Do": "10000", "In Progress": "3", "Done": "10002", "Won't Do": "10004"}


class Plan:
    """The people of the three tools, and the engine between them."""

    def __init__(self, tracker: JiraWorld, product: PostHogWorld, office: OdooWorld) -> None:
        self.tracker, self.product, self.office = tracker, product, office
        self.sync: InStep

    async def planned(self, **more: Any) -> tuple[str, str, str]:
        """An epic, and what it became in the other tools."""
        given = {"summary": "Dark mode", "issuetype": "Epic", "labels": [LABEL], **more}
        epic = await self.tracker.create(given)
        await self.sync.settled()
        (feature,), (project,) = self.features(), await self.projects()
        return epic, str(feature["id"]), str(project["id"])

    def epics(self) -> list[dict[str, Any]]:
        """The epics of Jira, oldest first."""
        docs = self.tracker.site.issues.values()
        return [doc for doc in docs if doc["fields"]["issuetype"] == "10010"]

    def epic(self, id: str) -> dict[str, Any]:
        fields: dict[str, Any] = self.tracker.doc(id)["fields"]
        return fields

    def features(self) -> list[dict[str, Any]]:
        return self.product.fake.records("early_access_feature")

    def feature(self, id: str) -> dict[str, Any]:
        (found,) = (one for one in self.features() if one["id"] == id)
        return found

    async def projects(self, domain: Any = ()) -> list[dict[str, Any]]:
        """Odoo's projects of the roadmap, oldest first."""
        rows = await self.office.call(
            "project.project",
            "search_read",
            domain=[["tag_ids.name", "=", LABEL], *domain],
            fields=["name"],
            order="id",
        )
        return list(rows)

    async def project(self, id: str) -> dict[str, Any]:
        """A project as Odoo's people see it."""
        told = ("name", "description", "stage_id", "user_id", "date", "tag_ids")
        row = await self.office.show(id, *told)
        return {**row, "stage": row["stage_id"][1], "owner": (row["user_id"] or [0, None])[1]}

    async def put(self, id: str, stage: str) -> None:
        """Somebody moves a project to another stage."""
        (row,) = await self.office.call(
            "project.project.stage", "search_read", domain=[["name", "=", stage]], fields=["name"]
        )
        await self.office.edit(id, {"stage_id": row["id"]})

    async def tag(self, id: str, name: str, *, off: bool = False) -> None:
        """Somebody puts a tag on a project, or takes it off."""
        found = await self.office.call(
            "project.tags", "search_read", domain=[["name", "=", name]], fields=["name"]
        )
        change = [3 if off else 4, found[0]["id"]] if found else [0, 0, {"name": name}]
        await self.office.edit(id, {"tag_ids": [change]})

    async def titles(self, epic: str, feature: str, project: str) -> set[str]:
        """What the three tools call the item."""
        shown = (await self.project(project))["name"]
        return {self.epic(epic)["summary"], self.feature(feature)["name"], shown}

    async def stages(self, epic: str, feature: str, project: str) -> tuple[str, str, str]:
        """Where the three tools have the item."""
        status = {id: name for name, id in STAGES.items()}[self.epic(epic)["status"]]
        return status, self.feature(feature)["stage"], (await self.project(project))["stage"]


@asynccontextmanager
async def planning(folder: Path, office: OdooWorld, **more: Any) -> AsyncIterator[Plan]:
    async with (
        JiraWorld.serving() as tracker,
        posthog.living() as product,
        jira.opened(tracker) as one,
        posthog.opened(product) as other,
        opened(office) as third,
    ):
        plan = Plan(tracker, product, office)
        connectors: dict[str, Connector] = {"tracker": one, "product": other, "office": third}
        clock = Clocks(tracker.clock.advance, product.tool.advance)
        said = {**ROADMAP, **more}
        async with in_step(folder, connectors, said, clock, office.settle) as plan.sync:
            yield plan


class InThreeTools:
    story = "roadmap"

    async def test_edits_of_every_tool_at_once_meet_in_all_three(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with planning(tmp_path, world) as plan:
            _, email = await world.somebody()
            plan.tracker.change_user(plan.tracker.bob, email=email)
            epic, feature, project = await plan.planned(
                description=jira.written("For the night."), duedate="2027-03-01"
            )
            assert await plan.stages(epic, feature, project) == ("To Do", "concept", "To Do")
            assert (await plan.project(project))["date"] == "2027-03-01"
            assert plan.feature(feature)["description"] == "For the night."

            await plan.tracker.walk(epic, "In Progress")
            await plan.tracker.edit(epic, {"assignee": {"accountId": plan.tracker.bob}})
            await plan.product.edit(feature, {"name": "Dark mode for everybody"})
            await world.edit(project, {"description": "<p>For the night, and for cinemas.</p>"})
            await plan.tag(project, "ui")
            await plan.sync.settled()
            assert await plan.titles(epic, feature, project) == {"Dark mode for everybody"}
            assert await plan.stages(epic, feature, project) == (
                "In Progress",
                "beta",
                "In Progress",
            )
            shown = await plan.project(project)
            assert shown["owner"] == "Bob"
            text = "For the night, and for cinemas."
            assert plan.epic(epic)["description"] == jira.document(text)
            assert plan.feature(feature)["description"] == text
            assert plan.epic(epic)["labels"] == [LABEL, "ui"]
            await plan.sync.nothing_is_left_over()

    async def test_an_item_made_in_any_tool_is_made_once_in_each_other(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with planning(tmp_path, world) as plan:
            made = await world.create({"name": "Faster export"})
            await plan.tag(made, LABEL)
            await plan.product.create({"name": "Offline mode", "stage": "draft"})
            await plan.sync.settled()
            names = {"Faster export", "Offline mode"}
            assert {doc["fields"]["summary"] for doc in plan.epics()} == names
            assert {one["name"] for one in plan.features()} == names
            assert {one["name"] for one in await plan.projects()} == names
            assert (len(plan.epics()), len(plan.features())) == (2, 2)
            assert len(await plan.projects()) == 2

    async def test_three_names_for_one_item_wait_for_a_person_whose_answer_reaches_all(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with planning(tmp_path, world) as plan:
            epic, feature, project = await plan.planned()
            await plan.tracker.edit(epic, {"summary": "Night mode"})
            await plan.product.edit(feature, {"name": "Midnight mode"})
            await world.edit(project, {"name": "Black mode"})
            await plan.sync.settled()
            assert values(await plan.sync.conflict()) == {
                "tracker": "Night mode",
                "product": "Midnight mode",
                "office": "Black mode",
            }
            kept = {"Night mode", "Midnight mode", "Black mode"}
            assert await plan.titles(epic, feature, project) == kept
            await plan.sync.answer("office")
            await plan.sync.settled()
            assert await plan.titles(epic, feature, project) == {"Black mode"}
            await plan.sync.nothing_is_left_over()

    async def test_a_status_that_all_change_is_the_trackers_and_the_nearest_is_not_sent_back(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with planning(tmp_path, world) as plan:
            feature = await plan.product.create({"name": "Dark mode", "stage": "draft"})
            await plan.sync.settled()
            (doc,), (row,) = plan.epics(), await plan.projects()
            ids = str(doc["id"]), feature, str(row["id"])
            # Neither Jira nor a fresh Odoo has a word for an idea.
            assert await plan.stages(*ids) == ("To Do", "draft", "To Do")
            await plan.product.edit(feature, {"stage": "alpha"})
            await plan.sync.settled()
            assert await plan.stages(*ids) == ("In Progress", "alpha", "In Progress")

            await plan.tracker.walk(ids[0], "Won't Do")
            await plan.product.edit(feature, {"stage": "general-availability"})
            await plan.put(ids[2], "To Do")
            await plan.sync.settled()
            assert await plan.stages(*ids) == ("Won't Do", "archived", "Cancelled")
            await plan.put(ids[2], "Done")
            await plan.sync.settled()
            assert await plan.stages(*ids) == ("Done", "general-availability", "Done")
            assert await plan.sync.found(conflicts) == []

    @pytest.mark.parametrize("propagate", ["unlink", "close", "archive", "delete"])
    async def test_an_epic_that_is_deleted_does_to_the_others_what_the_sync_says(
        self, world: OdooWorld, tmp_path: Path, propagate: str
    ) -> None:
        async with planning(tmp_path, world, deletes={"propagate": propagate}) as plan:
            epic, feature, project = await plan.planned()
            await plan.tracker.delete(epic)
            await plan.sync.later(full=True)
            await plan.sync.settled()
            assert plan.epics() == []
            # PostHog archives nothing for good, so `archive` leaves its feature where it was.
            stages = {"unlink": ["concept"], "close": ["archived"], "archive": ["concept"]}
            assert [one["stage"] for one in plan.features()] == stages.get(propagate, [])
            there = await plan.projects() != []
            assert there is (propagate in ("unlink", "close"))
            if there:
                told = "Cancelled" if propagate == "close" else "To Do"
                assert (await plan.project(project))["stage"] == told
            archived = await plan.projects([["active", "=", False]])
            assert [str(row["id"]) for row in archived] == [project] * (propagate == "archive")
            if propagate == "unlink":
                await world.edit(project, {"name": "Night mode"})
                await plan.sync.settled()
                assert plan.feature(feature)["name"] == "Night mode", "these two go on"

    async def test_a_project_that_is_deleted_leaves_the_other_two_in_step(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with planning(tmp_path, world) as plan:
            epic, feature, project = await plan.planned()
            await world.delete(project)
            await plan.sync.later(full=True)
            await plan.sync.settled()
            await plan.product.edit(feature, {"name": "Night mode"})
            await plan.sync.settled()
            assert plan.epic(epic)["summary"] == "Night mode"
            assert await plan.projects() == []

    async def test_an_item_that_leaves_one_tools_scope_is_left_alone_there_until_it_is_back(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with planning(tmp_path, world) as plan:
            epic, feature, project = await plan.planned()
            await plan.tag(project, LABEL, off=True)
            await plan.tracker.edit(epic, {"issuetype": "Task"})
            await plan.sync.settled()
            await plan.product.edit(feature, {"name": "Night mode"})
            await plan.tracker.walk(epic, "In Progress")
            await plan.sync.later(full=True)
            await plan.sync.settled()
            assert plan.epic(epic)["summary"] == "Dark mode"
            assert (await plan.project(project))["name"] == "Dark mode"
            assert plan.feature(feature)["stage"] == "concept"

            await plan.tracker.edit(epic, {"issuetype": "Epic"})
            await plan.tag(project, LABEL)
            await plan.sync.settled()
            assert await plan.titles(epic, feature, project) == {"Night mode"}
            assert await plan.stages(epic, feature, project) == (
                "In Progress",
                "beta",
                "In Progress",
            )
            assert (len(plan.epics()), len(plan.features())) == (1, 1)
            await plan.sync.nothing_is_left_over()

    async def test_a_day_that_odoo_would_drop_is_parked_with_the_reason_and_the_rest_arrives(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with planning(tmp_path, world) as plan:
            epic, feature, project = await plan.planned()
            await plan.tracker.edit(epic, {"duedate": "2027-03-01", "summary": "Night mode"})
            await plan.sync.settled()
            assert await plan.titles(epic, feature, project) == {"Night mode"}
            (row,) = await plan.sync.found(parked)
            assert (row.side, row.field) == ("office", "target_on")
            assert "start and end" in row.reason

            await world.edit(project, {"date_start": "2027-01-01", "date": "2027-03-01"})
            await plan.sync.settled()
            await plan.tracker.edit(epic, {"duedate": "2027-04-01"})
            await plan.sync.settled()
            assert (await plan.project(project))["date"] == "2027-04-01"
            await plan.sync.nothing_is_left_over()

    async def test_a_project_that_is_given_a_start_follows_the_target_day(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        office = {**ROADMAP["sides"]["office"], "defaults": {**MADE, "start_on": "2026-01-01"}}
        sides = {**ROADMAP["sides"], "office": office}
        async with planning(tmp_path, world, sides=sides) as plan:
            epic, _, project = await plan.planned(duedate="2027-03-01")
            await plan.tracker.edit(epic, {"duedate": "2027-04-01"})
            await plan.sync.settled()
            assert (await plan.project(project))["date"] == "2027-04-01"
            await plan.sync.nothing_is_left_over()


class TestInThreeTools(Recorded, InThreeTools):
    kind = "project"


class TestInThreeToolsLive(Live, InThreeTools):
    pytestmark = live
    kind = "project"
