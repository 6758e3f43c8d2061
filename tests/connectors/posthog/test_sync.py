"""Whole syncs: a roadmap in memory on one side, PostHog over HTTP on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources
from typing import Any

import pytest

from connectors.posthog import PostHogConnector
from syncline.engine.report import Report
from syncline.engine.spec import SideSpec
from syncline.store.findings import conflicts
from tests.connectors.posthog.world import PostHogWorld
from tests.support.world import World, compiled

ROADMAP = """\
entity: roadmap_item
record: ticket
text: markdown
fields:
  title: {path: title}
  body: {path: body}
  status:
    path: status
    write: transition
    enum:
      {idea: todo, planned: blocked, in_progress: in_progress, shipped: done, declined: cancelled}
    nearest: {discovery: idea}
"""
FEATURE = (resources.files("mappings") / "posthog" / "roadmap_item.yaml").read_text("utf-8")


class Plan:
    """A roadmap whose items are early-access features."""

    def __init__(self, world: World, posthog: PostHogWorld, connector: PostHogConnector) -> None:
        self.world, self.posthog, self.connector = world, posthog, connector

    @property
    def roadmap(self) -> Any:
        return self.world.tools["roadmap"]

    async def sync(self, **options: Any) -> Report:
        self.posthog.tool.advance(130)
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

    def features(self) -> list[dict[str, Any]]:
        return self.posthog.fake.records("early_access_feature")

    def spent(self) -> tuple[int, int]:
        return self.posthog.requests()


@pytest.fixture
async def plan(world: PostHogWorld, connector: PostHogConnector) -> AsyncIterator[Plan]:
    office = await World.make(roadmap={"text_format": "markdown"}, analytics={})
    office.connectors["analytics"] = connector  # type: ignore[assignment]
    analytics = SideSpec("analytics", "early_access_feature", "plain", create="when_missing")
    sides = {**office.spec.sides, "analytics": analytics}
    texts = {"roadmap": ROADMAP, "analytics": FEATURE}
    office.change(entity="roadmap_item", sides=sides, units=compiled(sides, texts, {}, {}))
    yield Plan(office, world, connector)
    await office.store.aclose()


async def test_an_item_becomes_a_feature_and_edits_travel_both_ways(plan: Plan) -> None:
    item = plan.roadmap.create({"title": "Dark mode", "body": "For the night.", "status": "todo"})
    await plan.settled()
    (feature,) = plan.features()
    assert (feature["name"], feature["description"]) == ("Dark mode", "For the night.")
    assert feature["stage"] == "draft"
    await plan.posthog.edit(feature["id"], {"stage": "alpha"})
    plan.roadmap.edit(item, {"title": "Dark mode for everybody"})
    await plan.settled()
    (feature,) = plan.features()
    assert feature["name"] == "Dark mode for everybody"
    assert feature["stage"] == "alpha", "`beta` is written for in_progress, and `alpha` is left"
    assert plan.roadmap.fields(item)["status"] == "in_progress"


async def test_a_feature_made_in_posthog_becomes_an_item(plan: Plan) -> None:
    await plan.posthog.create({"name": "Faster export", "stage": "concept"})
    await plan.settled()
    ((id, _),) = plan.roadmap.items.items()
    assert plan.roadmap.fields(id)["title"] == "Faster export"
    assert plan.roadmap.fields(id)["status"] == "blocked"


async def test_two_edits_of_one_field_are_a_conflict_and_both_stay(plan: Plan) -> None:
    item = plan.roadmap.create({"title": "Dark mode"})
    await plan.settled()
    (feature,) = plan.features()
    await plan.posthog.edit(feature["id"], {"name": "Night mode"})
    plan.roadmap.edit(item, {"title": "Midnight mode"})
    await plan.settled()
    (found,) = await plan.world.store.read(conflicts.list, "s")
    assert found.field == "title"
    assert plan.features()[0]["name"] == "Night mode"
    assert plan.roadmap.fields(item)["title"] == "Midnight mode"


async def test_a_deleted_feature_is_unlinked_and_never_made_again(plan: Plan) -> None:
    plan.roadmap.create({"title": "Dark mode"})
    await plan.settled()
    await plan.posthog.delete(plan.features()[0]["id"])
    await plan.sync(full=True)
    await plan.settled()
    assert plan.features() == []
    assert len(plan.roadmap.items) == 1


async def test_an_unchanged_pass_is_one_request_and_a_change_of_one_percent_hardly_more(
    plan: Plan,
) -> None:
    items = [plan.roadmap.create({"title": f"item {n}"}) for n in range(200)]
    await plan.settled()
    await plan.sync()
    before = plan.spent()
    await plan.sync()
    unchanged = plan.spent()
    assert (unchanged[0] - before[0], unchanged[1] - before[1]) == (1, 0)
    for item in items[:2]:
        plan.roadmap.edit(item, {"title": f"changed {item}"})
    await plan.sync()
    changed = plan.spent()
    # The list, one batched read before the writes, and a write for each.
    assert (changed[0] - unchanged[0], changed[1] - unchanged[1]) == (2, 2)


@pytest.mark.parametrize("fault", ["drop_after_apply", "drop_before", "status_after_apply:500"])
@pytest.mark.parametrize("path", ["feature_flags/", "early_access_feature/"])
async def test_a_create_without_an_answer_ends_in_one_feature(
    plan: Plan, path: str, fault: str
) -> None:
    plan.roadmap.create({"title": "Dark mode"})
    await plan.posthog.fault("POST", f"/api/projects/1/{path}", fault)
    await plan.sync()
    await plan.settled()
    assert [one["name"] for one in plan.features()] == ["Dark mode"]
    assert len(plan.posthog.fake.flags.rows) == 1
