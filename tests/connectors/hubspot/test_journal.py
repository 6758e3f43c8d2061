"""What only the journal tells, or tells sooner; entries late, repeated and forgotten; the cost."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.hubspot.journal import Entry
from syncline.sdk.connector import Record
from tests.connectors.hubspot.world import ANN, HubSpotWorld, Reading, journal, living, opened

JOURNAL = "/webhooks-journal/journal-local/2026-03"


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


async def test_what_happens_while_everything_is_read_at_first_is_told_by_the_second_pass(
    world: HubSpotWorld, reading: Reading
) -> None:
    made = [await world.create({"subject": f"ticket {n}"}) for n in range(205)]
    world.tool.advance(121)
    async for page in reading.hub.changes("ticket", None):
        if made[0] in ids(list(page.records)):
            await world.delete(made[0])
            world.fake.journal.publish()
        reading.cursor = page.cursor
    assert [r.deleted for r in await reading.told() if r.id == made[0]] == [True]


async def test_an_entry_that_is_given_again_ends_the_reading(
    world: HubSpotWorld, reading: Reading
) -> None:
    id = await world.create({"subject": "one"})
    await reading.caught_up()
    world.fake.journal.stays = True
    await world.delete(id)
    assert ids(await reading.told()) == [id]
    assert await reading.told() == []


@pytest.mark.parametrize(
    "event",
    [
        {"objectTypeId": "0-5", "objectId": 7},
        {"objectTypeId": "0-5", "objectId": "7"},
        {"objectTypeId": "0-2", "objectId": 1, "associatedObjectTypeId": "0-5",
         "associatedObjectId": 7},
        {"fromObjectTypeId": "0-2", "fromObjectId": 1, "toObjectTypeId": "0-5", "toObjectId": 7},
        {"objectTypeId": "0-5", "primaryObjectId": 7},
        {"objectTypeId": "0-5", "newObjectId": 7},
        {"objectTypeId": "0-5", "mergedObjectIds": [7]},
        {"objectTypeId": "0-5", "objectId": 7, "mergedObjectIds": "7;8", "newObjectId": None},
    ],
)  # fmt: skip
def test_an_event_names_the_records_of_a_type_whatever_it_calls_them(event: Any) -> None:
    assert Entry("somewhere", (event, event)).ids("0-5") == ["7"]
    assert Entry("somewhere", (event,)).ids("0-3") == []


@pytest.mark.parametrize("status", [400, 404])
async def test_an_offset_that_is_refused_is_one_that_was_forgotten(
    world: HubSpotWorld, reading: Reading, status: int
) -> None:
    id = await world.create({"subject": "one"})
    await reading.caught_up()
    await world.delete(id)
    await world.fault("GET", f"{JOURNAL}/offset/", f"status:{status}")
    assert ids(await reading.told()) == [id]


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
