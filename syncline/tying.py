"""Ties and cuts by hand: `adopt`, `unlink`, and giving up on a parked action.

They hold the sync's lease, so that no pass writes the same links at the same time, and they look at
the records in the tools first, so that a mistyped id ties nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from syncline.engine import commands
from syncline.engine.book import observation_of
from syncline.engine.cards import cards_of, take_off
from syncline.engine.passes import Environment
from syncline.engine.spec import Sync
from syncline.sdk.connector import LinkCard, Record
from syncline.store import intents, links, observations
from syncline.store.findings import parked
from syncline.store.lease import Lease
from syncline.store.rows import Link, LinkSide, Parked
from syncline.store.sql import Tx

if TYPE_CHECKING:
    from syncline.hub import Hub


class CannotTie(Exception):
    """Records that cannot be tied; says which and why. Nothing was changed."""


@asynccontextmanager
async def holding(hub: Hub, name: str) -> AsyncIterator[tuple[Sync, Environment]]:
    """A sync while no pass works on it. Raises LeaseHeld."""
    sync = await hub.sync(name)
    env = await hub.environment(sync)
    lease = await Lease.acquire(hub.store, name, env.holder, hub.clock)
    async with lease.keep():
        try:
            yield sync, env
        finally:
            await lease.release()


async def adopt(hub: Hub, name: str, named: Sequence[tuple[str, str]], by: str = "") -> Link:
    """Make records `(side, id)` one link, whatever cut them before; the next pass agrees them.

    A single record is a yes to a sync that asks before it makes the others (`create: ask`).
    """
    async with holding(hub, name) as (sync, env):
        found = {side: await _record(sync, env, side, id_) for side, id_ in named}
        asks = any(spec.create == "ask" for s, spec in sync.sides.items() if s not in found)
        if len(found) < len(named) or len(found) < (1 if asks else 2):
            raise CannotTie("A link needs records of two different sides; nothing was changed.")
        records = [(side, record.id) for side, record in found.items()]
        try:
            link = await commands.adopt(hub.store, name, records, hub.new_id(), hub.clock.now(), by)
        except ValueError as error:
            raise CannotTie(f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing changed.") from None
        return await hub.store.write(_seen, sync, link, found, hub.clock.now())


async def _record(sync: Sync, env: Environment, side: str, id_: str) -> Record:
    answer = (await env.connectors[side].fetch(sync.sides[side].record, [id_])).get(id_)
    if not isinstance(answer, Record):
        why = f": {answer.reason}" if answer is not None and answer.reason else ""
        raise CannotTie(f"{side} shows no {sync.sides[side].record} {id_}{why}; nothing changed.")
    return answer


def _seen(tx: Tx, sync: Sync, link: Link, found: Mapping[str, Record], at: datetime) -> Link:
    """What the tools showed, to be decided by the next pass."""
    sides = {
        side: replace(link.sides[side], key=record.key, url=record.url)
        for side, record in found.items()
    }
    after = replace(link, sides={**link.sides, **sides})
    links.update(tx, [after])
    observations.put(
        tx, [observation_of(sync, side, record, link.id, at) for side, record in found.items()]
    )
    return after


async def unlink(
    hub: Hub, link: Link, sides: Iterable[str], by: str = ""
) -> tuple[Link, list[str]]:
    """Cut sides off their link for good and take the cards off, with what could not be taken."""
    async with holding(hub, link.sync) as (sync, env):
        gone: dict[str, list[LinkCard]] = {}
        after = (await hub.store.read(links.load, [link.id]))[link.id]
        for side in sides:
            if after.sides[side].state in ("cut", "gone"):
                continue
            for shown_on in after.sides:
                shows = after.sides[shown_on].state == "in"
                cards = cards_of(after, shown_on, env.connectors) if shows else []
                mine = [c for c in cards if side in (shown_on, c.connection)]
                gone.setdefault(shown_on, []).extend(mine)
            after = await commands.unlink(hub.store, after, side, hub.clock.now(), by)
        return after, await take_off(sync, env.connectors, gone)


async def give_up(hub: Hub, row: Parked) -> None:
    """Drop a parked action: what could not be made is not tried again, the rest is left as it is.

    A create that is given up leaves its side cut off; `adopt` ties a record there later.
    """
    async with holding(hub, row.sync):
        await hub.store.write(_give_up, row, hub.clock.now())


def _give_up(tx: Tx, row: Parked, at: datetime) -> None:
    parked.clear(tx, [row.id])
    open_ones = intents.of_links(tx, [row.link_id], ("parked",)).get(row.link_id, [])
    mine = [one.id for one in open_ones if one.side == row.side]
    intents.close(tx, [(id_, "failed", "given up by an operator") for id_ in mine], at)
    link = links.load(tx, [row.link_id]).get(row.link_id)
    if link is not None and row.action == "create" and row.side not in link.sides:
        sides = {**link.sides, row.side: LinkSide(row.side, "", "cut")}
        links.update(tx, [replace(link, sides=sides, revision=link.revision + 1)])
