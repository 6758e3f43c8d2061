"""A roadmap shared by Redmine's versions and Jira's epics, through the whole engine.

Redmine is a real one or a recording of one, as for its connector; Jira is the fake.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

from syncline.engine.filters import compile_where
from syncline.engine.spec import DeletePolicy, SideSpec, Sync, Unit
from syncline.mapping.load import builtin
from syncline.simulation.syncs import compiled
from syncline.store.findings import conflicts
from syncline.store.store import Store
from tests.connectors.jira import world as jira_world
from tests.connectors.jira.world import JiraWorld, written
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, VersionWorld
from tests.connectors.redmine_world import opened as redmine_opened
from tests.connectors.test_redmine_with_jira import Clock
from tests.support.world import World

MAPPINGS = {
    tool: (resources.files("mappings") / tool / "roadmap_item.yaml").read_text("utf-8")
    for tool in ("jira", "redmine")
}


class Roadmap(World):
    """Epics on one side, versions on the other."""

    jira: JiraWorld
    redmine: RedmineWorld

    @classmethod
    @asynccontextmanager
    async def opened(cls, redmine: RedmineWorld) -> AsyncIterator[Roadmap]:
        plan = cls()
        async with (
            JiraWorld.serving() as jira,
            jira_world.opened(jira) as jira_connector,
            redmine_opened(redmine) as redmine_connector,
        ):
            plan.jira, plan.redmine = jira, redmine
            plan.clock = Clock(jira.clock, redmine.clock)
            plan.connectors = {  # type: ignore[assignment]  # the engine takes any connector
                "jira": jira_connector,
                "redmine": redmine_connector,
            }
            plan.spec = _roadmap()
            async with await Store.open("sqlite://", "w", plan.clock, inline=True) as plan.store:
                yield plan

    async def quiet(self, **options: Any) -> list[str]:
        """Pass until nothing is written any more, and see that nothing is; what was noted."""
        await self.redmine.settle()
        await self.jira.settle()
        reports = [await self.sync(**options), *await self.settled()]
        before = self.writes()
        reports.append(await self.sync())
        assert self.writes() == before
        return [note for report in reports for note in report.notes]

    def epics(self) -> dict[str, dict[str, Any]]:
        """The epics by their title, each with its id."""
        docs = self.jira.site.issues.values()
        found = [one for one in docs if one["fields"]["issuetype"] == "10010"]
        return {one["fields"]["summary"]: {"id": str(one["id"]), **one["fields"]} for one in found}

    async def versions(self) -> dict[str, dict[str, Any]]:
        """The project's versions by name, as people see them."""
        told = await self.redmine.call("GET", "/projects/app/versions.json")
        return {one["name"]: {**one, "id": str(one["id"])} for one in told["versions"]}


def _roadmap() -> Sync:
    lens = builtin("jira", "roadmap_item").fields["issue_type"]
    specs = {
        "jira": SideSpec(
            "jira",
            "issue",
            "adf",
            create="when_missing",
            where=compile_where({"issue_type": "epic"}, {"issue_type": lens.kind}),
            defaults={"issue_type": lens.kind.normal("epic")},
        ),
        "redmine": SideSpec("redmine", "version", "textile", create="when_missing"),
    }
    kind = Unit("issue_type", ("issue_type",), lens.kind, {"jira": lens}, {"jira": "source"})
    return Sync(
        name="s",
        entity="roadmap_item",
        sides=specs,
        units=compiled(specs, MAPPINGS, {}, {}) | {"issue_type": kind},
        match=("marker", ("title",)),
        comments=None,
        fingerprint="f1",
    )


