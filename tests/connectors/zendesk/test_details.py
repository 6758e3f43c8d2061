"""What the mapping-rot guard asks of Zendesk beyond its description: ids that outlive names."""

from __future__ import annotations

from connectors.zendesk.fake.fields import new_field
from connectors.zendesk.fake.statuses import new_status
from syncline.rot.snapshot import Details, TellsDetails
from tests.connectors.zendesk.world import living, opened


async def test_ids_outlive_the_names_of_statuses_and_fields() -> None:
    async with living() as world, opened(world) as connector:
        for label in ("In progress", "Cancelled"):
            new_status(world.account, "open", label)
        new_field(world.account, "tagger", "Product area", ("Accounts", "Reports"))
        assert isinstance(connector, TellsDetails)
        schema = await connector.describe()
        before = Details.of(await connector.details("ticket"))
        rename = {"field": "custom_status", "option": "Cancelled", "to": "Withdrawn"}
        world.fake.administer("rename", rename)
        world.fake.administer("rename", {"field": "Product area", "to": "Area"})
        world.fake.administer("remove", {"field": "custom_status", "option": "In progress"})
        renamed = await connector.describe()
        after = Details.of(await connector.details("ticket"))
    status = "custom_status"
    assert before.options[status]["Cancelled"] == after.options[status]["Withdrawn"]
    assert before.fields["custom_fields.Product area"] == after.fields["custom_fields.Area"]
    were, are = (one.records["ticket"].fields[status].options or () for one in (schema, renamed))
    assert ("In progress" in were, "In progress" in are) == (True, False)
