"""Whole syncs: accounts in memory on one side, group profiles over HTTP on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources
from typing import Any

import pytest

from connectors.mixpanel import MixpanelConnector
from syncline.engine.report import Report
from syncline.engine.spec import SideSpec
from syncline.store.findings import conflicts, deviations, parked
from tests.connectors.mixpanel.world import ProfileWorld, living, opened
from tests.support.world import World, compiled

CRM = """\
entity: account
record: ticket
text: markdown
fields:
  name: {path: title}
  domain: {path: custom.domain}
  tier: {path: custom.tier}
  seats: {kind: number, path: custom.seats}
"""
SHIPPED = (resources.files("mappings") / "mixpanel" / "account.yaml").read_text("utf-8")
GROUP = (
    f"{SHIPPED}  tier: {{path: note, max_length: 255}}\n  seats: {{kind: number, path: seats}}\n"
)


class Accounts:
    """A CRM whose accounts are group profiles."""

    def __init__(self, world: World, mixpanel: ProfileWorld, connector: MixpanelConnector) -> None:
        self.world, self.mixpanel, self.connector = world, mixpanel, connector

    @property
    def crm(self) -> Any:
        return self.world.tools["crm"]

    def account(self, name: str, **more: Any) -> str:
        """An account in the CRM."""
        return str(self.crm.create({"title": name, "custom": {"domain": f"{name}.test", **more}}))

    async def sync(self, **options: Any) -> Report:
        self.mixpanel.tool.advance(900)
        self.world.clock.advance(900)
        report = await self.world.sync(**options)
        assert not report.stopped
        return report

    async def settled(self, most: int = 3) -> None:
        """Passes until none writes (I6)."""
        for _ in range(most + 1):
            before = self.world.writes()
            await self.sync()
            if self.world.writes() == before:
                return
        raise AssertionError(f"more than {most} passes wrote something")

    def groups(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in self.mixpanel.fake.records("group")}


@pytest.fixture
async def accounts() -> AsyncIterator[Accounts]:
    async with living(ProfileWorld) as world, opened(world) as connector:
        office = await World.make(
            crm={"text_format": "markdown"}, analytics={}, match=("marker", ("domain",))
        )
        office.connectors["analytics"] = connector  # type: ignore[assignment]
        analytics = SideSpec("analytics", "group", "plain", create="when_missing")
        sides = {**office.spec.sides, "analytics": analytics}
        texts = {"crm": CRM, "analytics": GROUP}
        office.change(entity="account", sides=sides, units=compiled(sides, texts, {}, {}))
        yield Accounts(office, world, connector)
        await office.store.aclose()


async def test_an_account_becomes_a_group_under_its_domain_and_edits_travel_both_ways(
    accounts: Accounts,
) -> None:
    id = accounts.account("acme", tier="gold", seats=12)
    await accounts.settled()
    group = accounts.groups()["acme.test"]
    assert (group["$name"], group["note"], group["seats"]) == ("acme", "gold", 12)
    assert group["segment"] == "b2b"
    await accounts.mixpanel.edit("acme.test", {"note": "platinum"})
    accounts.crm.edit(id, {"title": "Acme Ltd"})
    await accounts.settled()
    assert accounts.groups()["acme.test"]["$name"] == "Acme Ltd"
    assert accounts.crm.fields(id)["custom"]["tier"] == "platinum"
    accounts.crm.edit(id, {"custom": {"tier": None}})
    await accounts.settled()
    assert "note" not in accounts.groups()["acme.test"]


async def test_a_group_that_is_there_is_linked_by_its_domain_and_not_made(
    accounts: Accounts,
) -> None:
    await accounts.mixpanel.create({"group_id": "acme.test", "$name": "acme", "seats": 7})
    id = accounts.account("acme")
    await accounts.settled()
    assert list(accounts.groups()) == ["acme.test"]
    assert accounts.crm.fields(id)["custom"]["seats"] == 7
    assert "syncline_key" not in accounts.groups()["acme.test"]


async def test_two_edits_of_one_property_are_a_conflict_and_both_stay(accounts: Accounts) -> None:
    id = accounts.account("acme", tier="gold")
    await accounts.settled()
    await accounts.mixpanel.edit("acme.test", {"note": "silver"})
    accounts.crm.edit(id, {"custom": {"tier": "bronze"}})
    await accounts.settled()
    (found,) = await accounts.world.store.read(conflicts.list, "s")
    assert found.field == "tier"
    assert accounts.groups()["acme.test"]["note"] == "silver"
    assert accounts.crm.fields(id)["custom"]["tier"] == "bronze"


async def test_a_number_that_the_product_sent_as_a_text_parks_that_field_alone(
    accounts: Accounts,
) -> None:
    id = accounts.account("acme", seats=3)
    await accounts.settled()
    await accounts.mixpanel.edit("acme.test", {"seats": "twelve", "note": "gold"})
    await accounts.settled()
    (one,) = await accounts.world.store.read(parked.list, "s")
    assert (one.side, one.field) == ("analytics", "seats")
    assert accounts.crm.fields(id)["custom"]["seats"] == 3
    assert accounts.crm.fields(id)["custom"]["tier"] == "gold"


async def test_a_text_that_mixpanel_would_cut_parks_that_field_alone(accounts: Accounts) -> None:
    id = accounts.account("acme")
    await accounts.settled()
    accounts.crm.edit(id, {"title": "Acme Ltd", "custom": {"tier": "ü" * 200}})
    await accounts.settled()
    (one,) = await accounts.world.store.read(parked.list, "s")
    assert one.field == "tier"
    assert "400 bytes" in one.reason
    assert accounts.groups()["acme.test"]["$name"] == "Acme Ltd"


async def test_a_deleted_group_is_unlinked_and_never_made_again(accounts: Accounts) -> None:
    id = accounts.account("acme")
    await accounts.settled()
    await accounts.mixpanel.delete("acme.test")
    accounts.crm.edit(id, {"title": "Acme Ltd"})
    await accounts.sync(full=True)
    await accounts.settled()
    assert accounts.groups() == {}
    assert accounts.crm.fields(id)["title"] == "Acme Ltd"


async def test_a_group_that_leaves_the_scope_is_left_alone_from_then_on(
    accounts: Accounts,
) -> None:
    id = accounts.account("acme")
    await accounts.settled()
    await accounts.mixpanel.leave_scope("acme.test")
    await accounts.sync(full=True)
    accounts.crm.edit(id, {"title": "Acme Ltd"})
    await accounts.settled()
    assert accounts.groups()["acme.test"]["$name"] == "acme"


@pytest.mark.parametrize("lag", [7, 30, 1200])
async def test_an_edit_that_is_shown_late_is_no_edit_of_anybodys(
    accounts: Accounts, lag: int
) -> None:
    """Seconds, half a minute, and longer than until the next pass: it arrives, and comes alone."""
    id = accounts.account("acme", tier="gold")
    await accounts.settled()
    await accounts.mixpanel.fault("POST", "/groups", f"lag:{lag}")
    accounts.crm.edit(id, {"custom": {"tier": "silver"}})
    await accounts.sync()
    await accounts.settled()
    await accounts.settled()
    assert accounts.groups()["acme.test"]["note"] == "silver"
    assert accounts.crm.fields(id)["custom"]["tier"] == "silver"
    assert await accounts.world.store.read(conflicts.list, "s") == []
    assert await accounts.world.store.read(deviations.list, "s") == []


@pytest.mark.parametrize("fault", ["lag:60", "lag:1200"])
async def test_a_new_group_that_is_shown_late_is_made_once_and_not_taken_for_deleted(
    accounts: Accounts, fault: str
) -> None:
    await accounts.mixpanel.fault("POST", "/groups", fault)
    accounts.account("acme", tier="gold")
    await accounts.sync()
    for _ in range(3):
        await accounts.settled()
    assert list(accounts.groups()) == ["acme.test"]
    assert accounts.groups()["acme.test"]["note"] == "gold"
    assert len(accounts.crm.items) == 1
    assert await accounts.world.store.read(parked.list, "s") == []


@pytest.mark.parametrize("fault", ["drop_after_apply", "drop_before", "status_after_apply:500"])
async def test_a_create_without_an_answer_ends_in_one_group(accounts: Accounts, fault: str) -> None:
    accounts.account("acme")
    await accounts.mixpanel.fault("POST", "/groups", fault)
    await accounts.sync()
    await accounts.settled()
    assert list(accounts.groups()) == ["acme.test"]
    assert len(accounts.crm.items) == 1


async def test_an_unchanged_pass_is_one_question_and_a_change_of_one_percent_three_more(
    accounts: Accounts,
) -> None:
    ids = [accounts.account(f"account-{n}") for n in range(200)]
    await accounts.settled()
    await accounts.sync()
    before = accounts.mixpanel.requests()
    await accounts.sync()
    unchanged = accounts.mixpanel.requests()
    assert (unchanged.read - before.read, unchanged.write - before.write) == (1, 0)
    for id in ids[:2]:
        accounts.crm.edit(id, {"title": f"changed {id}"})
    await accounts.sync()
    changed = accounts.mixpanel.requests()
    # The list; one look before the write; two after it.
    assert (changed.read - unchanged.read, changed.write - unchanged.write) == (4, 1)
