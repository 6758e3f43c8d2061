"""Creates and updates in Salesforce, on the fake over HTTP: once each, over no newer edit."""

from __future__ import annotations

import pytest

from connectors.salesforce import SalesforceConnector
from syncline.sdk.connector import Create, CreateSearch, Found, Result, Update
from syncline.sdk.errors import Misconfigured
from syncline.sdk.testing.base import LONG_AGO
from syncline.sdk.testing.tool import the_record
from tests.connectors.salesforce.saying import now
from tests.connectors.salesforce.world import HERE, SalesforceWorld, living, opened


async def test_a_lone_update_is_refused_when_the_record_moved(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one"})
    seen = await now(crm, id)
    world.tool.advance(5)
    await world.edit(id, {"Priority": "High"})
    item = Update(id, {"Subject": "two"}, {"Subject": "one"}, seen.version)
    (outcome,) = await crm.update("Case", [item])
    assert outcome.result is Result.CONFLICT
    assert world.row(id)["Subject"] == "one"


async def test_a_locked_parent_is_tried_again_and_harms_no_neighbour(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    locked, free = [await world.create({"Subject": name}) for name in "ab"]
    world.org.locked.add(locked)
    items = [Update(id, {"Subject": "new"}, {}) for id in (locked, free)]
    outcomes = await crm.update("Case", items)
    assert [one.result for one in outcomes] == [Result.RETRY, Result.APPLIED]


async def test_an_unknown_picklist_value_is_refused_though_salesforce_would_keep_it(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one"})
    (outcome,) = await crm.update("Case", [Update(id, {"Status": "Lost"}, {})])
    assert outcome.result is Result.REJECTED
    assert "New, Working, Escalated, Closed" in outcome.reason
    assert world.requests().write == 0


async def test_a_duplicate_that_a_rule_forbids_is_refused_in_salesforces_words() -> None:
    async with living("Account") as world, opened(world) as crm:
        world.fake.settings.duplicate_rules = True
        await world.create({"Name": "Acme"})
        (outcome,) = await crm.create("Account", [Create("key", {"Name": "ACME"})])
        assert outcome.result is Result.REJECTED
        assert "Use one of these records? [DUPLICATES_DETECTED]" in outcome.reason


async def test_a_create_that_is_sent_twice_makes_one_record(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    item = Create("key-1", {"Subject": "once"})
    outcomes = [(await crm.create("Case", [item]))[0] for _ in range(2)]
    assert [one.result for one in outcomes] == [Result.APPLIED, Result.APPLIED]
    assert outcomes[0].id == outcomes[1].id
    assert len(world.rows()) == 1


async def test_a_lost_create_is_found_by_exactly_its_key_and_in_the_recycle_bin(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    (made,) = await crm.create("Case", [Create("Key-A", {"Subject": "one"})])
    assert made.id
    await world.delete(made.id)
    searches = [CreateSearch(key, {}, LONG_AGO) for key in ("Key-A", "key-a", "Key-B")]
    answers = await crm.find("Case", searches)
    assert [one.found for one in answers] == [Found.YES, Found.NO, Found.NO]
    assert answers[0].record and answers[0].record.deleted


async def test_without_a_key_field_nothing_is_made(world: SalesforceWorld) -> None:
    async with opened(world, key_field="Other_Key__c") as crm:
        with pytest.raises(Misconfigured, match="Other_Key__c"):
            await crm.create("Case", [Create("key", {"Subject": "one"})])
        (answer,) = await crm.find("Case", [CreateSearch("key", {}, LONG_AGO)])
        assert answer.found is Found.UNKNOWN
        assert any("Other_Key__c" in text for text in (await crm.describe()).warnings)
    assert world.rows() == []


async def test_what_syncline_itself_holds_is_nobodys(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    (made,) = await crm.create("Case", [Create("key", {"Subject": "one"})])
    assert made.id and (await now(crm, made.id)).fields["Owner"] is None
    for owner in (world.ann, None):
        (outcome,) = await crm.update("Case", [Update(made.id, {"Owner": owner}, {})])
        assert outcome.result is Result.APPLIED
        assert (await now(crm, made.id)).fields["Owner"] == owner
    changes = (await crm.history("Case", [made.id], LONG_AGO))[made.id]
    owners = [(one.before, one.after) for one in changes if one.path == "Owner"]
    assert owners == [(None, world.ann), (world.ann, None)]


async def test_a_new_case_gets_the_record_type_of_the_scope(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    (made,) = await crm.create("Case", [Create("key", {"Subject": "one"})])
    record = await now(crm, made.id or "")
    assert (record.fields["RecordType"], record.in_scope) == (HERE, True)


async def test_many_records_go_in_two_hundreds(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    items = [Create(f"key-{n}", {"Subject": f"case {n}"}) for n in range(450)]
    outcomes = await crm.create("Case", items)
    assert {one.result for one in outcomes} == {Result.APPLIED}
    assert world.requests().write == 3
    found = await crm.fetch("Case", [one.id or "" for one in outcomes])
    subjects = [the_record(one).fields["Subject"] for one in found.values()]
    assert subjects == [f"case {n}" for n in range(450)]


async def test_two_patches_of_one_record_are_written_one_after_the_other(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one"})
    items = [Update(id, {"Subject": "two"}, {}), Update(id, {"Priority": "Low"}, {})]
    assert {one.result for one in await crm.update("Case", items)} == {Result.APPLIED}
    assert (world.row(id)["Subject"], world.row(id)["Priority"]) == ("two", "Low")
