"""Search: tokens, caps, lag, drift, and the words it refuses with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.connectors.jira_fake.stage import Stage, staged


async def test_a_page_has_only_ids_unless_fields_are_asked_for(stage: Stage) -> None:
    (plain,) = await stage.search("project = APP", maxResults=1)
    assert set(plain) == {"id"}
    (shown,) = await stage.search("project = APP", maxResults=1, fields=["summary", "labels"])
    assert set(shown["fields"]) == {"summary", "labels"}


async def test_there_is_no_total_and_the_last_page_has_no_token(stage: Stage) -> None:
    asked = {"jql": "project = APP ORDER BY id", "maxResults": 20}
    first = await stage.ask("POST", "search/jql", json=asked)
    assert set(first) == {"issues", "isLast", "nextPageToken"} and not first["isLast"]
    asked["nextPageToken"] = first["nextPageToken"]
    last = await stage.ask("POST", "search/jql", json=asked)
    assert set(last) == {"issues", "isLast"} and last["isLast"]
    ids = [issue["id"] for page in (first, last) for issue in page["issues"]]
    assert ids == await stage.ids("project = APP ORDER BY id") and len(ids) == 30


async def test_a_token_belongs_to_the_parameters_it_was_given_for(stage: Stage) -> None:
    asked = {"jql": "project = APP", "maxResults": 10, "fields": ["summary"]}
    token = (await stage.ask("POST", "search/jql", json=asked))["nextPageToken"]
    for change in ({"jql": "project = OPS"}, {"fields": ["status"]}, {"reconcileIssues": [20000]}):
        await stage.ask("POST", "search/jql", 400, json={**asked, "nextPageToken": token, **change})
    await stage.ask("POST", "search/jql", json={**asked, "nextPageToken": token})


async def test_a_token_expires_after_a_week(stage: Stage) -> None:
    asked = {"jql": "project = APP", "maxResults": 10}
    asked["nextPageToken"] = (await stage.ask("POST", "search/jql", json=asked))["nextPageToken"]
    stage.clock.advance(7 * 86_400 + 1)
    await stage.ask("POST", "search/jql", 400, json=asked)


@pytest.mark.parametrize("jql", ["", "ORDER BY created", "order by key desc, updated asc"])
async def test_a_search_without_a_restriction_is_refused(stage: Stage, jql: str) -> None:
    refused = await stage.ask("POST", "search/jql", 400, json={"jql": jql})
    assert "Unbounded JQL queries are not allowed" in refused["errorMessages"][0]
    await stage.ask("POST", "search/approximate-count", 400, json={"jql": jql})


async def test_pages_with_fields_are_capped_at_a_hundred_and_ids_at_five_thousand() -> None:
    async with staged(records=130) as stage:
        jql = "project = APP"
        assert len(await stage.search(jql, maxResults=500, fields=["summary"])) == 100
        assert len(await stage.search(jql, maxResults=500)) == 130
        assert len(await stage.search(jql, maxResults=500, fields=["id", "key"])) == 130
        assert len(await stage.search(jql)) == 50


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_old_search_is_gone(stage: Stage, method: str) -> None:
    gone = await stage.ask(method, "search", 410)
    assert "/rest/api/3/search/jql" in gone["errorMessages"][0]


async def test_a_search_can_be_asked_by_get_as_well(stage: Stage) -> None:
    path = "search/jql?jql=project%3DAPP&fields=summary,status&maxResults=3"
    found = (await stage.ask("GET", path))["issues"]
    assert len(found) == 3 and set(found[0]["fields"]) == {"summary", "status"}


async def test_a_new_issue_is_found_by_id_at_once_and_by_a_search_only_later(stage: Stage) -> None:
    made = [(await stage.make())["id"] for _ in range(5)]
    at_once = set(await stage.ids("project = APP"))
    assert not set(made) <= at_once, "each issue is late by its own share of the lag"
    for id in made:
        await stage.ask("GET", f"issue/{id}")
    await stage.settle()
    assert set(made) <= set(await stage.ids("project = APP"))


async def test_an_edit_and_a_deletion_are_seen_late_too(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(0)
    made = (await stage.make(summary="before"))["id"]
    path, ask = f"/rest/api/3/issue/{made}", f"id = {made}"
    assert await stage.ids(ask) == [made]
    await stage.fault("lag:40", path, "PUT")
    await stage.ask("PUT", f"issue/{made}", 204, json={"fields": {"summary": "after"}})
    assert (await stage.search(ask, fields=["summary"]))[0]["fields"]["summary"] == "before"
    stage.clock.advance(40)
    assert (await stage.search(ask, fields=["summary"]))[0]["fields"]["summary"] == "after"
    await stage.fault("lag:60", path, "DELETE")
    await stage.ask("DELETE", f"issue/{made}", 204)
    assert made in await stage.ids("project = APP")
    stage.clock.advance(60)
    assert made not in await stage.ids("project = APP")


async def test_reconciled_issues_are_read_after_they_were_written(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(minutes=5)
    made = [int((await stage.make(labels=["fresh"]))["id"]) for _ in range(3)]
    jql = "labels = fresh ORDER BY updated ASC, id ASC"
    assert len(await stage.ids(jql)) < 3
    assert await stage.ids(jql, reconcileIssues=made) == [str(i) for i in made]
    many = list(range(20000, 20051))
    await stage.ask("POST", "search/jql", 400, json={"jql": jql, "reconcileIssues": many})


async def test_an_issue_edited_between_two_pages_is_seen_twice(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(0)
    asked = {"jql": "project = APP ORDER BY updated ASC, id ASC", "maxResults": 10}
    first = await stage.ask("POST", "search/jql", json=asked)
    moved = first["issues"][0]["id"]
    await stage.ask("PUT", f"issue/{moved}", 204, json={"fields": {"summary": "Moved"}})
    rest = await stage.ids(asked["jql"])
    asked["nextPageToken"] = first["nextPageToken"]
    second = await stage.ask("POST", "search/jql", json={**asked})
    assert rest[-1] == moved
    assert [i["id"] for i in second["issues"]] == rest[9:19], "nothing is lost"


async def test_a_descending_listing_loses_what_is_edited_between_two_pages(stage: Stage) -> None:
    stage.fake.site.search_lag = timedelta(0)
    asked = {"jql": "project = APP ORDER BY updated DESC, id DESC", "maxResults": 10}
    whole = await stage.ids(asked["jql"])
    first = await stage.ask("POST", "search/jql", json=asked)
    await stage.ask("PUT", f"issue/{whole[15]}", 204, json={"fields": {"summary": "Moved"}})
    asked["nextPageToken"] = first["nextPageToken"]
    second = await stage.ask("POST", "search/jql", json=asked)
    seen = {i["id"] for page in (first, second) for i in page["issues"]}
    assert whole[15] not in seen


async def test_a_hidden_issue_leaves_search_at_once(stage: Stage) -> None:
    (first, *_) = await stage.ids("project = APP")
    stage.fake.act("issue", first, stage.fake.people()[0], "hide")
    assert first not in await stage.ids("project = APP")


async def test_properties_and_the_changelog_come_with_a_page_when_asked_for(stage: Stage) -> None:
    made = await stage.make()
    await stage.ask("PUT", f"issue/{made['id']}/properties/ours", 201, json={"n": 1})
    await stage.ask("PUT", f"issue/{made['id']}", 204, json={"fields": {"summary": "New"}})
    await stage.settle()
    (shown,) = await stage.search(
        f"id = {made['id']}", fields=["summary"], properties=["ours"], expand="changelog"
    )
    assert shown["properties"] == {"ours": {"n": 1}}
    assert shown["changelog"]["histories"][0]["items"][0]["toString"] == "New"


async def test_a_count_is_given_without_a_listing(stage: Stage) -> None:
    counted = await stage.ask("POST", "search/approximate-count", json={"jql": "project = APP"})
    assert counted == {"count": 30}


async def test_any_order_is_kept_from_page_to_page(stage: Stage) -> None:
    jql = "project in (APP, OPS) ORDER BY priority DESC, assignee, created DESC"
    whole = await stage.ids(jql)
    asked = {"jql": jql, "maxResults": 7}
    ids: list[str] = []
    while True:
        page = await stage.ask("POST", "search/jql", json=asked)
        ids += [i["id"] for i in page["issues"]]
        if page["isLast"]:
            break
        asked["nextPageToken"] = page["nextPageToken"]
    assert ids == whole and len(ids) == 33


async def test_names_of_fields_come_with_a_page_when_asked_for(stage: Stage) -> None:
    asked = {"jql": "project = APP", "fields": ["customfield_10031"], "expand": "names"}
    page = await stage.ask("POST", "search/jql", json=asked)
    assert page["names"] == {"customfield_10031": "Team"}


async def test_a_listing_may_come_short_without_a_word(stage: Stage) -> None:
    whole = await stage.ids("project = APP ORDER BY id")
    await stage.fault("truncate_listing:10", "/rest/api/3/search/jql")
    short = await stage.ask("POST", "search/jql", json={"jql": "project = APP ORDER BY id"})
    assert [i["id"] for i in short["issues"]] == whole[3:] and short["isLast"]
    (entry, *_) = (await stage.requests("POST", "/rest/api/3/search/jql"))[::-1]
    assert entry["items"] == 27 and not entry["mutating"]
