"""Reads the sides: whole listings page by page, then by id whatever a listing missed or got wrong.

Nothing is written to a tool or to the store. A side that cannot be read is left out with its
reason, and the others are still compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncline.engine.directory import PERSONAL, directory
from syncline.engine.spec import Sync
from syncline.mapping.lens import People
from syncline.mapping.paths import keys, value_at
from syncline.sdk.clock import Clock
from syncline.sdk.connector import Change, Connector, Missing, Record
from syncline.sdk.errors import ConnectorError
from syncline.store import people as known_people
from syncline.store.rows import PersonRow, Slice
from syncline.store.store import Store
from syncline.verify.spool import Shown, Spool

BATCH = 500
"""Records and links held in memory at once, give or take a page."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What verify is given of the world. `sign` makes our markers; `table` is the people table.

    `progress` is told which step is at work and how many links are done.
    """

    sync: Sync
    connectors: Mapping[str, Connector]
    store: Store
    clock: Clock
    new_id: Callable[[], str]
    sign: Callable[[str], str]
    table: Mapping[str, Mapping[str, PersonRow]] = field(default_factory=dict)
    progress: Callable[[str, int], None] = lambda step, done: None


class Sides:
    """The sides of one sync, as they are now. `stopped` has those that cannot be read, and why."""

    def __init__(self, ports: Ports, spool: Spool) -> None:
        self.ports = ports
        self.sync = ports.sync
        self.spool = spool
        self.people: dict[str, People] = {}
        self.stopped: dict[str, str] = {}
        self.read: dict[str, int] = dict.fromkeys(ports.sync.sides, 0)

    @property
    def readable(self) -> list[str]:
        return [side for side in self.sync.sides if side not in self.stopped]

    async def list_all(self) -> None:
        """Read every record of every side in scope into the spool, all sides at once."""
        for side in self.sync.sides:
            rows = await self.ports.store.read(known_people.of_connection, side)
            table = self.ports.table.get(side, {})
            self.people[side] = directory(None, [*rows.values(), *table.values()], table)
        async with asyncio.TaskGroup() as group:
            for side in self.sync.sides:
                group.create_task(self._list(side))

    async def _list(self, side: str) -> None:
        record = self.sync.sides[side].record
        try:
            async for page in self.ports.connectors[side].changes(record, None):
                self.spool.put(self._shown(side, one) for one in page.records)
                self.read[side] += len(page.records)
                self.ports.progress(f"{self.read[side]} records of {side} read", 0)
        except ConnectorError as error:
            self.stopped[side] = str(error)

    async def by_id(self, side: str, ids: Sequence[str]) -> dict[str, Shown | Missing]:
        """Records as they are now, never from a listing that may be behind; kept in the spool.

        Empty where the side cannot be read, which `stopped` then says.
        """
        if side in self.stopped or not ids:
            return {}
        record = self.sync.sides[side].record
        found: dict[str, Shown | Missing] = {}
        try:
            for start in range(0, len(ids), BATCH):
                part = ids[start : start + BATCH]
                answered = await self.ports.connectors[side].fetch(record, part)
                for id_, one in answered.items():
                    found[id_] = one if isinstance(one, Missing) else self._shown(side, one)
        except ConnectorError as error:
            self.stopped[side] = str(error)
            return {}
        self.spool.put(one for one in found.values() if isinstance(one, Shown))
        return found

    async def know(self, side: str, slices: Iterable[Slice]) -> None:
        """Learn who the handles in these slices are, asking the tool once for unknown ones."""
        lenses = [
            unit.lenses[side]
            for unit in self.sync.units.values()
            if unit.kind.name in PERSONAL and side in unit.lenses
        ]
        wanted: set[str] = set()
        for slice_ in slices if lenses else ():
            for lens in lenses:
                wanted |= lens.handles({path: slice_.get(path) for path in lens.paths})
        unknown = sorted(wanted - set(self.people[side].by_handle))
        if not unknown or side in self.stopped:
            return
        try:
            found = await self.ports.connectors[side].people(unknown)
        except ConnectorError as error:
            self.stopped[side] = str(error)
            return
        rows = [
            PersonRow(side, p.handle, p.email.lower() if p.email else None, p.name, p.active)
            for p in found.values()
        ]
        table = self.ports.table.get(side, {})
        self.people[side] = directory(self.people[side], rows, table)

    async def history(
        self, side: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]] | None:
        """The tool's own history of records; None where it keeps none, or cannot be asked."""
        connector = self.ports.connectors[side]
        record = self.sync.sides[side].record
        if not connector.capabilities_of(record).history or side in self.stopped:
            return None
        try:
            return await connector.history(record, list(dict.fromkeys(ids)), since)
        except ConnectorError as error:
            self.stopped[side] = str(error)
            return None

    def _shown(self, side: str, record: Record) -> Shown:
        references: list[str] = []
        for path in self.sync.sides[side].references:
            found: Any = value_at(record.fields, keys(path))
            references += [found] if isinstance(found, str) else list(found or ())
        return Shown(
            side,
            record.id,
            self.sync.read(side, record.fields),
            record.url,
            record.marker,
            record.updated_at,
            record.in_scope,
            record.deleted,
            record.merged_into,
            tuple(references),
        )
