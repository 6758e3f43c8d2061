"""Workflows: which transitions there are, what their screens ask for, what they leave behind."""

from __future__ import annotations

import pytest

from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.words import adf, off_screen


async def reach(stage: Stage, id: str) -> dict[str, str]:
    """The statuses within one transition, with its id."""
    shown = await stage.ask("GET", f"issue/{id}/transitions")
    return {t["to"]["name"]: t["id"] for t in shown["transitions"]}


async def go(stage: Stage, id: str, *transitions: str) -> None:
    for transition in transitions:
        body = {"transition": {"id": transition}}
        await stage.ask("POST", f"issue/{id}/transitions", 204, json=body)


@pytest.mark.parametrize(
    ("type", "first"),
    [
        ("Bug", {"In Progress": "11", "Won't Do": "71"}),
        ("Story", {"In Progress": "21", "Blocked": "31", "Won't Do": "61"}),
        (
            "Task",
            {
                "To Do": "11",
                "In Progress": "21",
                "Done": "31",
                "Blocked": "41",
                "In Review": "51",
                "Won't Do": "61",
            },
        ),
    ],
)
async def test_each_issue_type_has_a_workflow_and_ids_of_its_own(
    stage: Stage, type: str, first: dict[str, str]
) -> None:
    made = await stage.make(issuetype={"name": type})
    assert await reach(stage, made["id"]) == first


async def test_a_bug_gets_done_only_step_by_step_and_with_a_resolution(stage: Stage) -> None:
    made = await stage.make(issuetype={"name": "Bug"})
    path = f"issue/{made['id']}/transitions"
    refused = await stage.ask("POST", path, 400, json={"transition": {"id": "31"}})
    assert "isn't possible to transition" in refused["errorMessages"][0]
    await go(stage, made["id"], "11", "21")
    (close,) = (await stage.ask("GET", f"{path}?expand=transitions.fields&transitionId=31"))[
        "transitions"
    ]
    assert close["fields"]["resolution"]["required"]
    names = [v["name"] for v in close["fields"]["resolution"]["allowedValues"]]
    assert names == ["Done", "Won't Do", "Duplicate", "Cannot Reproduce"]
    refused = await stage.ask("POST", path, 400, json={"transition": {"id": "31"}})
    assert refused["errors"] == {"resolution": "Resolution is required."}
    body = {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Done"}}}
    await stage.ask("POST", path, 204, json=body)
    shown = (await stage.ask("GET", f"issue/{made['id']}"))["fields"]
    assert shown["status"]["name"] == "Done" and shown["resolution"]["name"] == "Done"
    assert shown["resolutiondate"] == shown["updated"]
    await go(stage, made["id"], "81")
    shown = (await stage.ask("GET", f"issue/{made['id']}"))["fields"]
    assert shown["resolution"] is None and shown["resolutiondate"] is None


async def test_a_simple_workflow_resolves_by_itself(stage: Stage) -> None:
    made = await stage.make()
    await go(stage, made["id"], "31")
    shown = (await stage.ask("GET", f"issue/{made['id']}"))["fields"]
    assert (shown["status"]["name"], shown["resolution"]["name"]) == ("Done", "Done")


async def test_only_what_is_on_the_screen_can_be_set_on_the_way(stage: Stage) -> None:
    made = await stage.make()
    body = {"transition": {"id": "21"}, "fields": {"summary": "Other"}}
    refused = await stage.ask("POST", f"issue/{made['id']}/transitions", 400, json=body)
    assert refused["errors"] == {"summary": off_screen("summary")}
    assert "In Progress" in await reach(stage, made["id"])


async def test_a_comment_can_be_made_on_the_way(stage: Stage) -> None:
    made = await stage.make()
    body = {"transition": {"id": "21"}, "update": {"comment": [{"add": {"body": adf("Off.")}}]}}
    await stage.ask("POST", f"issue/{made['id']}/transitions", 204, json=body)
    shown = await stage.ask("GET", f"issue/{made['id']}/comment")
    assert [c["body"] for c in shown["comments"]] == [adf("Off.")]


async def test_a_transition_needs_an_id(stage: Stage) -> None:
    made = await stage.make()
    path = f"issue/{made['id']}/transitions"
    refused = await stage.ask("POST", path, 400, json={"transition": {"name": "Done"}})
    assert refused["errorMessages"] == ["Missing 'transition' identifier"]
    assert await stage.ask("GET", f"{path}?transitionId=99") == {
        "expand": "transitions",
        "transitions": [],
    }


async def test_an_issue_can_be_made_further_on_and_stays_made_where_that_fails(
    stage: Stage,
) -> None:
    fields = {"project": {"key": "APP"}, "issuetype": {"name": "Bug"}, "summary": "x"}
    for transition, status, name in (("11", 200, "In Progress"), ("31", 400, "To Do")):
        body = {"fields": fields, "transition": {"id": transition}}
        made = await stage.ask("POST", "issue", 201, json=body)
        assert made["transition"]["status"] == status
        shown = await stage.ask("GET", f"issue/{made['id']}?fields=status")
        assert shown["fields"]["status"]["name"] == name
