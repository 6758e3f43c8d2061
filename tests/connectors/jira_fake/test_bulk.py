"""Many issues in one request, at once and by jobs."""

from __future__ import annotations

from typing import Any

from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.words import adf


def given(summary: str = "Many", **fields: Any) -> dict[str, Any]:
    task = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}, "summary": summary}
    return {"fields": task | fields}


async def test_the_good_ones_of_a_bulk_are_made_and_the_bad_ones_named(stage: Stage) -> None:
    updates = [given("one"), given(""), given("three"), given("four", labels=["a b"])]
    told = await stage.ask("POST", "issue/bulk", 201, json={"issueUpdates": updates})
    assert len(told["issues"]) == 2
    assert {
        e["failedElementNumber"]: list(e["elementErrors"]["errors"]) for e in told["errors"]
    } == {
        1: ["summary"],
        3: ["labels"],
    }
    keys = [issue["key"] for issue in told["issues"]]
    shown = [await stage.ask("GET", f"issue/{k}?fields=summary") for k in keys]
    assert [s["fields"]["summary"] for s in shown] == ["one", "three"]


async def test_a_bulk_of_nothing_but_mistakes_is_a_mistake(stage: Stage) -> None:
    told = await stage.ask("POST", "issue/bulk", 400, json={"issueUpdates": [given(""), {}]})
    assert told["issues"] == []
    assert [e["failedElementNumber"] for e in told["errors"]] == [0, 1]


async def test_a_bulk_has_at_most_fifty(stage: Stage) -> None:
    many = [given(f"n {n}") for n in range(51)]
    before = len(stage.fake.records("issue"))
    await stage.ask("POST", "issue/bulk", 400, json={"issueUpdates": many})
    assert len(stage.fake.records("issue")) == before
    told = await stage.ask("POST", "issue/bulk", 201, json={"issueUpdates": many[:50]})
    assert len(told["issues"]) == 50
    (entry,) = [r for r in await stage.requests("POST", "/rest/api/3/issue/bulk") if r["applied"]]
    assert entry["mutating"] and entry["applied"] == [i["id"] for i in told["issues"]]


async def test_a_bulk_may_be_cut_short(stage: Stage) -> None:
    await stage.fault("partial:2", "/rest/api/3/issue/bulk")
    updates = [given(f"n {n}") for n in range(4)]
    told = await stage.ask("POST", "issue/bulk", 201, json={"issueUpdates": updates})
    assert len(told["issues"]) == 2
    assert [e["failedElementNumber"] for e in told["errors"]] == [2, 3]


async def test_issues_are_fetched_in_the_order_of_their_ids(stage: Stage) -> None:
    made = [await stage.make(summary=f"n {n}") for n in range(3)]
    wanted = [made[2]["key"], "APP-99999", made[0]["id"], made[1]["key"].lower()]
    body = {"issueIdsOrKeys": wanted, "fields": ["summary"], "properties": ["ours"]}
    told = await stage.ask("POST", "issue/bulkfetch", json=body)
    assert [i["id"] for i in told["issues"]] == [m["id"] for m in made]
    assert [e["id"] for e in told["issueErrors"]] == ["APP-99999"]
    many = [str(n) for n in range(20000, 20101)]
    await stage.ask("POST", "issue/bulkfetch", 400, json={"issueIdsOrKeys": many})
    await stage.ask("POST", "issue/bulkfetch", 400, json={"issueIdsOrKeys": []})


async def test_a_fetch_is_never_behind(stage: Stage) -> None:
    made = await stage.make(summary="Fresh")
    told = await stage.ask("POST", "issue/bulkfetch", json={"issueIdsOrKeys": [made["id"]]})
    assert told["issues"][0]["fields"]["summary"] == "Fresh"
    assert "comment" not in told["issues"][0]["fields"], "not navigable"


async def progress(stage: Stage, task: str) -> dict[str, Any]:
    shown: dict[str, Any] = await stage.ask("GET", f"bulk/queue/{task}")
    return shown


