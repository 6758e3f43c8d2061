"""What the tools' own histories say of values that clash: who set them, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from syncline.engine.context import PassContext
from syncline.engine.decision import Evidence
from syncline.engine.spec import Sync
from syncline.sdk.connector import Change
from syncline.sdk.errors import ConnectorError
from syncline.store.rows import Observation

EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""An edit that clashes may be as old as the outage that kept us from seeing it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Units of a link whose values clash, and what its sides show."""

    link_id: str
    units: Sequence[str]
    observed: Mapping[str, Observation]


async def evidence(
    context: PassContext, sync: Sync, doubts: Sequence[Doubt]
) -> dict[str, dict[str, Evidence]]:
    """By link and unit; a side that fails while it is asked stops alone."""
    found = {doubt.link_id: {unit: Evidence() for unit in doubt.units} for doubt in doubts}
    for side in dict.fromkeys(side for doubt in doubts for side in doubt.observed):
        mine = [doubt for doubt in doubts if side in doubt.observed]
        try:
            await _ask(context, sync, side, mine, found)
        except ConnectorError as error:
            context.stop(side, error)
    return found


async def _ask(
    context: PassContext,
    sync: Sync,
    side: str,
    doubts: Sequence[Doubt],
    found: dict[str, dict[str, Evidence]],
) -> None:
    ids = [doubt.observed[side].record_id for doubt in doubts]
    changes = await context.history(side, ids, EVER)
    for doubt in doubts:
        mine = found[doubt.link_id]
        for name in doubt.units:
            lens = sync.units[name].lenses.get(side)
            told = changes.get(doubt.observed[side].record_id, ())
            last = last_by_others(lens.paths, told) if lens is not None else None
            mine[name] = replace(
                mine[name],
                at={**mine[name].at, side: last.at if last else None},
                person={**mine[name].person, side: who(last) if last else None},
            )


def last_by_others(paths: Sequence[str], changes: Sequence[Change]) -> Change | None:
    """The last change at these paths that was not ours."""
    mine = [change for change in changes if change.path in paths and not change.by_us]
    return mine[-1] if mine else None


def who(change: Change) -> str:
    """Who made a change, as well as the tool tells."""
    return change.by.email or change.by.name or change.by.handle
