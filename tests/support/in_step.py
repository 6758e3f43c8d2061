"""Tools kept in step by one sync as an operator writes it: the real engine, connectors, mappings.

    async with in_step(folder, {"support": zendesk, "crm": hubspot}, sync, clock) as office:
        await office.settled()

The sync is compiled from a configuration against what the tools really are. Passes are run by the
engine itself, since an operator's hub keeps sandboxes and real tools apart, and here a fake may
stand beside an Odoo. Ids are counted, so that a run can be played again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from syncline.config import load
from syncline.engine.commands import answer_conflict
from syncline.engine.compile import compile_sync
from syncline.engine.report import Report
from syncline.mapping.load import builtin, load_mapping
from syncline.sdk.connector import Connector
from syncline.store.findings import conflicts, deviations, parked
from syncline.store.rows import Conflict
from syncline.store.store import Store
from tests.support.world import StillClock, World

SYNC, LATER, PASSES = "s", 3600.0, 3


class Clocks(StillClock):
    """The engine's clock, which takes the tools' along."""

    def __init__(self, *advances: Callable[[float], object]) -> None:
        super().__init__()
        self._advances = advances

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        for advance in self._advances:
            advance(seconds)


async def no_wait() -> None:
    """A tool in which time passes by its clock lets nobody wait."""


class InStep(World):
    """The engine between the tools."""

    wait: Callable[[], Awaitable[None]]

    async def later(self, **options: Any) -> Report:
        """An hour goes by, beyond every lag and lookback, and then there is a pass."""
        self.clock.advance(LATER)
        await self.wait()
        report = await self.sync(**options)
        assert not report.refused, report.refused
        assert not report.stopped, report.stopped
        return report

    async def settled(self, **options: Any) -> list[Report]:
        """Three passes that write at most; then a plan has nothing to write.

        `options` are the first pass's.
        """
        reports, before = [], self.writes()
        reports.append(await self.later(**options))
        while self.writes() > before and len(reports) < PASSES:
            before = self.writes()
            reports.append(await self.later())
        self.clock.advance(LATER)
        await self.wait()
        left = [write for plan in await self.preview() for write in plan.writes]
        assert left == [], left
        return reports

    async def found(self, what: Any) -> list[Any]:
        rows: list[Any] = await self.store.read(what.list, SYNC)
        return rows

    async def conflict(self) -> Conflict:
        """The one conflict that there is."""
        (found,) = await self.found(conflicts)
        assert isinstance(found, Conflict)
        return found

    async def answer(self, side: str) -> None:
        """A person decides the one conflict for what this side says."""
        found = await self.conflict()
        chosen = values(found)[side]
        assert await answer_conflict(self.store, found.id, found.digest, chosen, "olga")

    async def nothing_is_left_over(self) -> None:
        """No conflict, nothing parked, and no value that a tool shows otherwise."""
        for what in (conflicts, parked, deviations):
            assert await self.found(what) == []


def values(conflict: Conflict) -> dict[str, Any]:
    """The values that wait, by the side whose they are."""
    return {one["side"]: one["value"] for one in conflict.candidates}


@asynccontextmanager
async def in_step(
    folder: Path,
    connectors: Mapping[str, Connector],
    sync: Mapping[str, Any],
    clock: Clocks,
    wait: Callable[[], Awaitable[None]] = no_wait,
    own: Mapping[str, str] | None = None,
) -> AsyncIterator[InStep]:
    """A sync between these connectors by their shipped mappings, or an `own` file of a side."""
    office = InStep()
    office.clock, office.wait = clock, wait
    office.connectors = dict(connectors)  # type: ignore[arg-type]  # the engine takes any
    named = {side: {"connector": one.name} for side, one in connectors.items()}
    file = {"connections": named, "syncs": {SYNC: dict(sync)}}
    (folder / "syncline.yaml").write_text(json.dumps(file), "utf-8")
    mappings = {side: builtin(one.name, sync["entity"]) for side, one in connectors.items()}
    mappings |= {
        side: load_mapping(text, tool=connectors[side].name) for side, text in (own or {}).items()
    }
    office.spec = compile_sync(
        load(folder),
        SYNC,
        mappings,
        {side: one.capabilities_of(mappings[side].record) for side, one in connectors.items()},
        {side: await one.describe() for side, one in connectors.items()},
    )
    async with await Store.open("sqlite://", "w", clock, inline=True) as office.store:
        yield office
