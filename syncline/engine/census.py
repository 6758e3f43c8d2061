"""Asks every tool what exists: what is missing is suspected, what was overlooked is read.

A full pass bounds how long anything can stay missed (I18): a record that a change query did not
tell, a change of one, a deletion that no tool reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncline.engine.absence import CANARIES, blind, suspect
from syncline.engine.context import PassContext, records_of
from syncline.engine.guards import Refused, shrunk
from syncline.engine.observe import store
from syncline.sdk.connector import Missing
from syncline.sdk.errors import ConnectorError
from syncline.store import links, observations
from syncline.store.findings import tombstones
from syncline.store.sql import Tx

EVIDENCE = "missing from the census, then 404 by id"
AT_ONCE = 500
"""Overlooked records read and stored together."""


@dataclass(frozen=True, slots=True)
class Census:
    """What a census of one side found: linked records, those not listed, those overlooked.

    `unseen` leaves out records that say themselves why they are not listed: they left the scope or
    were deleted. `alive` are those of them that exist, in scope, all the same.
    """

    side: str
    known: int
    unseen: int = 0
    alive: int = 0
    overlooked: int = 0
    refused: Refused | None = None


async def take_census(context: PassContext) -> list[Census]:
    """List every side's ids and versions, after the changes were read."""
    results = []
    for side in sorted(context.reachable()):
        try:
            results.append(await _census(context, side))
        except ConnectorError as error:
            context.stop(side, error)
    return results


async def _census(context: PassContext, side: str) -> Census:
    connector, record = context.connectors[side], context.sync.sides[side].record
    known = await context.read(links.versions, context.sync.name, side)
    inside = await context.read(links.versions, context.sync.name, side, state="in")
    missing = set(inside)
    overlooked: list[str] = []
    async for page in connector.census(record):
        missing -= set(page.versions)
        overlooked += await context.read(_overlooked, context.sync.name, side, known, page.versions)
    await _read(context, side, overlooked)
    refused = shrunk(context.sync, side, len(inside), len(inside) - len(missing))
    if refused is not None or not missing:
        return Census(side, len(inside), len(missing), 0, len(overlooked), refused)
    canaries = [id_ for id_ in inside if id_ not in missing][:CANARIES]
    found = await connector.fetch(record, sorted(missing) + canaries)
    alive = [r for r in records_of(found.values()) if r.id in missing]
    if not blind(context, side, canaries, found):
        gone = [i for i, r in found.items() if i in missing and isinstance(r, Missing) and r.gone]
        await suspect(context, side, gone, EVIDENCE)
        await context.commit(store, context, side, alive, None, False)
    left = [r for r in alive if r.deleted or not r.in_scope]
    unseen = len(missing) - len(left)
    return Census(side, len(inside), unseen, len(alive) - len(left), len(overlooked))


def _overlooked(
    tx: Tx,
    sync: str,
    side: str,
    known: Mapping[str, int | None],
    listed: Mapping[str, int | None],
) -> list[str]:
    """Records of a census page that are newer than what is known of them, or not known at all."""
    new = [id_ for id_ in listed if id_ not in known]
    seen = observations.of_records(tx, sync, side, new)
    buried = tombstones.dead(tx, sync, side, new)
    newer = [
        id_
        for id_, version in listed.items()
        if id_ in known and version is not None and version > (known[id_] or 0)
    ]
    return newer + [id_ for id_ in new if id_ not in seen and id_ not in buried]


async def _read(context: PassContext, side: str, ids: Sequence[str]) -> None:
    connector, record = context.connectors[side], context.sync.sides[side].record
    for start in range(0, len(ids), AT_ONCE):
        found = await connector.fetch(record, ids[start : start + AT_ONCE])
        await context.commit(store, context, side, records_of(found.values()), None, False)
