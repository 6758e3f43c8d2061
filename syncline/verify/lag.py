"""How long edits take, from the person who made them to the last side: percentiles.

An edit ends with the last receipt for it in the journal. It begins when the tool's own history says
that a person made it, and where no history tells, when Syncline decided on it. The two clocks may
differ by as much as the machines' do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from syncline.sdk.connector import Change
from syncline.store import journal
from syncline.store.rows import JournalEntry
from syncline.store.sql import Tx
from syncline.verify.found import Lag
from syncline.verify.sides import Sides

SAMPLE = 200
"""The newest edits of the window that are measured: a history costs some tools a request each."""

DELIVERIES = ("edit", "write", "create")


async def measure(sides: Sides, window: timedelta) -> Lag:
    """The lag of the newest edits of a window that ends now."""
    ports = sides.ports
    since = ports.clock.now() - window
    edits, story = await ports.store.read(_edits, sides.sync.name, since)
    delivered = [(edit, end) for edit in edits if (end := _end(edit, story)) is not None]
    by_side: dict[str, list[str]] = {}
    for edit, _ in delivered:
        if edit.record_id is not None:
            by_side.setdefault(edit.side, []).append(edit.record_id)
    # An edit may be older than its decision: a tool that is down is heard only afterwards.
    told = {s: await sides.history(s, ids, since - window) or {} for s, ids in by_side.items()}
    lags, by_history = [], 0
    for edit, end in delivered:
        begun = _begun(sides, edit, told.get(edit.side, {}))
        by_history += begun is not None
        lags.append(max(0.0, (end - (begun or edit.at)).total_seconds()))
    if not lags:
        return Lag(window)
    lags.sort()
    p50, p95 = percentile(lags, 50), percentile(lags, 95)
    return Lag(window, len(lags), by_history, p50, p95, lags[-1])


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of some numbers that so many per cent of them do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


def _edits(tx: Tx, sync: str, since: datetime) -> tuple[list[JournalEntry], list[JournalEntry]]:
    edits = journal.newest_edits(tx, sync, since, SAMPLE)
    return edits, journal.of_kinds(tx, {edit.link_id for edit in edits}, DELIVERIES)


def _end(edit: JournalEntry, story: Sequence[JournalEntry]) -> datetime | None:
    """When the last side had got an edit, before the next one of the field; None: none has."""
    field = [e for e in story if (e.link_id, e.field) == (edit.link_id, edit.field)]
    after = field[field.index(edit) + 1 :]
    end = None
    for entry in after:
        if entry.kind == "edit":
            if entry.run == edit.run and entry.at == edit.at:
                continue  # decided together: two people's edits of one field, merged
            break
        end = entry.at
    return end


def _begun(
    sides: Sides, edit: JournalEntry, told: Mapping[str, Sequence[Change]]
) -> datetime | None:
    """When a person made an edit, by the tool's history: their last change before the decision."""
    unit = sides.sync.units.get(edit.field or "")
    if unit is None or edit.side not in unit.lenses:
        return None
    paths = unit.lenses[edit.side].paths
    made = [
        change.at
        for change in told.get(edit.record_id or "", ())
        if change.path in paths and not change.by_us and change.at <= edit.at
    ]
    return max(made, default=None)
