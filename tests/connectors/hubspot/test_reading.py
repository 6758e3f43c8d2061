"""No change is missed: ties, the cap of searches, the lag of the index, merges, the archive."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.hubspot import HubSpotConnector
from syncline.sdk.connector import Missing, Page, Record
from syncline.sdk.errors import AuthRequired, Misconfigured
from tests.connectors.hubspot.world import ANN, API, ELSEWHERE, HubSpotWorld, living, opened


@pytest.fixture
async def world() -> AsyncIterator[HubSpotWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def hub(world: HubSpotWorld) -> AsyncIterator[HubSpotConnector]:
    async with opened(world) as hub:
        yield hub


async def read(hub: HubSpotConnector, cursor: str | None = None) -> tuple[list[Page], str]:
    pages = [page async for page in hub.changes("ticket", cursor)]
    last = pages[-1].cursor
    assert last is not None
    return pages, last


def ids(pages: list[Page]) -> set[str]:
    return {record.id for page in pages for record in page.records}


async def test_more_records_of_one_moment_than_a_search_shows_are_all_told(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    world.fake.searching.cap = 400  # instead of 10,000: HubSpot refuses what lies beyond it
    made = [await world.create({"subject": f"imported {n}"}) for n in range(650)]
    world.tool.advance(0.001)
    later = [await world.create({"subject": f"later {n}"}) for n in range(5)]
    await world.settle()
    pages, _ = await read(hub)
    assert ids(pages) == {*made, *later}
    # 200 of the moment, all of it by id, and what comes behind it.
    assert len(pages) == 1 + 4 + 1
    asked = [one for one in await world.requests_made() if one["path"].endswith("/search")]
    assert [one["status"] for one in asked] == [200] * 7


async def test_a_reading_that_was_cut_off_goes_on_from_the_cursor_of_its_last_page(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    made = []
    for n in range(450):
        world.tool.advance(0.01)
        made.append(await world.create({"subject": f"ticket {n}"}))
    await world.settle()
    seen: set[str] = set()
    cursor = None
    async for page in hub.changes("ticket", None):
        seen |= {record.id for record in page.records}
        cursor = page.cursor
        break
    assert cursor is not None and len(seen) == 200
    pages, _ = await read(hub, cursor)
    assert seen | ids(pages) == set(made)
    assert len(seen & ids(pages)) == 1


async def test_a_change_that_the_index_shows_late_is_told_by_a_later_pass(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "as it was"})
    await world.settle()
    _, cursor = await read(hub)
    await world.edit(id, {"subject": "edited"})
    world.tool.advance(5)
    pages, cursor = await read(hub, cursor)
    assert ids(pages) == set()
    world.tool.advance(30)
    pages, cursor = await read(hub, cursor)
    assert [r.fields["subject"] for page in pages for r in page.records] == ["edited"]


async def test_a_merge_is_told_with_the_records_that_it_took(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    first = await world.create({"subject": "first"})
    second = await world.create({"subject": "second"})
    third = await world.create({"subject": "third"})
    await world.settle()
    _, cursor = await read(hub)
    one = world.portal.merge("tickets", first, second, world.fake.by(ANN))
    last = world.portal.merge("tickets", one["id"], third, world.fake.by(ANN))
    await world.settle()
    pages, _ = await read(hub, cursor)
    told = {r.id: r.merged_into for page in pages for r in page.records}
    assert told == {
        first: last["id"],
        second: last["id"],
        third: last["id"],
        one["id"]: last["id"],
        last["id"]: None,
    }
    shown = await hub.fetch("ticket", [first, last["id"], "77"])
    assert isinstance(shown[first], Record) and shown[first].merged_into == last["id"]
    assert isinstance(shown[last["id"]], Record)
    assert shown["77"] == Missing("77", gone=True, reason=shown["77"].reason)  # type: ignore[union-attr]


async def test_an_archived_record_is_shown_as_deleted_and_comes_back_when_restored(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "in the bin"})
    await world.delete(id)
    shown = (await hub.fetch("ticket", [id]))[id]
    assert isinstance(shown, Record) and shown.deleted
    table = world.portal.state.table("tickets")
    table.put(id, {**(table.get(id) or {}), "archived": False})
    again = (await hub.fetch("ticket", [id]))[id]
    assert isinstance(again, Record) and not again.deleted


async def test_what_cannot_be_an_id_is_gone_and_not_asked_for(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    before = world.requests()
    answer = (await hub.fetch("ticket", ["../contacts/1"]))["../contacts/1"]
    assert isinstance(answer, Missing) and answer.gone
    assert world.requests().write == before.write


async def test_names_stand_for_pipelines_and_stages_also_new_ones(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "one"})
    await world.leave_scope(id)
    shown = (await hub.fetch("ticket", [id]))[id]
    assert isinstance(shown, Record)
    assert (shown.fields["hs_pipeline"], shown.fields["hs_pipeline_stage"]) == (ELSEWHERE, "New")
    added = world.portal.add_pipeline("tickets", "Warranty", "Received")
    stage = added["stages"][0]["id"]
    moved = {"hs_pipeline": added["id"], "hs_pipeline_stage": stage}
    world.portal.update("tickets", id, moved, world.fake.by(ANN))
    shown = (await hub.fetch("ticket", [id]))[id]
    assert isinstance(shown, Record)
    assert shown.fields["hs_pipeline_stage"] == "Received"


async def test_properties_that_the_account_has_added_are_read(world: HubSpotWorld) -> None:
    async with living("contact") as contacts, opened(contacts) as hub:
        id = await contacts.create({"firstname": "Ada", "biography": "first programmer"})
        shown = (await hub.fetch("contact", [id]))[id]
        assert isinstance(shown, Record)
        assert shown.fields["biography"] == "first programmer"
        assert shown.fields["name"] == "Ada"


async def test_the_company_of_a_ticket_is_its_primary_one(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    by = world.fake.by(ANN)
    company = world.portal.create("companies", {"name": "Acme"}, by)["id"]
    id = await world.create({"subject": "one"})
    before = (await hub.fetch("ticket", [id]))[id]
    world.portal.associate("tickets", id, "companies", company)
    after = (await hub.fetch("ticket", [id]))[id]
    assert isinstance(before, Record) and isinstance(after, Record)
    assert before.fields["hs_primary_company_id"] is None
    assert after.fields["hs_primary_company_id"] == company
    assert before.version == after.version  # a tie is no change of the record's own


async def test_owners_are_known_by_their_id_as_owner_also_those_who_have_left(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    user = world.fake.by(ANN)["sourceId"].removeprefix("userId:")
    known = await hub.people([world.ann, world.gone, user])
    assert known.keys() == {world.ann, world.gone}
    assert known[world.ann].active and not known[world.gone].active
    assert await hub.find_people(["otto@acme.test"]) == {}


async def test_searches_are_spaced_out_below_their_own_limit(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    world.fake.limits = True
    await world.settle()
    _, cursor = await read(hub)
    for _ in range(12):
        _, cursor = await read(hub, cursor)
    asked = [one for one in await world.requests_made() if one["path"].endswith("/search")]
    assert [one["status"] for one in asked] == [200] * 13


async def test_the_burst_limit_is_waited_out(world: HubSpotWorld, hub: HubSpotConnector) -> None:
    world.fake.limits = True
    id = await world.create({"subject": "asked for often"})
    for _ in range(150):
        await hub.fetch("ticket", [id])
    asked = [one["status"] for one in await world.requests_made()]
    assert set(asked) == {200}


async def test_a_token_without_the_scope_stops_the_connection(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    await world.fault("POST", f"{API}/tickets/batch/read", "status:403")
    with pytest.raises(AuthRequired):
        await hub.fetch("ticket", ["1"])


async def test_an_unknown_pipeline_or_record_is_said_with_what_there_is(
    world: HubSpotWorld,
) -> None:
    async with opened(world, scope={"pipeline": "Nowhere"}) as hub:
        with pytest.raises(Misconfigured, match="Nowhere.*Support Pipeline"):
            await hub.describe()
        with pytest.raises(Misconfigured, match="Support Pipeline"):
            async for _ in hub.census("ticket"):
                pass
    async with opened(world, link_property="no_such_property") as hub:
        with pytest.raises(Misconfigured, match="no_such_property"):
            await hub.describe()
    async with opened(world) as hub:
        with pytest.raises(Misconfigured, match="'quote'.*ticket, company, contact, deal"):
            await hub.fetch("quote", ["1"])


async def test_another_version_of_the_api_is_one_line_of_configuration(
    world: HubSpotWorld,
) -> None:
    async with opened(world, api_version="2026-09") as hub:
        await read(hub)
        await hub.describe()
        await hub.find_people(["ann@acme.test"])
    paths = {one["path"] for one in await world.requests_made()}
    dated = {path for path in paths if "/oauth/" not in path}
    assert dated and all("/2026-09" in path for path in dated)
