"""Comments: documents only, who reads them, and what they do to their issue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.words import adf

INTERNAL = {"key": "sd.public.comment", "value": {"internal": True}}


async def test_a_comment_is_a_document_and_counts_as_an_update(stage: Stage) -> None:
    made = await stage.make()
    before = await stage.ask("GET", f"issue/{made['id']}")
    stage.clock.advance(60)
    said = await stage.ask("POST", f"issue/{made['id']}/comment", 201, json={"body": adf("Hi")})
    assert said["body"] == adf("Hi") and said["jsdPublic"]
    after = await stage.ask("GET", f"issue/{made['id']}")
    assert after["fields"]["updated"] > before["fields"]["updated"]
    assert after["fields"]["comment"]["total"] == 1


@pytest.mark.parametrize("body", ["text", None, {"type": "paragraph"}, 3])
async def test_a_comment_that_is_no_document_is_refused(stage: Stage, body: Any) -> None:
    told = await stage.ask("POST", "issue/APP-1/comment", 400, json={"body": body})
    assert told["errorMessages"] == ["Comment body is not valid!"]


async def test_an_edit_shows_who_and_when(stage: Stage) -> None:
    made = await stage.make()
    path = f"issue/{made['id']}/comment"
    stage.fake.remark("issue", made["id"], stage.fake.people()[0], "By hand", public=True)
    (said,) = (await stage.ask("GET", path))["comments"]
    stage.clock.advance(60)
    await stage.ask("PUT", f"{path}/{said['id']}", json={"body": adf("Mended")})
    shown = await stage.ask("GET", f"{path}/{said['id']}")
    assert shown["body"] == adf("Mended")
    assert shown["author"]["displayName"] == stage.fake.people()[0]
    assert shown["updateAuthor"]["displayName"] == "Syncline"
    assert shown["created"] == said["created"] < shown["updated"]


async def test_what_customers_must_not_read_is_a_property(stage: Stage) -> None:
    made = await stage.make()
    path = f"issue/{made['id']}/comment"
    given = {"body": adf("Between us"), "properties": [INTERNAL]}
    said = await stage.ask("POST", path, 201, json=given)
    assert said["jsdPublic"] is False
    (shown,) = (await stage.ask("GET", f"{path}?expand=properties"))["comments"]
    assert shown["properties"] == [INTERNAL]
    (plain,) = (await stage.ask("GET", path))["comments"]
    assert "properties" not in plain
    edited = await stage.ask("PUT", f"{path}/{said['id']}", json={"body": adf("Still")})
    assert edited["jsdPublic"] is False, "an edit keeps it"
    key = f"comment/{said['id']}/properties/{INTERNAL['key']}"
    assert (await stage.ask("GET", key)) == INTERNAL
    await stage.ask("PUT", key, json={"internal": False})
    assert (await stage.ask("GET", f"{path}/{said['id']}"))["jsdPublic"]
    await stage.ask("PUT", f"comment/{said['id']}/properties/more", 201, json=1)
    keys = await stage.ask("GET", f"comment/{said['id']}/properties")
    assert [k["key"] for k in keys["keys"]] == [INTERNAL["key"], "more"]
    await stage.ask("DELETE", key, 204)
    await stage.ask("GET", key, 404)


async def test_a_comment_can_be_kept_to_a_role(stage: Stage) -> None:
    path = "issue/APP-1/comment"
    ours = {"body": adf("x"), "visibility": {"type": "role", "value": "Developers"}}
    said = await stage.ask("POST", path, 201, json=ours)
    assert said["visibility"]["value"] == "Developers"
    theirs = {"body": adf("x"), "visibility": {"type": "role", "value": "Administrators"}}
    told = await stage.ask("POST", path, 400, json=theirs)
    assert "not a member of the project role: Administrators" in told["errorMessages"][0]


async def test_comments_are_paged_and_ordered(stage: Stage) -> None:
    made = await stage.make()
    path = f"issue/{made['id']}/comment"
    for n in range(5):
        await stage.ask("POST", path, 201, json={"body": adf(f"n {n}")})
    page = await stage.ask("GET", f"{path}?startAt=1&maxResults=2")
    assert (page["startAt"], page["maxResults"], page["total"]) == (1, 2, 5)
    assert [c["body"] for c in page["comments"]] == [adf("n 1"), adf("n 2")]
    newest = await stage.ask("GET", f"{path}?orderBy=-created&maxResults=1")
    assert newest["comments"][0]["body"] == adf("n 4")
    await stage.ask("GET", f"{path}?orderBy=author", 400)


async def test_comments_of_several_issues_are_had_by_their_ids(stage: Stage) -> None:
    said = [
        await stage.ask("POST", f"issue/APP-{n}/comment", 201, json={"body": adf("x")})
        for n in (1, 2)
    ]
    ids = [int(c["id"]) for c in said]
    told = await stage.ask("POST", "comment/list", json={"ids": [*ids, 999999]})
    assert [c["id"] for c in told["values"]] == [c["id"] for c in said]
    await stage.ask("POST", "comment/list", 400, json={"ids": []})


async def test_a_deleted_comment_is_gone_and_belongs_to_one_issue_only(stage: Stage) -> None:
    said = await stage.ask("POST", "issue/APP-1/comment", 201, json={"body": adf("x")})
    await stage.ask("GET", f"issue/APP-2/comment/{said['id']}", 404)
    await stage.ask("DELETE", f"issue/APP-1/comment/{said['id']}", 204)
    await stage.ask("GET", f"issue/APP-1/comment/{said['id']}", 404)
