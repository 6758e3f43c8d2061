"""The official client as products use it: what it captures is what the connector reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from posthog import Posthog

from connectors.posthog import PostHogConnector
from connectors.posthog.fake.project import TOKEN
from syncline.sdk.connector import Record
from tests.connectors.posthog.world import COMPANY, PostHogWorld


class Product:
    """A product's server with the client, in a thread beside the fake that it talks to."""

    def __init__(self, world: PostHogWorld, **options: Any) -> None:
        self.world = world
        self.client = Posthog(TOKEN, host=world.base_url, sync_mode=True, timeout=5, **options)

    async def does(self, what: Callable[[Posthog], Any]) -> Any:
        """What the client gives; PostHog processes it half a minute later."""
        given = await asyncio.to_thread(what, self.client)
        self.world.tool.advance(30)
        return given


async def told(connector: PostHogConnector, record: str) -> list[Record]:
    """All that is there."""
    return [one async for page in connector.changes(record, None) for one in page.records]


@pytest.mark.parametrize("gzip", [False, True])
async def test_a_group_that_the_product_identified_is_an_account(
    world: PostHogWorld, connector: PostHogConnector, gzip: bool
) -> None:
    product = Product(world, gzip=gzip)
    await product.does(
        lambda client: client.group_identify(COMPANY, "acme", {"name": "Acme", "domain": "acme.io"})
    )
    (group,) = await told(connector, "group")
    assert group.id == "acme"
    assert group.fields["properties"] == {"name": "Acme", "domain": "acme.io"}


async def test_what_was_captured_is_seen_when_it_is_processed_and_not_before(
    world: PostHogWorld, connector: PostHogConnector
) -> None:
    product = Product(world)
    said = {"$survey_id": "s1", "$survey_name": "Wishes", "$survey_response": "Dark mode"}
    await asyncio.to_thread(
        product.client.capture,
        "survey sent",
        distinct_id="ann",
        properties={**said, "$set": {"email": "ann@acme.io"}},
        groups={COMPANY: "acme"},
    )
    assert await told(connector, "survey_response") == []
    world.tool.advance(30)
    (response,) = await told(connector, "survey_response")
    shown = response.fields
    assert (shown["title"], shown["text"]) == ("Wishes: Dark mode", "Dark mode")
    assert (shown["email"], shown["account"]) == ("ann@acme.io", "acme")


async def test_two_ids_that_the_product_ties_together_are_one_person(
    world: PostHogWorld, connector: PostHogConnector
) -> None:
    product = Product(world)
    for who in ("ann", "ann-at-work"):
        await product.does(lambda client, who=who: client.set(distinct_id=who, properties={
            "email": "ann@acme.io"
        }))  # fmt: skip
    assert {one.id for one in await told(connector, "person")} == {"ann", "ann-at-work"}
    await product.does(lambda client: client.alias("ann-at-work", "ann"))
    (person,) = await told(connector, "person")
    assert person.fields["distinct_ids"] == ["ann", "ann-at-work"]


async def test_a_feature_in_beta_is_on_for_who_opted_in_and_off_for_all_others(
    world: PostHogWorld,
) -> None:
    feature = world.fake.features.create({"name": "Dark mode", "stage": "beta"}, "hub")
    flag = "dark-mode"
    product = Product(world)
    opted = {f"$feature_enrollment/{flag}": True}
    await product.does(lambda client: client.set(distinct_id="ann", properties=opted))

    async def enabled(who: str) -> bool:
        return bool(await product.does(lambda client: client.evaluate_flags(who).is_enabled(flag)))

    assert [await enabled("ann"), await enabled("bob")] == [True, False]
    world.fake.features.change(feature["id"], {"stage": "draft"})
    assert not await enabled("ann")
