"""What `check` says of the journal, and how it is opened."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.hubspot.fake import properties as p
from syncline.sdk.errors import AuthRequired, Misconfigured
from tests.connectors.hubspot.world import HubSpotWorld, Reading, journal, living, opened


@pytest.fixture
async def world() -> AsyncIterator[HubSpotWorld]:
    async with living() as world:
        world.follow()
        yield world


@pytest.fixture
async def reading(world: HubSpotWorld) -> AsyncIterator[Reading]:
    async with opened(world, journal=journal(world)) as hub:
        yield Reading(world, hub)


async def test_check_names_the_subscriptions_that_are_missing_with_the_request_for_each() -> None:
    async with living() as world, opened(world, journal=journal(world)) as hub:
        warnings = (await hub.describe()).warnings
        assert len(warnings) == 4 + 3  # of four record types, and three that have a company
        assert sum("DELETE, MERGE, RESTORE of tickets" in one for one in warnings) == 1
        assert world.requests().write == 0
        async with httpx.AsyncClient(base_url=world.base_url, trust_env=False) as person:
            scope = "developer.webhooks_journal.subscriptions.write"
            asked = {**world.client, "grant_type": "client_credentials", "scope": scope}
            token = (await person.post("/oauth/2026-03/token", data=asked)).json()["access_token"]
            for one in warnings:
                body = json.loads(one[one.index("{") :])
                answer = await person.post(
                    "/webhooks-journal/subscriptions/2026-03",
                    json=body,
                    headers={"Authorization": f"Bearer {token}"},
                )
                assert answer.status_code == 201
                if body["subscriptionType"] == "OBJECT":
                    assert "hubspot_owner_id" in body["properties"]
                    assert not {"lastmodifieddate", "hs_lastmodifieddate"} & {*body["properties"]}
        assert (await hub.describe()).warnings == ()


async def test_what_is_missing_is_named_alone(world: HubSpotWorld) -> None:
    table = world.portal.state.table("journal.subscriptions")
    for id, row in list(table.items()):
        table.put(id, {**row, "actions": [one for one in row["actions"] if one != "MERGE"]})
        table.put(f"{id} elsewhere", {**row, "portalId": 1})
        table.put(f"{id} before", {**row, "deletedAt": "2026-01-01T00:00:00Z"})
        if row["subscriptionType"] == "ASSOCIATION" and row["objectTypeId"] == "0-5":
            table.put(id, {**row, "associatedObjectTypeIds": ["0-1"]})
    async with opened(world, journal=journal(world)) as hub:
        warnings = (await hub.describe()).warnings
    assert sum("not subscribed to MERGE of" in one for one in warnings) == 4
    (other,) = (one for one in warnings if "MERGE" not in one)
    assert "ASSOCIATION_ADDED, ASSOCIATION_REMOVED of tickets" in other


async def test_another_client_or_an_account_without_the_app_stops_the_connection(
    world: HubSpotWorld, reading: Reading
) -> None:
    wrong = journal(world, client_secret="nobody-gave-this-out")  # noqa: S106
    async with opened(world, journal=wrong) as hub:
        with pytest.raises(AuthRequired, match="unknown client id.*`client_secret` under"):
            await hub.describe()
        with pytest.raises(AuthRequired):
            await Reading(world, hub).told()
    latest = "/webhooks-journal/journal-local/2026-03/latest"
    await world.fault("GET", latest, "status:404")
    with pytest.raises(Misconfigured, match=f"no journal of account {p.PORTAL}.*Install the app"):
        await reading.hub.describe()


async def test_a_token_of_the_journal_is_kept_and_replaced_before_its_half_hour_ends(
    world: HubSpotWorld, reading: Reading
) -> None:
    for _ in range(3):
        await reading.told()
    assert (await reading.asked()).count("token") == 1
    world.tool.advance(1800)
    await reading.told()
    assert (await reading.asked()).count("token") == 2
    made = await world.requests_made()
    assert {one["status"] for one in made if "webhooks-journal" in one["path"]} <= {200, 204}
