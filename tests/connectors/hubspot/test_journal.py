"""What only the journal tells, or tells sooner; its entries late, repeated and forgotten; its files
at another host; and what it costs."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.hubspot import HubSpotConnector
from connectors.hubspot.fake import properties as p
from syncline.sdk.connector import Record
from syncline.sdk.errors import AuthRequired, Misconfigured, Retriable
from tests.connectors.hubspot.test_journal_files import files_at
from tests.connectors.hubspot.world import ANN, HubSpotWorld, journal, living, opened


class Reading:
    """A connection that reads the journal, and how far it has come; None before the first pass."""

    def __init__(self, world: HubSpotWorld, hub: HubSpotConnector) -> None:
        self.world, self.hub = world, hub
        self.cursor: str | None = None

    async def told(self, record: str = "ticket") -> list[Record]:
        """A pass."""
        found: list[Record] = []
        async for page in self.hub.changes(record, self.cursor):
            found += page.records
            last = page.cursor
        assert last is not None
        self.cursor = last
        return found

    async def caught_up(self, record: str = "ticket") -> None:
        """Pass until nothing is told, with all time that the index may take."""
        for _ in range(3):
            self.world.tool.advance(121)
            if not await self.told(record):
                return
        raise AssertionError("told again and again")

    async def asked(self, start: int = 0) -> list[str]:
        """What was asked since so many requests, without their numbers."""
        made = (await self.world.requests_made())[start:]
        return [one["path"].rpartition("/")[2] for one in made]


@pytest.fixture
async def world() -> AsyncIterator[HubSpotWorld]:
    async with living() as world:
        world.follow()
        yield world


@pytest.fixture
async def reading(world: HubSpotWorld) -> AsyncIterator[Reading]:
    async with opened(world, journal=journal(world)) as hub:
        yield Reading(world, hub)


@pytest.fixture
async def searching(world: HubSpotWorld) -> AsyncIterator[Reading]:
    """A connection to the same world, without the journal."""
    async with opened(world) as hub:
        yield Reading(world, hub)


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


def company(world: HubSpotWorld, name: str) -> str:
    return str(world.portal.create("companies", {"name": name}, world.fake.by(ANN))["id"])


async def test_a_ticket_that_gets_another_company_is_told_by_the_journal_alone(
    world: HubSpotWorld, reading: Reading, searching: Reading
) -> None:
    first, second = company(world, "Acme"), company(world, "Bolt")
    id = await world.create({"subject": "whose is it?"})
    world.portal.associate("tickets", id, "companies", first)
    await reading.caught_up()
    await searching.caught_up()

    world.portal.make_primary("tickets", id, second)
    world.tool.advance(121)
    (told,) = await reading.told()
    assert (told.id, told.fields["hs_primary_company_id"]) == (id, second)
    world.portal.no_primary("tickets", id, second)
    (told,) = await reading.told()
    assert (told.id, told.fields["hs_primary_company_id"]) == (id, None)
    assert await searching.told() == []


async def test_the_other_side_of_an_association_is_told_too(
    world: HubSpotWorld, reading: Reading
) -> None:
    acme = company(world, "Acme")
    id = await world.create({"subject": "new here"})
    await reading.caught_up("company")
    world.portal.associate("tickets", id, "companies", acme)
    assert ids(await reading.told("company")) == [acme]


async def test_an_edit_is_told_before_any_search_shows_it(
    world: HubSpotWorld, reading: Reading, searching: Reading
) -> None:
    id = await world.create({"subject": "as it was"})
    await reading.caught_up()
    await searching.caught_up()
    await world.edit(id, {"subject": "edited"})
    world.tool.advance(1)
    assert [told.fields["subject"] for told in await reading.told()] == ["edited"]
    assert await searching.told() == []
    world.tool.advance(20)
    assert [told.fields["subject"] for told in await searching.told()] == ["edited"]


async def test_a_merge_is_told_before_any_search_shows_it(
    world: HubSpotWorld, reading: Reading, searching: Reading
) -> None:
    first, second = [await world.create({"subject": n}) for n in ("first", "second")]
    await reading.caught_up()
    await searching.caught_up()
    made = world.portal.merge("tickets", first, second, world.fake.by(ANN))["id"]
    world.tool.advance(1)
    told = {record.id: record.merged_into for record in await reading.told()}
    assert told == {first: made, second: made, made: None}
    assert await searching.told() == []


async def test_an_archived_ticket_and_a_restored_one_are_told_at_once(
    world: HubSpotWorld, reading: Reading, searching: Reading
) -> None:
    id = await world.create({"subject": "in the bin"})
    await reading.caught_up()
    await searching.caught_up()
    await world.delete(id)
    assert [(r.id, r.deleted) for r in await reading.told()] == [(id, True)]
    world.portal.restore("tickets", id)
    assert [(r.id, r.deleted) for r in await reading.told()] == [(id, False)]
    world.tool.advance(121)
    assert await searching.told() == []


async def test_what_is_gone_for_good_is_left_to_the_census(
    world: HubSpotWorld, reading: Reading
) -> None:
    id = await world.create({"subject": "erased"})
    await reading.caught_up()
    await world.edit(id, {"subject": "erased soon"})
    world.portal.state.table("tickets").delete(id)
    assert await reading.told() == []


async def test_entries_that_come_late_or_twice_lose_and_add_nothing(
    world: HubSpotWorld, reading: Reading
) -> None:
    one, two = [await world.create({"subject": n}) for n in ("one", "two")]
    await reading.caught_up()
    world.fake.journal.late = timedelta(hours=1)
    await world.delete(one)
    world.fake.journal.late = timedelta()
    world.fake.journal.repeats = True
    world.tool.advance(121)
    await world.delete(two)
    assert ids(await reading.told()) == [two]
    world.tool.advance(3600)
    assert ids(await reading.told()) == [one]
    assert await reading.told() == []


async def test_a_pass_that_ended_early_reads_the_same_entries_again(
    world: HubSpotWorld, reading: Reading
) -> None:
    made = [await world.create({"subject": f"ticket {n}"}) for n in range(130)]
    await reading.caught_up()
    for id in made:
        await world.delete(id)
    before, told = reading.cursor, []
    async for page in reading.hub.changes("ticket", before):
        told += [record.id for record in page.records]
        assert page.cursor is None  # its place is not kept before all of it is told
        break
    assert len(told) == 100
    assert sorted(ids(await reading.told())) == sorted(made)


async def test_what_the_journal_has_forgotten_is_said_and_the_rest_is_read(
    world: HubSpotWorld, reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    old, new, edited = [await world.create({"subject": n}) for n in ("old", "new", "edited")]
    await reading.caught_up()
    await world.delete(old)
    await world.edit(edited, {"subject": "edited meanwhile"})
    world.fake.journal.publish()
    world.tool.advance(4 * 86_400)
    await world.delete(new)
    with caplog.at_level(logging.WARNING, "syncline.hubspot"):
        told = ids(await reading.told())
    assert sorted(told) == sorted([new, edited])
    (said,) = caplog.messages
    assert "crm: HubSpot's journal no longer knows" in said and "full pass" in said
    caplog.clear()
    world.tool.advance(121)
    assert await reading.told() == [] and caplog.messages == []
    assert [id async for page in reading.hub.census("ticket") for id in page.versions] == [edited]


async def test_a_journal_that_was_empty_is_read_from_its_first_entry() -> None:
    async with living() as world, opened(world, journal=journal(world)) as hub:
        reading = Reading(world, hub)
        id = await world.create({"subject": "one"})
        await reading.caught_up()
        world.follow()
        await world.delete(id)
        assert [(r.id, r.deleted) for r in await reading.told()] == [(id, True)]
        assert await reading.told() == []


async def test_a_quiet_account_whose_place_is_dropped_with_age_misses_nothing(
    world: HubSpotWorld, reading: Reading
) -> None:
    id = await world.create({"subject": "one"})
    await reading.caught_up()
    world.tool.advance(4 * 86_400)
    await world.delete(id)
    assert [(r.id, r.deleted) for r in await reading.told()] == [(id, True)]


async def test_a_cursor_is_good_with_the_journal_and_without(
    world: HubSpotWorld, reading: Reading, searching: Reading
) -> None:
    id = await world.create({"subject": "one"})
    await searching.caught_up()
    reading.cursor = searching.cursor  # the journal is new to this connection
    assert await reading.told() == []
    await world.delete(id)
    assert ids(await reading.told()) == [id]
    world.portal.restore("tickets", id)
    searching.cursor = reading.cursor
    await world.edit(id, {"subject": "back again"})
    world.tool.advance(121)
    assert [told.fields["subject"] for told in await searching.told()] == ["back again"]
    assert searching.cursor is not None and searching.cursor.isdecimal()


async def test_the_journal_costs_a_request_and_two_for_each_entry(
    world: HubSpotWorld, reading: Reading
) -> None:
    made = [await world.create({"subject": f"ticket {n}"}) for n in range(250)]
    await reading.caught_up()
    start = len(await world.requests_made())
    assert await reading.told() == []
    assert await reading.asked(start) == ["next", "search"]

    for part in (made[:100], made[100:]):
        for id in part:
            await world.edit(id, {"subject": "edited"})
            await world.edit(id, {"content": "edited, too"})
        world.fake.journal.publish()
        world.tool.advance(1)
    start = len(await world.requests_made())
    assert len(await reading.told()) == 250
    asked = await reading.asked(start)
    # Each entry and its file, the end, the records once however often they were named.
    assert [asked.count(one) for one in ("next", "read", "search")] == [3, 3, 1]
    assert len(asked) == 3 + 2 + 3 + 1


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
        assert (await hub.describe()).warnings == ()


async def test_one_missing_action_is_named_alone(world: HubSpotWorld) -> None:
    table = world.portal.state.table("journal.subscriptions")
    for id, row in list(table.items()):
        table.put(id, {**row, "actions": [one for one in row["actions"] if one != "MERGE"]})
    async with opened(world, journal=journal(world)) as hub:
        warnings = (await hub.describe()).warnings
    assert len(warnings) == 4
    assert all("not subscribed to MERGE of" in one for one in warnings)


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


@pytest.mark.parametrize("trouble", ["status:403", "status:404"])
async def test_a_file_that_is_not_given_is_asked_for_again_by_the_next_pass(
    world: HubSpotWorld, reading: Reading, trouble: str
) -> None:
    id = await world.create({"subject": "one"})
    await reading.caught_up()
    await world.delete(id)
    await world.fault("GET", "/journal-files/", trouble)
    with pytest.raises(Retriable, match="next pass asks anew"):
        await reading.told()
    assert ids(await reading.told()) == [id]


@pytest.mark.parametrize("told", [{"offset": "x"}, ["no", "journal"], {"journalEvents": {}}])
async def test_a_file_without_events_is_an_error_and_moves_no_place(
    world: HubSpotWorld, reading: Reading, told: Any
) -> None:
    id = await world.create({"subject": "one"})
    await reading.caught_up()
    await world.delete(id)
    before = reading.cursor
    async with files_at(gzip.compress(json.dumps(told).encode())) as (there, _):
        world.fake.journal.files = there
        async with opened(world, journal=journal(world)) as hub:
            other = Reading(world, hub)
            other.cursor = before
            with pytest.raises(Retriable, match="no events in it"):
                await other.told()
            assert other.cursor == before
