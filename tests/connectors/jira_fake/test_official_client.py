"""The official client, as its users use it: what it gets done, and what it does by itself."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from jira import JIRA, JIRAError
from jira.resources import Issue

from tests.connectors.jira_fake.stage import Stage, staged
from tests.connectors.jira_fake.words import adf

TASK = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}}


async def test_it_sees_a_cloud_site(stage: Stage) -> None:
    def look(client: JIRA) -> list[Any]:
        return [
            client.server_info()["deploymentType"],
            client.myself()["displayName"],
            [p.key for p in client.projects()],
            client.project("APP").name,
            [t.name for t in client.issue_types()],
            [p.name for p in client.priorities()],
            [r.name for r in client.resolutions()],
            {s.name for s in client.statuses()},
            {f["name"] for f in client.fields() if f["custom"]},
        ]

    (
        server,
        me,
        projects,
        project,
        types,
        priorities,
        resolutions,
        statuses,
        fields,
    ) = await stage.by_client(look)
    assert (server, me, projects, project) == (
        "Cloud",
        "Syncline",
        ["APP", "OPS", "IDEA"],
        "Application",
    )
    assert types == ["Epic", "Story", "Task", "Bug", "Sub-task", "Idea"]
    assert priorities == ["Highest", "High", "Medium", "Low", "Lowest"]
    assert resolutions[0] == "Done"
    assert statuses == {
        *("To Do", "In Progress", "In Review", "Blocked", "Done", "Won't Do"),
        *("Parking lot", "Discovery", "Ready for delivery", "Delivery", "Impact"),
    }
    assert "Customer impact" in fields


async def test_it_makes_edits_moves_and_deletes_an_issue(stage: Stage) -> None:
    def work(client: JIRA) -> str:
        issue = client.create_issue({**TASK, "summary": "Made", "description": adf("Text")})
        assert issue.fields.summary == "Made" and issue.fields.status.name == "To Do"
        issue.update(fields={"summary": "Mended", "labels": ["a"]})
        assert (issue.fields.summary, issue.fields.labels) == ("Mended", ["a"])
        names = {t["to"]["name"]: t["id"] for t in client.transitions(issue)}
        client.transition_issue(issue, names["Done"])
        assert client.issue(issue.key).fields.resolution.name == "Done"
        (log,) = [
            h
            for h in client.issue(issue.key, expand="changelog").changelog.histories
            if any(i.field == "status" for i in h.items)
        ]
        assert {i.toString for i in log.items} == {"Done"}
        client.assign_issue(issue, "Syncline")
        assert client.issue(issue.key).fields.assignee.displayName == "Syncline"
        found = client.issue(issue.key)
        found.delete()
        with pytest.raises(JIRAError) as gone:
            client.issue(issue.key)
        return str(gone.value.status_code)

    assert await stage.by_client(work) == "404"


async def test_it_searches_all_pages(stage: Stage) -> None:
    async with staged(records=130) as stage:

        def search(client: JIRA) -> tuple[list[str], int]:
            found = client.search_issues("project = APP ORDER BY id", maxResults=0)
            first = client.search_issues("project = APP ORDER BY id", maxResults=500)
            return [issue.key for issue in found], len(first)

        keys, first = await stage.by_client(search)
        assert len(set(keys)) == len(keys) == 130
        assert first == 100, "one page at most, whatever was asked for"


async def test_it_comments_attaches_and_links(stage: Stage) -> None:
    def work(client: JIRA) -> list[Any]:
        said = client.add_comment("APP-1", adf("Hello"))
        said.update(body=adf("Mended"))
        file = client.add_attachment("APP-1", BytesIO(b"\x00content"), filename="a.bin")
        link = {"url": "https://desk.example/1", "title": "Ticket 1"}
        client.add_remote_link("APP-1", link, globalId="g-1", relationship="is asked for by")
        client.add_remote_link("APP-1", {**link, "title": "New"}, globalId="g-1")
        client.add_issue_property("APP-1", "ours", {"n": 1})
        return [
            client.comment("APP-1", said.id).body.content[0].content[0].text,
            client.attachment(file.id).get(),
            [shown.object.title for shown in client.remote_links("APP-1")],
            client.issue_property("APP-1", "ours").value.n,
            [p.key for p in client.issue_properties("APP-1")],
        ]

    text, content, links, value, keys = await stage.by_client(work)
    assert (text, content, links, value, keys) == (
        "Mended",
        b"\x00content",
        ["New"],
        1,
        ["ours"],
    )


async def test_it_makes_many_and_tells_which_were_not(stage: Stage) -> None:
    def work(client: JIRA) -> list[dict[str, Any]]:
        return client.create_issues(
            [{**TASK, "summary": "one"}, {**TASK, "summary": ""}, {**TASK, "summary": "three"}],
            prefetch=False,
        )

    told = await stage.by_client(work)
    assert [t["status"] for t in told] == ["Success", "Error", "Success"]
    assert "specify a summary" in str(told[1]["error"])


async def test_it_finds_people_by_their_address(stage: Stage) -> None:
    email = next(
        u["email"] for u in stage.fake.site.users.values() if u["active"] and u["email_hidden"]
    )

    def work(client: JIRA) -> list[str]:
        return [u.accountId for u in client.search_users(query=email)]

    (account,) = await stage.by_client(work)
    user = stage.fake.site.users.get(account)
    assert user is not None and user["email"] == email


async def test_it_gets_jiras_words(stage: Stage) -> None:
    def work(client: JIRA) -> str:
        with pytest.raises(JIRAError) as refused:
            client.create_issue({**TASK, "summary": "x", "description": "a string"})
        return str(refused.value.text)

    assert "must be an Atlassian Document" in await stage.by_client(work)


async def test_one_create_whose_answer_is_lost_becomes_four_issues(stage: Stage) -> None:
    """Its own retries send a create again after a broken connection (measured with 3.10.5)."""
    await stage.fault("drop_after_apply", "/rest/api/3/issue", "POST", times=9)

    def work(client: JIRA, retries: int) -> Issue:
        client._session.max_retry_delay = 0
        client._session.max_retries = retries
        return client.create_issue({**TASK, "summary": f"Lost, {retries} retries"})

    for retries, made in ((3, 4), (0, 1)):
        with pytest.raises(Exception, match="Connection|aborted|reset"):
            await stage.by_client(lambda client, r=retries: work(client, r))
        name = f"Lost, {retries} retries"
        twins = [r for r in stage.fake.records("issue") if r["fields"]["summary"] == name]
        assert len(twins) == made
