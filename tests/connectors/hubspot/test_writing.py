"""Each item of a batch has its own outcome, and a create is made once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.hubspot import HubSpotConnector
from connectors.hubspot.fake import properties as p
from connectors.hubspot.wire import full_name, split
from syncline.sdk.connector import (
    CommentEdit,
    Create,
    CreateSearch,
    Found,
    LinkCard,
    NewComment,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from tests.connectors.hubspot.world import (
    ANN,
    API,
    ELSEWHERE,
    SUPPORT,
    HubSpotWorld,
    living,
    opened,
)

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def world() -> AsyncIterator[HubSpotWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def hub(world: HubSpotWorld) -> AsyncIterator[HubSpotConnector]:
    async with opened(world) as hub:
        yield hub


def ticket(n: int, **more: Any) -> Create:
    return Create(f"key-{n}", {"subject": f"ticket {n}", **more})


async def test_a_create_that_is_sent_twice_makes_one_record(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    (first,) = await hub.create("ticket", [ticket(1)])
    (again,) = await hub.create("ticket", [ticket(1)])
    assert first.id == again.id
    assert len(world.all()) == 1


async def test_three_hundred_creates_are_three_requests_with_outcomes_in_order(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    items = [ticket(n) for n in range(250)]
    items[130] = ticket(130, hs_ticket_priority="BLAZING")
    told = await hub.create("ticket", items)
    assert world.requests().write == 3
    assert [n for n, one in enumerate(told) if one.result is not Result.APPLIED] == [130]
    assert told[130].result is Result.REJECTED
    assert "BLAZING was not one of the allowed options" in told[130].reason
    for n in (0, 99, 100, 249):
        assert world.shown(told[n].id or "")["subject"] == f"ticket {n}"


async def test_what_the_answer_to_a_batch_leaves_out_is_ambiguous_and_found_by_key(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    await world.fault("POST", f"{API}/tickets/batch/upsert", "partial:2")
    told = await hub.create("ticket", [ticket(n) for n in range(3)])
    assert [one.result for one in told] == [Result.APPLIED, Result.APPLIED, Result.AMBIGUOUS]
    asked = [CreateSearch(f"key-{n}", {}, LONG_AGO) for n in range(3)]
    found = await hub.find("ticket", asked)
    assert [one.found for one in found] == [Found.YES, Found.YES, Found.NO]


@pytest.mark.parametrize("status", [400, 409])
async def test_a_batch_that_is_refused_as_a_whole_is_sent_item_by_item(
    world: HubSpotWorld, hub: HubSpotConnector, status: int
) -> None:
    await world.fault("POST", f"{API}/tickets/batch/upsert", f"status:{status}")
    told = await hub.create("ticket", [ticket(n) for n in range(3)])
    assert [one.result for one in told] == [Result.APPLIED] * 3
    assert world.requests().write == 3  # the fault itself was answered before the fake counted


async def test_a_stage_of_another_pipeline_is_refused_with_those_there_are(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    told = await hub.create("ticket", [ticket(1, hs_pipeline_stage="Refunded"), ticket(2)])
    assert [one.result for one in told] == [Result.REJECTED, Result.APPLIED]
    assert "Waiting on contact" in told[0].reason
    (outside,) = await hub.create("ticket", [ticket(3, hs_pipeline=ELSEWHERE)])
    assert outside.result is Result.REJECTED
    assert SUPPORT in outside.reason


async def test_the_same_stage_name_in_two_pipelines_means_the_records_own(
    world: HubSpotWorld,
) -> None:
    async with opened(world, scope={"pipeline": [SUPPORT, ELSEWHERE]}) as hub:
        told = await hub.create("ticket", [ticket(1), ticket(2, hs_pipeline=ELSEWHERE)])
        one, other = (outcome.id or "" for outcome in told)
        await world.edit(one, {"hs_pipeline_stage": "Closed"})
        patch = {"hs_pipeline_stage": "New"}
        await hub.update("ticket", [Update(one, patch, {}), Update(other, patch, {})])
        assert world.shown(one)["hs_pipeline_stage"] == "1"
        assert world.shown(other)["hs_pipeline_stage"] == world.elsewhere["stages"][0]["id"]
        (refused,) = await hub.update(
            "ticket", [Update(one, {"hs_pipeline_stage": "Refunded"}, {})]
        )
        assert refused.result is Result.REJECTED


async def test_two_patches_of_one_record_are_written_one_after_the_other(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "zero"})
    told = await hub.update(
        "ticket",
        [Update(id, {"subject": "one"}, {}), Update(id, {"subject": "two", "content": "x"}, {})],
    )
    assert [one.result for one in told] == [Result.APPLIED, Result.APPLIED]
    assert world.shown(id)["subject"] == "two"
    assert world.requests().write == 2  # HubSpot refuses a batch that names a record twice


async def test_what_hubspot_sets_itself_is_refused_before_anything_is_sent(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "one"})
    before = world.requests().write
    for name in ("createdate", "hs_lastmodifieddate", "closed_date"):
        (told,) = await hub.update("ticket", [Update(id, {name: "1"}, {})])
        assert told.result is Result.REJECTED and name in told.reason
    assert world.requests().write == before


async def test_without_a_unique_key_property_nothing_is_made_and_it_is_said_how_to_add_one(
    world: HubSpotWorld,
) -> None:
    async with opened(world, key_property="no_such_key") as hub:
        with pytest.raises(Misconfigured, match="Require unique values"):
            await hub.create("ticket", [ticket(1)])
        assert world.all() == []
        schema = await hub.describe()
        assert any("no_such_key" in one for one in schema.warnings)
        (told,) = await hub.find("ticket", [CreateSearch("key-1", {}, LONG_AGO)])
        assert told.found is Found.UNKNOWN
        id = await world.create({"subject": "read and changed all the same"})
        (changed,) = await hub.update("ticket", [Update(id, {"subject": "changed"}, {})])
        assert changed.result is Result.APPLIED


async def test_a_contact_whose_address_is_taken_is_refused_in_hubspots_words() -> None:
    async with living("contact") as world, opened(world) as hub:
        taken = await world.create({"email": "ada@acme.test"})
        told = await hub.create(
            "contact",
            [Create("k1", {"email": "Ada@acme.test"}), Create("k2", {"email": "eve@acme.test"})],
        )
        assert [one.result for one in told] == [Result.REJECTED, Result.APPLIED]
        assert f"Contact already exists. Existing ID: {taken}" in told[0].reason
        (alone,) = await hub.create("contact", [Create("k3", {"email": "ada@acme.test"})])
        assert alone.result is Result.REJECTED


async def test_companies_of_one_domain_are_two_companies() -> None:
    async with living("company") as world, opened(world) as hub:
        same = {"name": "Acme", "domain": "acme.test"}
        told = await hub.create("company", [Create("k1", same), Create("k2", same)])
        assert [one.result for one in told] == [Result.APPLIED, Result.APPLIED]
        assert len(world.all()) == 2


@pytest.mark.parametrize(
    ("now", "first", "last", "written"),
    [
        ("Ada Lovelace", None, None, ("Ada", "Lovelace")),
        ("Anna Maria Jones", "Anna Maria", "Smith", ("Anna Maria", "Jones")),
        ("Bea van der Berg", "Anna", "van der Berg", ("Bea", "van der Berg")),
        ("Plato", None, None, ("Plato", "")),
        ("", "Ada", "Lovelace", ("", "")),
    ],
)
def test_a_name_is_put_into_two_properties_so_that_it_reads_as_it_was_given(
    now: str, first: str | None, last: str | None, written: tuple[str, str]
) -> None:
    assert split(now, first, last) == written
    assert full_name(*split(now, first, last)) == (now or None)


async def test_a_new_name_leaves_the_part_that_stayed_the_same_whole() -> None:
    async with living("contact") as world, opened(world) as hub:
        id = await world.create({"firstname": "Anna Maria", "lastname": "Smith"})
        await hub.update("contact", [Update(id, {"name": "Anna Maria Jones"}, {})])
        shown = world.shown(id)
        assert (shown["firstname"], shown["lastname"]) == ("Anna Maria", "Jones")


async def test_the_history_tells_stages_by_name_and_people_as_owners(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "one"})
    await world.settle()
    await world.edit(id, {"hs_pipeline_stage": "Waiting on us"})
    await hub.update("ticket", [Update(id, {"hs_pipeline_stage": "Closed"}, {})])
    changes = (await hub.history("ticket", [id], LONG_AGO))[id]
    stages = [one for one in changes if one.path == "hs_pipeline_stage"]
    assert [(one.before, one.after, one.by_us) for one in stages] == [
        ("New", "Waiting on us", False),
        ("Waiting on us", "Closed", True),
    ]
    assert stages[0].by.handle == world.ann


async def test_what_people_wrote_into_the_link_property_stays(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "linked", "linked_records": "https://mine.example/1"})
    card = LinkCard(id, "dev", "DEV-1", "One", "https://dev.example/1")
    await hub.show_links("ticket", [card])
    assert await world.links_shown(id) == ["https://mine.example/1", card.url]
    before = world.requests().write
    await hub.show_links("ticket", [card])
    assert world.requests().write == before
    await hub.show_links("ticket", [], gone=[card])
    assert await world.links_shown(id) == ["https://mine.example/1"]


async def test_a_note_hangs_on_its_record_whatever_its_type() -> None:
    for record in ("ticket", "company", "contact", "deal"):
        async with living(record) as world, opened(world) as hub:
            id = await world.create({p.TITLES[world.kind]: "a@b.test"})
            item = NewComment("k", id, "<p>note</p>", Visibility.INTERNAL)
            (made,) = await hub.comment(record, [item])
            (shown,) = (await hub.comments(record, [id]))[id]
            assert (shown.id, shown.body, shown.by_us) == (made.id, "<p>note</p>", True)


async def test_a_note_that_cannot_be_is_refused(world: HubSpotWorld, hub: HubSpotConnector) -> None:
    id = await world.create({"subject": "one"})
    (gone,) = await hub.comment("ticket", [NewComment("k", "77", "x", Visibility.INTERNAL)])
    assert gone.result is Result.GONE
    (long,) = await hub.comment("ticket", [NewComment("k", id, "x" * 65_537, Visibility.INTERNAL)])
    assert long.result is Result.REJECTED
    edit = CommentEdit("../tickets/1", id, "x", "y", Visibility.INTERNAL)
    (bad,) = await hub.edit_comments("ticket", [edit])
    assert bad.result is Result.REJECTED


async def test_an_edit_made_in_between_is_written_over_and_the_history_tells_it(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    id = await world.create({"subject": "seen"})
    await world.settle()
    shown = (await hub.fetch("ticket", [id]))[id]
    assert isinstance(shown, Record)
    await world.edit(id, {"subject": "a person's"})
    patch = Update(id, {"subject": "ours"}, {"subject": "seen"}, shown.version)
    await hub.update("ticket", [patch])
    changes = (await hub.history("ticket", [id], LONG_AGO))[id]
    subjects = [one for one in changes if one.path == "subject"]
    assert [(one.after, one.by.handle == world.ann) for one in subjects] == [
        ("a person's", True),
        ("ours", False),
    ]
    assert ANN not in [one.by.name for one in subjects if one.by_us]
