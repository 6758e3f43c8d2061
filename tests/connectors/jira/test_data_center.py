"""What is Data Center's own: its traps in the fake, and how the connector gets past them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from typing import Any, TypeVar

import httpx
import pytest
from jira import JIRA, JIRAError
from pydantic import ValidationError

from connectors.jira import JiraConnector
from connectors.jira.config import JiraConfig
from connectors.jira.cursor import ago
from connectors.jira.fake.data_center import TOKEN
from connectors.jira.fake.seeding import BOT_EMAIL
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    NewAttachment,
    NewComment,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from tests.connectors.jira.world import (
    CountedDataCenter,
    DataCenterWorld,
    JiraWorld,
    opened,
)

T = TypeVar("T")
API = "/rest/api/2"


@pytest.fixture
async def world() -> AsyncIterator[DataCenterWorld]:
    async with DataCenterWorld.serving() as found:
        yield found


@pytest.fixture
async def connector(world: DataCenterWorld) -> AsyncIterator[JiraConnector]:
    async with opened(world) as found:
        yield found


async def ask(world: JiraWorld, method: str, path: str, **how: Any) -> httpx.Response:
    """As the integration, past the connector."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=world.base_url, trust_env=False) as http:
        return await http.request(method, API + path, headers=headers, **how)


async def by_client(world: JiraWorld, work: Callable[[JIRA], T]) -> T:
    """What the official client makes of it, in a thread of its own."""

    def run() -> T:
        with closing(JIRA(world.base_url, token_auth=TOKEN)) as client:
            return work(client)

    return await asyncio.to_thread(run)


# which kind it is


async def test_a_cloud_site_is_not_taken_for_data_center() -> None:
    async with JiraWorld.serving() as cloud:
        said = {"deployment": "data_center", "auth": {"token": Secret("any")}}
        async with opened(cloud, **said) as connector:
            with pytest.raises(Misconfigured, match="is Jira Cloud, .* write `deployment: cloud`"):
                await connector.describe()


async def test_data_center_is_not_taken_for_a_cloud_site(world: DataCenterWorld) -> None:
    said = {"deployment": "cloud", "auth": {"email": "a@e.com", "api_token": Secret("any")}}
    async with opened(world, **said) as connector:
        with pytest.raises(Misconfigured, match="write `deployment: data_center`"):
            await connector.describe()


async def test_the_setting_needs_the_credentials_that_go_with_it(world: DataCenterWorld) -> None:
    said = {"connector": "jira", "base_url": world.base_url, "scope": {"project": "APP"}}
    token = {"token": Secret("t")}
    with pytest.raises(ValidationError, match="needs email and api_token under `auth`"):
        JiraConfig(**said, auth=token)
    basic = {"email": "a@e.com", "api_token": Secret("t")}
    with pytest.raises(ValidationError, match="needs token under `auth`"):
        JiraConfig(**said, auth=basic, deployment="data_center")
    with pytest.raises(ValidationError, match="needs email and api_token"):
        JiraConfig(**said, auth=basic | token)


async def test_describe_names_the_account_by_name_and_the_texts_as_wiki_markup(
    connector: JiraConnector,
) -> None:
    schema = await connector.describe()
    assert schema.text_format == "wiki_markup"
    assert schema.account.endswith("account syncline")
    assert schema.version == "10.3.5"
    fields = schema.records["issue"].fields
    assert fields["custom_fields.Customer impact"].type == "wiki"
    assert fields["custom_fields.Customer impact"].max_length is None


# reading


async def test_an_edit_between_two_pages_makes_position_paging_lose_an_issue(
    world: DataCenterWorld,
) -> None:
    ids = [await world.create({"summary": f"issue {n}"}) for n in range(6)]
    await world.settle()
    jql = "project = APP ORDER BY updated ASC, id ASC"
    asked: dict[str, Any] = {"jql": jql, "fields": ["summary"], "maxResults": 3}
    first = (await ask(world, "POST", "/search", json=asked)).json()
    assert (first["total"], first["startAt"], "nextPageToken" in first) == (6, 0, False)
    await world.edit(ids[0], {"summary": "edited"}, lag=timedelta(0))
    second = (await ask(world, "POST", "/search", json={**asked, "startAt": 3})).json()
    seen = {issue["id"] for page in (first, second) for issue in page["issues"]}
    assert set(ids) - seen == {ids[3]}, "the fourth has moved onto the first page"


