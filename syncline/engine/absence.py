"""Absence is not deletion (I21): what it takes before a record counts as deleted, or as merged.

A record missing from a census, refused on a write, or called deleted by its tool is *suspected*.
It is taken as deleted when a later look, by id and with a passing canary, says so again. A record
that its tool says was merged into another is read by its id, which says it again; so is one whose
id now belongs to a record that was made later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syncline.engine.context import PassContext
from syncline.engine.decision import UnitState
from syncline.engine.identity import another
from syncline.engine.owing import undelivered
from syncline.engine.spec import Sync
from syncline.sdk.connector import Missing, Record
from syncline.sdk.errors import ConnectorError
from syncline.store import links
from syncline.store.findings import tombstones
from syncline.store.rows import Link, Observation, Slice, Tombstone
from syncline.store.sql import Tx

CANARIES = 3
TOLD = "the tool calls it deleted"
TOLD_MERGED = "the tool merged it into another record"
REUSED = "its id was given to a new record"
OURS = "we were removing it, as another record of its link had ended"

AT_ONCE = (TOLD_MERGED, REUSED)
"""Evidence that was read by id, or is looked at so: reading by id does not lag."""


def blind(
    context: PassContext, side: str, canaries: Sequence[str], found: Mapping[str, Record | Missing]
) -> bool:
    """Whether not even records that were there a moment ago can be read: then absence says nothing.

    A link's only record has no canaries; its absence is believed.
    """
    if not canaries or any(isinstance(found.get(c), Record) for c in canaries):
        return False
    context.notes.append(
        f"{side}: records known to exist cannot be read, so nothing missing is judged"
    )
    return True


def suspicion(
    sync: str, link_id: str, side: str, record_id: str, evidence: str, at: datetime
) -> Tombstone:
    """A record that looks as if it had ended; a later look decides."""
    return Tombstone(sync, link_id, side, record_id, "suspected", "deleted", evidence, at)


def removing(link: Link, side: str, sync: str, at: datetime) -> Tombstone:
    """A record that we were removing, and of which nothing was heard.

    If it has ended that was our doing, and no reason to remove the others: the one that ended first
    may have been restored since.
    """
    return suspicion(sync, link.id, side, link.sides[side].record_id, OURS, at)


def _suspect(tx: Tx, context: PassContext, side: str, ids: Sequence[str], evidence: str) -> None:
    sync, at = context.sync.name, context.now()
    link_of = links.find(tx, sync, side, ids)
    known = tombstones.of_records(tx, sync, side, ids)
    places = {(t.link_id, t.record_id) for group in known.values() for t in group}
    new = [i for i in ids if i in link_of and (link_of[i], i) not in places]
    tombstones.put(tx, [suspicion(sync, link_of[i], side, i, evidence, at) for i in new])


async def suspect(context: PassContext, side: str, ids: Sequence[str], evidence: str) -> None:
    """Note that records look deleted, once."""
    await context.commit(_suspect, context, side, ids, evidence)


async def confirm(context: PassContext) -> list[tuple[Tombstone, Record | None]]:
    """Look again at what an earlier look suspected; answers with what has ended beyond doubt, and
    with what its tool shows under its id, if anything."""
    suspected = [
        t
        for t in await context.read(tombstones.list, context.sync.name, "suspected")
        if t.side in context.reachable()
    ]
    confirmed: list[tuple[Tombstone, Record | None]] = []
    for side in sorted({t.side for t in suspected}):
        mine = [t for t in suspected if t.side == side and _ripe(context, t)]
        try:
            confirmed += await _confirm_side(context, side, mine)
        except ConnectorError as error:
            context.stop(side, error)
    return confirmed


def _ripe(context: PassContext, tombstone: Tombstone) -> bool:
    """Whether a second look says more than the first did.

    What a tool itself calls deleted may be looked at at once; an absence only in a later pass,
    and only after the tool's own lag: a tool that is being restarted answers 404 for a while.
    """
    if tombstone.evidence in AT_ONCE:
        return True
    lag = context.can(tombstone.side).search_lag
    told = tombstone.evidence == TOLD
    ripe = context.now() - tombstone.first_seen_at >= lag
    return ripe and (told or tombstone.first_seen_at < context.started)


async def _confirm_side(
    context: PassContext, side: str, suspected: Sequence[Tombstone]
) -> list[tuple[Tombstone, Record | None]]:
    if not suspected:
        return []
    connector, record = context.connectors[side], context.sync.sides[side].record
    ids = [t.record_id for t in suspected]
    enough = len(ids) + CANARIES
    known = await context.read(links.versions, context.sync.name, side, None, enough)
    canaries = [id_ for id_ in known if id_ not in set(ids)][:CANARIES]
    found = await connector.fetch(record, ids + canaries)
    unseeing = blind(context, side, canaries, found)
    confirmed: list[tuple[Tombstone, Record | None]] = []
    back = []
    about = await context.read(links.load, [t.link_id for t in suspected])
    for tombstone in suspected:
        now = found.get(tombstone.record_id)
        sure = replace(tombstone, state="confirmed", confirmed_at=context.now())
        reason = _ended(about.get(tombstone.link_id), side, now) if isinstance(now, Record) else ""
        if isinstance(now, Record) and reason:
            confirmed.append((replace(sure, reason=reason), now))
        elif isinstance(now, Record):
            back.append(tombstone)
        elif isinstance(now, Missing) and now.gone and not unseeing:
            confirmed.append((sure, None))
    await context.commit(_lift, back)
    return confirmed


def evidence(link: Link, side: str, now: Record) -> str:
    """What speaks against a record's being the link's any more; empty where nothing does."""
    told = {"merged": TOLD_MERGED, "deleted": TOLD, "reused": REUSED}
    return told.get(_ended(link, side, now), "")


def _ended(link: Link | None, side: str, now: Record) -> str:
    """Why a record that its tool still shows is not the link's any more; empty where it is."""
    if now.merged_into is not None:
        return "merged"
    if now.deleted:
        return "deleted"
    anew = link is not None and another(link, side, now.id, now.created_at)
    return "reused" if anew else ""


def _lift(tx: Tx, back: Sequence[Tombstone]) -> None:
    tombstones.lift(tx, [(one.sync, one.side, one.record_id) for one in back])


def undecided(sync: Sync, link: Link, observed: Mapping[str, Observation], side: str) -> bool:
    """Whether another side holds an edit that the deleted one never got.

    An observation alone is none, nor is a comment that is still to be read.
    """
    states = {name: UnitState.unpack(link.fields.get(name)) for name in sync.units}
    others = [(s, o.fields) for s, o in observed.items() if s != side and not o.deleted]
    return undelivered(sync, link.sides, states) or any(
        edited(states, sync, s, fields) for s, fields in others
    )


def edited(states: Mapping[str, UnitState], sync: Sync, side: str, fields: Slice) -> bool:
    """Whether a side shows something else than a decision or receipt knew it to show."""
    return any(
        state.seen[side].get(path) != fields.get(path)
        for name, state in states.items()
        if side in state.seen and side in sync.units[name].lenses
        for path in sync.units[name].lenses[side].paths
    )
