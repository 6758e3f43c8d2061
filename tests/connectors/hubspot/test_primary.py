"""The company that a ticket, a deal or a contact belongs to first, written as an association."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from connectors.hubspot import HubSpotConnector
from syncline.sdk.connector import Create, Outcome, Record, Result, Update
from tests.connectors.hubspot.world import ANN, HubSpotWorld, living, opened

COMPANY = "hs_primary_company_id"
TIES = "/crm/associations/2026-03/tickets/companies/batch"


@pytest.fixture
async def world() -> AsyncIterator[HubSpotWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def hub(world: HubSpotWorld) -> AsyncIterator[HubSpotConnector]:
    async with opened(world) as connector:
        yield connector


def company(world: HubSpotWorld, name: str) -> str:
    made = world.portal.create("companies", {"name": name}, world.fake.by(ANN))
    return str(made["id"])


async def patch(
    hub: HubSpotConnector, id: str, patch: Mapping[str, Any], expected: Mapping[str, Any]
) -> Outcome:
    (outcome,) = await hub.update("ticket", [Update(id, patch, expected)])
    return outcome


async def shown(hub: HubSpotConnector, id: str) -> str | None:
    record = (await hub.fetch("ticket", [id]))[id]
    assert isinstance(record, Record)
    value: str | None = record.fields[COMPANY]
    return value


@pytest.mark.parametrize(
    ("record", "path", "fields"),
    [
        ("ticket", COMPANY, {"subject": "one"}),
        ("deal", "hs_primary_associated_company", {"dealname": "one"}),
        ("contact", "associatedcompanyid", {"lastname": "one"}),
    ],
)
async def test_a_record_is_made_with_its_company_and_moved_to_another(
    record: str, path: str, fields: dict[str, str]
) -> None:
    async with living(record) as world, opened(world) as hub:
        acme, bolt = company(world, "Acme"), company(world, "Bolt")
        (made,) = await hub.create(record, [Create("key", {**fields, path: acme})])
        assert (made.result, made.reason) == (Result.APPLIED, "")
        assert made.id
        assert world.shown(made.id)[path] == acme
        (moved,) = await hub.update(record, [Update(made.id, {path: bolt}, {path: acme})])
        assert moved.result is Result.APPLIED
        assert world.shown(made.id)[path] == bolt
        assert world.portal.associated(world.kind, made.id, "companies") == [acme, bolt]
        schema = await hub.describe()
        assert not schema.records[record].fields[path].read_only


async def test_a_record_that_belongs_to_none_any_more_stays_tied(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    acme = company(world, "Acme")
    id = await world.create({"subject": "one"})
    world.portal.associate("tickets", id, "companies", acme)
    outcome = await patch(hub, id, {COMPANY: None, "subject": "two"}, {COMPANY: acme})
    assert outcome.result is Result.APPLIED
    assert (await shown(hub, id), world.shown(id)["subject"]) == (None, "two")
    assert world.portal.associated("tickets", id, "companies") == [acme]
    assert (await patch(hub, id, {COMPANY: None}, {COMPANY: None})).result is Result.APPLIED


async def test_a_company_that_is_not_there_is_refused_and_nothing_else_is_written(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    acme = company(world, "Acme")
    ids = [await world.create({"subject": f"ticket {n}"}) for n in range(4)]
    wanted = [acme, "4711", "no id", acme]
    updates = [
        Update(id, {COMPANY: value, "subject": "changed"}, {COMPANY: None})
        for id, value in zip(ids, wanted, strict=True)
    ]
    outcomes = await hub.update("ticket", updates)
    assert [one.result for one in outcomes] == [
        Result.APPLIED, Result.REJECTED, Result.REJECTED, Result.APPLIED,
    ]  # fmt: skip
    assert [world.shown(id)["subject"] for id in ids] == [
        "changed", "ticket 1", "ticket 2", "changed",
    ]  # fmt: skip
    (made,) = await hub.create("ticket", [Create("key", {"subject": "new", COMPANY: "4711"})])
    assert made.result is Result.APPLIED
    assert "made without its company" in made.reason
    (bad,) = await hub.create("ticket", [Create("key-2", {"subject": "new", COMPANY: "no id"})])
    assert bad.result is Result.REJECTED


async def test_a_hundred_records_move_in_one_request(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    acme = company(world, "Acme")
    ids = [await world.create({"subject": f"ticket {n}"}) for n in range(100)]
    await hub.update("ticket", [Update(ids[0], {COMPANY: acme}, {COMPANY: None})])
    before = world.requests()
    updates = [Update(id, {COMPANY: acme}, {COMPANY: None}) for id in ids]
    assert {one.result for one in await hub.update("ticket", updates)} == {Result.APPLIED}
    after = world.requests()
    assert (after.read - before.read, after.write - before.write) == (0, 1)


async def test_a_move_whose_answer_is_lost_is_open_and_its_record_is_not_written(
    world: HubSpotWorld, hub: HubSpotConnector
) -> None:
    acme = company(world, "Acme")
    id = await world.create({"subject": "one"})
    await world.fault("POST", f"{TIES}/create", "drop_after_apply")
    wanted = {COMPANY: acme, "subject": "two"}
    assert (await patch(hub, id, wanted, {})).result is Result.AMBIGUOUS
    assert world.shown(id)["subject"] == "one"
    assert (await patch(hub, id, wanted, {})).result is Result.APPLIED
    assert (await shown(hub, id), world.shown(id)["subject"]) == (acme, "two")
