"""How PostHog answers queries: fewer rows than there are, an old answer, and times of another zone.

https://posthog.com/docs/api/queries
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.posthog.client import Client
from connectors.posthog.fake.asking import QUERIES
from connectors.posthog.fake.hogql import MOST, UNTOLD
from connectors.posthog.fake.project import KEY, PROJECT, READER
from syncline.sdk.errors import Rejected
from syncline.sdk.http import Limits, Transport
from syncline.sdk.secrets import Secret
from tests.connectors.posthog.world import API, COMPANY, PostHogWorld


async def asked(
    world: PostHogWorld, query: str, *, key: str = KEY, refresh: str | None = None, **values: Any
) -> httpx.Response:
    """The answer to a query."""
    body = {"query": {"kind": "HogQLQuery", "query": query, "values": values}, "refresh": refresh}
    headers = {"Authorization": f"Bearer {key}"}
    return await world.http.post(f"{API}query/", json=body, headers=headers)


def groups(world: PostHogWorld, number: int) -> None:
    for n in range(number):
        world.fake.analytics.group(COMPANY, f"key {n:05d}", {})


async def test_a_query_without_a_limit_gives_a_hundred_rows(world: PostHogWorld) -> None:
    groups(world, UNTOLD + 1)
    answer = (await asked(world, "SELECT key FROM groups")).json()
    assert (len(answer["results"]), answer["hasMore"]) == (UNTOLD, True)


async def test_a_limit_above_fifty_thousand_is_cut_with_200_and_not_told(
    world: PostHogWorld,
) -> None:
    groups(world, MOST + 1)
    answer = await asked(world, "SELECT key FROM groups LIMIT 60000")
    assert answer.status_code == 200
    assert (len(answer.json()["results"]), answer.json()["hasMore"]) == (MOST, None)


async def test_an_answer_is_given_again_to_who_does_not_insist(world: PostHogWorld) -> None:
    query = "SELECT count() AS number FROM groups LIMIT 1"
    assert (await asked(world, query)).json()["results"] == [[0]]
    groups(world, 3)
    again = (await asked(world, query)).json()
    assert (again["results"], again["is_cached"]) == ([[0]], True)
    insisting = (await asked(world, query, refresh="force_blocking")).json()
    assert (insisting["results"], insisting["is_cached"]) == ([[3]], False)


async def test_the_client_insists(world: PostHogWorld) -> None:
    headers = {"Authorization": Secret(f"Bearer {KEY}", (KEY,))}
    transport = Transport(
        connection="analytics",
        base_url=world.base_url,
        limits=Limits(None),
        clock=world.clock,
        headers=headers,
        private_network=True,
    )
    async with transport:
        client = Client(transport, PROJECT)
        query = "SELECT count() AS number FROM groups LIMIT 1"
        assert await client.query(query) == [{"number": 0}]
        groups(world, 3)
        assert await client.query(query) == [{"number": 3}]
        with pytest.raises(Rejected, match="no such column"):
            await client.query("SELECT colour FROM groups LIMIT 1")


async def test_one_query_too_many_has_to_wait_as_long_as_is_said(world: PostHogWorld) -> None:
    for _ in range(QUERIES):
        assert (await asked(world, "SELECT key FROM groups LIMIT 1")).status_code == 200
    world.tool.advance(20)
    refused = await asked(world, "SELECT key FROM groups LIMIT 1")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert refused.json()["type"] == "throttled_error"
    world.tool.advance(40)
    assert (await asked(world, "SELECT key FROM groups LIMIT 1")).status_code == 200


async def test_a_time_without_a_zone_is_the_projects(world: PostHogWorld) -> None:
    at = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    world.fake.analytics.happen("opened", "ann", {}, at)
    text = "SELECT count() AS number, max(timestamp) FROM events WHERE timestamp {} LIMIT 1"
    plain = text.format(">= toDateTime('2026-01-05 08:00:00')")
    assert (await asked(world, plain)).json()["results"][0][0] == 0
    utc = text.format(">= toDateTime64({at}, 6, 'UTC')")
    answer = await asked(world, utc, at="2026-01-05 08:00:00.000000")
    ((number, shown),) = answer.json()["results"]
    assert (number, shown) == (1, "2026-01-05T03:30:00-05:00")


async def test_uuids_are_not_in_the_order_of_their_text(world: PostHogWorld) -> None:
    for number in range(3):
        world.fake.analytics.person(f"user {number}", {})

    async def ids(column: str) -> list[str]:
        answer = await asked(world, f"SELECT {column} AS id FROM persons ORDER BY {column}")  # noqa: S608
        return [row[0] for row in answer.json()["results"]]

    assert await ids("id") == list(reversed(await ids("toString(id)")))


@pytest.mark.parametrize("query", ["DROP TABLE events", "SELECT 1; SELECT 2", "", "SELECT oops("])
async def test_what_is_no_query_is_refused(world: PostHogWorld, query: str) -> None:
    answer = await asked(world, query)
    assert (answer.status_code, answer.json()["type"]) == (400, "validation_error")


async def test_values_are_not_part_of_the_text(world: PostHogWorld) -> None:
    odd = "Robert'); DROP TABLE groups; --"
    world.fake.analytics.group(COMPANY, odd, {})
    answer = await asked(world, "SELECT key FROM groups WHERE key IN {keys} LIMIT 5", keys=[odd])
    assert answer.json()["results"] == [[odd]]


async def test_queries_have_a_scope_of_their_own(world: PostHogWorld) -> None:
    assert (await asked(world, "SELECT 1 LIMIT 1", key=READER)).status_code == 200
    headers = {"Authorization": f"Bearer {READER}"}
    refused = await world.http.get(f"{API}groups_types/", headers=headers)
    assert refused.status_code == 403
