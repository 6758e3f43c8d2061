"""What the mapping-rot guard asks of HubSpot beyond its description: ids of stages."""

from __future__ import annotations

import pytest

from connectors.hubspot.fake.properties import TICKETS
from syncline.rot.snapshot import Details, TellsDetails
from syncline.sdk.errors import AuthRequired
from tests.connectors.hubspot.world import SUPPORT, living, opened

STAGE = "hs_pipeline_stage"


async def test_a_stage_keeps_its_id_and_shares_its_name_with_other_pipelines() -> None:
    async with living() as world, opened(world, scope={}) as hub:
        world.fake.portal.add_pipeline(TICKETS, "Second line", "New", "Escalated")
        assert isinstance(hub, TellsDetails)
        await hub.describe()
        before = Details.of(await hub.details("ticket")).options[STAGE]
        there = (world.fake.portal.state.table("pipelines").get(TICKETS) or {}).values()
        named = {s["id"] for one in there for s in one["stages"] if s["label"] == "New"}
        assert len(named) > 1
        assert set(before["New"].split(", ")) == named
        rename = {"field": STAGE, "option": "New", "to": "Fresh"}
        world.fake.administer("rename", rename)
        await hub.describe()
        after = Details.of(await hub.details("ticket")).options[STAGE]
    assert after["Fresh"] == before["New"]


async def test_stages_are_those_of_the_pipelines_in_scope() -> None:
    async with living() as world, opened(world) as hub:
        world.fake.portal.add_pipeline(TICKETS, "Second line", "New", "Escalated")
        schema = await hub.describe()
        fields, told = schema.records["ticket"].fields, Details.of(await hub.details("ticket"))
        assert "Escalated" not in (fields[STAGE].options or ())
        assert "Escalated" not in told.options[STAGE]
        assert {SUPPORT, "Second line"} <= set(fields["hs_pipeline"].options or ())
        # Of deals the scope names no pipeline.
        assert "Closed won" in (schema.records["deal"].fields["dealstage"].options or ())
        assert await hub.details("company") == {}


async def test_a_lost_scope_is_no_pipeline_that_is_not_there() -> None:
    async with living() as world, opened(world) as hub:
        assert "ticket" in (await hub.describe()).records
        world.fake.administer("revoke", {"scope": "tickets"})
        assert set((await hub.describe()).records) == {"company", "contact", "deal"}
        with pytest.raises(AuthRequired, match="tickets"):
            await hub.fetch("ticket", ["1", "2"])


async def test_details_cost_no_request_after_a_description() -> None:
    async with living() as world, opened(world) as hub:
        await hub.describe()
        before = hub.requests()
        await hub.details("ticket")
        assert hub.requests() == before
