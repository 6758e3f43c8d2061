"""JQL: what it means on this site, and what it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.words import adf


async def refusal(stage: Stage, jql: str) -> str:
    refused = await stage.ask("POST", "search/jql", 400, json={"jql": jql})
    return str(refused["errorMessages"][0])


async def test_clauses_combine(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(0)
    bug = await stage.make(issuetype={"name": "Bug"}, labels=["a", "b"], priority={"name": "High"})
    task = await stage.make(labels=["a"], customfield_10031={"value": "Payments"})
    ours = f"id in ({bug['id']}, {task['key']})"
    for jql, found in {
        "labels = a": [bug, task],
        "labels = B": [bug],
        "labels in (b, zzz)": [bug],
        "labels != b": [task],
        "issuetype = Bug and priority = high": [bug],
        "type = Bug OR Team = Payments": [bug, task],
        "cf[10031] = Payments": [task],
        "NOT labels = b": [task],
        "labels = a AND NOT (type = Bug OR type = Epic)": [task],
        "status = 'To Do' and statusCategory = new": [bug, task],
        "assignee is EMPTY": [bug, task],
        "assignee is not EMPTY": [],
        "reporter = currentUser()": [bug, task],
        "key >= " + task["key"]: [task],
        "duedate is EMPTY and project = 10100": [bug, task],
    }.items():
        ids = await stage.ids(f"{ours} AND ({jql}) ORDER BY id")
        assert ids == [issue["id"] for issue in found], jql


async def test_words_are_found_in_texts_and_comments(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(0)
    made = await stage.make(summary="Export stalls", description=adf("The CSV is empty."))
    await stage.ask(
        "POST", f"issue/{made['id']}/comment", 201, json={"body": adf("Seen in Lisbon")}
    )
    for jql, found in {
        "summary ~ export": True,
        "summary ~ 'expo'": False,
        "summary ~ 'expo*'": True,
        "text ~ 'csv empty'": True,
        r'description ~ "\"csv empty\""': False,
        r'description ~ "\"is empty\""': True,
        "text ~ lisbon": True,
        "comment ~ lisbon": True,
        "summary !~ export": False,
    }.items():
        assert (await stage.ids(f"id = {made['id']} AND {jql}") != []) is found, jql


async def test_a_text_field_is_not_compared_but_searched(stage: Stage) -> None:
    for field in ("summary", '"Support key"', "description"):
        assert "The operator '=' is not supported" in await refusal(stage, f"{field} = x")
    stage.fake.site.search_lag = timedelta(0)
    made = await stage.make(customfield_10030="acme:case-17")
    assert await stage.ids('"Support key" ~ "\\"acme:case-17\\""') == [made["id"]]
    assert await stage.ids('cf[10030] ~ "17 acme"') == [made["id"]], "words, not the value"


async def test_a_minute_is_the_finest_moment_and_in_the_accounts_zone(stage: Stage) -> None:
    """The clock stands at 09:30:20 UTC, which is 15:00:20 where the account lives."""
    stage.fake.site.search_lag = timedelta(0)
    made = (await stage.make())["id"]
    mine = f"id = {made} AND updated"
    assert await stage.ids(f'{mine} >= "2026-11-25 15:00"') == [made]
    assert await stage.ids(f'{mine} >= "2026-11-25 15:01"') == []
    assert await stage.ids(f'{mine} >= "2026/11/25 09:30"') == [made], "which is long past there"
    assert await stage.ids(f'{mine} <= "2026-11-25 15:00"') == [], "twenty seconds later"
    assert await stage.ids(f'{mine} > "2026-11-25"') == [made]
    refused = await refusal(stage, 'updated >= "2026-11-25 15:00:20"')
    assert "Valid formats include: 'yyyy/MM/dd HH:mm'" in refused


async def test_relative_moments_and_milliseconds_know_no_zone(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(0)
    made = (await stage.make())["id"]
    at = int(stage.clock.now().timestamp() * 1000)
    mine = f"id = {made} AND updated"
    assert await stage.ids(f"{mine} >= {at}") == [made]
    assert await stage.ids(f"{mine} > {at}") == []
    stage.clock.advance(600)
    assert await stage.ids(f"{mine} >= -10m") == [made]
    assert await stage.ids(f"{mine} >= '-9m'") == []
    assert await stage.ids(f"{mine} >= '-1h 30m' and created <= now()") == [made]


async def test_moments_are_shown_in_the_accounts_zone(stage: Stage) -> None:
    made = await stage.make()
    shown = await stage.ask("GET", f"issue/{made['id']}?fields=updated")
    assert shown["fields"]["updated"] == "2026-11-25T15:00:20.000+0530"
    assert (await stage.ask("GET", "myself"))["timeZone"] == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("status = Nowhere", "The value 'Nowhere' does not exist for the field 'status'."),
        ("id in (20000, 999999)", "An issue with key '999999' does not exist for field 'id'."),
        ("nothing = 1", "Field 'nothing' does not exist or you do not have permission"),
        ("project", "The query ends where more was expected"),
        ("project = APP status = Done", "Expecting either 'OR' or 'AND' but got 'status'"),
        ("project = 'APP", "is not complete"),
        ("(project = APP", "The query ends where more was expected"),
        ("status was Done", "does not know 'was'"),
        ("labels > a", "The operator '>' is not supported by the 'labels' field."),
        ("assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'."),
        ("updated > soon()", "Unable to find JQL function 'soon()'."),
        ("project = and", "is a reserved JQL word"),
    ],
)
async def test_a_query_that_is_wrong_is_refused_whole(stage: Stage, jql: str, words: str) -> None:
    assert words in await refusal(stage, jql)


async def test_an_entity_property_is_searched_only_where_an_app_declared_it(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(0)
    made = await stage.make()
    await stage.ask("PUT", f"issue/{made['id']}/properties/ours", 201, json={"key": "k1"})
    jql = "issue.property[ours].key = k1"
    assert "does not exist or you do not have permission" in await refusal(stage, jql)
    stage.fake.index_property("issue.property[ours].key")
    assert await stage.ids(jql) == [made["id"]]


async def test_a_deleted_issue_refuses_a_query_that_names_it(stage: Stage) -> None:
    made = await stage.make()
    await stage.ask("DELETE", f"issue/{made['id']}", 204)
    assert "does not exist for field 'key'" in await refusal(stage, f"key = {made['key']}")