async def test_changes_lose_no_issue_where_pages_shift(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    ids = []
    for n in range(250):
        ids.append(await world.create({"summary": f"issue {n}"}))
        world.clock.advance(1)
    await world.settle()
    told: list[str] = []
    async for page in connector.changes("issue", None):
        told += [record.id for record in page.records]
        if len(told) in (100, 200):
            await world.edit(told[0], {"summary": "edited"}, lag=timedelta(0))
            await world.delete(told[1])
            world.site.index.settle(world.site.now() + 60_000)
    assert set(ids) <= set(told)


async def test_an_unchanged_pass_is_one_request_and_each_hundred_changes_one_more(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    ids = [await world.create({"summary": f"issue {n}"}) for n in range(120)]
    await world.settle()
    cursor = await drained(connector, None)
    await world.settle()
    cursor = await drained(connector, cursor)
    before = world.requests()
    cursor = await drained(connector, cursor)
    assert world.requests().read - before.read == 1
    for id in ids[:2]:
        await world.edit(id, {"summary": "changed"})
    await world.settle()
    before = world.requests()
    await drained(connector, cursor)
    assert world.requests().read - before.read == 1


async def drained(connector: JiraConnector, cursor: str | None) -> str | None:
    async for page in connector.changes("issue", cursor):
        cursor = page.cursor
    return cursor


async def test_a_search_shows_no_properties_and_the_key_of_our_own_issues_is_read_beside_it(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    cursor = await drained(connector, None)
    (made,) = await connector.create("issue", [Create("key-1", {"summary": "ours"})])
    theirs = await world.create({"summary": "theirs"})
    await world.settle()
    jql = f"created >= {ago(600)}"
    found = (await ask(world, "GET", "/search", params={"jql": jql})).json()["issues"]
    assert {issue["id"] for issue in found} == {made.id, theirs}
    assert not any("properties" in issue for issue in found)
    pages = [page async for page in connector.changes("issue", cursor)]
    markers = {record.id: record.marker for page in pages for record in page.records}
    assert markers == {made.id: "key-1", theirs: None}


async def test_a_census_that_lost_an_issue_while_it_was_read_starts_anew(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    ids = [await world.create({"summary": f"issue {n}"}) for n in range(150)]
    await world.settle()
    listed: dict[str, int] = {}
    pages = 0
    async for page in connector.census("issue"):
        listed |= page.versions
        pages += 1
        if pages == 1:
            await world.delete(ids[3])
            world.site.index.settle(world.site.now() + 60_000)
    assert set(ids) <= set(listed) and pages > 2


async def test_a_lost_create_is_found_by_its_property(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    since = world.clock.now()
    await world.fault("drop_after_apply", f"{API}/issue/bulk", "POST")
    (lost,) = await connector.create("issue", [Create("key-1", {"summary": "once"})])
    assert lost.result is Result.AMBIGUOUS
    await world.settle()
    searches = [CreateSearch(key, {"summary": "once"}, since) for key in ("key-1", "key-2")]
    found = await connector.find("issue", searches)
    assert [one.found for one in found] == [Found.YES, Found.NO]


# writing


async def test_people_are_written_by_name_and_told_by_key_in_the_changelog(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "whose?"})
    name, email = await world.somebody()
    assert "." in name or name.isalpha(), "a name to sign in with, not a key"
    since = world.clock.now()
    (done,) = await connector.update("issue", [Update(id, {"assignee": name}, {})])
    assert done.record is not None and done.record.fields["assignee"] == name
    user = world.site.users.get(world.bob)
    assert user is not None
    log = (await ask(world, "GET", f"/issue/{id}", params={"expand": "changelog"})).json()
    (item,) = log["changelog"]["histories"][-1]["items"]
    assert (item["to"], "fieldId" in item) == (user["key"], False)
    (change,) = (await connector.history("issue", [id], since))[id]
    assert (change.path, change.after, change.by_us) == ("assignee", name, True)
    assert (await connector.find_people([email]))[email].handle == name
    assert (await connector.people([name, "nobody"])).keys() == {name}


async def test_the_changelog_tells_texts_and_custom_fields_whole(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "x", "description": "*before*"})
    since = world.clock.now()
    patch = {"description": "h1. after", "custom_fields": {"Customer impact": "_much_"}}
    await connector.update("issue", [Update(id, patch, {})])
    changes = {
        c.path: (c.before, c.after) for c in (await connector.history("issue", [id], since))[id]
    }
    assert changes == {
        "description": ("*before*", "h1. after"),
        "custom_fields.Customer impact": (None, "_much_"),
    }


async def test_an_atlassian_document_is_refused_where_texts_are_wiki_markup(
    world: DataCenterWorld,
) -> None:
    fields = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}, "summary": "x"}
    document = {"type": "doc", "version": 1, "content": []}
    told = await ask(world, "POST", "/issue", json={"fields": {**fields, "description": document}})
    assert told.status_code == 400
    assert told.json()["errors"] == {"description": "Operation value must be a string"}


async def test_internal_and_public_comments_are_told_apart_by_their_property(
    world: DataCenterWorld,
) -> None:
    id = await world.create({"summary": "talk"})
    async with opened(world, service_desk=True) as connector:
        for visibility in (Visibility.INTERNAL, Visibility.PUBLIC):
            item = NewComment(f"key-{visibility}", id, f"*{visibility.value}*", visibility)
            (done,) = await connector.comment("issue", [item])
            assert done.result is Result.APPLIED
        shown = (await connector.comments("issue", [id]))[id]
    assert [(c.body, c.visibility) for c in shown] == [
        ("*internal*", Visibility.INTERNAL),
        ("*public*", Visibility.PUBLIC),
    ]


async def test_a_file_is_read_at_the_address_of_data_center(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "files"})
    item = NewAttachment("k", id, "a b.txt", b"content", "text/plain", Visibility.INTERNAL)
    (done,) = await connector.attach("issue", [item])
    assert done.result is Result.APPLIED
    (file,) = (await connector.attachments("issue", [id]))[id]
    assert await connector.download("issue", file) == b"content"
    assert any("/secure/attachment/" in row["path"] for row in await world.log())


