"""What only Odoo does in its CRM: a lost opportunity is not deleted, and a domain is a host.

The tests run on the server of `deployments.real` and on recordings of it.
"""

from __future__ import annotations

from syncline.sdk.connector import Create, Record, Update
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld, opened


class Opportunity:
    story = "own"

    async def test_an_opportunity_that_we_make_is_assigned_to_and_followed_by_nobody(
        self, world: OdooWorld
    ) -> None:
        async with opened(world) as connector:
            (made,) = await connector.create("opportunity", [Create("key-1", {"name": "quiet"})])
        assert made.id
        shown = await world.show(made.id, "user_id", "message_partner_ids")
        assert (shown["user_id"], shown["message_partner_ids"]) == (False, [])

    async def test_a_lost_opportunity_is_lost_and_not_deleted_and_can_be_won_again(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "a deal"})
        async with opened(world) as connector:
            lost = Update(id, {"status": "Lost"}, {"status": "New"})
            (outcome,) = await connector.update("opportunity", [lost])
            assert outcome.record and outcome.record.fields["status"] == "Lost"
            assert not outcome.record.deleted
            listed = [page.versions async for page in connector.census("opportunity")]
            assert any(id in versions for versions in listed)
            won = Update(id, {"status": "Won"}, {"status": "Lost"})
            (outcome,) = await connector.update("opportunity", [won])
        assert outcome.record and outcome.record.fields["status"] == "Won"
        shown = await world.show(id, "active", "won_status", "lost_reason_id")
        assert (shown["active"], shown["won_status"]) == (True, "won")


class Partner:
    story = "own"

    async def test_a_connection_without_projects_asks_for_none(self, world: OdooWorld) -> None:
        async with opened(world, scope={}) as connector:
            assert [page async for page in connector.changes("company", None)]
        asked = [one.target for one in world.stage.exchanges if one.who == "hub"]
        assert asked and "/json/2/project.project/web_search_read" not in asked

    async def test_a_domain_is_the_host_of_the_web_address(self, world: OdooWorld) -> None:
        id = await world.create({"name": "Acme", "website": "https://www.acme.test/shop"})
        async with opened(world) as connector:
            shown = (await connector.fetch("company", [id]))[id]
            assert isinstance(shown, Record) and shown.fields["domain"] == "www.acme.test"
            change = Update(id, {"domain": "acme.test"}, {"domain": "www.acme.test"})
            (outcome,) = await connector.update("company", [change])
        assert outcome.record and outcome.record.fields["domain"] == "acme.test"


class TestOpportunity(Recorded, Opportunity):
    kind = "opportunity"


class TestOpportunityLive(Live, Opportunity):
    pytestmark = live
    kind = "opportunity"


class TestPartner(Recorded, Partner):
    kind = "company"


class TestPartnerLive(Live, Partner):
    pytestmark = live
    kind = "company"
