"""Single issues: screens, required fields, values that are refused, moving, hiding, deleting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.words import adf, off_screen

NOT_FOUND = "Issue does not exist or you do not have permission to see it."


async def errors(stage: Stage, **fields: Any) -> dict[str, str]:
    """What is said of each field when an issue is made of these."""
    refused = await stage.make(400, **fields)
    told: dict[str, str] = refused["errors"]
    return told


async def test_an_issue_is_shown_as_it_was_made(stage: Stage) -> None:
    made = await stage.make(
        summary="Export stalls",
        description=adf("One.", "Two."),
        labels=["b", "a", "a"],
        priority={"id": "1"},
        duedate="2026-12-24",
        customfield_10030="acme:17",
        customfield_10031={"value": "Mobile"},
        customfield_10032=[{"value": "Web"}, {"id": "10213"}],
        customfield_10033=adf("Many are hit."),
        customfield_10034="2027-01-31",
    )
    assert set(made) == {"id", "key", "self"}
    shown = (await stage.ask("GET", f"issue/{made['key']}"))["fields"]
    assert shown["description"] == adf("One.", "Two.")
    assert shown["labels"] == ["a", "b"]
    assert shown["priority"]["name"] == "Highest"
    assert shown["status"]["name"] == "To Do" and shown["resolution"] is None
    assert shown["customfield_10031"]["value"] == "Mobile"
    assert [o["value"] for o in shown["customfield_10032"]] == ["Web", "Android"]
    assert (shown["duedate"], shown["customfield_10034"]) == ("2026-12-24", "2027-01-31")


async def test_all_mistakes_are_told_at_once(stage: Stage) -> None:
    told = await errors(
        stage,
        summary="x" * 256,
        labels=["two words"],
        description="a string",
        customfield_10035=3,
        nonsense=1,
    )
    assert told == {
        "summary": "Summary can't exceed 255 characters.",
        "labels": "The label 'two words' contains spaces which is invalid.",
        "description": "Operation value must be an Atlassian Document "
        "(see the Atlassian Document Format)",
        "customfield_10035": off_screen("customfield_10035"),
        "nonsense": off_screen("nonsense"),
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"summary": ""}, "You must specify a summary of the issue."),
        ({"summary": "two\nlines"}, "contains newline characters"),
        ({"project": {"key": "NOPE"}}, "Specify a valid project ID or key"),
        ({"issuetype": {"name": "Saga"}}, "is not valid"),
        ({"project": {"key": "OPS"}, "issuetype": {"name": "Epic"}}, "issue type selected is inva"),
        ({"priority": {"name": "Huge"}}, "Priority name 'Huge' is not valid"),
        ({"customfield_10031": {"value": "Nobody"}}, "Option value 'Nobody' is not valid"),
        ({"customfield_10030": "x" * 256}, "exceeds the allowed limit of 255 characters"),
        ({"description": adf("x" * 32_768)}, "exceeds the allowed limit of 32,767 characters"),
        ({"duedate": "24.12.2026"}, "Error parsing date string: 24.12.2026"),
        ({"assignee": "kim"}, "expected Object"),
        ({"assignee": {"accountId": "nobody"}}, "User 'nobody' does not exist."),
        ({"status": {"name": "Done"}}, "not on the appropriate screen"),
        ({"resolution": {"name": "Done"}}, "not on the appropriate screen"),
        ({"parent": {"key": "APP-1"}}, "does not belong to appropriate hierarchy"),
        ({"issuetype": {"name": "Sub-task"}}, "parent issue is not given"),
    ],
)
async def test_a_wrong_value_is_refused_with_words(
    stage: Stage, fields: dict[str, Any], words: str
) -> None:
    before = len(stage.fake.records("issue"))
    (told,) = (await errors(stage, **fields)).values()
    assert words in told
    assert len(stage.fake.records("issue")) == before


async def test_the_longest_summary_fits(stage: Stage) -> None:
    await stage.make(summary="x" * 255)


def text(words: str, *marks: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "marks": [{"type": mark} for mark in marks]}


def block(type: str, /, *content: Any, **attrs: Any) -> dict[str, Any]:
    return {"type": type, "content": list(content), "attrs": attrs}


SOUND = block("paragraph", text("x"))


@pytest.mark.parametrize(
    "wrong",
    [
        text("outside of a block"),
        block("paragraph", text("")),
        block("paragraph", SOUND),
        block("paragraph", text("x", "link")),
        block("paragraph", text("x", "code", "strong")),
        block("paragraph", text("x", "em", "em")),
        block("bulletList"),
        block("bulletList", block("listItem", block("bulletList", block("listItem", SOUND)))),
        block("heading", text("x"), level=9),
        block("blockquote", block("heading", text("x"), level=1)),
        block("blockquote", block("blockquote", SOUND)),
        block("panel", SOUND),
        block("panel", block("table"), panelType="info"),
        block("codeBlock", text("x", "strong")),
        block("invented"),
    ],
)
async def test_a_node_where_it_must_not_be_is_invalid_input(
    stage: Stage, wrong: dict[str, Any]
) -> None:
    refused = await stage.make(400, description=block("doc", wrong) | {"version": 1})
    assert refused == {"errorMessages": ["INVALID_INPUT"], "errors": {}}


async def test_what_the_editor_makes_is_taken(stage: Stage) -> None:
    item = block("listItem", SOUND, block("bulletList", block("listItem", SOUND)))
    link = {"type": "link", "attrs": {"href": "https://acme.example"}}
    linked = {"type": "text", "text": "x", "marks": [{"type": "code"}, link]}
    row = block("tableRow", block("tableHeader", SOUND), block("tableCell", SOUND))
    whole = block(
        "doc",
        block("heading", text("x", "strong", "em"), level=2),
        block("paragraph", linked, {"type": "hardBreak"}, text("y", "strike", "underline")),
        block("orderedList", item, order=3),
        block("blockquote", SOUND, block("codeBlock", {"type": "text", "text": "x"})),
        block("panel", SOUND, {"type": "rule"}, panelType="warning"),
        block("table", row),
        block("mediaSingle", block("media", type="external", url="https://acme.example/a.png")),
        block("taskList", block("taskItem", text("x"), state="DONE", localId="1"), localId="2"),
        block("paragraph", block("mention", id="1"), block("emoji", shortName=":smile:")),
        {"type": "rule"},
    )
    whole["version"] = 1
    made = await stage.make(description=whole)
    shown = await stage.ask("GET", f"issue/{made['id']}?fields=description")
    assert shown["fields"]["description"] == whole


async def test_somebody_who_left_cannot_be_assigned(stage: Stage) -> None:
    gone = next(u for u in stage.fake.site.users.values() if not u["active"])
    told = await errors(stage, assignee={"accountId": gone["id"]})
    assert told == {"assignee": f"User '{gone['id']}' cannot be assigned issues."}


async def test_fields_that_an_administrator_requires_are_asked_for(stage: Stage) -> None:
    stage.fake.require("10013", "customfield_10031")
    bug = {"name": "Bug"}
    assert await errors(stage, issuetype=bug) == {"customfield_10031": "Team is required."}
    made = await stage.make(issuetype=bug, customfield_10031={"value": "Payments"})
    emptied = {"fields": {"customfield_10031": None}}
    refused = await stage.ask("PUT", f"issue/{made['id']}", 400, json=emptied)
    assert refused["errors"] == {"customfield_10031": "Team is required."}
    fields = (await stage.ask("GET", "issue/createmeta/APP/issuetypes/10013"))["fields"]
    required = {f["fieldId"] for f in fields if f["required"]}
    assert required == {"summary", "issuetype", "project", "customfield_10031"}


async def test_properties_are_set_with_the_create(stage: Stage) -> None:
    body = {
        "fields": {
            "project": {"key": "APP"},
            "issuetype": {"name": "Task"},
            "summary": "With a mark",
        },
        "properties": [{"key": "ours", "value": {"key": "k"}}],
    }
    made = await stage.ask("POST", "issue", 201, json=body)
    shown = await stage.ask("GET", f"issue/{made['id']}/properties/ours")
    assert shown == {"key": "ours", "value": {"key": "k"}}


async def test_an_edit_answers_with_nothing_and_one_without_a_change_leaves_no_trace(
    stage: Stage,
) -> None:
    made = await stage.make(summary="Same")
    path = f"issue/{made['id']}"
    before = await stage.ask("GET", path)
    stage.clock.advance(60)
    await stage.ask("PUT", path, 204, json={"fields": {"summary": "Same", "labels": []}})
    assert await stage.ask("GET", path) == before
    shown = await stage.ask("PUT", f"{path}?returnIssue=true", json={"fields": {"summary": "New"}})
    assert shown["fields"]["summary"] == "New"
    assert shown["fields"]["updated"] > before["fields"]["updated"]


async def test_sets_are_changed_by_operations(stage: Stage) -> None:
    made = await stage.make(labels=["a", "b"])
    path = f"issue/{made['id']}"
    update = {"labels": [{"add": "c"}, {"remove": "a"}], "summary": [{"set": "Other"}]}
    await stage.ask("PUT", path, 204, json={"update": update})
    shown = (await stage.ask("GET", path))["fields"]
    assert (shown["labels"], shown["summary"]) == (["b", "c"], "Other")
    both = {"fields": {"labels": []}, "update": {"labels": [{"add": "x"}]}}
    await stage.ask("PUT", path, 400, json=both)
    refused = await stage.ask("PUT", path, 400, json={"update": {"summary": [{"add": "x"}]}})
    assert "not supported" in refused["errors"]["summary"]


async def test_a_transition_in_an_edit_is_ignored(stage: Stage) -> None:
    made = await stage.make()
    body = {"fields": {"summary": "x"}, "transition": {"id": "31"}}
    await stage.ask("PUT", f"issue/{made['id']}", 204, json=body)
    shown = await stage.ask("GET", f"issue/{made['id']}?fields=status")
    assert shown["fields"]["status"]["name"] == "To Do"


async def test_a_moved_issue_keeps_its_id_and_answers_to_its_old_key(stage: Stage) -> None:
    made = await stage.make()
    stage.fake.act("issue", made["id"], stage.fake.people()[0], "move to OPS")
    for name in (made["id"], made["key"], made["key"].lower()):
        shown = await stage.ask("GET", f"issue/{name}")
        assert shown["id"] == made["id"] and shown["key"].startswith("OPS-")
    fetched = await stage.ask("POST", "issue/bulkfetch", json={"issueIdsOrKeys": [made["key"]]})
    assert fetched["issues"][0]["id"] == made["id"]
    again = await stage.make()
    assert again["key"] != made["key"]


async def test_gone_hidden_and_never_made_look_the_same(stage: Stage) -> None:
    deleted, hidden = await stage.make(), await stage.make()
    await stage.ask("DELETE", f"issue/{deleted['id']}", 204)
    stage.fake.act("issue", hidden["id"], stage.fake.people()[0], "hide")
    for id in (deleted["id"], hidden["id"], "999999"):
        for method, path in (
            ("GET", f"issue/{id}"),
            ("PUT", f"issue/{id}"),
            ("DELETE", f"issue/{id}"),
            ("GET", f"issue/{id}/comment"),
            ("GET", f"issue/{id}/transitions"),
        ):
            told = await stage.ask(method, path, 404, json={"fields": {}})
            assert told == {"errorMessages": [NOT_FOUND], "errors": {}}


async def test_an_issue_with_sub_tasks_is_deleted_only_with_them(stage: Stage) -> None:
    made = await stage.make()
    child = await stage.make(issuetype={"name": "Sub-task"}, parent={"id": made["id"]})
    shown = await stage.ask("GET", f"issue/{made['id']}")
    assert [s["key"] for s in shown["fields"]["subtasks"]] == [child["key"]]
    told = await stage.ask("DELETE", f"issue/{made['id']}", 400)
    assert "has subtasks" in told["errorMessages"][0]
    await stage.ask("DELETE", f"issue/{made['id']}?deleteSubtasks=true", 204)
    await stage.ask("GET", f"issue/{child['id']}", 404)


async def test_an_archived_issue_is_read_only_and_leaves_search(stage: Stage) -> None:
    made = await stage.make()
    await stage.settle()
    body = {"issueIdsOrKeys": [made["key"], "APP-99999"]}
    told = await stage.ask("PUT", "issue/archive", json=body)
    assert told["numberOfIssuesUpdated"] == 1
    assert told["errors"]["issuesNotFound"]["issueIdsOrKeys"] == ["APP-99999"]
    await stage.settle()
    assert made["id"] not in await stage.ids("project = APP")
    await stage.ask("GET", f"issue/{made['id']}")
    refused = await stage.ask("PUT", f"issue/{made['id']}", 400, json={"fields": {"summary": "x"}})
    assert "archived" in refused["errorMessages"][0]
    await stage.ask("PUT", "issue/unarchive", json={"issueIdsOrKeys": [made["id"]]})
    await stage.settle()
    assert made["id"] in await stage.ids("project = APP")
    await stage.ask("PUT", "issue/archive", 400, json={"issueIdsOrKeys": ["APP-99999"]})


async def test_a_conflict_is_told_when_it_is_asked_for(stage: Stage) -> None:
    made = await stage.make()
    await stage.fault("status:409", f"/rest/api/3/issue/{made['id']}", "PUT")
    told = await stage.ask("PUT", f"issue/{made['id']}", 409, json={"fields": {"summary": "x"}})
    assert told["errorMessages"]
    await stage.ask("PUT", f"issue/{made['id']}", 204, json={"fields": {"summary": "x"}})


async def test_what_is_no_json_is_refused_as_such(stage: Stage) -> None:
    told = await stage.ask("POST", "issue", 400, content=b"{")
    assert "parsing JSON" in told["errorMessages"][0]