# limits


async def test_an_empty_bucket_of_tokens_holds_the_connection_for_its_interval(
    world: DataCenterWorld, connector: JiraConnector
) -> None:
    assert isinstance(world.fake, CountedDataCenter)
    world.fake.limit(most=3, fill=3, every=60)
    answers = [await ask(world, "GET", "/myself") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["retry-after"] for one in answers] == ["0", "0", "60", "60"]
    assert answers[0].headers["x-ratelimit-fillrate"] == "3"
    started = world.clock.now()
    for _ in range(4):
        await connector.client.get("/myself")
    assert world.clock.now() - started >= timedelta(seconds=60)


# the official client


async def test_the_official_client_sees_data_center_and_does_what_its_users_do(
    world: DataCenterWorld,
) -> None:
    def work(client: JIRA) -> list[Any]:
        issue = client.create_issue(
            project="APP", issuetype={"name": "Task"}, summary="Made", description="h1. Text"
        )
        issue.update(fields={"summary": "Mended", "labels": ["a"]})
        names = {t["to"]["name"]: t["id"] for t in client.transitions(issue)}
        client.transition_issue(issue, names["Done"])
        client.assign_issue(issue, "syncline")
        said = client.add_comment(issue, "Hello *you*")
        said.update(body="Mended")
        file = client.add_attachment(issue, BytesIO(b"\x00content"), filename="a.bin")
        link = {"url": "https://desk.example/1", "title": "Ticket 1"}
        client.add_remote_link(issue, link, globalId="g-1", relationship="is asked for by")
        client.add_issue_property(issue, "ours", {"n": 1})
        found = client.issue(issue.key, expand="changelog")
        return [
            client.server_info()["deploymentType"],
            client.myself()["name"],
            (found.fields.description, found.fields.assignee.name, found.fields.status.name),
            [i.field for h in found.changelog.histories for i in h.items],
            client.comment(issue, said.id).body,
            client.attachment(file.id).get(),
            [shown.object.title for shown in client.remote_links(issue)],
            client.issue_property(issue, "ours").value.n,
            [t.name for t in client.project_issue_types("APP")][:2],
            [u.name for u in client.search_users(BOT_EMAIL)],
        ]

    told = await by_client(world, work)
    assert told == [
        "Server",
        "syncline",
        ("h1. Text", "syncline", "Done"),
        ["summary", "labels", "resolution", "status", "assignee", "RemoteIssueLink"],
        "Mended",
        b"\x00content",
        ["Ticket 1"],
        1,
        ["Epic", "Story"],
        ["syncline"],
    ]


async def test_the_official_client_pages_by_position(world: DataCenterWorld) -> None:
    for n in range(60):
        await world.create({"summary": f"issue {n}"})
    await world.settle()

    def search(client: JIRA) -> tuple[int, int]:
        some = client.search_issues("project = APP ORDER BY key", startAt=50, maxResults=20)
        return some.total, len(some)

    assert await by_client(world, search) == (60, 10)


async def test_the_official_client_is_refused_in_jira_s_words(world: DataCenterWorld) -> None:
    def work(client: JIRA) -> str:
        with pytest.raises(JIRAError) as refused:
            client.create_issue(project="APP", issuetype={"name": "Task"}, summary="")
        return str(refused.value.text)

    assert "specify a summary" in await by_client(world, work)
