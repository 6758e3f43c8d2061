"""Creates in Zendesk: once each, alone and in jobs, on the fake over HTTP."""

from __future__ import annotations

import pytest

from connectors.zendesk import ZendeskConnector
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    Result,
)
from syncline.sdk.errors import Retriable
from syncline.sdk.testing import Trouble
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.zendesk.saying import creates, made_by_keys
from tests.connectors.zendesk.world import (
    API,
    ZendeskWorld,
)


async def test_one_lost_answer_to_a_create_costs_one_request_and_makes_one_ticket(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("POST", f"{API}tickets", "drop_after_apply")
    (outcome,) = await zendesk.create("ticket", creates(1))
    assert outcome.result is Result.APPLIED
    assert made_by_keys(world) == ["key-0"]
    posts = [one for one in await world.requests_made() if one["path"] == f"{API}tickets"]
    assert [one["method"] for one in posts] == ["POST", "POST"]


@pytest.mark.parametrize("after", [0, 30, 300, 3 * 3600], ids="{} s later".format)
async def test_a_create_without_any_answer_is_found_by_its_key_whenever_it_is_looked_for(
    world: ZendeskWorld, zendesk: ZendeskConnector, after: int
) -> None:
    await world.trouble(Trouble.LOST_ANSWER)
    (outcome,) = await zendesk.create("ticket", creates(1))
    assert outcome.result is Result.AMBIGUOUS
    world.tool.advance(after)
    search = CreateSearch("key-0", {"subject": "item 0"}, LONG_AGO)
    (found,) = await zendesk.find("ticket", [search])
    assert found.found is Found.YES
    assert found.record and found.record.marker == "key-0"
    assert made_by_keys(world) == ["key-0"]


@pytest.mark.parametrize("after", [0, 300], ids="{} s later".format)
async def test_a_bulk_create_without_an_answer_is_found_item_by_item(
    world: ZendeskWorld, zendesk: ZendeskConnector, after: int
) -> None:
    await world.fault("POST", f"{API}tickets/create_many", "drop_after_apply")
    outcomes = await zendesk.create("ticket", creates(5))
    assert {outcome.result for outcome in outcomes} == {Result.AMBIGUOUS}
    searches = [CreateSearch(f"key-{n}", {}, LONG_AGO) for n in range(5)]
    with pytest.raises(Retriable, match="still at work"):
        await zendesk.find("ticket", searches[-1:])
    world.tool.advance(5 + after)  # the job goes on, whoever knows of it
    found = await zendesk.find("ticket", searches)
    assert {one.found for one in found} == {Found.YES}
    assert made_by_keys(world) == [f"key-{n}" for n in range(5)]


async def test_a_bulk_create_that_never_arrived_made_nothing(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("POST", f"{API}tickets/create_many", "drop_before")
    outcomes = await zendesk.create("ticket", creates(3))
    assert {outcome.result for outcome in outcomes} == {Result.AMBIGUOUS}
    world.tool.advance(300)
    found = await zendesk.find("ticket", [CreateSearch("key-1", {}, LONG_AGO)])
    assert [one.found for one in found] == [Found.NO]


async def test_what_a_job_does_not_do_is_made_alone_and_once(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("POST", f"{API}tickets/create_many", "partial:2")
    outcomes = await zendesk.create("ticket", creates(4))
    assert {outcome.result for outcome in outcomes} == {Result.APPLIED}
    assert made_by_keys(world) == [f"key-{n}" for n in range(4)]
    assert [o.record.marker for o in outcomes if o.record] == [f"key-{n}" for n in range(4)]


async def test_a_bad_item_of_a_job_is_refused_in_zendesks_own_words(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    items = creates(4)
    items[2] = Create("key-bad", {"subject": "bad", "priority": "very high"})
    outcomes = await zendesk.create("ticket", items)
    assert [o.result for o in outcomes] == [
        Result.APPLIED, Result.APPLIED, Result.REJECTED, Result.APPLIED
    ]  # fmt: skip
    assert "Priority: very high is not included in the list" in outcomes[2].reason


async def test_a_job_whose_results_are_lost_leaves_its_items_open_and_makes_them_once(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("GET", f"{API}job_statuses", "status:500", times=20)
    outcomes = await zendesk.create("ticket", creates(3))
    assert {outcome.result for outcome in outcomes} == {Result.AMBIGUOUS}
    await world.recover()
    found = await zendesk.find("ticket", [CreateSearch(f"key-{n}", {}, LONG_AGO) for n in range(3)])
    assert {one.found for one in found} == {Found.YES}
    assert made_by_keys(world) == ["key-0", "key-1", "key-2"]


async def test_too_many_jobs_is_a_later_and_nothing_was_made(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    world.account.settings.jobs = 0
    outcomes = await zendesk.create("ticket", creates(3))
    assert {outcome.result for outcome in outcomes} == {Result.RETRY}
    assert world.tickets() == []


async def test_a_new_ticket_says_nothing_to_its_requester_unless_it_is_public(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    fields = {"description": "for developers", "requester": str(world.carol.id)}
    inside, outside = await zendesk.create(
        "ticket",
        [
            Create("key-1", {"subject": "inside", **fields}),
            Create("key-2", {"subject": "outside", **fields, "is_public": True}),
        ],
    )
    assert [c["public"] for c in world.comments(inside.id or "")] == [False]
    assert [c["public"] for c in world.comments(outside.id or "")] == [True]
