"""Every answer has the shape that Atlassian publishes.

The stage compares each answer of every test here with `schema.json`; this drive goes through all
operations, and says which are left out.
"""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import ValidationError

from tests.connectors.jira_fake.make_schema import nameless, operations
from tests.connectors.jira_fake.stage import Stage, validator
from tests.connectors.jira_fake.test_attachments import attach
from tests.connectors.jira_fake.test_links_and_properties import FULL
from tests.connectors.jira_fake.words import adf


async def about_the_site(stage: Stage) -> None:
    me = (await stage.ask("GET", "myself"))["accountId"]
    for path in (
        "serverInfo",
        "configuration",
        "field",
        "field/search?type=custom",
        "project",
        "project/search",
        "project/APP",
        "project/10100/statuses",
        "issuetype",
        "issuetype/project?projectId=10100",
        "priority",
        "priority/search",
        "resolution",
        "status",
        "statuscategory",
        "mypermissions?permissions=BROWSE_PROJECTS,ADMINISTER",
        "issue/createmeta/APP/issuetypes",
        "issue/createmeta/APP/issuetypes/10013",
        "attachment/meta",
        f"user?accountId={me}",
        f"user/bulk?accountId={me}",
        "user/search?query=a",
        "user/assignable/search?project=APP",
        "users",
        "users/search",
    ):
        await stage.ask("GET", path)
    for path in ("project/NOPE", "issue/createmeta/NOPE/issuetypes", "user?accountId=x"):
        await stage.ask("GET", path, 404)


async def an_issues_life(stage: Stage) -> None:
    me = (await stage.ask("GET", "myself"))["accountId"]
    made = await stage.make(
        issuetype={"name": "Bug"},
        description=adf("Text"),
        assignee={"accountId": me},
        customfield_10031={"value": "Mobile"},
        customfield_10032=[{"value": "Web"}],
    )
    one = f"issue/{made['id']}"
    await stage.ask("PUT", one, 204, json={"fields": {"summary": "New", "labels": ["x"]}})
    await stage.ask("PUT", f"{one}/assignee", 204, json={"accountId": None})
    await stage.ask("GET", f"{one}/transitions?expand=transitions.fields")
    await stage.ask("POST", f"{one}/transitions", 204, json={"transition": {"id": "11"}})
    await stage.ask("GET", f"{one}/editmeta")
    said = await stage.ask("POST", f"{one}/comment", 201, json={"body": adf("Hello")})
    comment = f"{one}/comment/{said['id']}"
    await stage.ask("PUT", comment, json={"body": adf("Mended")})
    await stage.ask("GET", f"{comment}?expand=properties")
    await stage.ask("GET", f"{one}/comment?expand=properties")
    await stage.ask("POST", "comment/list", json={"ids": [int(said["id"])]})
    key = f"comment/{said['id']}/properties/ours"
    await stage.ask("PUT", key, 201, json=1)
    for path in (key, key.removesuffix("/ours")):
        await stage.ask("GET", path)
    await stage.ask("DELETE", key, 204)
    await stage.ask("DELETE", comment, 204)
    await stage.ask("PUT", f"{one}/properties/ours", 201, json=1)
    for path in (f"{one}/properties", f"{one}/properties/ours", f"{one}/changelog"):
        await stage.ask("GET", path)
    await stage.ask("DELETE", f"{one}/properties/ours", 204)
    await stage.ask("GET", f"{one}?expand=changelog,transitions,names,editmeta&properties=*all")
    await stage.ask("DELETE", one, 204)


async def links_and_files(stage: Stage) -> None:
    links = "issue/APP-1/remotelink"
    link = await stage.ask("POST", links, 201, json=FULL)
    one = f"{links}/{link['id']}"
    await stage.ask("GET", links)
    await stage.ask("GET", one)
    await stage.ask("PUT", one, 204, json=FULL)
    await stage.ask("DELETE", links, 204, params={"globalId": FULL["globalId"]})
    link = await stage.ask("POST", links, 201, json=FULL)
    await stage.ask("DELETE", f"{links}/{link['id']}", 204)
    (file,) = await attach(stage, "a.bin")
    await stage.ask("GET", f"attachment/{file['id']}")
    await stage.http.get(file["content"])
    await stage.ask("DELETE", f"attachment/{file['id']}", 204)


async def many_at_once(stage: Stage) -> None:
    fields = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}, "summary": "Many"}
    body: dict[str, Any] = {"issueUpdates": [{"fields": fields}, {"fields": {}}]}
    made = (await stage.ask("POST", "issue/bulk", 201, json=body))["issues"]
    ids = [made[0]["id"]]
    whole = {"issueIdsOrKeys": [*ids, "NOPE-1"], "fields": ["*all"], "properties": ["ours"]}
    await stage.ask("POST", "issue/bulkfetch", json=whole)
    body = {
        "selectedIssueIdsOrKeys": ids,
        "selectedActions": ["summary"],
        "editedFieldsInput": {"singleLineTextFields": [{"fieldId": "summary", "text": "x"}]},
    }
    task = (await stage.ask("POST", "bulk/issues/fields", 201, json=body))["taskId"]
    await stage.ask("GET", f"bulk/queue/{task}")
    stage.clock.advance(2)
    await stage.ask("GET", f"bulk/queue/{task}")
    await stage.ask("POST", "changelog/bulkfetch", json={"issueIdsOrKeys": ids})
    moves = [{"selectedIssueIdsOrKeys": ids, "transitionId": "31"}]
    await stage.ask("POST", "bulk/issues/transition", 201, json={"bulkTransitionInputs": moves})
    each = [{"issueID": int(ids[0]), "properties": {"ours": 1}}]
    started = await stage.http.post("/rest/api/3/issue/properties/multi", json={"issues": each})
    same = {"entitiesIds": [int(ids[0])], "properties": {"ours": 1}}
    await stage.http.post("/rest/api/3/issue/properties", json=same)
    stage.clock.advance(2)
    await stage.http.get(started.headers["location"])
    await stage.ask("PUT", "issue/archive", json={"issueIdsOrKeys": [*ids, "NOPE-1"]})
    await stage.ask("PUT", "issue/unarchive", json={"issueIdsOrKeys": ids})
    await stage.ask("POST", "bulk/issues/delete", 201, json={"selectedIssueIdsOrKeys": ids})


async def searches(stage: Stage) -> None:
    asked = {"jql": "project = APP", "fields": ["*all"], "expand": "changelog", "maxResults": 100}
    await stage.ask("POST", "search/jql", json=asked)
    await stage.ask("GET", "search/jql?jql=project%3DAPP")
    await stage.ask("POST", "search/approximate-count", json={"jql": "project = APP"})
    await stage.ask("GET", "search", 410)
    await stage.ask("POST", "search", 410)


async def test_every_answer_of_a_drive_through_all_operations_is_as_published(
    stage: Stage,
) -> None:
    for drive in (about_the_site, an_issues_life, links_and_files, many_at_once, searches):
        await drive(stage)
    all_of_them = {f"{method} {nameless(path)}" for method, path in operations()}
    assert stage.checked == all_of_them


def test_the_published_description_refuses_what_it_does_not_name() -> None:
    shape = validator('{"$ref": "#/$defs/SearchAndReconcileResults"}')
    shape.validate({"issues": [], "isLast": True})
    with pytest.raises(ValidationError):
        shape.validate({"issues": [], "isLast": True, "total": 0})
