"""What the connector makes of Intercom's own habits."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.intercom import IntercomConnector
from connectors.intercom.client import VERSION
from connectors.intercom.describing import check_region
from connectors.intercom.fake.seeding import HUB
from connectors.intercom.fake.workspace import TITLE
from syncline.sdk.connector import Create, CreateSearch, Found, Record, Result, Update
from syncline.sdk.errors import Misconfigured
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.intercom.world import BUG, ELSEWHERE, IntercomWorld, config, opened


async def told(connector: IntercomConnector, cursor: str | None = None) -> tuple[list[str], str]:
    """The titles that a reading of the changes tells, and its cursor."""
    titles: list[str] = []
    last: str | None = None
    async for page in connector.changes("ticket", cursor):
        titles += [record.fields["title"] for record in page.records]
        last = page.cursor
    assert last is not None
    return titles, last


async def update(connector: IntercomConnector, id: str, patch: dict[str, Any]) -> Any:
    (outcome,) = await connector.update("ticket", [Update(id, patch, {})])
    return outcome


async def test_an_assignee_intercom_does_not_find_is_refused_and_the_ticket_not_called_gone(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    id = await world.create({"title": "kept"})
    await connector.update("ticket", [Update(id, {"assignee": world.ann["id"]}, {})])
    world.workspace.admins.delete(world.ann["id"])
    outcome = await update(connector, id, {"title": "x", "assignee": world.ann["id"]})
    assert outcome.result is Result.REJECTED
    assert "assignee_not_found" in outcome.reason and id in outcome.reason
    assert world.ticket(id)["attributes"][TITLE] == "kept"


async def test_an_item_of_a_list_is_read_and_written_by_its_label(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    id = await world.create({"title": "listed"})
    outcome = await update(connector, id, {"attributes": {"Priority": "High"}})
    assert outcome.record.fields["attributes"]["Priority"] == "High"
    refused = await update(connector, id, {"attributes": {"Priority": "Extreme"}})
    assert refused.result is Result.REJECTED and "Urgent, High, Medium, Low" in refused.reason


async def test_a_state_is_that_of_the_tickets_own_type_where_the_scope_has_several(
    world: IntercomWorld,
) -> None:
    id = await world.create({"title": "asked"}, type=ELSEWHERE)
    async with opened(world, scope={"ticket_type": [BUG, ELSEWHERE]}) as connector:
        assert (await update(connector, id, {"state": "Resolved"})).result is Result.APPLIED
    assert world.state_of(id) == "Resolved"


async def test_an_edit_between_two_pages_hides_no_other_ticket(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    ids = []
    for n in range(160):
        ids.append(await world.create({"title": f"ticket {n}"}))
        world.tool.advance(1)
    await world.settle()

    async def edit() -> None:
        for id in ids[:3]:
            await world.edit(id, {"title": "moved"})
        world.tool.advance(61)

    world.after_search(edit)
    titles, _ = await told(connector)
    assert {f"ticket {n}" for n in range(160)} <= {*titles}


async def test_a_change_that_the_index_shows_late_is_told_by_the_next_pass(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    await world.settle()
    _, cursor = await told(connector)
    await world.create({"title": "late"})
    world.tool.advance(30)
    titles, cursor = await told(connector, cursor)
    assert titles == []
    world.tool.advance(60)
    titles, _ = await told(connector, cursor)
    assert titles == ["late"]


async def test_a_key_that_another_text_contains_is_not_found(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    await world.create({"title": "a copy", "attributes": {"Syncline key": "see key-1 above"}})
    await world.settle()
    search = CreateSearch("key-1", {"title": "lost"}, LONG_AGO)
    (answer,) = await connector.find("ticket", [search])
    assert answer.found is Found.NO


async def test_two_tickets_with_one_key_are_left_to_a_person(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    for title in ("one", "its copy"):
        await world.create({"title": title, "attributes": {"Syncline key": "key-1"}})
    await world.settle()
    search = CreateSearch("key-1", {"title": "one"}, LONG_AGO)
    (answer,) = await connector.find("ticket", [search])
    assert answer.found is Found.UNKNOWN and "same key" in answer.reason


async def test_a_ticket_without_a_requester_gets_the_connections_contact(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    (made,) = await connector.create("ticket", [Create("key-1", {"title": "ours"})])
    assert isinstance(made.record, Record)
    contact = world.workspace.contacts.get(made.record.fields["requester"])
    assert contact is not None and contact["email"] == HUB
    async with opened(world, contact=None) as without:
        (refused,) = await without.create("ticket", [Create("key-2", {"title": "ours"})])
    assert refused.result is Result.REJECTED and "`contact`" in refused.reason
    assert world.titles() == ["ours"]


async def test_a_window_that_is_used_up_is_waited_for(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    world.workspace.settings.per_window = 2
    id = await world.create({"title": "patience"})
    before = world.tool.now()
    for _ in range(5):
        assert isinstance((await connector.fetch("ticket", [id]))[id], Record)
    assert 10 <= (world.tool.now() - before).total_seconds() <= 60
    assert {one["status"] for one in await world.requests_made()} == {200}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"scope": {"ticket_type": "No such"}}, "no ticket type 'No such', but Bug, Question"),
        ({"key_attribute": "No such"}, "have no attribute 'No such'"),
    ],
)
async def test_a_configuration_that_does_not_fit_is_named(
    world: IntercomWorld, more: dict[str, Any], words: str
) -> None:
    async with opened(world, **more) as connector:
        with pytest.raises(Misconfigured, match=words):
            await connector.describe()


async def test_a_customer_type_and_a_missing_key_are_warned_of(world: IntercomWorld) -> None:
    more = {"scope": {"ticket_type": ELSEWHERE}, "key_attribute": None}
    async with opened(world, **more) as connector:
        schema = await connector.describe()
    assert len(schema.warnings) == 2
    assert "the contact can read" in schema.warnings[0]
    assert (schema.account, schema.version) == ("sandbox1", VERSION)


@pytest.mark.parametrize(
    ("base_url", "region", "web_url"),
    [
        ("https://api.intercom.io", "US", "https://app.intercom.com"),
        ("https://api.eu.intercom.io/", "EU", "https://app.eu.intercom.com"),
        ("https://api.au.intercom.io", "AU", "https://app.au.intercom.com"),
        ("http://127.0.0.1:8601/", None, "http://127.0.0.1:8601"),
    ],
)
def test_each_region_has_its_own_addresses(
    world: IntercomWorld, base_url: str, region: str | None, web_url: str
) -> None:
    given = config(world, base_url=base_url)
    assert (given.region, given.web_url) == (region, web_url)
    check_region(region or "US", given)
    if region is not None:
        with pytest.raises(Misconfigured, match="correct base_url"):
            check_region("EU" if region == "US" else "US", given)
