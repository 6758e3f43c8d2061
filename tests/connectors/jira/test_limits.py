"""Jira's limits: each 429 delays what it is about, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from connectors.jira import JiraConnector
from syncline.sdk.connector import Create, Result, Update
from tests.connectors.jira.world import JiraWorld


def create(key: str) -> Create:
    return Create(key, {"summary": key, "issuetype": "Task"})


async def test_an_issue_written_too_often_waits_alone(
    world: JiraWorld, connector: JiraConnector
) -> None:
    busy, other = [await world.create({"summary": "as it was"}) for _ in range(2)]
    world.fake.limits.per_issue = True
    for n in range(20):
        await connector.update("issue", [Update(busy, {"summary": f"edit {n}"}, {})])
    limited, applied = await connector.update(
        "issue", [Update(id, {"summary": "one more"}, {}) for id in (busy, other)]
    )
    assert applied.result is Result.APPLIED
    assert limited.result is Result.RETRY
    assert limited.retry_at is not None
    assert timedelta(0) < limited.retry_at - world.clock.now() < timedelta(seconds=30)


async def test_a_quota_stops_the_connection_until_its_reset(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "as it was"})
    await connector.fetch("issue", [id])
    world.fake.rate_reason = "jira-quota-tenant-based"
    await world.fault("rate_limit:3600", "/rest/api/3/issue/bulk", "POST")
    (made,) = await connector.create("issue", [create("k")])
    before = world.requests()
    (edited,) = await connector.update("issue", [Update(id, {"summary": "ours"}, {})])
    assert (made.result, edited.result) == (Result.RETRY, Result.RETRY)
    assert made.retry_at == edited.retry_at == world.clock.now() + timedelta(hours=1)
    assert "jira-quota-tenant-based" in made.reason
    assert world.requests() == before


async def test_a_long_burst_holds_its_endpoint_and_no_other(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "as it was"})
    await connector.fetch("issue", [id])
    await connector.create("issue", [create("before")])
    await world.fault("rate_limit:3600", "/rest/api/3/issue/bulk", "POST")
    for _ in range(2):
        (made,) = await connector.create("issue", [create("k")])
        assert made.result is Result.RETRY
    (edited,) = await connector.update("issue", [Update(id, {"summary": "ours"}, {})])
    assert edited.result is Result.APPLIED


async def test_a_short_burst_is_waited_for(world: JiraWorld, connector: JiraConnector) -> None:
    id = await world.create({"summary": "as it was"})
    await connector.fetch("issue", [id])
    await world.fault("rate_limit:90", "/rest/api/3/issue/bulk", "POST")
    before = world.clock.now()
    (outcome,) = await connector.create("issue", [create("k")])
    assert outcome.result is Result.APPLIED
    assert world.clock.now() - before >= timedelta(seconds=90)


async def test_a_gateway_that_names_no_time_is_given_ten_seconds(
    world: JiraWorld, connector: JiraConnector
) -> None:
    await connector.fetch("issue", [])
    await world.fault("rate_limit:0", "/rest/api/3/search/jql", "POST")
    before = world.clock.now()
    _ = [page async for page in connector.changes("issue", None)]
    assert world.clock.now() - before >= timedelta(seconds=10)
