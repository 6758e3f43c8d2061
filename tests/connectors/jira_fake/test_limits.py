"""Rate limits: each kind of 429 with its own headers, by the tool's own clock."""

from __future__ import annotations

import httpx

from connectors.jira.fake.auth import FIRST_REFRESH, GATEWAY
from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.test_auth import refreshed


def told(response: httpx.Response) -> tuple[str | None, str | None, str | None]:
    names = ("RateLimit-Reason", "Retry-After", "X-RateLimit-Remaining")
    first, second, third = (response.headers.get(name) for name in names)
    return first, second, third


async def test_a_burst_at_one_endpoint_is_stopped_and_others_go_on(limited: Stage) -> None:
    path = "/rest/api/3/myself"
    answers = [await limited.http.get(path) for _ in range(101)]
    assert [a.status_code for a in answers] == [200] * 100 + [429]
    assert told(answers[-1]) == ("jira-burst-based", "1", "0")
    assert answers[-1].headers["X-RateLimit-Reset"] == "2026-11-25T09:30Z", "to the minute"
    assert answers[-1].json()["errorMessages"]
    assert (await limited.http.get("/rest/api/3/priority")).status_code == 200
    limited.clock.advance(1)
    assert (await limited.http.get(path)).status_code == 200


async def test_bursts_are_counted_by_endpoint_not_by_record(limited: Stage) -> None:
    statuses = [
        (await limited.http.get(f"/rest/api/3/issue/APP-{n % 30 + 1}")).status_code
        for n in range(101)
    ]
    assert statuses == [200] * 100 + [429]


async def test_one_issue_takes_twenty_writes_in_two_seconds(limited: Stage) -> None:
    async def write(key: str = "APP-1") -> httpx.Response:
        body = {"body": {"type": "doc", "version": 1, "content": [{"type": "rule"}]}}
        return await limited.http.post(f"/rest/api/3/issue/{key}/comment", json=body)

    for _ in range(20):
        assert (await write()).status_code == 201
    refused = await write()
    assert refused.status_code == 429
    assert told(refused) == ("jira-per-issue-on-write", "2", "0")
    assert (await write("APP-2")).status_code == 201
    limited.clock.advance(2)
    assert (await write()).status_code == 201


async def test_one_issue_takes_a_hundred_writes_in_half_a_minute(limited: Stage) -> None:
    made = limited.fake.site.find("APP-1")
    assert made is not None
    path = "/rest/api/3/issue/APP-1/properties/n"
    for n in range(100):
        assert (await limited.http.put(path, json=n)).status_code in (200, 201)
        limited.clock.advance(0.15)
    refused = await limited.http.put(path, json=1)
    assert refused.status_code == 429
    assert told(refused) == ("jira-per-issue-on-write", "15", "0")
    limited.clock.advance(15.1)
    assert (await limited.http.put(path, json=1)).status_code == 200


async def test_an_apps_points_are_spent_until_the_hour_and_a_tokens_are_not(
    limited: Stage,
) -> None:
    limited.fake.limits.points = 120
    access = (await refreshed(limited, FIRST_REFRESH)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {access}"}
    search = {"jql": "project = APP", "maxResults": 50}
    path = f"{GATEWAY}/rest/api/3/search/jql"

    async def app() -> httpx.Response:
        return await limited.http.post(path, json=search, headers=bearer, auth=None)

    statuses = [(await app()).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429], "a search of 30 costs 31"
    refused = await app()
    assert told(refused) == ("jira-quota-global-based", "1780", "0")
    assert refused.headers["X-RateLimit-Reset"] == "2026-11-25T10:00Z"
    own = await limited.http.post("/rest/api/3/search/jql", json=search)
    assert own.status_code == 200
    limited.clock.advance(1780)
    assert (await app()).status_code == 200


async def test_the_gateways_429_does_not_say_when_to_come_back(stage: Stage) -> None:
    await stage.fault("rate_limit:0", "/rest/api/3/myself")
    refused = await stage.http.get("/rest/api/3/myself")
    assert refused.status_code == 429 and told(refused) == (None, None, None)
    await stage.fault("rate_limit:7", "/rest/api/3/myself")
    refused = await stage.http.get("/rest/api/3/myself")
    assert told(refused) == ("jira-burst-based", "7", "0")


async def test_searches_for_people_share_one_limit(limited: Stage) -> None:
    paths = ("user/search?query=a", "user/assignable/search?project=APP&query=a")
    statuses = [
        (await limited.http.get(f"/rest/api/3/{paths[n % 2]}")).status_code for n in range(101)
    ]
    assert statuses == [200] * 100 + [429]


async def test_limits_can_be_lifted_for_a_seed(stage: Stage) -> None:
    for _ in range(130):
        await stage.ask("GET", "myself")
    for n in range(30):
        await stage.ask("PUT", "issue/APP-1", 204, json={"fields": {"summary": f"n {n}"}})
