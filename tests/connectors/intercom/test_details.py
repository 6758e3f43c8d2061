"""What the mapping-rot guard asks of Intercom beyond its description: ids, and demands by type."""

from __future__ import annotations

from connectors.intercom import IntercomConnector
from syncline.rot.snapshot import Details, TellsDetails
from syncline.sdk.connector import Create, Result
from tests.connectors.intercom.world import BUG, IntercomWorld


async def told(connector: IntercomConnector) -> Details:
    assert isinstance(connector, TellsDetails)
    await connector.describe()
    return Details.of(await connector.details("ticket"))


async def test_ids_outlive_the_names_of_states_attributes_and_items(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    before = await told(connector)
    for given in (
        {"field": "state", "option": "Resolved", "to": "Finished"},
        {"field": "Priority", "option": "Urgent", "to": "Blocker"},
        {"field": "Priority", "to": "Urgency"},
    ):
        world.fake.administer("rename", given)
    after = await told(connector)
    assert before.options["state"]["Resolved"] == after.options["state"]["Finished"]
    old, new = "attributes.Priority", "attributes.Urgency"
    assert before.fields[old] == after.fields[new]
    assert before.options[old]["Urgent"] == after.options[new]["Blocker"]
    assert await connector.details("company") == {}


async def test_each_type_has_its_own_demands_and_a_ticket_without_is_refused(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    assert set((await told(connector)).required[BUG]) == {"title"}
    world.fake.administer("require", {"type": BUG, "fields": ["Priority"]})
    details = await told(connector)
    assert (details.kind, set(details.required[BUG])) == ("type", {"title", "attributes.Priority"})
    assert [kind for kind, paths in details.required.items() if len(paths) > 1] == [BUG]
    (refused,) = await connector.create("ticket", [Create("sl-1", {"title": "one"})])
    assert refused.result is Result.REJECTED
    assert "Priority is required" in refused.reason


async def test_an_app_that_lost_tickets_says_so_and_still_describes_the_rest(
    world: IntercomWorld, connector: IntercomConnector
) -> None:
    world.fake.administer("revoke", {"permission": "ticket"})
    schema = await connector.describe()
    assert set(schema.records) == {"contact", "company"}
    assert [one for one in schema.warnings if "may not see ticket records" in one]