class Planned:
    story = "roadmap"

    async def test_an_epic_becomes_a_version_and_edits_meet_from_both_sides(
        self, world: RedmineWorld
    ) -> None:
        async with Roadmap.opened(world) as plan:
            given = {"summary": "Dark mode", "issuetype": "Epic", "description": written("Night.")}
            epic = await plan.jira.create(given)
            await plan.jira.create({"summary": "only a task"})
            await plan.quiet()
            ((name, version),) = (await plan.versions()).items()
            assert (name, version["description"], version["status"]) == (
                "Dark mode", "Night.", "open"
            )  # fmt: skip

            await world.edit(version["id"], {"due_date": "2027-01-31", "status": "locked"})
            await plan.jira.edit(epic, {"summary": "Dark mode for all"})
            await plan.jira.walk(epic, "In Progress")
            await plan.quiet()
            shown = (await plan.versions())["Dark mode for all"]
            assert (shown["due_date"], shown["status"]) == ("2027-01-31", "locked")
            told = plan.epics()["Dark mode for all"]
            assert (told["duedate"], told["status"]) == ("2027-01-31", "3")

            await world.edit(version["id"], {"status": "closed"})
            await plan.quiet()
            assert plan.epics()["Dark mode for all"]["status"] == "10002"

    async def test_a_version_becomes_an_epic_and_two_names_for_it_are_a_conflict(
        self, world: RedmineWorld
    ) -> None:
        async with Roadmap.opened(world) as plan:
            version = await world.create({"name": "2.0", "description": "Ten times faster."})
            await plan.quiet()
            epic = plan.epics()["2.0"]
            await plan.jira.edit(epic["id"], {"summary": "Two"})
            await world.edit(version, {"name": "2.0 beta"})
            await plan.quiet()
            (found,) = await plan.store.read(conflicts.list, "s")
            assert found.field == "title"
            assert (list(plan.epics()), list(await plan.versions())) == (["Two"], ["2.0 beta"])

    async def test_a_version_that_is_deleted_leaves_its_epic(self, world: RedmineWorld) -> None:
        async with Roadmap.opened(world) as plan:
            await plan.jira.create({"summary": "Dark mode", "issuetype": "Epic"})
            await plan.quiet()
            await world.delete((await plan.versions())["Dark mode"]["id"])
            await plan.quiet(full=True)
            await plan.quiet()
            assert await plan.versions() == {}
            assert list(plan.epics()) == ["Dark mode"]

    async def test_a_version_goes_with_its_epic_unless_it_has_issues(
        self, world: RedmineWorld
    ) -> None:
        async with Roadmap.opened(world) as plan:
            plan.change(deletes=DeletePolicy(propagate="delete"))
            for title in ("empty", "full"):
                await plan.jira.create({"summary": title, "issuetype": "Epic"})
            await plan.quiet()
            full = (await plan.versions())["full"]["id"]
            issue = {"issue": {"project_id": "app", "subject": "in it", "fixed_version_id": full}}
            await world.call("POST", "/issues.json", issue)
            for epic in plan.epics().values():
                await plan.jira.delete(epic["id"])
            notes = [*await plan.quiet(full=True), *await plan.quiet(full=True)]
            assert list(await plan.versions()) == ["full"]
            assert [note for note in notes if f"{full} could not be removed" in note]
            assert [note for note in notes if "it has issues" in note]
            assert plan.epics() == {}

    async def test_only_the_projects_own_versions_are_kept_in_step(
        self, world: RedmineWorld
    ) -> None:
        shared = {"version": {"name": "theirs", "sharing": "system"}}
        await world.call("POST", "/projects/elsewhere/versions.json", shared)
        async with Roadmap.opened(world) as plan:
            ours = await world.create({"name": "ours"})
            await plan.quiet()
            assert list(plan.epics()) == ["ours"]
            await world.leave_scope(ours)
            await plan.quiet(full=True)
            await plan.jira.edit(plan.epics()["ours"]["id"], {"summary": "ours no more"})
            await plan.quiet()
            moved = await world.call("GET", f"/versions/{ours}.json")
            assert moved["version"]["name"] == "ours"
            assert list(plan.epics()) == ["ours no more"]


class TestPlanned(Recorded, Planned):
    kind = VersionWorld


class TestPlannedLive(Live, Planned):
    pytestmark = live
    kind = VersionWorld
