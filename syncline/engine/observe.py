"""Reads what changed on every side and stores it, with the cursor that covers it.

Nothing is decided here and nothing that was seen moves: an observation that was stored but not
yet decided is still an edit after a crash. A record that shows what it was seen to show costs one
comparison and leaves no trace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from syncline.engine.absence import REUSED, suspicion
from syncline.engine.book import MARKER, REFERENCES, observation_of
from syncline.engine.context import PassContext
from syncline.engine.identity import another
from syncline.engine.owing import unread
from syncline.sdk.connector import Page, Record
from syncline.sdk.errors import ConnectorError
from syncline.store import cursors, links, observations
from syncline.store.findings import tombstones
from syncline.store.rows import Link, Observation, Slice, Tombstone
from syncline.store.sql import Tx

AT_ONCE = 1000
"""Records stored in one transaction, give or take a page."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What reading one side came to: records read, and those that show something new."""

    side: str
    read: int
    new: int
    complete: bool
    first: bool


async def observe(context: PassContext) -> dict[str, Observed]:
    """Read all reachable sides at once; a side that fails stops alone, its cursor stays."""
    known = await context.read(cursors.load, context.sync.name)
    found: dict[str, Observed] = {}
    async with asyncio.TaskGroup() as group:
        for side in sorted(context.reachable()):
            cursor = known.get(side)
            fits = cursor is not None and cursor.fingerprint == context.sync.fingerprint
            value = cursor.value if cursor is not None and fits else None
            group.create_task(_side(context, side, value, found))
    return found


async def _side(
    context: PassContext, side: str, cursor: str | None, found: dict[str, Observed]
) -> None:
    record = context.sync.sides[side].record
    reading = _Reading(context, side, first=cursor is None)
    complete = False
    try:
        async for page in context.connectors[side].changes(record, cursor):
            reading.add(page)
            if len(reading.waiting) >= AT_ONCE:
                await reading.store()
        complete = True
    except ConnectorError as error:
        context.stop(side, error)
    await reading.store()
    found[side] = Observed(side, reading.read, reading.new, complete, cursor is None)


class _Reading:
    """Pages of one side that wait to be stored together: a transaction costs as much as a page."""

    def __init__(self, context: PassContext, side: str, *, first: bool) -> None:
        self.context = context
        self.side = side
        self.first = first
        self.read = self.new = 0
        self.waiting: dict[str, Record] = {}
        self.cursor: str | None = None

    def add(self, page: Page) -> None:
        """A record that comes again was read later, so it replaces the one that waits."""
        self.read += len(page.records)
        self.waiting.update((record.id, record) for record in page.records)
        self.cursor = page.cursor or self.cursor

    async def store(self) -> None:
        if self.waiting or self.cursor is not None:
            records = list(self.waiting.values())
            self.new += await self.context.commit(
                store, self.context, self.side, records, self.cursor, self.first
            )
        self.waiting, self.cursor = {}, None


def store(
    tx: Tx,
    context: PassContext,
    side: str,
    records: Sequence[Record],
    cursor: str | None,
    first: bool,
) -> int:
    """One transaction: observations of what is new in records, and the cursor that covers them.

    A new record under the id of one that a link knows is none of the link's: the one it knows is
    suspected to be gone. A record told without news has its version noted, and its comments are
    due: tools count a comment as a change of its record.
    """
    sync = context.sync
    ids = [record.id for record in records]
    link_of = links.find(tx, sync.name, side, ids) if ids else {}
    known = links.load(tx, sorted(set(link_of.values()))) if link_of else {}
    undecided = observations.of_records(tx, sync.name, side, ids)
    now = context.now()
    rows: list[Observation] = []
    told: list[Link] = []
    strangers: list[Tombstone] = []
    for record in records:
        link = known.get(link_of.get(record.id, ""))
        if link is not None and another(link, side, record.id, record.created_at):
            strangers.append(suspicion(sync.name, link.id, side, record.id, REUSED, now))
            continue
        row = observation_of(sync, side, record, link.id if link else None, now, context.people)
        if is_new(context, link, row, undecided.get(record.id)):
            rows.append(row)
        elif link is not None and not first and _is_in(link, side):
            told.append(_told(context, link, row))
    tombstones.put(tx, strangers)
    observations.put(tx, rows)
    links.update(tx, [link for link in told if link is not known[link.id]])
    if cursor is not None:
        cursors.save(tx, sync.name, side, cursor, sync.fingerprint)
    return len(rows)


def _is_in(link: Link, side: str) -> bool:
    at = link.sides.get(side)
    return at is not None and at.state == "in"


def _told(context: PassContext, link: Link, row: Observation) -> Link:
    """The link of a record that was told without news; itself where nothing is to be noted.

    A move gives a record another key and another address, and may change none of its fields.
    """
    at = link.sides[row.side]
    newest = max(at.version or 0, row.version or 0) or None
    now = replace(at, version=newest, key=row.key or at.key, url=row.url or at.url)
    if now != at:
        link = replace(link, sides={**link.sides, row.side: now})
    return link if context.sync.comments is None else unread(link, [row.side])


def is_new(
    context: PassContext, link: Link | None, row: Observation, undecided: Observation | None
) -> bool:
    """Whether an observation tells something that neither a decision nor `undecided` knows.

    `undecided` is what an earlier pass observed of the record and nobody has decided on yet: when
    a person has taken an edit back since, what the record shows now takes its place.
    """
    at = link.sides.get(row.side) if link is not None else None
    if link is not None:
        if at is None or at.state not in ("in", "out"):
            return False
        if at.version is not None and row.version is not None and row.version < at.version:
            return False
    if undecided is not None:
        return (undecided.fields, undecided.in_scope, undecided.deleted) != (
            row.fields,
            row.in_scope,
            row.deleted,
        )
    if link is None or at is None:
        return row.in_scope and not row.deleted
    if row.deleted or at.state == "out" or not row.in_scope:
        return True
    return not _as_seen(context, link, row.side, row.fields)


def _as_seen(context: PassContext, link: Link, side: str, fields: Slice) -> bool:
    """Whether a side shows exactly what the last decision or receipt knew it to show."""
    for name, unit in context.sync.units.items():
        lens = unit.lenses.get(side)
        if lens is None:
            continue
        state: Mapping[str, Mapping[str, Slice]] = link.fields.get(name) or {}
        seen = state.get("seen", {}).get(side)
        if seen is None:
            return False
        for path in lens.paths:
            if seen.get(path) != fields.get(path):
                return False
    return True


__all__ = ["MARKER", "REFERENCES", "Observed", "is_new", "observe", "store"]
