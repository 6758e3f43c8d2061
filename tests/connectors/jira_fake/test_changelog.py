"""The changelog: who changed which field when, from what to what."""

from __future__ import annotations

from typing import Any

from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.words import adf


async def items(stage: Stage, id: str) -> list[dict[str, Any]]:
    """All changes of an issue, oldest first."""
    shown = await stage.ask("GET", f"issue/{id}/changelog")
    return [item for history in shown["values"] for item in history["items"]]


async def test_each_change_of_a_field_is_told_as_ids_and_as_text(stage: Stage) -> None:
    made = await stage.make(labels=["a"])
    person = next(u for u in stage.fake.site.users.values() if u["active"])
    fields = {
        "summary": "New",
        "priority": {"name": "High"},
        "labels": ["a", "b"],
        "assignee": {"accountId": person["id"]},
        "description": adf("Text"),
        "duedate": "2026-12-24",
        "customfield_10031": {"value": "Mobile"},
    }
    await stage.ask("PUT", f"issue/{made['id']}", 204, json={"fields": fields})
    told = {i["fieldId"]: i for i in await items(stage, made["id"])}
    assert set(told) == set(fields)
    assert told["priority"] == {
        "field": "priority",
        "fieldtype": "jira",
        "fieldId": "priority",
        "from": "3",
        "fromString": "Medium",
        "to": "2",
        "toString": "High",
    }
    assert (told["assignee"]["from"], told["assignee"]["to"]) == (None, person["id"])
    assert told["assignee"]["toString"] == person["name"]
    assert (told["labels"]["fromString"], told["labels"]["toString"]) == ("a", "a b")
    assert (told["description"]["toString"]) == "Text"
    team = told["customfield_10031"]
    assert (team["field"], team["fieldtype"]) == ("Team", "custom")
    assert (team["to"], team["toString"]) == ("10203", "Mobile")


async def test_a_transition_and_what_it_sets_are_one_entry(stage: Stage) -> None:
    made = await stage.make()
    body = {"transition": {"id": "31"}}
    await stage.ask("POST", f"issue/{made['id']}/transitions", 204, json=body)
    (history,) = (await stage.ask("GET", f"issue/{made['id']}/changelog"))["values"]
    assert {i["fieldId"]: i["toString"] for i in history["items"]} == {
        "status": "Done",
        "resolution": "Done",
    }
    me = await stage.ask("GET", "myself")
    assert history["author"]["accountId"] == me["accountId"]


async def test_what_a_person_did_bears_their_name(stage: Stage) -> None:
    made = await stage.make()
    name = stage.fake.people()[1]
    stage.fake.edit("issue", made["id"], name, {"summary": "By hand"})
    (history,) = (await stage.ask("GET", f"issue/{made['id']}/changelog"))["values"]
    assert history["author"]["displayName"] == name


async def test_the_changelog_is_paged(stage: Stage) -> None:
    made = await stage.make()
    for n in range(5):
        body = {"fields": {"summary": f"n {n}"}}
        await stage.ask("PUT", f"issue/{made['id']}", 204, json=body)
    page = await stage.ask("GET", f"issue/{made['id']}/changelog?startAt=3&maxResults=1")
    assert (page["total"], page["isLast"], len(page["values"])) == (5, False, 1)
    assert page["values"][0]["items"][0]["toString"] == "n 3"
    assert page["nextPage"].endswith("startAt=4&maxResults=1")


async def test_changelogs_of_many_come_by_moment_filtered_and_paged(stage: Stage) -> None:
    made = [await stage.make() for _ in range(2)]
    for n in range(2):
        for issue in reversed(made):
            stage.clock.advance(1)
            body = {"fields": {"summary": f"n {n}", "duedate": f"2026-12-0{n + 1}"}}
            await stage.ask("PUT", f"issue/{issue['id']}", 204, json=body)
    asked: dict[str, Any] = {
        "issueIdsOrKeys": [made[0]["id"], made[1]["key"], "APP-99999"],
        "fieldIds": ["summary"],
        "maxResults": 3,
    }
    page = await stage.ask("POST", "changelog/bulkfetch", json=asked)
    asked["nextPageToken"] = page["nextPageToken"]
    rest = await stage.ask("POST", "changelog/bulkfetch", json=asked)
    assert "nextPageToken" not in rest
    told = [
        (log["issueId"], history["created"], [i["fieldId"] for i in history["items"]])
        for shown in (page, rest)
        for log in shown["issueChangeLogs"]
        for history in log["changeHistories"]
    ]
    assert len(told) == 4 and all(fields == ["summary"] for *_, fields in told)
    assert all(isinstance(created, int) for _, created, _ in told)
    assert told[-1][0] == made[0]["id"], "the last change, on the second page"
    await stage.ask("POST", "changelog/bulkfetch", 400, json={"issueIdsOrKeys": []})
    many = {"issueIdsOrKeys": ["APP-1"], "fieldIds": [f"f{n}" for n in range(11)]}
    await stage.ask("POST", "changelog/bulkfetch", 400, json=many)


async def test_comments_and_properties_are_not_in_the_changelog(stage: Stage) -> None:
    made = await stage.make()
    await stage.ask("POST", f"issue/{made['id']}/comment", 201, json={"body": adf("Hello")})
    await stage.ask("PUT", f"issue/{made['id']}/properties/ours", 201, json=1)
    assert await items(stage, made["id"]) == []


async def test_an_issue_brings_only_the_newest_of_its_changelog(stage: Stage) -> None:
    made = await stage.make()
    person = stage.fake.people()[0]
    for n in range(103):
        stage.fake.edit("issue", made["id"], person, {"summary": f"n {n}"})
    shown = (await stage.ask("GET", f"issue/{made['id']}?expand=changelog"))["changelog"]
    assert (shown["total"], len(shown["histories"])) == (103, 100)
    told = [h["items"][0]["toString"] for h in shown["histories"]]
    assert (told[0], told[-1]) == ("n 102", "n 3")
