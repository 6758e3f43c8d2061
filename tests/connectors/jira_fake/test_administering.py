"""What an administrator changes on the site, as people and the API see it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from syncline.sandbox import Refusal
from tests.connectors.jira_fake.stage import Stage


async def names(stage: Stage, path: str) -> list[str]:
    return [row["name"] for row in await stage.ask("GET", path)]


async def test_a_renamed_status_shows_on_its_issues_and_finds_them(stage: Stage) -> None:
    made = await stage.make(issuetype={"name": "Task"})
    stage.fake.administer("rename", {"field": "status", "option": "To Do", "to": "Waiting"})
    shown = await stage.ask("GET", f"issue/{made['id']}")
    assert (shown["fields"]["status"]["name"], shown["fields"]["status"]["id"]) == (
        "Waiting",
        "10000",
    )
    assert "Waiting" in await names(stage, "status")
    assert "To Do" not in await names(stage, "status")


async def test_a_removed_option_is_refused_and_its_issues_get_the_other(stage: Stage) -> None:
    made = await stage.make(priority={"name": "Lowest"})
    given = {"field": "priority", "option": "Lowest", "instead": "Low"}
    stage.fake.administer("remove", given)
    shown = await stage.ask("GET", f"issue/{made['id']}")
    assert shown["fields"]["priority"]["name"] == "Low"
    assert await names(stage, "priority") == ["Highest", "High", "Medium", "Low"]
    body = {"fields": {"priority": {"name": "Lowest"}}}
    await stage.ask("PUT", f"issue/{made['id']}", 400, json=body)


async def test_a_removed_field_is_on_no_screen(stage: Stage) -> None:
    stage.fake.administer("remove", {"field": "Team"})
    assert "Team" not in await names(stage, "field")
    made = await stage.make()
    body = {"fields": {"customfield_10031": {"value": "Mobile"}}}
    await stage.ask("PUT", f"issue/{made['id']}", 400, json=body)


async def test_a_search_tells_the_steps_an_issue_is_offered(stage: Stage) -> None:
    made = await stage.make(issuetype={"name": "Bug"})
    stage.clock.advance(60)
    body = {"jql": f"id = {made['id']}", "fields": ["status"], "expand": "transitions"}
    (issue,) = (await stage.ask("POST", "search/jql", json=body))["issues"]
    alone = (await stage.ask("GET", f"issue/{made['id']}/transitions"))["transitions"]
    assert issue["transitions"] == alone
    stage.fake.administer("revoke", {"permission": "TRANSITION_ISSUES"})
    assert (await stage.ask("GET", f"issue/{made['id']}/transitions"))["transitions"] == []
    stage.fake.administer("restore", {})
    assert (await stage.ask("GET", f"issue/{made['id']}/transitions"))["transitions"] == alone


@pytest.mark.parametrize(
    ("verb", "given", "said"),
    [
        ("paint", {}, "there are rename, remove, require"),
        ("rename", {"field": "status", "option": "Gone", "to": "x"}, "there are To Do"),
        ("rename", {"field": "Nothing", "to": "x"}, "no field 'Nothing'"),
        ("rename", {"field": "status", "option": "Done"}, "rename needs 'to'"),
        ("revoke", {"permission": "FLY"}, "BROWSE_PROJECTS"),
    ],
)
async def test_what_there_is_not_is_refused_with_what_there_is(
    stage: Stage, verb: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refusal, match=said):
        stage.fake.administer(verb, given)
