"""What the mapping-rot guard asks of Salesforce beyond its description, and what is required."""

from __future__ import annotations

from connectors.salesforce import SalesforceConnector
from connectors.salesforce.fake.schema import text
from syncline.rot.snapshot import Details, TellsDetails
from tests.connectors.salesforce.world import SalesforceWorld, opened


async def told(crm: SalesforceConnector) -> Details:
    assert isinstance(crm, TellsDetails)
    await crm.describe()
    return Details.of(await crm.details("Case"))


async def test_a_custom_field_and_a_record_type_keep_their_ids(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    world.org.add_field("Case", text("Team__c"))
    id = await world.create({"Subject": "one", "Team__c": "Mobile"})
    before = await told(crm)
    requests = crm.requests()["read"]
    world.fake.administer("rename", {"field": "Team__c", "to": "Squad__c"})
    after = await told(crm)
    assert before.fields["Team__c"] == after.fields["Squad__c"]
    assert world.row(id)["Squad__c"] == "Mobile"
    # A standard field is called as it is; its id says no more.
    assert all(name.endswith("__c") for name in after.fields)
    assert set(after.options["RecordType"].items()) == set(world.types.items())
    described = crm.requests()["read"] - requests
    await crm.details("Case")
    assert crm.requests()["read"] - requests == described + 1


async def test_an_org_that_shows_no_definitions_is_told_without_them(
    crm: SalesforceConnector, world: SalesforceWorld
) -> None:
    await crm.describe()
    await world.fault("GET", "/services/data/v67.0/query", "status:404")
    assert Details.of(await crm.details("Case")).fields == {}


async def test_what_salesforce_fills_in_is_not_required_and_what_is_not_read_is_warned_of(
    world: SalesforceWorld,
) -> None:
    for column in (
        text("Filled__c", required=True, default="-"),
        text("Team__c", required=True),
    ):
        world.org.add_field("Case", column)
    async with opened(world) as crm:
        fields = (await crm.describe()).records["Case"].fields
    assert (fields["Filled__c"].required, fields["Team__c"].required) == (False, True)
    async with opened(world, custom_fields={"Case": ("Filled__c",)}) as crm:
        warnings = (await crm.describe()).warnings
    assert [one for one in warnings if "a new record must have Team__c" in one]
