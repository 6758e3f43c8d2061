"""The sandbox's HubSpot tells the company's story, and people can work in it by its page."""

from __future__ import annotations

import pytest

from connectors.hubspot import HubSpotConnector
from connectors.hubspot.config import HubSpotConfig
from connectors.hubspot.fake import HubSpotFake
from syncline.sandbox import Company, Hooks, Refusal, State, ToolClock, serving
from syncline.sdk.secrets import Secret
from tests.connectors.hubspot.world import START, TiedClock


def seeded() -> HubSpotFake:
    fake = HubSpotFake(State(), ToolClock(START), Hooks())
    fake.seed(Company.made(seed=1, records=12))
    return fake


async def test_its_connection_shows_the_companys_cases_with_owners_and_customers() -> None:
    fake, company = seeded(), Company.made(seed=1, records=12)
    async with serving(fake) as url:
        said = dict(fake.connection())
        said["auth"] = {"access_token": Secret(said["auth"]["access_token"])}
        config = HubSpotConfig(connector="hubspot", base_url=url, private_network=True, **said)
        connector = HubSpotConnector.open("crm", config, TiedClock(fake.clock))
        try:
            schema = await connector.describe()
            assert not schema.warnings
            assert schema.records.keys() == {"ticket", "company", "contact", "deal"}
            fake.clock.advance(120)
            told = [r async for page in connector.changes("ticket", None) for r in page.records]
            assert [one.fields["subject"] for one in told] == [c.title for c in company.cases]
            companies = {r.id: r async for p in connector.changes("company", None)
                         for r in p.records}  # fmt: skip
            for record, case in zip(told, company.cases, strict=True):
                account = companies[str(record.fields["hs_primary_company_id"])]
                assert account.fields["domain"] == case.account.domain
            owners = {str(r.fields["hubspot_owner_id"]) for r in told} - {"None"}
            assert (await connector.people(sorted(owners))).keys() == owners
        finally:
            await connector.aclose()


def test_people_make_edit_and_comment_by_the_accounts_own_rules() -> None:
    fake = seeded()
    person = fake.people()[0]
    id = fake.make("ticket", person, {"subject": "By hand", "hs_ticket_priority": ""})
    fake.edit("ticket", id, person, {"hs_pipeline_stage": "4"})
    fake.remark("ticket", id, person, "Seen to.", False)
    sheet = fake.sheet("ticket", id)
    shown = {field.name: field.value for field in sheet.fields}
    assert (sheet.title, shown["hs_pipeline_stage"]) == ("By hand", "4")
    assert [(one.author, one.text) for one in sheet.comments] == [(person, "Seen to.")]
    assert fake.portal.get("tickets", id)["properties"]["closed_date"] is not None
    with pytest.raises(Refusal, match="colleagues"):
        fake.remark("ticket", id, person, "To the customer", True)
    with pytest.raises(Refusal, match="allowed options"):
        fake.edit("ticket", id, person, {"hs_ticket_priority": "BLAZING"})
    before = len(fake.board())
    fake.act("ticket", id, person, "archive")
    assert len(fake.board()) == before - 1
    assert any(one["properties"]["hs_note_body"] == "Seen to." for one in fake.records("comment"))
