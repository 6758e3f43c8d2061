"""Whole passes between the fakes of Intercom and HubSpot: people and accounts, the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.hubspot import HubSpotConnector
from connectors.intercom import IntercomConnector
from syncline.engine.report import Report
from syncline.engine.spec import SideSpec
from syncline.store.findings import conflicts
from tests.connectors.hubspot import world as hubspot
from tests.connectors.hubspot.world import HubSpotWorld
from tests.connectors.intercom import world as intercom
from tests.connectors.intercom.directory import CompanyWorld, ContactWorld, DirectoryWorld
from tests.support.world import World, compiled

MAPPINGS = Path(__file__).parents[3] / "mappings"


class Pair:
    """An Intercom, a HubSpot, and one sync of people or of accounts between them."""

    def __init__(self, world: World, desk: Any, crm: HubSpotWorld) -> None:
        self.world = world
        self.desk = desk
        self.crm = crm

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, folder: Path, kind: type[DirectoryWorld], entity: str
    ) -> AsyncIterator[Pair]:
        async with (
            intercom.living(kind) as desk,
            intercom.opened(desk, scope={}) as ours,
            hubspot.living(kind.record) as crm,
            hubspot.opened(crm) as theirs,
        ):
            world = await World.make(folder, desk={}, crm={})
            connectors: dict[str, IntercomConnector | HubSpotConnector] = {}
            connectors |= {"desk": ours, "crm": theirs}
            world.connectors = connectors  # type: ignore[assignment]
            sides = {
                name: SideSpec(name, kind.record, "html", create="when_missing")
                for name in connectors
            }
            texts = {
                name: (MAPPINGS / connector.name / f"{entity}.yaml").read_text()
                for name, connector in connectors.items()
            }
            units = compiled(sides, texts, {}, {})
            match = ("reference", "marker", ("email" if entity == "person" else "domain",))
            world.change(entity=entity, sides=sides, units=units, match=match)
            yield cls(world, desk, crm)

    async def sync(self, **options: Any) -> Report:
        """A pass after both indexes have caught up."""
        self.desk.tool.advance(310)
        self.crm.tool.advance(310)
        self.world.clock.advance(310)
        report = await self.world.sync(**options)
        assert not report.stopped
        return report

    async def settled(self) -> None:
        """Passes until none writes; at most three (I6)."""
        for _ in range(4):
            before = self.world.writes()
            await self.sync()
            if self.world.writes() == before:
                return
        raise AssertionError("more than three passes wrote something")

    def at_hubspot(self, **wanted: str) -> dict[str, Any]:
        """The one record of HubSpot with these properties."""
        (found,) = (
            one
            for one in self.crm.all()
            if all(one["properties"].get(name) == value for name, value in wanted.items())
        )
        return dict(found["properties"], id=found["id"])


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Pair]:
    async with Pair.opened(tmp_path, ContactWorld, "person") as pair:
        yield pair


@pytest.fixture
async def accounts(tmp_path: Path) -> AsyncIterator[Pair]:
    async with Pair.opened(tmp_path, CompanyWorld, "account") as pair:
        yield pair


async def test_people_are_matched_by_address_made_where_they_miss_and_edited_on_both_sides(
    people: Pair,
) -> None:
    ada = await people.desk.create({"name": "Ada Lovelace", "email": "ada@acme.test"})
    both = {"firstname": "Ada", "lastname": "Lovelace", "email": "Ada@acme.test"}
    known = await people.crm.create(both)
    await people.crm.create({"firstname": "Grace", "lastname": "Hopper", "email": "g@acme.test"})
    await people.settled()
    assert len(people.crm.all()) == 3  # with Carol
    (grace,) = (c for c in people.desk.workspace.contacts.values() if c["email"] == "g@acme.test")
    assert grace["name"] == "Grace Hopper"
    await people.desk.edit(ada, {"name": "Ada King"})
    await people.crm.edit(people.at_hubspot(email="g@acme.test")["id"], {"lastname": "Murray"})
    await people.settled()
    assert people.crm.shown(known)["lastname"] == "King"
    assert people.desk.contact(grace["id"])["name"] == "Grace Murray"


async def test_a_name_that_both_changed_waits_for_a_person(people: Pair) -> None:
    ada = await people.desk.create({"name": "Ada Lovelace", "email": "ada@acme.test"})
    await people.settled()
    theirs = people.at_hubspot(email="ada@acme.test")
    await people.desk.edit(ada, {"name": "Ada King"})
    await people.crm.edit(theirs["id"], {"lastname": "Byron"})
    await people.settled()
    (kept,) = await people.world.store.read(conflicts.list, "s")
    assert {one["value"] for one in kept.candidates} == {"Ada King", "Ada Byron"}
    assert people.desk.contact(ada)["name"] == "Ada King"
    assert people.crm.shown(theirs["id"])["lastname"] == "Byron"


async def test_a_deleted_person_is_not_made_again(people: Pair) -> None:
    for n in range(3):
        await people.desk.create({"name": f"Person {n}", "email": f"p{n}@acme.test"})
    await people.settled()
    (gone,) = (c["id"] for c in people.desk.workspace.contacts.values() if c["name"] == "Person 1")
    await people.desk.delete(gone)
    await people.sync(full=True)
    await people.settled()
    await people.crm.edit(people.at_hubspot(email="p1@acme.test")["id"], {"lastname": "again"})
    await people.settled()
    names = sorted(c["name"] for c in people.desk.workspace.contacts.values())
    assert names == ["Carol Customer", "Person 0", "Person 2"]
    assert len(people.crm.all()) == 4


async def test_a_lead_comes_into_scope_as_a_user_and_a_user_who_leaves_it_is_left_alone(
    people: Pair,
) -> None:
    ada = await people.desk.create({"name": "Ada", "email": "ada@acme.test"}, "lead")
    await people.settled()
    assert len(people.crm.all()) == 1
    people.desk.fake.contacts.update(people.desk.contact(ada), {"role": "user"})
    await people.settled()
    theirs = people.at_hubspot(email="ada@acme.test")["id"]
    await people.desk.leave_scope(ada)
    await people.settled()
    await people.crm.edit(theirs, {"firstname": "Augusta"})
    await people.settled()
    assert people.desk.contact(ada)["name"] == "Ada"
    people.desk.fake.contacts.update(people.desk.contact(ada), {"role": "user"})
    await people.settled()
    assert people.desk.contact(ada)["name"] == "Augusta"
    assert len(people.crm.all()) == 2


async def test_an_address_that_an_unlinked_contact_has_ends_in_one_contact(people: Pair) -> None:
    """Intercom shows a new contact late: the create meets it and is refused, then they are tied."""
    await people.crm.create({"firstname": "Ada", "email": "ada@acme.test"})
    people.crm.tool.advance(310)
    await people.desk.create({"name": "Ada", "email": "ada@acme.test"})
    people.world.clock.advance(310)
    await people.world.sync()
    await people.settled()
    names = [c["email"] for c in people.desk.workspace.contacts.values()]
    assert names.count("ada@acme.test") == 1


async def test_accounts_travel_both_ways_and_those_without_a_contact_are_kept(
    accounts: Pair,
) -> None:
    acme = await accounts.desk.create({"name": "Acme", "website": "https://www.acme.test/"})
    await accounts.crm.create({"name": "Bolt", "domain": "bolt.test"})
    await accounts.settled()
    assert accounts.at_hubspot(domain="acme.test")["name"] == "Acme"
    (bolt,) = (c for c in accounts.desk.workspace.companies.values() if c["name"] == "Bolt")
    assert bolt["website"] == "bolt.test"
    await accounts.desk.edit(acme, {"name": "Acme Ltd"})
    await accounts.crm.edit(accounts.at_hubspot(name="Bolt")["id"], {"name": "Bolt GmbH"})
    await accounts.settled()
    assert accounts.at_hubspot(domain="acme.test")["name"] == "Acme Ltd"
    assert accounts.desk.company(bolt["id"])["name"] == "Bolt GmbH"
    # No list of Intercom's shows a company without a contact: a census asks for it by its id.
    report = await accounts.sync(full=True)
    assert report.counts["unseen"] == 1
    await accounts.desk.edit(bolt["id"], {"name": "Bolt AG"})
    await accounts.sync(full=True)
    await accounts.settled()
    assert accounts.at_hubspot(domain="bolt.test")["name"] == "Bolt AG"
    assert len(accounts.crm.all()) == len(accounts.desk.workspace.companies) == 2


async def test_an_account_that_both_changed_and_one_that_was_deleted(accounts: Pair) -> None:
    ids = [await accounts.desk.create({"name": f"Firm {n}"}) for n in range(3)]
    await accounts.settled()
    await accounts.desk.edit(ids[0], {"name": "ours"})
    await accounts.crm.edit(accounts.at_hubspot(name="Firm 0")["id"], {"name": "theirs"})
    await accounts.desk.delete(ids[1])
    await accounts.sync(full=True)
    await accounts.settled()
    (kept,) = await accounts.world.store.read(conflicts.list, "s")
    assert {one["value"] for one in kept.candidates} == {"ours", "theirs"}
    await accounts.crm.edit(accounts.at_hubspot(name="Firm 1")["id"], {"name": "changed"})
    await accounts.settled()
    assert sorted(c["name"] for c in accounts.desk.workspace.companies.values()) == [
        "Firm 2",
        "ours",
    ]
