"""Passes as people ask for them: run one, plan one, apply a plan that was saved; and verify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from syncline.engine.passes import Options, Pass, open_pass, signer
from syncline.engine.report import Report, actions_of, estimate
from syncline.plans import Plan, PlanStale, differences, waiting
from syncline.store import links
from syncline.verify import run as verifying
from syncline.verify.found import Verified
from syncline.verify.sides import Ports

if TYPE_CHECKING:
    from syncline.hub import Hub, Progress


async def run(hub: Hub, name: str, options: Options | None, progress: Progress) -> Report:
    """Plan and apply in one pass. Raises LeaseHeld while another run works on the sync."""
    sync = await hub.sync(name)
    env = await hub.environment(sync)
    async with open_pass(env, sync, options or Options()) as one:
        await _look(one, progress)
        await one.carry_out(lambda done: progress("carry out", done))
        report = await one.finish()
    await _note_health(hub, report.sync, report.stopped)
    return report


async def plan(hub: Hub, name: str, options: Options | None, progress: Progress) -> Plan:
    """What `run` would do."""
    sync = await hub.sync(name)
    env = await hub.environment(sync)
    asked = options or Options(kind="plan")
    async with open_pass(env, sync, asked) as one:
        await _look(one, progress)
        found = await _plan_of(one, asked)
        report = await one.finish()
    await _note_health(hub, report.sync, report.stopped)
    return found


async def apply(hub: Hub, saved: Plan, force: tuple[str, ...], progress: Progress) -> Report:
    """The actions of a plan and no others; PlanStale says what has moved since it was made."""
    sync = await hub.sync(saved.sync)
    env = await hub.environment(sync)
    if saved.fingerprint != sync.fingerprint:
        raise PlanStale(saved, ["the sync's fields, filters, scope or mapping are others now"])
    # A plan over a changed mapping is whole or nothing; of any other, only its own links move.
    only = () if saved.remap else tuple(sorted(saved.records()))
    options = Options(only=only, force=force, apply=True, kind="apply")
    async with open_pass(env, sync, options) as one:
        await _look(one, progress)
        if saved.actions or saved.remap:
            moved = differences(saved, await _plan_of(one, options))
            if moved and not one.refused and not one.context.stopped:
                raise PlanStale(saved, moved)
            await one.carry_out(lambda done: progress("carry out", done))
        report = await one.finish()
    await _note_health(hub, report.sync, report.stopped)
    return report


async def verify(hub: Hub, name: str, window: timedelta | None, progress: Progress) -> Verified:
    """How far the sides of a sync agree, by a fresh reading of all of them."""
    sync = await hub.sync(name)
    env = await hub.environment(sync)
    ports = Ports(
        sync=sync,
        connectors=env.connectors,
        store=env.store,
        clock=env.clock,
        new_id=env.new_id,
        sign=signer(env.secret, env.store.workspace),
        table=env.people,
        progress=progress,
    )
    found = await verifying.verify(ports, window or verifying.WINDOW)
    await _note_health(hub, name, found.stopped)
    return found


async def _look(one: Pass, progress: Progress) -> None:
    progress("settle", 0)
    await one.settle()
    progress("observe", 0)
    await one.observe()
    progress("judge", 0)
    await one.judge()


async def _plan_of(one: Pass, options: Options) -> Plan:
    plans = await one.preview()
    actions = [a.to_json() for p in plans for a in actions_of(one.sync, p, one.context)]
    ends = await _ends(one)
    writes = [write for p in plans for write in p.writes]
    conflicts, parked = waiting(plans)
    made = Counter("created" if write.kind == "create" else "updated" for write in writes)
    capabilities = {side: one.context.can(side) for side in one.context.connectors}
    return Plan(
        sync=one.sync.name,
        fingerprint=one.sync.fingerprint,
        made_at=one.context.now(),
        accounts=await one.accounts(),
        remap=one.remap,
        actions=(*ends, *actions),
        counts={
            "created": made["created"],
            "updated": made["updated"],
            "deleted": len(one.deletes.confirmed),
            "conflicts": len(conflicts),
            "parked": len(parked),
        },
        conflicts=tuple(conflicts),
        parked=tuple(parked),
        requests=estimate(writes, capabilities),
        refused=tuple(f"{guard.name}: {guard.reason}" for guard in one.refused),
        stopped=dict(one.context.stopped),
        notes=tuple(one.context.notes),
    )


async def _ends(one: Pass) -> list[dict[str, Any]]:
    """What a record that is gone from one side does to the others, by the sync's `deletes`."""
    gone = one.deletes.confirmed
    found = await one.context.read(links.load, [tombstone.link_id for tombstone in gone])
    return [
        {
            "side": side,
            "kind": one.sync.deletes.propagate,
            "record": at.record_id,
            "field": None,
            "before": None,
            "after": None,
            "why": f"{tombstone.side}:{tombstone.record_id} is gone ({tombstone.evidence})",
            "source": {tombstone.side: tombstone.record_id, side: at.record_id},
        }
        for tombstone in gone
        if tombstone.link_id in found
        for side, at in found[tombstone.link_id].sides.items()
        if side != tombstone.side and at.state == "in"
    ]


async def _note_health(hub: Hub, name: str, stopped: Mapping[str, str]) -> None:
    """What was found out about a sync's connections, for `syncline status`."""
    connections = await hub.connections()
    for side in hub.config.side_names(name):
        await connections.note_health(side, stopped.get(side, ""))
