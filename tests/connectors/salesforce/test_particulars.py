"""What only Salesforce does beside its writes: sessions, limits, reading, comments and people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.salesforce import SalesforceConnector
from connectors.salesforce.client import goes_on_at
from connectors.salesforce.fake.schema import Column, long
from connectors.salesforce.wire import host
from syncline.mapping.check import check
from syncline.mapping.load import builtin
from syncline.sdk.connector import (
    CommentEdit,
    Create,
    LinkCard,
    Missing,
    NewComment,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import AuthRequired, Misconfigured, RateLimited, Retriable
from syncline.sdk.testing.tool import the_record
from tests.connectors.salesforce.saying import now, told
from tests.connectors.salesforce.world import API, SalesforceWorld, living, opened

# signing in and limits


async def test_a_session_that_ended_is_renewed_and_the_write_is_done_once(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one"})
    await now(crm, id)
    world.fake.signing_in.end_all()
    (outcome,) = await crm.update("Case", [Update(id, {"Subject": "two"}, {"Subject": "one"})])
    assert outcome.result is Result.APPLIED
    paths = [one["path"] for one in await world.requests_made()]
    assert paths.count("/services/oauth2/token") == 2


async def test_a_token_of_another_instance_is_not_used(world: SalesforceWorld) -> None:
    world.org.base_url = "https://elsewhere.my.salesforce.com"
    async with opened(world) as crm:
        with pytest.raises(Misconfigured, match=r"elsewhere\.my\.salesforce\.com"):
            await crm.describe()
    paths = {one["path"] for one in await world.requests_made()}
    assert paths == {"/services/oauth2/token"}


@pytest.mark.parametrize(
    "url", ["https://evil.example/services/data/v67.0/query/01g-2000", "/services/oauth2/token",
            "//evil.example/query/1", "/services/data/v67.0/query/../sobjects", None]
)  # fmt: skip
def test_a_list_goes_on_at_the_queries_of_this_org_and_nowhere_else(url: object) -> None:
    assert goes_on_at("/services/data/v67.0/query/01gD-2000")
    with pytest.raises(Misconfigured):
        goes_on_at(url)


async def test_a_used_up_day_holds_the_connection_and_sends_nothing_meanwhile(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one"})
    await now(crm, id)
    world.fake.settings.daily_requests = world.org.used()
    for _ in range(3):
        with pytest.raises(RateLimited) as limited:
            await crm.fetch("Case", [id])
        assert limited.value.retry_at > world.clock.now()
    refused = [one for one in await world.requests_made() if one["status"] == 403]
    assert len(refused) <= 1
    world.fake.settings.daily_requests = 100_000
    world.tool.advance(301)
    assert (await now(crm, id)).fields["Subject"] == "one"


async def test_the_last_of_the_days_allowance_is_left_to_others(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one"})
    await now(crm, id)
    world.fake.settings.daily_requests = world.org.used() + 1
    assert (await now(crm, id)).fields["Subject"] == "one"
    with pytest.raises(RateLimited, match="of 3 today"):
        await now(crm, id)


async def test_a_user_whose_new_session_is_refused_too_stops_the_connection(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    await world.fault("", API, "status:401", times=5)
    with pytest.raises(AuthRequired):
        await crm.fetch("Case", [await world.create({"Subject": "one"})])


# reading


async def test_a_change_that_is_committed_late_is_told_by_the_lookback(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    late = await world.create({"Subject": "late"})
    world.tool.advance(3600)
    before = dict(world.row(late))
    await world.edit(late, {"Subject": "stamped now, seen in eight minutes"})
    world.org.hold(late, before, timedelta(minutes=8))
    world.tool.advance(60)
    await world.create({"Subject": "seen at once"})
    _, cursor = await told(crm)
    world.tool.advance(480)
    records, _ = await told(crm, cursor)
    assert records[late].fields["Subject"] == "stamped now, seen in eight minutes"


async def test_a_page_is_as_long_as_salesforce_says(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    ids = {await world.create({"Subject": str(n)}) for n in range(25)}
    world.fake.settings.batch_size = 10
    records, _ = await told(crm)
    assert records.keys() == ids


async def test_a_census_that_lost_a_row_is_none(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    for n in range(4):
        await world.create({"Subject": str(n)})
    await world.fault("GET", f"{API}/query", "truncate_listing:25")
    with pytest.raises(Retriable, match="3 of 4"):
        async for _ in crm.census("Case"):
            pass


async def test_what_left_the_recycle_bin_is_gone_and_what_is_hidden_is_not(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    binned, purged, hidden = [await world.create({"Subject": name}) for name in "abc"]
    await world.delete(binned)
    await world.delete(purged)
    world.rules.purge("Case", purged)
    await world.hide(hidden)
    world.tool.advance(60)
    found = await crm.fetch("Case", [binned, purged, hidden, "none"])
    assert the_record(found[binned]).deleted
    gone = {id: one.gone for id, one in found.items() if isinstance(one, Missing)}
    assert gone == {purged: True, hidden: False, "none": True}


async def test_a_merged_record_names_the_one_that_answers_for_it(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    winner, loser = [await world.create({"Subject": name}) for name in "ab"]
    _, cursor = await told(crm)
    world.rules.merge("Case", winner, loser)
    records, _ = await told(crm, cursor)
    assert (records[loser].deleted, records[loser].merged_into) == (True, winner)
    assert records[winner].merged_into is None


async def test_a_field_that_is_hidden_while_a_connection_is_open_is_left_out(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one", "Priority": "High"})
    assert (await now(crm, id)).fields["Priority"] == "High"
    _, cursor = await told(crm)
    world.org.hide_field("Case", "Priority")
    assert "Priority" not in (await now(crm, id)).fields
    world.org.hide_field("Case", "Origin")
    assert "Origin" not in (await told(crm, cursor))[0][id].fields


async def test_line_breaks_of_pages_are_single(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = world.fake.web.make("Case", "Ann Agent", {"Subject": "s", "Description": "one\ntwo"})
    assert world.row(id)["Description"] == "one\r\ntwo"
    assert (await now(crm, id)).fields["Description"] == "one\ntwo"


async def test_too_many_fields_for_an_address_are_named_in_the_configuration(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    for n in range(400):
        world.org.add_field("Case", Column(f"A_Custom_Field_With_A_Long_Name_{n}__c"))
    id = await world.create({"Subject": "one", "A_Custom_Field_With_A_Long_Name_7__c": "seven"})
    with pytest.raises(Misconfigured, match="custom_fields"):
        await told(crm)
    name = "A_Custom_Field_With_A_Long_Name_7__c"
    async with opened(world, custom_fields={"Case": [name]}) as narrow:
        records, _ = await told(narrow)
    assert records[id].fields[name] == "seven"


# comments, links, people


async def test_a_post_is_internal_unless_it_is_for_all() -> None:
    async with living("Account") as world, opened(world) as crm:
        id = await world.create({"Name": "Acme"})
        items = [NewComment(f"key-{v}", id, f"for {v}", v) for v in Visibility]
        await crm.comment("Account", items)
        kept = {row["Body"]: row["Visibility"] for row in world.comments(id)}
        assert kept == {"for public": "AllUsers", "for internal": "InternalUsers"}


async def test_an_edit_of_a_comment_that_moved_is_a_conflict(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    id = await world.create({"Subject": "one"})
    await world.comment(id, "first", Visibility.INTERNAL)
    (comment,) = (await crm.comments("Case", [id]))[id]
    edit = CommentEdit(comment.id, id, "better", "what it never said", Visibility.INTERNAL)
    (outcome,) = await crm.edit_comments("Case", [edit])
    assert outcome.result is Result.CONFLICT
    assert world.comments(id)[0]["CommentBody"] == "first"


async def test_without_a_link_field_links_are_refused_politely(world: SalesforceWorld) -> None:
    id = await world.create({"Subject": "one"})
    async with opened(world, link_field=None) as crm:
        card = LinkCard(id, "other", "OTH-7", "Other", "https://other.example/OTH-7")
        assert not crm.capabilities.shows_links
        assert [o.result for o in await crm.show_links("Case", [card])] == [Result.REJECTED]
    async with opened(world, link_field="Nothing__c") as crm:
        with pytest.raises(Misconfigured, match="Nothing__c"):
            await crm.describe()


async def test_a_contact_is_known_too_and_an_address_that_two_have_is_nobodys(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    ids = [
        world.rules.create("Contact", {"LastName": name, "Email": email}, world.ann)["Id"]
        for name, email in (("One", "one@acme.test"), ("Two", "b@acme.test"), ("3", "b@acme.test"))
    ]
    found = await crm.find_people(["ONE@acme.test", "b@acme.test", "ann@acme.test"])
    assert {email: one.handle for email, one in found.items()} == {
        "ONE@acme.test": ids[0],
        "ann@acme.test": world.ann,
    }
    assert (await crm.people(ids[:1]))[ids[0]].name == "One"


async def test_a_contacts_name_is_one_and_kept_as_two() -> None:
    async with living("Contact") as world, opened(world) as crm:
        (made,) = await crm.create("Contact", [Create("key", {"Name": "Ana María Silva"})])
        row = world.row(made.id or "")
        assert (row["FirstName"], row["LastName"]) == ("Ana María", "Silva")
        assert (await now(crm, row["Id"], "Contact")).fields["Name"] == "Ana María Silva"


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.acme.test/de", "acme.test"),
        ("acme.test", "acme.test"),
        ("http://ana@Acme.test:8080", "Acme.test"),
        ("http://[half", None),
        ("", None),
        (None, None),
    ],
)
def test_a_website_has_a_host_however_it_is_written(website: Any, domain: str | None) -> None:
    assert host(website) == domain


# describing


async def test_what_is_hidden_is_warned_of(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    world.org.hide_field("Case", "Priority")
    world.org.add_field("Account", long("More__c"))
    schema = await crm.describe()
    assert any("hides Priority" in text for text in schema.warnings)
    assert "More__c" in schema.records["Account"].fields
    assert schema.text_format == "plain"


async def test_an_unknown_record_type_in_the_scope_is_named(world: SalesforceWorld) -> None:
    async with opened(world, scope={"record_types": {"Case": "Nowhere"}}) as crm:
        with pytest.raises(Misconfigured, match="Back_Office, Support"):
            await crm.describe()


@pytest.mark.parametrize("entity", ["ticket", "customer_request", "account", "person"], ids=str)
async def test_the_shipped_mappings_fit_a_fresh_org(crm: SalesforceConnector, entity: str) -> None:
    assert not [str(one) for one in check(builtin("salesforce", entity), await crm.describe())]