async def test_a_bulk_edit_is_done_a_moment_later(stage: Stage) -> None:
    made = [await stage.make(labels=["a"]) for _ in range(2)]
    gone = await stage.make()
    await stage.ask("DELETE", f"issue/{gone['id']}", 204)
    body = {
        "selectedIssueIdsOrKeys": [made[0]["id"], made[1]["key"], gone["id"]],
        "selectedActions": ["labels", "priority", "customfield_10033", "summary"],
        "editedFieldsInput": {
            "labelsFields": [
                {
                    "fieldId": "labels",
                    "bulkEditMultiSelectFieldOption": "ADD",
                    "labels": [{"name": "bulk"}],
                }
            ],
            "priority": {"priorityId": "1"},
            "richTextFields": [
                {"fieldId": "customfield_10033", "richText": {"adfValue": adf("All.")}}
            ],
            "singleLineTextFields": [{"fieldId": "summary", "text": "Same for all"}],
        },
    }
    task = (await stage.ask("POST", "bulk/issues/fields", 201, json=body))["taskId"]
    assert (await progress(stage, task))["status"] == "RUNNING"
    before = await stage.ask("GET", f"issue/{made[0]['id']}")
    assert before["fields"]["labels"] == ["a"]
    stage.clock.advance(2)
    told = await progress(stage, task)
    assert told["status"] == "COMPLETE" and told["totalIssueCount"] == 3
    assert told["processedAccessibleIssues"] == [int(m["id"]) for m in made]
    assert told["invalidOrInaccessibleIssueCount"] == 1
    for issue in made:
        shown = (await stage.ask("GET", f"issue/{issue['id']}"))["fields"]
        assert shown["labels"] == ["a", "bulk"] and shown["summary"] == "Same for all"
        assert shown["priority"]["name"] == "Highest"
        assert shown["customfield_10033"] == adf("All.")
    (entry,) = await stage.requests("POST", "/rest/api/3/bulk/issues/fields")
    assert entry["applied"] == [m["id"] for m in made], "what a job did is told of its request"


async def test_a_bulk_edit_tells_of_each_issue_that_it_could_not_change(stage: Stage) -> None:
    made = await stage.make()
    body = {
        "selectedIssueIdsOrKeys": [made["id"]],
        "selectedActions": ["summary"],
        "editedFieldsInput": {"singleLineTextFields": [{"fieldId": "summary", "text": "x" * 300}]},
    }
    task = (await stage.ask("POST", "bulk/issues/fields", 201, json=body))["taskId"]
    stage.clock.advance(2)
    told = await progress(stage, task)
    assert told["failedAccessibleIssues"] == {made["id"]: ["Summary can't exceed 255 characters."]}
    body["selectedActions"] = ["priority"]
    refused = await stage.ask("POST", "bulk/issues/fields", 400, json=body)
    assert "not listed as selectedActions : summary" in refused["errors"][0]["message"]


async def test_many_are_moved_and_deleted_by_jobs(stage: Stage) -> None:
    made = [await stage.make() for _ in range(2)]
    ids = [m["id"] for m in made]
    moves = [{"selectedIssueIdsOrKeys": ids, "transitionId": "31"}]
    body: dict[str, Any] = {"bulkTransitionInputs": moves}
    first = (await stage.ask("POST", "bulk/issues/transition", 201, json=body))["taskId"]
    stage.clock.advance(2)
    assert (await progress(stage, first))["processedAccessibleIssues"] == [int(i) for i in ids]
    shown = await stage.ask("GET", f"issue/{ids[0]}")
    assert shown["fields"]["status"]["name"] == "Done"
    await stage.ask("POST", "bulk/issues/delete", 201, json={"selectedIssueIdsOrKeys": ids})
    stage.clock.advance(2)
    await stage.ask("GET", f"issue/{ids[1]}", 404)
    moves[0]["selectedIssueIdsOrKeys"] = ["APP-99999"]
    await stage.ask("POST", "bulk/issues/transition", 400, json=body)


async def test_properties_are_stamped_on_many_by_a_job(stage: Stage) -> None:
    made = [await stage.make() for _ in range(2)]
    each = [{"issueID": int(m["id"]), "properties": {"ours": {"n": m["key"]}}} for m in made]
    response = await stage.http.post("/rest/api/3/issue/properties/multi", json={"issues": each})
    assert response.status_code == 303
    where = response.headers["location"]
    assert (await stage.http.get(where)).json()["status"] == "RUNNING"
    stage.clock.advance(2)
    assert (await stage.http.get(where)).json()["result"]["updated"] == [int(m["id"]) for m in made]
    for issue in made:
        shown = await stage.ask("GET", f"issue/{issue['id']}/properties/ours")
        assert shown["value"] == {"n": issue["key"]}
    many = {"entitiesIds": [int(m["id"]) for m in made], "properties": {"same": 1}}
    assert (await stage.http.post("/rest/api/3/issue/properties", json=many)).status_code == 303
    stage.clock.advance(2)
    assert (await stage.ask("GET", f"issue/{made[1]['id']}/properties/same"))["value"] == 1
