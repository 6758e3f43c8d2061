"""Whatever a request says, the answer is Jira's: no body makes the fake stumble."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.jira_fake.stage import Stage

ODD: tuple[Any, ...] = (None, True, 3, "x", "", [], {}, [None], [[]], [{}], {"x": {}})
WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("POST", "issue"): ("fields", "update", "properties", "transition"),
    ("PUT", "issue/APP-1"): ("fields", "update", "properties", "transition"),
    ("POST", "issue/APP-1/transitions"): ("fields", "update", "transition"),
    ("PUT", "issue/APP-1/assignee"): ("accountId",),
    ("POST", "issue/APP-1/comment"): ("body", "properties", "visibility"),
    ("POST", "issue/APP-1/remotelink"): ("object", "globalId", "application"),
    ("POST", "issue/APP-1/attachments"): ("file",),
    ("PUT", "issue/APP-1/properties/ours"): ("value",),
    ("PUT", "issue/archive"): ("issueIdsOrKeys",),
    ("POST", "issue/bulk"): ("issueUpdates",),
    ("POST", "issue/bulkfetch"): ("issueIdsOrKeys", "fields", "properties", "expand"),
    ("POST", "changelog/bulkfetch"): ("issueIdsOrKeys", "fieldIds", "nextPageToken", "maxResults"),
    ("POST", "comment/list"): ("ids",),
    ("POST", "search/jql"): ("jql", "fields", "maxResults", "nextPageToken", "reconcileIssues"),
    ("POST", "search/approximate-count"): ("jql",),
    ("POST", "bulk/issues/fields"): ("selectedActions", "editedFieldsInput"),
    ("POST", "bulk/issues/transition"): ("bulkTransitionInputs",),
    ("POST", "bulk/issues/delete"): ("selectedIssueIdsOrKeys",),
    ("POST", "issue/properties/multi"): ("issues",),
    ("POST", "issue/properties"): ("entitiesIds", "properties"),
    ("POST", "../../webhooks/1.0/webhook"): ("name", "url", "events", "filters"),
    ("POST", "../../../oauth/token"): ("grant_type",),
}
SOUND: dict[str, Any] = {
    "jql": "project = APP",
    "selectedIssueIdsOrKeys": ["APP-1"],
    "selectedActions": ["summary", "labels", "priority"],
    "issueIdsOrKeys": ["APP-1"],
    "ids": [1],
    "entitiesIds": [20000],
}
FIELDS = (
    "summary",
    "description",
    "labels",
    "assignee",
    "priority",
    "issuetype",
    "parent",
    "duedate",
    "customfield_10030",
    "customfield_10031",
    "customfield_10032",
    "customfield_10033",
)
EDITED = (
    "singleLineTextFields",
    "richTextFields",
    "labelsFields",
    "priority",
    "singleSelectFields",
)


def bodies(words: tuple[str, ...]) -> list[Any]:
    """Bodies with one odd thing each: the whole, or what stands under one of the words."""
    found: list[Any] = [*ODD]
    found += [{**SOUND, word: odd} for word in words for odd in ODD]
    if "fields" in words and "update" in words:
        task = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}, "summary": "x"}
        found += [{"fields": {**task, name: odd}} for name in FIELDS for odd in ODD]
        found += [{"update": {name: odd}} for name in (*FIELDS, "comment") for odd in ODD]
        found += [{"update": {"labels": [{verb: "x"}]}} for verb in ("add", "set", "edit")]
    if "body" in words:
        whole = {"type": "doc", "version": 1}
        found += [{"body": {**whole, "content": odd}} for odd in ODD]
        found += [{"body": {**whole, "content": [{"type": odd}]}} for odd in ODD]
    if "editedFieldsInput" in words:
        found += [{**SOUND, "editedFieldsInput": {n: odd}} for n in EDITED for odd in ODD]
    return found


async def test_no_body_makes_the_fake_stumble(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.http.event_hooks = {}
    for (method, path), words in WORDS.items():
        for body in bodies(words):
            response = await stage.http.request(method, f"/rest/api/3/{path}", json=body)
            assert response.status_code < 500, (path, body, capsys.readouterr().err)
            assert response.status_code != 404 or b"does not exist" in response.content, path
        stage.clock.advance(5)
    await stage.ask("GET", "myself")  # which does the jobs that were made of some
