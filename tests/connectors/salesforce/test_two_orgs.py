"""Accounts and contacts of two orgs kept the same by the real engine and the shipped mappings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from syncline.engine.spec import SideSpec
from tests.connectors.salesforce.world import SalesforceWorld, living, opened
from tests.support.world import World, compiled


class Orgs:
    """Two orgs and one sync between them."""

    def __init__(self, world: World, left: SalesforceWorld, right: SalesforceWorld) -> None:
        self.world = world
        self.left = left
        self.right = right

    async def settled(self) -> None:
        """Passes until none writes, each after the lookback."""
        for _ in range(4):
            before = self.written()
            for org in (self.left, self.right):
                org.tool.advance(700)
            self.world.clock.advance(700)
            assert not (await self.world.sync()).stopped
            if self.written() == before:
                return
        raise AssertionError("more than three passes wrote something")

    def written(self) -> int:
        return self.left.requests().write + self.right.requests().write

    def there(self) -> dict[str, Any]:
        """The one record on the right."""
        (row,) = self.right.rows()
        return row


@asynccontextmanager
async def kept(folder: Path, entity: str, record: str) -> AsyncIterator[Orgs]:
    text = (resources.files("mappings") / "salesforce" / f"{entity}.yaml").read_text("utf-8")
    async with AsyncExitStack() as stack:
        world = await World.make(folder)
        orgs = [await stack.enter_async_context(living(record)) for _ in range(2)]
        sides = {}
        for name, org in zip(("left", "right"), orgs, strict=True):
            connector = await stack.enter_async_context(opened(org))
            world.connectors[name] = connector  # type: ignore[assignment]
            sides[name] = SideSpec(name, record, "plain", create="when_missing")
        units = compiled(sides, dict.fromkeys(sides, text), {}, {})
        world.change(entity=entity, sides=sides, units=units, match=("marker",))
        yield Orgs(world, *orgs)


async def test_an_account_reaches_the_other_org_and_edits_travel_both_ways(tmp_path: Path) -> None:
    async with kept(tmp_path, "account", "Account") as orgs:
        values = {"Name": "Acme", "Website": "https://www.acme.test", "AnnualRevenue": 1200.5}
        id = await orgs.left.create(values)
        await orgs.settled()
        there = orgs.there()
        assert (there["Name"], there["Website"]) == ("Acme", "acme.test")
        assert there["AnnualRevenue"] == 1200.5
        await orgs.right.edit(there["Id"], {"Name": "Acme Ltd"})
        await orgs.left.edit(id, {"AnnualRevenue": 1300})
        await orgs.settled()
        assert orgs.left.row(id)["Name"] == "Acme Ltd"
        assert orgs.left.row(id)["Website"] == "https://www.acme.test"
        assert orgs.there()["AnnualRevenue"] == 1300


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_contact_reaches_the_other_org_under_its_name(
    tmp_path: Path, deleted: bool
) -> None:
    async with kept(tmp_path, "person", "Contact") as orgs:
        id = await orgs.left.create({"FirstName": "Ana María", "LastName": "Silva"})
        await orgs.left.edit(id, {"Email": "ana@acme.test"})
        await orgs.settled()
        there = orgs.there()
        names = there["FirstName"], there["LastName"], there["Email"]
        assert names == ("Ana María", "Silva", "ana@acme.test")
        if deleted:
            await orgs.right.delete(there["Id"])
            await orgs.settled()
            assert [row["Id"] for row in orgs.left.rows()] == [id]
            assert orgs.right.rows() == []
            return
        await orgs.right.edit(there["Id"], {"LastName": "Costa"})
        await orgs.settled()
        assert orgs.left.row(id)["Name"] == "Ana María Costa"
