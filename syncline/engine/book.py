"""A batch of things to remember, written to the store in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from syncline.engine.decision import Candidate
from syncline.engine.identity import CREATED
from syncline.engine.match import match_key
from syncline.engine.spec import Sync
from syncline.mapping.lens import People
from syncline.sdk.connector import Record
from syncline.store import intents, journal, links, observations
from syncline.store.findings import conflicts, deviations, tombstones
from syncline.store.findings import parked as quarantine
from syncline.store.rows import (
    Conflict,
    Deviation,
    Intent,
    JournalEntry,
    Link,
    Observation,
    Parked,
    Tombstone,
)
from syncline.store.sql import Tx

MARKER = "@marker"
REFERENCES = "@references"
"""Where an observation of a record without a link keeps what may tie it to one."""

MERGED = "@merged_into"
"""Where an observation keeps the id that answers for its record since its tool merged it."""


@dataclass(slots=True)
class Book:
    """What one batch of decisions or receipts changes; `write` puts it all down or nothing."""

    sync: str
    run: str
    at: datetime
    new_links: list[Link] = field(default_factory=list)
    links: dict[str, Link] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    closed: list[tuple[str, str, str]] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    seen: list[Observation] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    attached: list[tuple[str, str, str]] = field(default_factory=list)
    unlinked: list[Observation] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    unparked: list[str] = field(default_factory=list)
    deviations: list[Deviation] = field(default_factory=list)
    conforming: list[tuple[str, str, str]] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)
    lifted: list[tuple[str, str, str]] = field(default_factory=list)

    def close(self, intent: Intent, state: str, reason: str = "") -> None:
        """An intent is over: applied, failed, superseded or parked."""
        self.closed.append((intent.id, state, reason))

    def write(self, tx: Tx) -> None:
        """Write everything inside the caller's transaction."""
        links.insert(tx, self.new_links)
        links.update(tx, list(self.links.values()))
        observations.put(tx, self.unlinked)
        observations.attach(tx, self.sync, self.attached)
        observations.delete(tx, self.sync, self.done)
        observations.hold(tx, self.sync, self.held)
        observations.put(tx, self.seen)
        intents.insert(tx, self.intents)
        intents.close(tx, self.closed, self.at)
        journal.append(tx, self.entries)
        conflicts.put(tx, self.conflicts)
        conflicts.resolve(tx, self.resolved)
        quarantine.clear(tx, self.unparked)
        quarantine.put(tx, self.parked)
        deviations.clear(tx, self.conforming)
        deviations.put(tx, self.deviations)
        tombstones.lift(tx, self.lifted)
        tombstones.put(tx, self.tombstones)


def observation_of(
    sync: Sync,
    side: str,
    record: Record,
    link_id: str | None,
    at: datetime,
    people: Mapping[str, People] = MappingProxyType({}),
) -> Observation:
    """What a record shows, as an observation of its side.

    Without a link it holds, beside the slice, what ties records together: the marker, explicit
    references, and the key under which its counterparts are found, for which `people` is needed.
    A record that was merged into another is no longer one of its own, as if it were deleted.
    """
    fields, key = sync.read(side, record.fields), None
    if record.created_at is not None:
        fields[CREATED] = record.created_at.isoformat()
    if record.merged_into is not None:
        fields[MERGED] = record.merged_into
    if link_id is None:
        fields |= _ties(sync, side, record)
        key = match_key(sync, side, fields, people)
    return Observation(
        sync=sync.name,
        side=side,
        record_id=record.id,
        state="new",
        fields=fields,
        version=record.version,
        link_id=link_id,
        match_key=key,
        key=record.key,
        url=record.url,
        in_scope=record.in_scope,
        deleted=ended(record),
        seen_at=at,
    )


def moot(asked: Iterable[Conflict], live: Collection[str]) -> list[str]:
    """Questions about fields in which no record that is left has a say: no answer would be heard,
    and what the others showed is kept with the question."""
    return [
        one.id
        for one in asked
        if one.kind == "field" and not any(c["side"] in live for c in one.candidates)
    ]


def ended(record: Record) -> bool:
    """Whether a record is none of its own any more: deleted, or merged into another."""
    return record.deleted or record.merged_into is not None


def _ties(sync: Sync, side: str, record: Record) -> dict[str, Any]:
    ties: dict[str, Any] = {}
    if record.marker:
        ties[MARKER] = record.marker
    references: list[str] = []
    for path in sync.sides[side].references:
        found = at_path(record.fields, path)
        references += [found] if isinstance(found, str) else list(found or ())
    if references:
        ties[REFERENCES] = references
    return ties


def at_path(fields: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a wire record, None where there is none."""
    at: Any = fields
    for step in path.split("."):
        at = at.get(step) if isinstance(at, Mapping) else None
    return at


def parked(
    sync: str,
    link_id: str,
    side: str,
    unit: str,
    action: str,
    reason: str,
    at: datetime,
    digest: str = "",
) -> Parked:
    """A parked action; its id is the place it is parked at, so that it is parked once."""
    return Parked(
        id=f"{link_id}/{side}/{unit}/{action}",
        sync=sync,
        link_id=link_id,
        side=side,
        field=unit,
        action=action,
        reason=reason,
        digest=digest,
        created_at=at,
    )


def parked_ids(link_id: str, side: str, units: Iterable[str], action: str) -> list[str]:
    """The ids under which `parked` files these."""
    return [f"{link_id}/{side}/{unit}/{action}" for unit in units]


def conformed(before: Link, after: Link) -> list[tuple[str, str, str]]:
    """The deviations of a link that are none any more, `(link, side, unit)`."""
    return [
        (before.id, side, name)
        for name, packed in before.fields.items()
        if isinstance(packed, dict) and "deviates" in packed
        for side in packed["deviates"].keys() - (after.fields.get(name) or {}).get("deviates", {})
    ]


def conflict_of(
    book: Book,
    link_id: str,
    unit: str,
    candidates: Sequence[Candidate],
    name: str,
    state: str,
) -> Conflict:
    """A conflict of one unit of a link; of several in one place the latest is kept."""
    return Conflict(
        id=hashlib.sha256(f"{link_id}/{unit}".encode()).hexdigest()[:10],
        sync=book.sync,
        link_id=link_id,
        field=unit,
        kind="field",
        candidates=tuple(candidate.to_json() for candidate in candidates),
        digest=name,
        state=state,
        created_at=book.at,
    )
