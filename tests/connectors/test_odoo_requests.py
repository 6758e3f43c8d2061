"""A customer's request in a desk and in a CRM: Zendesk's tickets, a fake, and Odoo's opportunities.

Odoo is a real one, or a recording of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from syncline.store.findings import conflicts
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld, opened
from tests.sandbox.request_tools import Place, open_for_business
from tests.support.in_step import Clocks, InStep, in_step, values

REQUESTS: dict[str, Any] = {
    "entity": "customer_request",
    "sides": {
        "support": {"record": "ticket", "create": "when_missing"},
        "crm": {"record": "opportunity", "create": "when_missing"},
    },
    "fields": {
        "title": {},
        "body": {"on_uneditable": "note"},
        "status": {"authority": "crm"},
        "priority": {},
        "labels": {},
    },
    "links": "off",
}


class Sales:
    """The desk's people and those of sales, and the engine between them."""

    def __init__(self, support: Place, crm: OdooWorld, sync: InStep) -> None:
        self.support, self.crm, self.sync = support, crm, sync

    async def asked(self, **fields: Any) -> tuple[str, str]:
        """A customer has asked the desk, and sales see it."""
        id = await self.support.ask(title="Dark mode", **fields)
        await self.sync.settled()
        (row,) = await self.opportunities()
        return id, str(row["id"])

    async def opportunities(self, *domain: list[Any]) -> list[dict[str, Any]]:
        rows = await self.crm.call(
            "crm.lead",
            "search_read",
            domain=[["type", "=", "opportunity"], *domain],
            fields=["name"],
            order="id",
        )
        return list(rows)

    async def shown(self, id: str) -> tuple[str, str]:
        """Name and stage of an opportunity."""
        row = await self.crm.show(id, "name", "stage_id", "active")
        return row["name"], row["stage_id"][1] if row["active"] else "Lost"

    async def move(self, id: str, stage: str) -> None:
        """Sales move an opportunity."""
        (row,) = await self.crm.call(
            "crm.stage", "search_read", domain=[["name", "=", stage]], fields=["name"]
        )
        await self.crm.edit(id, {"stage_id": row["id"]})


@asynccontextmanager
async def selling(folder: Path, crm: OdooWorld, **more: Any) -> AsyncIterator[Sales]:
    async with open_for_business("zendesk") as support, opened(crm) as connector:
        connectors = {"support": support.connector, "crm": connector}
        clock = Clocks(support.world.tool.advance)
        async with in_step(folder, connectors, {**REQUESTS, **more}, clock, crm.settle) as sync:
            yield Sales(support, crm, sync)


class AtDeskAndInCrm:
    story = "requests"

    async def test_edits_of_desk_and_sales_meet_and_a_status_that_one_lacks_is_not_sent_back(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with selling(tmp_path, world) as one:
            ticket, deal = await one.asked(body="For the night.", status="open")
            assert await one.shown(deal) == ("Dark mode", "Qualified")
            await one.support.edit(ticket, title="Dark mode for everybody")
            await world.edit(deal, {"priority": "2"})
            await one.move(deal, "Proposition")
            await one.sync.settled()
            assert await one.shown(deal) == ("Dark mode for everybody", "Proposition")
            # Zendesk has no word for what is planned, and `open` stays said there.
            assert one.support.seen(ticket, "status", "priority") == {
                "status": "open",
                "priority": "high",
            }
            await one.support.edit(ticket, status="closed")
            await one.sync.settled()
            assert (await one.shown(deal))[1] == "Won"
            assert one.support.shows(ticket, "status") == "closed"
            await one.sync.settled()
            assert await one.sync.found(conflicts) == []

    async def test_a_title_that_both_change_waits_and_a_status_is_that_of_who_has_the_say(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with selling(tmp_path, world) as one:
            ticket, deal = await one.asked()
            await one.support.edit(ticket, title="Night mode", status="open")
            await world.edit(deal, {"name": "Midnight mode", "active": False, "probability": 0})
            await one.sync.settled()
            assert values(await one.sync.conflict()) == {
                "support": "Night mode",
                "crm": "Midnight mode",
            }
            assert await one.shown(deal) == ("Midnight mode", "Lost")
            assert one.support.seen(ticket, "title", "status") == {
                "title": "Night mode",
                "status": "closed",
            }
            await one.sync.answer("support")
            await one.sync.settled()
            assert await one.shown(deal) == ("Night mode", "Lost")
            assert await one.sync.found(conflicts) == []

    @pytest.mark.parametrize("propagate", ["close", "archive", "delete"])
    async def test_a_ticket_that_is_deleted_does_to_its_opportunity_what_the_sync_says(
        self, world: OdooWorld, tmp_path: Path, propagate: str
    ) -> None:
        async with selling(tmp_path, world, deletes={"propagate": propagate}) as one:
            ticket, deal = await one.asked(status="open")
            await one.support.delete(ticket)
            await one.sync.later(full=True)
            await one.sync.settled()
            assert one.support.ids() == []
            found = await one.opportunities(["active", "in", [True, False]])
            assert [str(row["id"]) for row in found] == [deal] * (propagate != "delete")
            if propagate != "delete":
                row = await world.show(deal, "active", "won_status")
                # Lost is what closes a request; archived ones are not lost.
                told = (False, "lost") if propagate == "close" else (False, "pending")
                assert (row["active"], row["won_status"]) == told

    async def test_an_opportunity_that_becomes_a_lead_is_left_alone_until_it_is_one_again(
        self, world: OdooWorld, tmp_path: Path
    ) -> None:
        async with selling(tmp_path, world) as one:
            ticket, deal = await one.asked(status="open")
            await world.leave_scope(deal)
            await one.sync.settled()
            await one.support.edit(ticket, title="Night mode")
            await world.edit(deal, {"priority": "3"})
            await one.sync.later(full=True)
            await one.sync.settled()
            assert (await one.shown(deal))[0] == "Dark mode"
            assert await one.opportunities() == []
            await world.edit(deal, {"type": "opportunity"})
            await one.sync.settled()
            assert (await one.shown(deal))[0] == "Night mode"
            assert one.support.shows(ticket, "priority") == "urgent"
            assert len(one.support.ids()) == 1
            await one.sync.nothing_is_left_over()


class TestAtDeskAndInCrm(Recorded, AtDeskAndInCrm):
    kind = "opportunity"


class TestAtDeskAndInCrmLive(Live, AtDeskAndInCrm):
    pytestmark = live
    kind = "opportunity"
