"""Limits and credentials of Zendesk."""

from __future__ import annotations

import asyncio

from connectors.zendesk import ZendeskConnector
from connectors.zendesk.fake.signing_in import API_TOKEN, HUB
from syncline.sdk.connector import (
    Create,
    Result,
    Update,
)
from syncline.sdk.secrets import Secret
from tests.connectors.zendesk.saying import made_by_keys, now, told
from tests.connectors.zendesk.world import (
    API,
    ZendeskWorld,
    opened,
)


async def test_a_long_first_reading_stays_below_the_limit_of_exports(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    world.account.settings.limits = True
    zendesk._feed._page = 2
    for n in range(50):
        await world.create({"subject": f"ticket {n}"})
    await world.settle()
    records, _ = await told(zendesk)
    assert len(records) == 50
    assert 429 not in {one["status"] for one in await world.requests_made()}


async def test_an_export_that_another_app_used_up_is_waited_for(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "patient"})
    await world.settle()
    await world.fault("GET", f"{API}incremental", "rate_limit:45")
    records, _ = await told(zendesk)
    assert list(records) == [id]
    assert sum(world.clock.slept) >= 45


async def test_a_ticket_that_was_updated_too_often_waits_alone(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    busy, idle = [await world.create({"subject": name}) for name in ("busy", "idle")]
    world.account.settings.limits = True
    world.account.settings.updates_of_a_ticket = 1
    for n, expected in ((0, Result.APPLIED), (1, Result.RETRY)):
        version = (await now(zendesk, busy)).version
        (outcome,) = await zendesk.update(
            "ticket", [Update(busy, {"subject": str(n)}, {}, version)]
        )
        assert outcome.result is expected
    assert outcome.retry_at
    assert (outcome.retry_at - world.clock.now()).total_seconds() > 60
    version = (await now(zendesk, idle)).version
    (other,) = await zendesk.update("ticket", [Update(idle, {"subject": "x"}, {}, version)])
    assert other.result is Result.APPLIED
    assert max(world.clock.slept) < 1  # the usual distance between two requests


async def test_a_token_that_ends_in_the_middle_is_replaced_and_nothing_is_written_twice(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await zendesk.create("ticket", [Create("key-a", {"subject": "before"})])
    tokens = world.account.state.table("oauth_tokens")
    for token in list(dict(tokens.items())):
        tokens.delete(token)
    outcomes = await zendesk.create("ticket", [Create("key-b", {"subject": "after"})])
    assert [outcome.result for outcome in outcomes] == [Result.APPLIED]
    assert made_by_keys(world) == ["key-a", "key-b"]
    made = await world.requests_made()
    assert sum(one["path"] == "/oauth/tokens" for one in made) == 2


async def test_a_token_is_replaced_before_it_ends(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    for _ in range(3):
        await told(zendesk)
        world.tool.advance(world.account.settings.token_seconds - 30)
    made = await world.requests_made()
    assert 401 not in {one["status"] for one in made}
    assert sum(one["path"] == "/oauth/tokens" for one in made) == 3


async def test_many_calls_at_once_share_one_token(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "busy"})
    await asyncio.gather(*(zendesk.fetch("ticket", [id]) for _ in range(8)))
    made = await world.requests_made()
    assert sum(one["path"] == "/oauth/tokens" for one in made) == 1


async def test_an_agents_address_with_an_api_token_works_and_is_warned_of(
    world: ZendeskWorld,
) -> None:
    auth = {"email": HUB, "api_token": Secret(API_TOKEN)}
    async with opened(world, auth=auth) as zendesk:
        schema = await zendesk.describe()
    assert any("30 April 2027" in warning for warning in schema.warnings)
