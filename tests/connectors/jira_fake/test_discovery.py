"""A project of Product Discovery: ideas are issues with statuses, fields and dates of their own."""

from __future__ import annotations

from typing import Any

from connectors.jira.fake.vocabulary import TARGET, TEAM
from tests.connectors.jira_fake.stage import Stage
from tests.support.connections import DATA_CENTER, fake_of

IDEA = {"project": {"key": "IDEA"}, "issuetype": {"name": "Idea"}, "summary": "Dark mode"}
BACKWARDS = '{"start": "2026-04-01", "end": "2026-03-31"}'
DAY = '{"start": "2026-03-31", "end": "2026-03-31"}'


async def shown(stage: Stage, id: str) -> Any:
    return (await stage.ask("GET", f"issue/{id}"))["fields"]


async def test_an_idea_is_an_issue_in_statuses_of_its_own(stage: Stage) -> None:
    made = await stage.make(**IDEA)
    assert made["key"].startswith("IDEA-")
    assert (await shown(stage, made["id"]))["status"]["name"] == "Parking lot"
    steps = (await stage.ask("GET", f"issue/{made['id']}/transitions"))["transitions"]
    assert {one["to"]["name"] for one in steps} >= {"Discovery", "Impact"}
    statuses = (await stage.ask("GET", "project/IDEA/statuses"))[0]["statuses"]
    assert "To Do" not in {one["name"] for one in statuses}
    assert "Idea" not in {one["name"] for one in await stage.ask("GET", "project/APP/statuses")}


async def test_a_date_of_an_idea_is_an_interval_and_a_plain_day_is_refused(stage: Stage) -> None:
    made = await stage.make(**IDEA, **{TARGET: DAY})
    assert (await shown(stage, made["id"]))[TARGET] == DAY
    for wrong in ("2026-03-31", '{"end": "2026-03-31"}', BACKWARDS):
        body = {"fields": {TARGET: wrong}}
        refused = await stage.ask("PUT", f"issue/{made['id']}", 400, json=body)
        assert "Project target" in refused["errors"][TARGET]
    await stage.ask("PUT", f"issue/{made['id']}", 204, json={"fields": {TARGET: None}})
    assert (await shown(stage, made["id"]))[TARGET] is None


async def test_each_project_has_the_fields_of_its_own_screen(stage: Stage) -> None:
    refused = await stage.make(400, **IDEA, **{TEAM: {"value": "Mobile"}})
    assert "not on the appropriate screen" in refused["errors"][TEAM]
    refused = await stage.make(400, **{TARGET: DAY})
    assert "not on the appropriate screen" in refused["errors"][TARGET]


def test_people_make_ideas_and_none_leaves_its_project() -> None:
    fake = fake_of("jira", records=2)
    who = fake.people()[0]
    idea = fake.make("issue", who, {"issuetype": "Idea", "summary": "Dark mode"})
    assert not [one for one in fake.sheet("issue", idea).actions if one.startswith("move")]
    (issue, *_) = [row.id for row in fake.board() if row.key.startswith("APP-")]
    moves = [one for one in fake.sheet("issue", issue).actions if one.startswith("move")]
    assert moves == ["move to OPS"]


def test_data_center_has_no_product_discovery() -> None:
    fake: Any = fake_of(DATA_CENTER)
    assert fake.site.project("IDEA") is None
    assert fake.site.screen((TARGET, TEAM)) == (TEAM,)
