"""Whole passes between the fakes of Zendesk and HubSpot: accounts and people, the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.hubspot import HubSpotConnector
from connectors.zendesk import ZendeskConnector
from syncline.engine.filters import compile_where
from syncline.engine.report import Report
from syncline.engine.spec import SideSpec
from syncline.mapping.load import builtin
from syncline.store.findings import conflicts, parked
from tests.connectors.hubspot import world as hubspot
from tests.connectors.hubspot.world import HubSpotWorld
from tests.connectors.zendesk import world as zendesk
from tests.connectors.zendesk.directory import DirectoryWorld, OrganizationWorld, UserWorld
from tests.support.world import World, compiled

MAPPINGS = Path(__file__).parents[3] / "mappings"
CUSTOMERS = {"name": {"contains": "Ltd"}}


class Pair:
    """A Zendesk, a HubSpot, and one sync of people or of accounts between them."""

    def __init__(self, world: World, desk: Any, crm: HubSpotWorld) -> None:
        self.world = world
        self.desk = desk
        self.crm = crm

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, folder: Path, kind: type[DirectoryWorld], entity: str, theirs: str, **sides: Any
    ) -> AsyncIterator[Pair]:
        """`sides` has more of what a sync says of the side `desk`."""
        async with (
            zendesk.living_as(kind) as desk,
            zendesk.opened(desk) as ours,
            hubspot.living(theirs) as crm,
            hubspot.opened(crm) as other,
        ):
            world = await World.make(folder, desk={}, crm={})
            connectors: dict[str, ZendeskConnector | HubSpotConnector] = {}
            connectors |= {"desk": ours, "crm": other}
            world.connectors = connectors  # type: ignore[assignment]
            specs = {
                "desk": SideSpec("desk", kind.record, "html", required=("name",), **sides),
                "crm": SideSpec("crm", theirs, "html", create="when_missing"),
            }
            texts = {
                name: (MAPPINGS / connector.name / f"{entity}.yaml").read_text()
                for name, connector in connectors.items()
            }
            units = compiled(specs, texts, {}, {})
            match = ("reference", "marker", ("email" if entity == "person" else "domain",))
            world.change(entity=entity, sides=specs, units=units, match=match)
            yield cls(world, desk, crm)

    async def sync(self, **options: Any) -> Report:
        """A pass after both indexes have caught up."""
        for clock in (self.desk.tool, self.crm.tool, self.world.clock):
            clock.advance(310)
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
async def accounts(tmp_path: Path) -> AsyncIterator[Pair]:
    async with Pair.opened(
        tmp_path, OrganizationWorld, "account", "company", create="when_missing"
    ) as pair:
        yield pair


async def test_accounts_are_matched_by_domain_made_where_they_miss_and_edited_on_both_sides(
    accounts: Pair,
) -> None:
    acme = await accounts.desk.create({"name": "Acme", "domain_names": ["acme.test", "acme.dev"]})
    known = await accounts.crm.create({"name": "Acme", "domain": "acme.test"})
    for n in range(3):
        await accounts.crm.create({"name": f"Bolt {n}", "domain": f"bolt{n}.test"})
    await accounts.settled()
    assert accounts.desk.names() == ["Acme", "Bolt 0", "Bolt 1", "Bolt 2"]
    assert len(accounts.crm.all()) == 4
    await accounts.desk.edit(acme, {"name": "Acme Ltd"})
    await accounts.crm.edit(known, {"domain": "acme.example"})
    (bolt,) = (one for one in accounts.desk.organizations() if one["name"] == "Bolt 1")
    await accounts.crm.edit(accounts.at_hubspot(name="Bolt 1")["id"], {"name": "Bolt GmbH"})
    await accounts.settled()
    assert accounts.crm.shown(known)["name"] == "Acme Ltd"
    # The domain that was first is another one now; what stood behind it stays.
    assert accounts.desk.shown(acme)["domain_names"] == ["acme.example", "acme.dev"]
    assert accounts.desk.shown(str(bolt["id"]))["name"] == "Bolt GmbH"


async def test_an_account_that_both_changed_waits_for_a_person(accounts: Pair) -> None:
    id = await accounts.desk.create({"name": "Firm", "domain": "firm.test"})
    await accounts.settled()
    theirs = accounts.at_hubspot(name="Firm")["id"]
    await accounts.desk.edit(id, {"name": "ours"})
    await accounts.crm.edit(theirs, {"name": "theirs"})
    await accounts.settled()
    (kept,) = await accounts.world.store.read(conflicts.list, "s")
    assert {one["value"] for one in kept.candidates} == {"ours", "theirs"}
    assert accounts.desk.shown(id)["name"] == "ours"
    assert accounts.crm.shown(theirs)["name"] == "theirs"


@pytest.mark.parametrize("full", [False, True])
async def test_a_deleted_account_is_not_made_again(accounts: Pair, full: bool) -> None:
    ids = [await accounts.desk.create({"name": f"Firm {n}"}) for n in range(3)]
    await accounts.settled()
    await accounts.desk.delete(ids[1])
    await accounts.sync(full=full)
    await accounts.settled()
    await accounts.crm.edit(accounts.at_hubspot(name="Firm 1")["id"], {"name": "changed"})
    await accounts.settled()
    assert accounts.desk.names() == ["Firm 0", "Firm 2"]
    await accounts.crm.delete(accounts.at_hubspot(name="Firm 2")["id"])
    await accounts.sync(full=True)
    await accounts.settled()
    assert accounts.desk.names() == ["Firm 0", "Firm 2"]


async def test_a_merged_account_is_answered_for_by_the_one_that_stays(accounts: Pair) -> None:
    loser = await accounts.desk.create({"name": "Acme Inc", "domain": "acme.dev"})
    winner = await accounts.desk.create({"name": "Acme", "domain": "acme.test"})
    await accounts.settled()
    await accounts.desk.merge(loser, winner)
    await accounts.settled()
    await accounts.desk.edit(winner, {"name": "Acme Group"})
    await accounts.settled()
    assert accounts.desk.names() == ["Acme Group"]
    assert accounts.at_hubspot(domain="acme.test")["name"] == "Acme Group"


async def test_a_name_that_another_organization_has_is_parked_in_zendesks_words(
    accounts: Pair,
) -> None:
    await accounts.desk.create({"name": "Acme", "domain": "acme.test"})
    await accounts.crm.create({"name": "ACME", "domain": "acme.example"})
    await accounts.sync()
    await accounts.settled()
    (row,) = await accounts.world.store.read(parked.list, "s")
    assert row.side == "desk"
    assert "Name: ACME has already been taken" in row.reason
    assert accounts.desk.names() == ["Acme"]
    assert len(accounts.crm.all()) == 2


async def test_an_account_is_in_step_for_as_long_as_it_fits_the_filter(tmp_path: Path) -> None:
    kinds = {"name": builtin("zendesk", "account").fields["name"].kind}
    async with Pair.opened(
        tmp_path,
        OrganizationWorld,
        "account",
        "company",
        where=compile_where(CUSTOMERS, kinds),
    ) as pair:
        id = await pair.desk.create({"name": "Supplier", "domain": "acme.test"})
        await pair.settled()
        assert pair.crm.all() == []
        await pair.desk.edit(id, {"name": "Acme Ltd"})
        await pair.settled()
        theirs = pair.at_hubspot(domain="acme.test")["id"]
        await pair.desk.edit(id, {"name": "Supplier"})
        await pair.settled()
        await pair.crm.edit(theirs, {"domain": "acme.example"})
        await pair.settled()
        assert pair.desk.shown(id)["domain_names"] == ["acme.test"]
        # Nothing is made in Zendesk unless its side says so.
        await pair.crm.create({"name": "Bolt Ltd", "domain": "bolt.test"})
        await pair.settled()
        assert pair.desk.names() == ["Supplier"]


async def test_an_unchanged_pass_is_one_request_and_no_write(accounts: Pair) -> None:
    for n in range(20):
        await accounts.desk.create({"name": f"Firm {n}", "domain": f"firm{n}.test"})
    await accounts.settled()
    await accounts.sync()
    before = accounts.desk.requests()
    report = await accounts.sync()
    after = accounts.desk.requests()
    assert (after.read - before.read, after.write - before.write) == (1, 0)
    assert sum(report.counts.values()) == 0


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Pair]:
    """What a sync says of `create` by default: never."""
    async with Pair.opened(tmp_path, UserWorld, "person", "contact") as pair:
        yield pair


async def test_people_are_matched_by_address_edited_on_both_sides_and_not_made_in_zendesk(
    people: Pair,
) -> None:
    carol = str(people.desk.carol.id)
    both = {"firstname": "Carol", "lastname": "Customer", "email": "Carol@customer.test"}
    known = await people.crm.create(both)
    await people.crm.create({"firstname": "Grace", "lastname": "Hopper", "email": "g@acme.test"})
    ada = await people.desk.create({"name": "Ada Lovelace", "email": "ada@acme.test"})
    await people.settled()
    assert people.desk.customers() == ["Ada Lovelace", "Carol Customer"]
    assert len(people.crm.all()) == 3
    await people.desk.edit(carol, {"name": "Carol King"})
    await people.crm.edit(people.at_hubspot(email="ada@acme.test")["id"], {"lastname": "Byron"})
    await people.settled()
    assert people.crm.shown(known)["lastname"] == "King"
    assert people.desk.shown(ada)["name"] == "Ada Byron"
    await people.crm.edit(known, {"email": "carol@elsewhere.test"})
    await people.settled()
    shown = people.desk.shown(carol)
    assert (shown["email"], shown["_emails"]) == ("carol@customer.test", [])
    assert people.desk.mails() == []


async def test_people_are_made_in_zendesk_where_the_sync_says_so_and_nobody_is_mailed(
    tmp_path: Path,
) -> None:
    async with Pair.opened(
        tmp_path, UserWorld, "person", "contact", create="when_missing"
    ) as people:
        for n in range(4):
            await people.crm.create({"firstname": f"P{n}", "email": f"p{n}@acme.test"})
        await people.settled()
        assert people.desk.customers() == ["Carol Customer", "P0", "P1", "P2", "P3"]
        assert people.desk.mails() == []
        assert len(people.crm.all()) == 5


async def test_a_name_that_both_changed_waits_for_a_person(people: Pair) -> None:
    carol = str(people.desk.carol.id)
    await people.settled()
    theirs = people.at_hubspot(email="carol@customer.test")["id"]
    await people.desk.edit(carol, {"name": "Carol King"})
    await people.crm.edit(theirs, {"lastname": "Byron"})
    await people.settled()
    (kept,) = await people.world.store.read(conflicts.list, "s")
    assert {one["value"] for one in kept.candidates} == {"Carol King", "Carol Byron"}
    assert people.desk.shown(carol)["name"] == "Carol King"
    assert people.crm.shown(theirs)["lastname"] == "Byron"


async def test_a_deleted_person_and_one_who_becomes_an_agent_are_left_alone(people: Pair) -> None:
    ids = [
        await people.desk.create({"name": f"Person {n}", "email": f"p{n}@acme.test"})
        for n in range(3)
    ]
    await people.settled()
    await people.desk.delete(ids[0])
    await people.desk.leave_scope(ids[1])
    await people.settled()
    for n in range(2):
        theirs = people.at_hubspot(email=f"p{n}@acme.test")["id"]
        await people.crm.edit(theirs, {"firstname": "Changed"})
    await people.settled()
    assert people.desk.customers() == ["Carol Customer", "Person 2"]
    assert people.desk.shown(ids[1])["name"] == "Person 1"
    assert len(people.crm.all()) == 4
    await people.desk.edit(ids[1], {"role": "end-user"})
    await people.settled()
    assert people.desk.shown(ids[1])["name"] == "Changed 1"
