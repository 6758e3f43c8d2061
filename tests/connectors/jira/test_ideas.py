"""Ideas of Product Discovery and PostHog's features, by the mapping that the README shows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connectors.jira.fake.vocabulary import TARGET
from connectors.jira.fields import last_day
from syncline.engine.passes import Options
from syncline.engine.report import Report
from syncline.hub import Hub, open_hub
from syncline.sandbox import Fake, Row, serving
from syncline.sdk.connector import Result, Update
from syncline.store.findings import conflicts
from tests.support.connections import fake_of
from tests.support.driving import LONG_AGO
from tests.support.twins import Clocks

README = Path(__file__).parents[3] / "connectors" / "jira" / "README.md"
MAPPING = "mappings/ideas/roadmap_item.yaml"
FEATURE = "early_access_feature"


def shown_mapping() -> str:
    """The file that the README tells an operator to write."""
    (block,) = [
        part.partition("```")[0]
        for part in README.read_text("utf-8").split("```yaml\n")
        if part.startswith(f"# {MAPPING}")
    ]
    return block


class Roadmap:
    """A discovery project and a project of PostHog's, and people in both."""

    def __init__(self) -> None:
        self.jira: Any = fake_of("jira", records=3)
        self.posthog: Any = fake_of("posthog")
        self.clock = Clocks(self.jira, self.posthog)
        self.hub: Hub

    async def quiet(self, sync: str = "roadmap", *, full: bool = False) -> Report:
        """Passes until all is said, an hour apart, so that no index is behind."""
        for _ in range(3):
            self.clock.advance(3600)
            report = await self.hub.run(sync, Options(full=full))
            assert not report.refused, report.refused
            assert not report.stopped, report.stopped
        return report

    def think(self, title: str, **more: str) -> str:
        values = {"issuetype": "Idea", "summary": title, "labels": "roadmap", **more}
        made: str = self.jira.make("issue", self.jira.people()[0], values)
        return made

    def edit(self, fake: Fake, id: str, **values: str) -> None:
        fake.edit(fake.types[0], id, fake.people()[0], values)

    def idea(self, id: str) -> dict[str, str]:
        """The fields of an idea as people read them."""
        return {one.name: one.value for one in self.jira.sheet("issue", id).fields}

    def ideas(self) -> list[Row]:
        return [one for one in self.jira.board() if one.key.startswith("IDEA-")]

    def features(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.posthog.records(FEATURE)
        return found


@pytest.fixture
async def roadmap(tmp_path: Path) -> AsyncIterator[Roadmap]:
    one = Roadmap()
    file = tmp_path / MAPPING
    file.parent.mkdir(parents=True)
    file.write_text(shown_mapping(), "utf-8")
    async with serving(one.jira) as jira, serving(one.posthog) as posthog:
        connections = {
            "ideas": {
                "connector": "jira",
                "base_url": jira,
                **one.jira.connection(),
                "scope": {"project": "IDEA"},
            },
            "tracker": {"connector": "jira", "base_url": jira, **one.jira.connection()},
            "analytics": {"connector": "posthog", "base_url": posthog, **one.posthog.connection()},
        }
        sync = {
            "entity": "roadmap_item",
            "sides": {
                "ideas": {
                    "where": {"labels": {"any": ["roadmap"]}},
                    "defaults": {"labels": ["roadmap"]},
                    "create": "when_missing",
                },
                "analytics": {"create": "when_missing"},
            },
            "match": ["marker"],
            "fields": {"title": {}, "body": {}, "status": {}},
            "links": "off",
            "guards": {"max_changed_percent": 100},
        }
        epics = {name: {"issue_type": "epic"} for name in ("where", "defaults")}
        tracker = {**epics, "create": "when_missing"}
        delivery = {
            **sync,
            "sides": {"ideas": {"create": "when_missing"}, "tracker": tracker},
            "fields": {"title": {}, "status": {}, "target_on": {}},
        }
        body = {
            "connections": {n: {**c, "private_network": True} for n, c in connections.items()},
            "syncs": {"roadmap": sync, "delivery": delivery},
        }
        (tmp_path / "syncline.yaml").write_text(json.dumps(body), "utf-8")
        async with open_hub(tmp_path, clock=one.clock) as one.hub:
            yield one


async def test_check_finds_nothing_wrong_with_what_the_readme_says(roadmap: Roadmap) -> None:
    checked = await roadmap.hub.check()
    assert (checked.problems, checked.unreachable) == ((), ())


async def test_an_idea_becomes_a_feature_and_edits_meet_from_both_sides(roadmap: Roadmap) -> None:
    id = roadmap.think("Dark mode", description="For the night.")
    roadmap.think("Nobody's business", labels="later")
    await roadmap.quiet()
    (feature,) = roadmap.features()
    shown = feature["name"], feature["description"], feature["stage"]
    assert shown == ("Dark mode", "For the night.", "draft")

    roadmap.edit(roadmap.jira, id, status="Delivery")
    roadmap.edit(roadmap.posthog, feature["id"], name="Dark mode for everybody")
    await roadmap.quiet()
    assert roadmap.idea(id)["summary"] == "Dark mode for everybody"
    assert roadmap.features()[0]["stage"] == "beta"

    roadmap.edit(roadmap.posthog, feature["id"], stage="general-availability")
    await roadmap.quiet()
    assert roadmap.idea(id)["status"] == "Impact"


async def test_a_feature_becomes_an_idea_in_the_discovery_project(roadmap: Roadmap) -> None:
    values = {"name": "Faster export", "description": "Ten times.", "stage": "concept"}
    roadmap.posthog.make(FEATURE, roadmap.posthog.people()[0], values)
    await roadmap.quiet()
    (row,) = roadmap.ideas()
    idea = roadmap.idea(row.id)
    assert (idea["issuetype"], idea["summary"]) == ("Idea", "Faster export")
    assert (idea["status"], idea["labels"]) == ("Ready for delivery", "roadmap")
    roadmap.edit(roadmap.posthog, roadmap.features()[0]["id"], stage="archived")
    await roadmap.quiet()
    assert roadmap.idea(row.id)["status"] == "Parking lot", "what is nearest to declined"


async def test_two_names_for_one_idea_are_a_conflict_and_both_stay(roadmap: Roadmap) -> None:
    id = roadmap.think("Dark mode")
    await roadmap.quiet()
    (feature,) = roadmap.features()
    roadmap.edit(roadmap.jira, id, summary="Night mode")
    roadmap.edit(roadmap.posthog, feature["id"], name="Midnight mode")
    await roadmap.quiet()
    (found,) = await roadmap.hub.store.read(conflicts.list, "roadmap")
    assert found.field == "title"
    names = roadmap.idea(id)["summary"], roadmap.features()[0]["name"]
    assert names == ("Night mode", "Midnight mode")


async def test_a_deleted_idea_leaves_its_feature_and_is_not_made_again(roadmap: Roadmap) -> None:
    id = roadmap.think("Dark mode")
    await roadmap.quiet()
    roadmap.jira.act("issue", id, roadmap.jira.people()[0], "delete")
    await roadmap.quiet(full=True)
    assert roadmap.ideas() == []
    assert [one["name"] for one in roadmap.features()] == ["Dark mode"]


async def test_an_idea_that_is_taken_off_the_roadmap_is_left_alone_until_it_is_back(
    roadmap: Roadmap,
) -> None:
    id = roadmap.think("Dark mode")
    await roadmap.quiet()
    (feature,) = roadmap.features()
    roadmap.edit(roadmap.jira, id, labels="")
    await roadmap.quiet()
    roadmap.edit(roadmap.jira, id, summary="Nobody sees this")
    await roadmap.quiet()
    assert roadmap.features()[0]["name"] == "Dark mode"
    roadmap.edit(roadmap.posthog, feature["id"], stage="beta")
    await roadmap.quiet()
    assert roadmap.idea(id)["status"] == "Parking lot"

    roadmap.edit(roadmap.jira, id, labels="roadmap")
    await roadmap.quiet()
    assert roadmap.idea(id)["status"] == "Delivery"
    assert (len(roadmap.features()), roadmap.features()[0]["id"]) == (1, feature["id"])
    assert roadmap.features()[0]["name"] == "Nobody sees this"


async def test_an_idea_and_its_epic_of_the_same_site_agree_when_it_is_due(
    roadmap: Roadmap,
) -> None:
    id = roadmap.think("Dark mode", **{TARGET: "2026-03-31"})
    await roadmap.quiet("delivery")
    (epic,) = [
        one["id"]
        for one in roadmap.jira.records("issue")
        if one["fields"]["issuetype"]["name"] == "Epic"
    ]
    assert roadmap.idea(epic)["summary"] == "Dark mode"
    assert roadmap.idea(epic)["duedate"] == "2026-03-31"
    roadmap.edit(roadmap.jira, epic, duedate="2026-04-15", status="In Progress")
    await roadmap.quiet("delivery")
    assert roadmap.idea(id)["status"] == "Delivery"
    kept = json.loads(roadmap.jira.site.issues.get(id)["fields"][TARGET])
    assert kept == {"start": "2026-04-15", "end": "2026-04-15"}
    roadmap.edit(roadmap.jira, epic, duedate="")
    await roadmap.quiet("delivery")
    assert roadmap.jira.site.issues.get(id)["fields"][TARGET] is None


async def test_a_date_of_an_idea_is_its_last_day_and_is_written_as_one_day(
    roadmap: Roadmap,
) -> None:
    id = roadmap.think("Dark mode")
    month = {"start": "2026-03-01", "end": "2026-03-31"}
    doc = roadmap.jira.site.issues.get(id)
    fields = {**doc["fields"], TARGET: json.dumps(month)}
    roadmap.jira.site.issues.put(id, {**doc, "fields": fields})
    connector = (await roadmap.hub.connections()).get("ideas")
    path = "custom_fields.Project target"
    schema = (await connector.describe()).records["issue"].fields[path]
    assert (schema.type, schema.required) == ("date", False)
    shown = (await connector.fetch("issue", [id]))[id]
    assert shown.fields["custom_fields"]["Project target"] == "2026-03-31"

    patch = {"custom_fields": {"Project target": "2026-04-15"}}
    seen = {"custom_fields": {"Project target": "2026-03-31"}}
    (outcome,) = await connector.update("issue", [Update(id, patch, seen, shown.version)])
    assert outcome.result is Result.APPLIED
    kept = json.loads(roadmap.jira.site.issues.get(id)["fields"][TARGET])
    assert kept == {"start": "2026-04-15", "end": "2026-04-15"}
    (change,) = [
        one for one in (await connector.history("issue", [id], LONG_AGO))[id] if one.path == path
    ]
    assert (change.before, change.after) == ("2026-03-31", "2026-04-15")


@pytest.mark.parametrize("text", ["", "2026-03-31", "{}", '{"end": "soon"}', "[]", None, 7])
def test_a_text_that_is_no_interval_has_no_last_day(text: Any) -> None:
    assert last_day(text) is None
