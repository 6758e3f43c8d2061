"""What the connector makes of Intercom's contacts and companies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.intercom import IntercomConnector
from syncline.sdk.connector import Create, CreateSearch, Found, Missing, Record, Result, Update
from syncline.sdk.errors import ConnectorError, Misconfigured, Retriable
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.intercom.directory import CompanyWorld, ContactWorld
from tests.connectors.intercom.world import living, opened


@pytest.fixture
async def contacts() -> AsyncIterator[ContactWorld]:
    async with living(ContactWorld) as world:
        yield world


@pytest.fixture
async def companies() -> AsyncIterator[CompanyWorld]:
    async with living(CompanyWorld) as world:
        yield world


@pytest.fixture
async def people(contacts: ContactWorld) -> AsyncIterator[IntercomConnector]:
    async with opened(contacts) as connector:
        yield connector


@pytest.fixture
async def firms(companies: CompanyWorld) -> AsyncIterator[IntercomConnector]:
    async with opened(companies) as connector:
        yield connector


async def told(
    connector: IntercomConnector, record: str, cursor: str | None = None
) -> tuple[dict[str, Record], str]:
    """What a reading of the changes tells by the names, and its cursor."""
    records: dict[str, Record] = {}
    last: str | None = None
    async for page in connector.changes(record, cursor):
        records |= {one.fields["name"]: one for one in page.records}
        last = page.cursor
    assert last is not None
    return records, last


async def now(connector: IntercomConnector, record: str, id: str) -> Record | Missing:
    return (await connector.fetch(record, [id]))[id]


async def make(connector: IntercomConnector, record: str, key: str, **fields: Any) -> Any:
    (outcome,) = await connector.create(record, [Create(key, fields)])
    return outcome


async def test_a_contact_that_is_sent_twice_is_one(
    contacts: ContactWorld, people: IntercomConnector
) -> None:
    await contacts.fault("POST", "/contacts", "drop_after_apply")
    lost = await make(people, "contact", "key-1", name="Ada", email="ada@acme.test")
    again = await make(people, "contact", "key-1", name="Ada", email="ada@acme.test")
    assert (lost.result, again.result) == (Result.AMBIGUOUS, Result.APPLIED)
    made = contacts.contact(again.id)
    assert (made["external_id"], made["role"]) == ("key-1", "user")
    assert [c["name"] for c in contacts.workspace.contacts.values()].count("Ada") == 1


@pytest.mark.parametrize("archived", [False, True])
async def test_an_address_that_another_contact_has_is_refused_and_the_other_named(
    contacts: ContactWorld, people: IntercomConnector, archived: bool
) -> None:
    other = await contacts.create({"name": "Ada", "email": "ada@acme.test"})
    if archived:
        contacts.fake.contacts.archive(contacts.contact(other))
    outcome = await make(people, "contact", "key-1", name="Ada L.", email="Ada@acme.test")
    assert outcome.result is Result.REJECTED
    assert f"id={other}" in outcome.reason
    assert ("archived contact matching" in outcome.reason) is archived
    mine = await contacts.create({"name": "Grace", "email": "grace@acme.test"})
    if not archived:
        patch = {"email": "ada@acme.test"}
        (changed,) = await people.update("contact", [Update(mine, patch, {})])
        assert changed.result is Result.REJECTED and f"id={other}" in changed.reason


async def test_a_lead_that_is_merged_into_a_user_is_gone_and_the_user_stays(
    contacts: ContactWorld,
) -> None:
    async with opened(contacts, scope={"ticket_type": "Bug", "leads": True}) as connector:
        lead = await contacts.create({"name": "a lead"}, "lead")
        user = await contacts.create({"name": "a user", "email": "user@acme.test"})
        await contacts.settle()
        records, cursor = await told(connector, "contact")
        assert records.keys() >= {"a lead", "a user"}
        rules = contacts.fake.contacts
        rules.merge(contacts.contact(lead), contacts.contact(user))
        await contacts.settle()
        gone = await now(connector, "contact", lead)
        assert isinstance(gone, Missing) and gone.gone
        records, _ = await told(connector, "contact", cursor)
        assert records.keys() == {"a user"}


async def test_an_archived_contact_is_gone_until_it_is_brought_back(
    contacts: ContactWorld, people: IntercomConnector
) -> None:
    id = await contacts.create({"name": "Ada"})
    await contacts.settle()
    _, cursor = await told(people, "contact")
    contacts.fake.contacts.archive(contacts.contact(id))
    assert isinstance(await now(people, "contact", id), Missing)
    contacts.fake.contacts.unarchive(id)
    await contacts.settle()
    records, _ = await told(people, "contact", cursor)
    assert records["Ada"].id == id


async def test_contacts_that_go_between_two_pages_hide_no_other(
    contacts: ContactWorld, people: IntercomConnector
) -> None:
    ids = [await contacts.create({"name": f"contact {n}"}) for n in range(320)]
    await contacts.settle()
    shown = [row.id for row in (await told(people, "contact"))[0].values()]
    newest = [id for id in shown if id in ids][:3]

    async def vanish() -> None:
        contacts.workspace.settings.search_lag = 0
        for id in newest:
            await contacts.delete(id)

    contacts.after_search(vanish)
    records, _ = await told(people, "contact")
    assert {one.id for one in records.values()} >= set(ids)

    contacts.after_search(lambda: contacts.delete(ids[100]))
    census = {id async for page in people.census("contact") for id in page.versions}
    assert census >= set(ids) - set(newest)


async def test_contacts_that_are_counted_and_not_shown_make_no_census(
    contacts: ContactWorld, people: IntercomConnector
) -> None:
    for n in range(20):
        await contacts.create({"name": f"contact {n}"})
    await contacts.settle()
    await contacts.fault("POST", "/contacts/search", "truncate_listing:10", times=3)
    with pytest.raises(Retriable, match="fewer contacts than it counted"):
        [page async for page in people.census("contact")]
    (page,) = [page async for page in people.census("contact")]
    assert len(page.versions) == 21


async def test_a_contact_that_a_search_shows_late_is_told_by_the_next_reading(
    contacts: ContactWorld, people: IntercomConnector
) -> None:
    await contacts.create({"name": "late"})
    contacts.tool.advance(150)
    records, cursor = await told(people, "contact")
    assert "late" not in records
    contacts.tool.advance(150)
    assert "late" in (await told(people, "contact", cursor))[0]


async def test_a_contact_that_is_no_user_any_more_is_told_as_out_of_scope(
    contacts: ContactWorld, people: IntercomConnector
) -> None:
    id = await contacts.create({"name": "Ada"})
    await contacts.settle()
    _, cursor = await told(people, "contact")
    await contacts.leave_scope(id)
    await contacts.settle()
    records, _ = await told(people, "contact", cursor)
    assert not records["Ada"].in_scope


async def test_another_scope_begins_anew(contacts: ContactWorld, people: IntercomConnector) -> None:
    await contacts.create({"name": "a lead"}, "lead")
    await contacts.settle()
    records, cursor = await told(people, "contact")
    assert "a lead" not in records
    async with opened(contacts, scope={"leads": True}) as connector:
        assert "a lead" in (await told(connector, "contact", cursor))[0]


async def test_an_owner_is_a_teammate_and_an_address_is_not_taken_off(
    contacts: ContactWorld, people: IntercomConnector
) -> None:
    id = await contacts.create({"name": "Ada", "email": "ada@acme.test"})
    for patch, result in (
        ({"owner": contacts.ann["id"]}, Result.APPLIED),
        ({"owner": "ann"}, Result.REJECTED),
        ({"email": None}, Result.REJECTED),
        ({"role": "lead"}, Result.REJECTED),
    ):
        (outcome,) = await people.update("contact", [Update(id, patch, {})])
        assert outcome.result is result, patch
    record = await now(people, "contact", id)
    assert isinstance(record, Record)
    assert (record.fields["owner"], record.fields["email"]) == (contacts.ann["id"], "ada@acme.test")
    (outcome,) = await people.update("contact", [Update(id, {"owner": None}, {})])
    assert outcome.record and outcome.record.fields["owner"] is None


async def test_an_unchanged_reading_of_companies_costs_their_pages_and_the_end(
    companies: CompanyWorld, firms: IntercomConnector
) -> None:
    for n in range(250):
        await companies.create({"name": f"company {n}"})
    await companies.settle()
    records, cursor = await told(firms, "company")
    assert len(records) == 250
    await companies.settle()
    _, cursor = await told(firms, "company", cursor)
    before = companies.requests()
    records, _ = await told(firms, "company", cursor)
    assert records == {}
    assert companies.requests().read - before.read == 3 + 1


async def test_a_scroll_that_another_has_open_is_waited_for(
    companies: CompanyWorld, firms: IntercomConnector
) -> None:
    await companies.create({"name": "one"})
    await companies.settle()
    companies.fake.companies.scroll(None)
    with pytest.raises(Retriable, match="scroll_exists"):
        await told(firms, "company")
    companies.tool.advance(60)
    assert (await told(firms, "company"))[0].keys() == {"one"}


@pytest.mark.parametrize("fault", ["drop_after_apply", "status_after_apply:503"])
async def test_a_page_of_a_scroll_that_is_lost_is_no_page_that_is_skipped(
    companies: CompanyWorld, firms: IntercomConnector, fault: str
) -> None:
    for n in range(150):
        await companies.create({"name": f"company {n}"})
    await companies.settle()
    companies.after_search(lambda: companies.fault("GET", "/companies/scroll", fault))
    with pytest.raises(ConnectorError):
        await told(firms, "company")
    companies.tool.advance(60)
    assert len((await told(firms, "company"))[0]) == 150


async def test_a_company_without_a_contact_is_read_by_its_id_alone(
    companies: CompanyWorld, firms: IntercomConnector
) -> None:
    made = await make(firms, "company", "key-1", name="lonely", domain="lonely.test")
    again = await make(firms, "company", "key-1", name="lonely", domain="lonely.test")
    assert made.id == again.id
    companies.tool.advance(310)
    assert (await told(firms, "company"))[0] == {}
    assert [page.versions async for page in firms.census("company")] == [{}]
    record = await now(firms, "company", made.id)
    assert isinstance(record, Record) and record.marker == "key-1"
    assert record.fields["website"] == record.fields["domain"] == "lonely.test"


@pytest.mark.parametrize("in_a_list", [True, False])
async def test_a_company_is_found_by_its_key_however_that_is_answered(
    companies: CompanyWorld, firms: IntercomConnector, in_a_list: bool
) -> None:
    companies.workspace.settings.lookup_lists = in_a_list
    made = await make(firms, "company", "key 1/&?", name="found")
    for key, found in (("key 1/&?", Found.YES), ("KEY 1/&?", Found.NO), ("key", Found.NO)):
        (answer,) = await firms.find("company", [CreateSearch(key, {}, LONG_AGO)])
        assert answer.found is found
        assert answer.record is None or answer.record.id == made.id


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.acme.test/about", "acme.test"),
        ("Acme.test:8080", "acme.test"),
        ("http://[", None),
        ("", None),
    ],
)
async def test_a_domain_is_the_host_of_the_website(
    companies: CompanyWorld, firms: IntercomConnector, website: str, domain: str | None
) -> None:
    id = await companies.create({"name": "one", "website": website})
    record = await now(firms, "company", id)
    assert isinstance(record, Record) and record.fields["domain"] == domain


async def test_a_connection_without_ticket_types_has_contacts_and_companies(
    contacts: ContactWorld,
) -> None:
    async with opened(contacts, scope={}, key_attribute=None) as connector:
        assert connector.capabilities.find_by_key
        schema = await connector.describe()
        assert schema.records.keys() == {"contact", "company"}
        assert "attributes.Notes" in schema.records["company"].fields
        assert schema.records["contact"].fields["role"].read_only
        assert schema.warnings == ()
        with pytest.raises(Misconfigured, match="name at least one"):
            await told(connector, "ticket")
        with pytest.raises(Misconfigured, match="there are: ticket, contact, company"):
            await connector.fetch("lead", ["1"])


async def test_what_the_app_may_not_see_and_where_no_link_is_shown_is_warned_of(
    contacts: ContactWorld,
) -> None:
    async with opened(contacts, link_attribute="No such attribute", scope={}) as connector:
        schema = await connector.describe()
        assert ["no custom attribute" in one for one in schema.warnings] == [True, True]
    await contacts.fault("GET", "/data_attributes", "status:403", times=2)
    async with opened(contacts) as connector:
        schema = await connector.describe()
        assert schema.records.keys() == {"ticket"}
        assert ["may not see" in one for one in schema.warnings] == [True, True]
