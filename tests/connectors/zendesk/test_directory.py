"""What the connector makes of Zendesk's organizations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.zendesk import ZendeskConnector
from connectors.zendesk.client import Budget, Client
from connectors.zendesk.directory import Directory
from connectors.zendesk.exporting import ByTime
from connectors.zendesk.kinds import ORGANIZATION
from connectors.zendesk.metadata import Metadata
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    LinkCard,
    Missing,
    Result,
    Update,
)
from syncline.sdk.errors import Misconfigured, Retriable
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.zendesk.directory import FILED, LINKS, OrganizationWorld
from tests.connectors.zendesk.saying import make, now_of, patch, told_of
from tests.connectors.zendesk.world import API, config, living_as, opened

ORG = "organization"


@pytest.fixture
async def desk() -> AsyncIterator[OrganizationWorld]:
    async with living_as(OrganizationWorld) as world:
        yield world


@pytest.fixture
async def firms(desk: OrganizationWorld) -> AsyncIterator[ZendeskConnector]:
    async with opened(desk) as connector:
        yield connector


async def test_an_organization_is_shown_with_its_own_fields(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    fields = {"tier": "gold", "areas": ["us", "eu"], LINKS: "https://a.example/1", FILED: ""}
    id = await desk.create(
        {
            "name": "Acme",
            "domain_names": ["acme.test", "acme.dev"],
            "tags": ["vip", "eu"],
            "organization_fields": fields,
            "external_id": "crm-7",
        }
    )
    shown = await now_of(firms, ORG, id)
    assert shown.fields | {"created_at": "", "updated_at": ""} == {
        "name": "Acme",
        "details": None,
        "notes": None,
        "domain": "acme.test",
        "domain_names": ["acme.test", "acme.dev"],
        "tags": ["eu", "vip"],
        "organization_fields": {"tier": "gold", "areas": ["eu", "us"], FILED: None},
        "reference": "https://a.example/1",
        "external_id": "crm-7",
        "created_at": "",
        "updated_at": "",
    }
    assert shown.url == f"{desk.base_url}/agent/organizations/{id}"
    schema = (await firms.describe()).records[ORG].fields
    assert schema["organization_fields.tier"].options == ("gold", "tin")
    assert schema["reference"].label == "Linked records"
    assert schema["external_id"].read_only


async def test_an_external_id_of_somebody_elses_is_never_overwritten(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    id = await desk.create({"name": "Acme", "external_id": "crm-7"})
    assert (await now_of(firms, ORG, id)).marker == "crm-7"
    assert (await patch(firms, ORG, id, {"name": "Acme Ltd"})).result is Result.APPLIED
    refused = await patch(firms, ORG, id, {"external_id": "ours"})
    assert refused.result is Result.REJECTED
    assert desk.shown(id)["external_id"] == "crm-7"


async def test_an_organization_that_is_sent_twice_is_one(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    await desk.fault("POST", f"{API}organizations", "drop_after_apply")
    lost = await make(firms, ORG, "key-1", name="Acme")
    again = await make(firms, ORG, "key-1", name="Acme")
    assert (lost.result, again.result) == (Result.AMBIGUOUS, Result.APPLIED)
    assert desk.names() == ["Acme"]


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [
        ({"name": "ACME"}, {"name": "Acme"}),
        ({"name": "Other", "domain": "Acme.test"}, {"name": "Acme", "domain": "acme.test"}),
    ],
)
async def test_a_name_or_a_domain_that_another_has_is_refused_in_zendesks_words(
    desk: OrganizationWorld, firms: ZendeskConnector, taken: Any, wanted: Any
) -> None:
    await desk.create(taken)
    made = await make(firms, ORG, "key-1", **wanted)
    assert made.result is Result.REJECTED
    assert "has already been taken" in made.reason and "link the record" in made.reason
    mine = await desk.create({"name": "Mine"})
    changed = await patch(firms, ORG, mine, wanted)
    assert changed.result is Result.REJECTED and "has already been taken" in changed.reason
    assert desk.shown(mine)["name"] == "Mine"


async def test_of_a_job_that_refuses_some_each_has_its_own_outcome(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    await desk.create({"name": "Firm 2"})
    made = await firms.create(ORG, [Create(f"key-{n}", {"name": f"Firm {n}"}) for n in range(5)])
    expected = [Result.APPLIED, Result.APPLIED, Result.REJECTED, Result.APPLIED, Result.APPLIED]
    assert [one.result for one in made] == expected
    ids = [one.id for one in made if one.id]
    names = ["Firm 10", "Firm 2", "Firm 12", "Firm 13"]
    updates = [Update(id, {"name": name}, {}) for id, name in zip(ids, names, strict=True)]
    changed = await firms.update(ORG, updates)
    assert [one.result for one in changed] == [
        Result.APPLIED, Result.REJECTED, Result.APPLIED, Result.APPLIED
    ]  # fmt: skip
    assert desk.names() == ["Firm 1", "Firm 10", "Firm 12", "Firm 13", "Firm 2"]


@pytest.mark.parametrize("applied", [0, 2, 5])
async def test_a_job_that_ends_half_way_leaves_no_create_in_the_dark(
    desk: OrganizationWorld, firms: ZendeskConnector, applied: int
) -> None:
    await desk.fault("POST", f"{API}organizations/create_many", f"partial:{applied}")
    made = await firms.create(ORG, [Create(f"key-{n}", {"name": f"Firm {n}"}) for n in range(5)])
    assert [one.result for one in made] == [Result.APPLIED] * 5
    assert desk.names() == [f"Firm {n}" for n in range(5)]


async def test_while_a_job_makes_records_nothing_is_said_to_be_missing(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    await firms.describe()
    search = CreateSearch("key-1", {"name": "Acme"}, LONG_AGO)
    (found,) = await firms.find(ORG, [search])
    assert found.found is Found.NO
    await desk.fault("GET", f"{API}job_statuses", "status:503", times=100)
    await desk.fault("POST", f"{API}organizations/create_many", "drop_after_apply")
    lost = await firms.create(ORG, [Create(f"key-{n}", {"name": f"Firm {n}"}) for n in range(3)])
    assert {one.result for one in lost} == {Result.AMBIGUOUS}
    with pytest.raises(Retriable):
        await firms.find(ORG, [search])
    await desk.recover()
    searches = [CreateSearch(f"key-{n}", {}, LONG_AGO) for n in range(3)]
    before = desk.requests().read
    assert {one.found for one in await firms.find(ORG, searches)} == {Found.YES}
    assert desk.requests().read - before == 1


async def test_a_value_of_a_field_that_is_not_there_is_refused_before_zendesk_drops_it(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    id = await desk.create({"name": "Acme"})
    writes = desk.requests().write
    outcome = await patch(firms, ORG, id, {"organization_fields": {"health": "good"}})
    assert outcome.result is Result.REJECTED
    assert "no organization field health" in outcome.reason and "tier" in outcome.reason
    assert desk.requests().write == writes


async def test_a_domain_is_emptied_only_where_no_other_would_take_its_place(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    id = await desk.create({"name": "Acme", "domain_names": ["acme.test", "acme.dev"]})
    assert (await patch(firms, ORG, id, {"domain": "acme.dev"})).result is Result.APPLIED
    assert desk.shown(id)["domain_names"] == ["acme.dev"]
    await desk.edit(id, {"domain_names": ["acme.dev", "acme.test"]})
    refused = await patch(firms, ORG, id, {"domain": None})
    assert refused.result is Result.REJECTED and "acme.test" in refused.reason
    await desk.edit(id, {"domain_names": ["acme.dev"]})
    assert (await patch(firms, ORG, id, {"domain": None})).result is Result.APPLIED
    assert desk.shown(id)["domain_names"] == []


async def test_what_shows_something_else_than_was_planned_from_is_a_conflict(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    """Also in the same second, which the version does not tell apart."""
    id = await desk.create({"name": "Acme"})
    version = (await now_of(firms, ORG, id)).version
    await desk.edit(id, {"name": "a person's"})
    late = Update(id, {"name": "ours"}, {"name": "Acme"}, version)
    (outcome,) = await firms.update(ORG, [late])
    assert outcome.result is Result.CONFLICT
    assert desk.shown(id)["name"] == "a person's"


async def test_two_patches_of_one_organization_are_written_in_order(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    id = await desk.create({"name": "Acme"})
    first = Update(id, {"name": "first"}, {"name": "Acme"})
    second = Update(id, {"name": "second"}, {"name": "first"})
    outcomes = await firms.update(ORG, [first, second])
    assert [one.result for one in outcomes] == [Result.APPLIED, Result.APPLIED]
    assert desk.shown(id)["name"] == "second"


async def test_a_deleted_organization_is_told_once_and_nothing_brings_it_back(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    kept = await desk.create({"name": "kept"})
    early, late = await desk.create({"name": "early"}), await desk.create({"name": "late"})
    await desk.delete(early)
    await desk.settle()
    records, cursor = await told_of(firms, ORG)
    assert records.keys() == {kept, late}
    await desk.delete(late)
    await desk.settle()
    records, _ = await told_of(firms, ORG, cursor)
    assert {id: (one.deleted, one.merged_into) for id, one in records.items()} == {
        late: (True, None)
    }
    assert isinstance((await firms.fetch(ORG, [late]))[late], Missing)
    for how in ("archive", "delete"):
        (refused,) = await firms.remove(ORG, [kept], how)
        assert refused.result is Result.REJECTED and "cannot bring back" in refused.reason
    assert desk.names() == ["kept"]


async def test_a_merged_organization_names_the_one_that_answers_for_it(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    loser = await desk.create({"name": "Acme Inc", "domain": "acme.dev"})
    winner = await desk.create({"name": "Acme", "domain": "acme.test"})
    await desk.settle()
    _, cursor = await told_of(firms, ORG)
    await desk.merge(loser, winner)
    await desk.settle()
    await firms.fetch(ORG, [winner])  # the merge is done at Zendesk's next turn
    await desk.settle()
    records, _ = await told_of(firms, ORG, cursor)
    assert (records[loser].deleted, records[loser].merged_into) == (True, winner)
    assert records[winner].fields["domain_names"] == ["acme.test", "acme.dev"]


async def test_a_second_with_more_than_a_page_is_read_to_its_end(desk: OrganizationWorld) -> None:
    """The export alone would tell its first page for ever."""
    ids = [await desk.create({"name": f"early {n}"}) for n in range(2)]
    desk.tool.advance(5)
    ids += [await desk.create({"name": f"together {n}"}) for n in range(7)]
    desk.tool.advance(5)
    ids += [await desk.create({"name": "late"})]
    await desk.settle()
    async with opened(desk) as connector:
        client = Client(connector._transport)
        directory = Directory(
            ORGANIZATION,
            client,
            Metadata(client, config(desk)),
            config(desk),
            ByTime(client, Budget(100, desk.clock), "organizations", page=3),
        )
        seen: set[str] = set()
        async for page in directory.changes(None):
            seen |= {one.id for one in page.records}
            later = [one.id async for p in directory.changes(page.cursor) for one in p.records]
            assert seen | set(later) == set(ids)
        assert seen == set(ids)


async def test_a_pass_in_the_second_after_the_last_one_is_no_error(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    """Zendesk takes no start time of the last minute, and the cursor may be one."""
    id = await desk.create({"name": "Acme"})
    desk.tool.advance(60)
    _, cursor = await told_of(firms, ORG)
    assert await told_of(firms, ORG, cursor) == ({}, cursor)
    await desk.edit(id, {"name": "Acme Ltd"})
    await desk.settle()
    assert (await told_of(firms, ORG, cursor))[0].keys() == {id}


async def test_reads_and_writes_are_counted_by_the_hundred(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    ids = [await desk.create({"name": f"Firm {n}"}) for n in range(250)]
    await desk.settle()
    await told_of(firms, ORG)
    before = desk.requests()
    await firms.fetch(ORG, ids)
    read = desk.requests()
    assert (read.read - before.read, read.write - before.write) == (3, 0)
    await firms.update(ORG, [Update(id, {"details": "new"}, {"details": None}) for id in ids])
    changed = desk.requests()
    assert changed.write - read.write == 3
    # Before: three to compare. After each job: its results, and the records as they are.
    assert changed.read - read.read <= 3 + 3 * 3


async def test_links_are_shown_only_where_organizations_have_the_field(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    id = await desk.create({"name": "Acme", "organization_fields": {LINKS: "see https://x.test"}})
    card = LinkCard(id, "crm", "C-1", "Acme", "https://crm.example/1")
    (shown,) = await firms.show_links(ORG, [card])
    assert shown.result is Result.APPLIED
    assert (
        desk.shown(id)["organization_fields"][LINKS] == "see https://x.test https://crm.example/1"
    )
    writes = desk.requests().write
    await firms.show_links(ORG, [card])
    assert desk.requests().write == writes
    async with opened(desk, link_field=None) as plain:
        (refused,) = await plain.show_links(ORG, [card])
        assert refused.result is Result.REJECTED and "link_field" in refused.reason
        assert "reference" not in (await now_of(plain, ORG, id)).fields


async def test_the_ids_of_custom_fields_and_options_are_told_for_the_guard(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    await firms.describe()
    told = await firms.details(ORG)
    ids = {row["key"]: row for row in desk.fields.values()}
    assert told["fields"]["organization_fields.tier"] == str(ids["tier"]["id"])
    option = ids["tier"]["custom_field_options"][0]
    assert told["options"]["organization_fields.tier"]["gold"] == str(option["id"])


@pytest.mark.parametrize("status", [403, 404])
async def test_an_account_without_custom_fields_of_organizations_has_the_others(
    desk: OrganizationWorld, firms: ZendeskConnector, status: int
) -> None:
    await desk.fault("GET", f"{API}organization_fields", f"status:{status}", times=10)
    id = await desk.create({"name": "Acme"})
    assert "name" in (await firms.describe()).records[ORG].fields
    assert (await now_of(firms, ORG, id)).fields["name"] == "Acme"


async def test_a_changed_percent_costs_the_bound(
    desk: OrganizationWorld, firms: ZendeskConnector
) -> None:
    ids = [await desk.create({"name": f"Firm {n}"}) for n in range(500)]
    await desk.settle()
    _, cursor = await told_of(firms, ORG)
    await desk.settle()
    for id in ids[:5]:
        await desk.edit(id, {"details": "changed"})
    await desk.settle()
    before = desk.requests().read
    records, _ = await told_of(firms, ORG, cursor)
    assert records.keys() == set(ids[:5])
    assert desk.requests().read - before == 1


async def test_a_record_that_zendesk_has_not_is_named_with_those_there_are(
    firms: ZendeskConnector,
) -> None:
    with pytest.raises(Misconfigured, match="no record 'deal'.*ticket, organization, user"):
        await firms.fetch("deal", ["1"])
