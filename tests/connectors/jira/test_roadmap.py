"""A roadmap shared by Jira's epics and PostHog's early-access features, over both fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

import pytest

from syncline.engine.filters import compile_where
from syncline.engine.spec import SideSpec, Sync, Unit
from syncline.mapping.load import builtin
from syncline.simulation.syncs import compiled
from syncline.store.findings import conflicts
from syncline.store.store import Store
from tests.connectors.jira.world import JiraWorld, opened, written
from tests.connectors.posthog import world as posthog
from tests.connectors.posthog.world import PostHogWorld
from tests.support.world import StillClock, World

MAPPINGS = {
    side: (resources.files("mappings") / tool / "roadmap_item.yaml").read_text("utf-8")
    for side, tool in (("tracker", "jira"), ("analytics", "posthog"))
}


class Clock(StillClock):
    """The engine's clock, which takes both tools' along."""

    def __init__(self, jira: JiraWorld, analytics: PostHogWorld) -> None:
        super().__init__()
        self._jira, self._analytics = jira, analytics

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._jira.clock.advance(seconds)
        self._analytics.tool.advance(seconds)


class Plan(World):
    """Epics on one side, features on the other."""

    jira: JiraWorld
    posthog: PostHogWorld

    @classmethod
    @asynccontextmanager
    async def opened(cls) -> AsyncIterator[Plan]:
        plan = cls()
        async with (
            JiraWorld.serving() as plan.jira,
            posthog.living() as plan.posthog,
            opened(plan.jira) as tracker,
            posthog.opened(plan.posthog) as analytics,
        ):
            plan.clock = Clock(plan.jira, plan.posthog)
            plan.connectors = {  # type: ignore[assignment]  # the engine takes any connector
                "tracker": tracker,
                "analytics": analytics,
            }
            lens = builtin("jira", "roadmap_item").fields["issue_type"]
            kind = lens.kind
            specs = {
                "tracker": SideSpec(
                    "tracker",
                    "issue",
                    "adf",
                    create="when_missing",
                    where=compile_where({"issue_type": "epic"}, {"issue_type": kind}),
                    defaults={"issue_type": kind.normal("epic")},
                ),
                "analytics": SideSpec(
                    "analytics", "early_access_feature", "plain", create="when_missing"
                ),
            }
            units = compiled(specs, MAPPINGS, {}, {})
            modes = {"tracker": "source"}
            units["issue_type"] = Unit(
                "issue_type",
                ("issue_type",),
                kind,
                {"tracker": lens},
                modes,  # type: ignore[arg-type]
            )
            plan.spec = Sync(
                name="s",
                entity="roadmap_item",
                sides=specs,
                units=units,
                match=("marker",),
                comments=None,
                fingerprint="f1",
            )
            async with await Store.open("sqlite://", "w", plan.clock, inline=True) as plan.store:
                yield plan

    async def quiet(self, **options: Any) -> None:
        """Pass until nothing is written any more; then see that nothing is."""
        self.clock.advance(3600)
        await self.sync(**options)
        await self.settled()
        before = self.writes()
        self.clock.advance(3600)
        await self.sync()
        assert self.writes() == before

    def epic(self) -> tuple[str, dict[str, Any]]:
        (doc,) = [d for d in self.jira.site.issues.values() if d["fields"]["issuetype"] == "10010"]
        return str(doc["id"]), doc["fields"]

    def feature(self) -> dict[str, Any]:
        (found,) = self.posthog.fake.records("early_access_feature")
        return found


@pytest.fixture
async def plan() -> AsyncIterator[Plan]:
    async with Plan.opened() as found:
        yield found


async def test_an_epic_becomes_a_feature_and_edits_meet_from_both_sides(plan: Plan) -> None:
    text = written("For the *night*.")
    given = {"summary": "Dark mode", "issuetype": "Epic", "description": text}
    epic = await plan.jira.create(given)
    await plan.jira.create({"summary": "only a task"})
    await plan.quiet()
    feature = plan.feature()
    assert (feature["name"], feature["stage"]) == ("Dark mode", "concept")
    assert feature["description"] == "For the *night*."

    await plan.jira.walk(epic, "In Progress")
    await plan.posthog.edit(feature["id"], {"name": "Dark mode for everybody"})
    await plan.quiet()
    assert plan.epic()[1]["summary"] == "Dark mode for everybody"
    assert plan.feature()["stage"] == "beta"

    await plan.posthog.edit(feature["id"], {"stage": "general-availability"})
    await plan.quiet()
    assert plan.epic()[1]["status"] == "10002"


async def test_a_feature_becomes_an_epic_of_the_first_project(plan: Plan) -> None:
    await plan.posthog.create({"name": "Faster export", "description": "Ten times."})
    await plan.quiet()
    _, epic = plan.epic()
    assert (epic["summary"], epic["status"]) == ("Faster export", "10000")
    assert plan.feature()["stage"] == "draft", "an idea is shown as the nearest status"


async def test_two_names_for_one_item_are_a_conflict_and_both_stay(plan: Plan) -> None:
    epic = await plan.jira.create({"summary": "Dark mode", "issuetype": "Epic"})
    await plan.quiet()
    await plan.jira.edit(epic, {"summary": "Night mode"})
    await plan.posthog.edit(plan.feature()["id"], {"name": "Midnight mode"})
    await plan.quiet()
    (found,) = await plan.store.read(conflicts.list, "s")
    assert found.field == "title"
    assert (plan.epic()[1]["summary"], plan.feature()["name"]) == ("Night mode", "Midnight mode")


async def test_a_deleted_feature_leaves_its_epic_and_is_not_made_again(plan: Plan) -> None:
    await plan.jira.create({"summary": "Dark mode", "issuetype": "Epic"})
    await plan.quiet()
    await plan.posthog.delete(plan.feature()["id"])
    await plan.quiet(full=True)
    assert plan.posthog.fake.records("early_access_feature") == []
    assert plan.epic()[1]["summary"] == "Dark mode"
