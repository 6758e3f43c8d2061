"""What the engine writes through: a port for records here, those for comments and files beside.

A link of records, of comments or of files is planned, written, settled and proved by the same
code; a port translates to the connector's methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from syncline.engine.planned import Write
from syncline.sdk.connector import (
    Capabilities,
    Connector,
    Create,
    CreateSearch,
    FindResult,
    Missing,
    Outcome,
    Record,
    Update,
)
from syncline.store.rows import Intent, Link


class Port(Protocol):
    """One side's records of one kind (record, comment or attachment)."""

    capabilities: Capabilities

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """The records as they are now, by id; without those of which it cannot be told now."""
        ...

    async def create(self, items: Sequence[tuple[Write, Link, str]]) -> Sequence[Outcome]:
        """Make records; the third part of an item is its key."""
        ...

    async def update(self, items: Sequence[tuple[Write, Link]]) -> Sequence[Outcome]:
        """Patch records."""
        ...

    async def find(self, items: Sequence[tuple[Intent, Link]]) -> Sequence[FindResult | None]:
        """Look for creates whose outcome is unknown; None where it cannot be told now."""
        ...


class RecordPort:
    """Records of a sync's side."""

    def __init__(self, connector: Connector, record: str) -> None:
        self.connector = connector
        self.record = record
        self.capabilities = connector.capabilities_of(record)

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return await self.connector.fetch(self.record, ids)

    async def create(self, items: Sequence[tuple[Write, Link, str]]) -> Sequence[Outcome]:
        creates = [
            Create(key, write.patch, write.follows[-1] if write.follows else None)
            for write, _, key in items
        ]
        return await self.connector.create(self.record, creates)

    async def update(self, items: Sequence[tuple[Write, Link]]) -> Sequence[Outcome]:
        updates = [
            Update(write.record_id or "", write.patch, write.expected, write.version)
            for write, _ in items
        ]
        return await self.connector.update(self.record, updates)

    async def find(self, items: Sequence[tuple[Intent, Link]]) -> Sequence[FindResult]:
        searches = [
            CreateSearch(intent.key, intent.payload["patch"], intent.created_at)
            for intent, _ in items
            if intent.created_at is not None
        ]
        return await self.connector.find(self.record, searches)
