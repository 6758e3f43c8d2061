"""What one pass carries: its ports, who is known, what has stopped, what was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from syncline.engine.directory import PERSONAL, directory
from syncline.engine.spec import Sync
from syncline.mapping.lens import People, UnitLens
from syncline.sdk.clock import Clock
from syncline.sdk.connector import Capabilities, Change, Connector, Record
from syncline.sdk.errors import ConnectorError
from syncline.store import people
from syncline.store.lease import Lease
from syncline.store.rows import PersonRow
from syncline.store.sql import Tx
from syncline.store.store import Store

if TYPE_CHECKING:
    from syncline.engine.attempts import PutOff

CLOCK_SKEW = timedelta(minutes=15)
"""How far a tool's clock may be from ours; histories are read from this much earlier."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class PassContext:
    """The ports and the memory of one pass of one sync.

    `stopped` names sides that cannot be used any more in this pass, with the reason: the other
    sides go on, and nothing of a stopped side is guessed. `took` counts what each side applied,
    `put_off` has what one would only take later.
    """

    sync: Sync
    connectors: Mapping[str, Connector]
    store: Store
    lease: Lease
    clock: Clock
    run: str
    started: datetime
    new_id: Callable[[], str]
    sign: Callable[[str], str]
    people: dict[str, People] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    table: Mapping[str, Mapping[str, PersonRow]] = field(default_factory=dict)
    took: Counter[str] = field(default_factory=Counter)
    put_off: list[PutOff] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock.now()

    def stop(self, side: str, error: ConnectorError) -> None:
        """Stop using a side in this pass."""
        self.stopped.setdefault(side, str(error))

    def reachable(self) -> frozenset[str]:
        return frozenset(side for side in self.sync.sides if side not in self.stopped)

    async def commit(
        self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """One write transaction under the pass's lease."""
        return await self.store.commit(self.lease, fn, *args, **kwargs)

    async def read(
        self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.store.read(fn, *args, **kwargs)

    def strangers(self, side: str, slice_: Mapping[str, Any]) -> set[str]:
        """The handles in a slice of which nobody knows yet who they are."""
        handles: set[str] = set()
        for unit in self.sync.units.values():
            if unit.kind.name in PERSONAL and side in unit.lenses:
                lens = unit.lenses[side]
                handles |= lens.handles({path: slice_.get(path) for path in lens.paths})
        return handles - self.people[side].by_handle.keys()

    async def know_handles(self, side: str, slices: Iterable[Mapping[str, Any]]) -> None:
        """Learn who the handles in these slices are, asking the tool once for unknown ones."""
        unknown = sorted({handle for one in slices for handle in self.strangers(side, one)})
        if not unknown:
            return
        found = await self.connectors[side].people(unknown)
        await self._learn(side, list(found.values()))

    async def know_persons(self, side: str, values: Iterable[tuple[str, Any]]) -> None:
        """Learn the handles of persons in (unit, value)s, asking the tool once for unknown ones."""
        wanted: set[str] = set()
        for name, value in values:
            lens = self.sync.units[name].lenses.get(side)
            if lens is not None and value is not None:
                wanted |= lens.persons(value)
        unknown = sorted(p for p in wanted - set(self.people[side].handles) if "@" in p)
        if not unknown:
            return
        found = await self.connectors[side].find_people(unknown)
        await self._learn(side, list(found.values()))

    async def _learn(self, side: str, found: Sequence[Any]) -> None:
        rows = [
            PersonRow(side, p.handle, p.email.lower() if p.email else None, p.name, p.active)
            for p in found
        ]
        if rows:
            await self.commit(people.put, rows)
            self.people[side] = directory(self.people[side], rows, self.table.get(side, {}))

    async def edited_since(
        self, side: str, record_id: str, units: Iterable[str], since: datetime
    ) -> frozenset[str]:
        """Units whose last change in the tool's history is a person's, not ours.

        Empty where the tool keeps no history: then the tool itself is taken to have changed what
        was written, which is the residual window its connector declares.
        """
        changes = (await self.history(side, [record_id], since)).get(record_id, ())
        return frozenset(
            name for name in units if last_by_person(self.sync.units[name].lenses[side], changes)
        )

    def can(self, side: str) -> Capabilities:
        """What a side's tool can do with the sync's records there."""
        return self.connectors[side].capabilities_of(self.sync.sides[side].record)

    async def history(
        self, side: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        """The tool's own history from well before `since`: its clock is not ours."""
        if not self.can(side).history or not ids:
            return {}
        record = self.sync.sides[side].record
        return await self.connectors[side].history(
            record, list(dict.fromkeys(ids)), since - CLOCK_SKEW
        )


def last_by_person(lens: UnitLens, changes: Sequence[Change]) -> bool:
    """Whether the last change of a unit's fields was made by somebody else than us."""
    last: dict[str, Change] = {c.path: c for c in changes if c.path in lens.paths}
    return any(not change.by_us for change in last.values())


def records_of(found: Iterable[Any]) -> list[Record]:
    """The records among what `fetch` answered."""
    return [item for item in found if isinstance(item, Record)]
