"""Persons: several ids, merges, and properties set by events."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from connectors.posthog import PostHogConnector
from connectors.posthog.persons import ROWS
from syncline.sdk.connector import Create, Missing, Record, Result, Update
from tests.connectors.posthog.world import PostHogWorld

RECORD = "person"
ANONYMOUS = "0190a0de-1111-7000-8000-000000000001"


def person(world: PostHogWorld, who: str, **properties: object) -> str:
    world.fake.analytics.person(who, dict(properties))
    return who


async def told(
    connector: PostHogConnector, cursor: str | None = None
) -> tuple[Mapping[str, Record], str]:
    records, last = dict[str, Record](), ""
    async for page in connector.changes(RECORD, cursor):
        records |= {one.id: one for one in page.records}
        last = page.cursor or last
    return records, last


async def fetched(connector: PostHogConnector, id: str) -> Record | Missing:
    return (await connector.fetch(RECORD, [id]))[id]


async def test_only_persons_with_an_address_are_listed_and_others_are_out_of_scope(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    person(world, "ann", email="ann@acme.io", name="Ann")
    person(world, "visitor")
    records, _ = await told(connector)
    assert list(records) == ["ann"]
    visitor = await fetched(connector, "visitor")
    assert isinstance(visitor, Record) and not visitor.in_scope
    assert [list(page.versions) async for page in connector.census(RECORD)] == [["ann"]]


async def test_a_person_goes_by_the_id_that_the_product_gave(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    person(world, ANONYMOUS, email="ann@acme.io")
    assert list((await told(connector))[0]) == [ANONYMOUS]
    world.fake.analytics.merge("user-7", ANONYMOUS)
    records, _ = await told(connector)
    assert list(records) == ["user-7"]
    assert records["user-7"].fields["distinct_ids"] == ["user-7", ANONYMOUS]
    old = await fetched(connector, ANONYMOUS)
    assert isinstance(old, Record)
    assert (old.id, old.merged_into) == (ANONYMOUS, "user-7")


async def test_a_merge_names_the_person_who_answers_for_both(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    person(world, "bea", email="ann@acme.io", name="Ann")
    person(world, "ann", email="ann@acme.io")
    records, cursor = await told(connector)
    assert set(records) == {"ann", "bea"}
    world.fake.analytics.merge("bea", "ann")
    records, _ = await told(connector, cursor)
    assert records["ann"].fields["properties"]["name"] == "Ann"
    assert (records["ann"].merged_into, records["bea"].merged_into) == (None, "ann")
    lost = await fetched(connector, "bea")
    assert isinstance(lost, Record) and lost.merged_into == "ann"
    nobody = await fetched(connector, "never was")
    assert isinstance(nobody, Missing) and nobody.gone


async def test_more_persons_than_a_page_are_all_told(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    ids = {person(world, f"user {n}", email=f"{n}@acme.io") for n in range(ROWS + 5)}
    pages = [page async for page in connector.changes(RECORD, None)]
    assert [len(page.records) for page in pages] == [ROWS, 5, 0]
    assert {one.id for page in pages for one in page.records} == ids


async def test_a_pass_is_one_request_whatever_changed(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    for n in range(200):
        person(world, f"user {n}", email=f"{n}@acme.io")
    _, cursor = await told(connector)
    before = world.requests()
    assert await told(connector, cursor) == ({}, cursor)
    assert world.requests() == (before.read + 1, before.write)
    for n in range(2):
        person(world, f"user {n}", name="Renamed")
    before = world.requests()
    assert set((await told(connector, cursor))[0]) == {"user 0", "user 1"}
    assert world.requests() == (before.read + 1, before.write)


async def test_a_property_is_set_by_an_event_and_the_others_stay(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    person(world, "ann", email="ann@acme.io", name="Anne", plan="pro")
    before = world.requests().write
    fine, gone, wrong = await connector.update(
        RECORD,
        [
            Update("ann", {"properties": {"name": "Ann"}}, {}),
            Update("never was", {"properties": {"name": "Ghost"}}, {}),
            Update("ann", {"distinct_ids": ["x"]}, {}),
        ],
    )
    assert [fine.result, gone.result, wrong.result] == [
        Result.APPLIED, Result.GONE, Result.REJECTED
    ]  # fmt: skip
    assert world.requests().write - before == 1
    assert fine.record is not None
    expected = {"email": "ann@acme.io", "name": "Ann", "plan": "pro"}
    assert fine.record.fields["properties"] == expected
    assert len(world.fake.analytics.persons) == 1


@pytest.mark.parametrize("how", ["create", "remove"])
async def test_persons_are_neither_made_nor_deleted(
    connector: PostHogConnector, world: PostHogWorld, how: str
) -> None:
    person(world, "ann", email="ann@acme.io")
    if how == "create":
        fields = {"properties": {"email": "bob@acme.io"}}
        (outcome,) = await connector.create(RECORD, [Create("sl-a", fields)])
    else:
        (outcome,) = await connector.remove(RECORD, ["ann"], "delete")
    assert outcome.result is Result.REJECTED
    assert len(world.fake.analytics.persons) == 1
    assert world.requests().write == 0
