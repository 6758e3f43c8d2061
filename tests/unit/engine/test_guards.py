"""What looks like harm is refused whole, and done once the operator says that it is meant (I22)."""

from __future__ import annotations

from dataclasses import replace

from syncline.engine.guards import judge, shrunk
from syncline.engine.spec import DeletePolicy, Guards, Policy, Sync
from syncline.store import connections
from tests.unit.engine.test_absence import many, noticed


async def test_a_refused_pass_sends_nothing_at_all_and_the_next_one_makes_up_for_it() -> None:
    world = await many(30)
    id_ = next(iter(world.b.items))
    world.b.edit(id_, {"title": "Edited"})
    world.a.faults.add(method="census", action="listing_loses:80", times=1)
    before = world.writes()
    report = await world.sync(full=True)
    assert report.state == "refused"
    assert world.writes() == before
    await world.settled()
    assert "Edited" in {fields["title"] for fields in world.records("a")}


async def test_too_many_deletions_are_refused_until_they_are_forced_by_name() -> None:
    world = await many(30)
    world.change(deletes=DeletePolicy(propagate="delete"))
    for id_ in list(world.a.items)[:6]:
        world.a.delete(id_)
    report = await noticed(world)
    assert [line.partition(":")[0] for line in report.refused] == ["deletes"]
    assert len(world.records("b")) == 30
    assert (await world.sync(force=("changed",))).state == "refused"
    await world.sync(force=("deletes",))
    assert len(world.records("b")) == 24
    assert (await world.sync()).state != "refused"


async def test_as_many_deletions_as_allowed_go_through() -> None:
    world = await many(30)
    world.change(deletes=DeletePolicy(propagate="delete"))
    for id_ in list(world.a.items)[:5]:
        world.a.delete(id_)
    report = await noticed(world)
    assert not report.refused
    assert len(world.records("b")) == 25


async def test_half_of_all_records_changing_at_once_is_refused_until_forced() -> None:
    world = await many(30)
    for id_ in list(world.a.items)[:16]:
        world.a.edit(id_, {"priority": "urgent"})
    before = world.writes()
    report = await world.sync()
    assert [line.partition(":")[0] for line in report.refused] == ["changed"]
    assert world.writes() == before
    await world.sync(force=("changed",))
    assert sum(fields["priority"] == "urgent" for fields in world.records("b")) == 16


def guards(links: int = 20, changed: int = 0, deletes: int = 0) -> set[str]:
    refused = judge(
        Sync("s", "ticket", {}, {}),
        links=links,
        changed={"a": changed},
        deletes=deletes,
        fingerprint_moved=False,
        accounts_moved=(),
    )
    return {guard.name for guard in refused}


def test_a_guard_lets_through_what_it_allows_and_refuses_one_more() -> None:
    assert guards(changed=10) == set() and guards(changed=11) == {"changed"}
    assert guards(links=19, changed=19) == set()
    assert guards(deletes=5) == set() and guards(deletes=6) == {"deletes"}
    assert guards(links=100, deletes=10) == set() and guards(links=100, deletes=11) == {"deletes"}
    sync = Sync("s", "ticket", {}, {})
    assert shrunk(sync, "a", 20, 14) is None and shrunk(sync, "a", 20, 13) is not None


async def test_percentages_mean_nothing_below_twenty_records() -> None:
    world = await many(19)
    for id_ in world.a.items:
        world.a.edit(id_, {"priority": "urgent"})
    assert not (await world.sync()).refused
    assert all(fields["priority"] == "urgent" for fields in world.records("b"))


async def test_limits_are_the_operators() -> None:
    world = await many(20)
    world.change(guards=Guards(max_changed_percent=100, max_shrink_percent=100))
    for id_ in world.a.items:
        world.a.edit(id_, {"priority": "urgent"})
    world.b.faults.add(method="census", action="listing_loses:90", times=1)
    assert not (await world.sync(full=True)).refused


async def test_a_changed_mapping_sends_nothing_before_it_was_looked_at_and_applied() -> None:
    world = await many(3, modes={("priority", "b"): "off"})
    for id_ in world.a.items:
        world.a.edit(id_, {"priority": "high"})
    await world.settled()
    units = dict(world.spec.units)
    units["priority"] = replace(units["priority"], modes={"a": "both", "b": "both"})
    world.change(units=units, fingerprint="f2")
    before = world.writes()
    report = await world.sync()
    assert [line.partition(":")[0] for line in report.refused] == ["mapping"]
    plans = await world.preview(apply=True)
    assert {write.why for plan in plans for write in plan.writes} == {"remap"}
    assert world.writes() == before
    await world.sync(apply=True)
    assert {fields["priority"] for fields in world.records("b")} == {"high"}
    report = await world.sync()
    assert not report.refused and "updated" not in report.counts


async def test_a_changed_policy_needs_no_looking_at() -> None:
    world = await many(3)
    units = {n: replace(u, policy=Policy("authority", "a")) for n, u in world.spec.units.items()}
    world.change(units=units)
    assert not (await world.sync()).refused


async def test_credentials_of_another_account_are_refused() -> None:
    world = await many(3)
    accounts = {"a": "ann", "b": "bot"}

    async def described() -> None:
        for name, account in accounts.items():
            await world.store.write(connections.put, name, world.clock.now(), account=account)

    await described()
    assert not (await world.sync()).refused
    accounts["b"] = "somebody else"
    await described()
    world.a.edit(next(iter(world.a.items)), {"title": "Secret"})
    before = world.writes()
    report = await world.sync()
    assert [line.partition(":")[0] for line in report.refused] == ["account"]
    assert world.writes() == before
    await world.sync(force=("account",))
    assert world.writes() == before + 1
    assert not (await world.sync()).refused


async def test_a_pass_over_a_few_records_leaves_the_others_their_changed_mapping() -> None:
    world = await many(3)
    units = dict(world.spec.units)
    units["priority"] = replace(units["priority"], modes={"a": "off", "b": "off"})
    world.change(units=units, fingerprint="f0")
    await world.sync(apply=True)
    for id_ in world.a.items:
        world.a.edit(id_, {"priority": "urgent"})
    await world.settled()
    units["priority"] = replace(units["priority"], modes={"a": "source", "b": "both"})
    world.change(units=units, fingerprint="f3")
    await world.sync(apply=True, limit=1)
    assert [line.partition(":")[0] for line in (await world.sync()).refused] == ["mapping"]
    await world.sync(apply=True)
    assert {fields["priority"] for fields in world.records("b")} == {"urgent"}
