"""A world for engine tests: tools in memory, the real engine, the real store, a clock that stands.

world = await World.make(tmp_path, a={"text_format": "markdown"}, b={})
id_ = world.a.create({"title": "Printer on fire"})
report = await world.sync()
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from syncline.engine.passes import Environment, Options, open_pass
from syncline.engine.planned import LinkPlan
from syncline.engine.removal import Created, Removal
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, Mode, Policy, SideSpec, Sync
from syncline.engine.undo import Looked, Undo
from syncline.engine.undone import Extent
from syncline.sdk.connector import Capabilities
from syncline.simulation.clock import ManualClock
from syncline.simulation.connector import FULL, MAPPING, MemoryConnector, MemoryTool
from syncline.simulation.syncs import compiled
from syncline.store.store import Store
from tests.support.particular import Particular
from tests.support.whole import Whole


class StillClock(ManualClock):
    """Time moves only by `advance`; who sleeps is never woken, so no heartbeat ticks by itself."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Undone:
    """What an undo came to."""

    report: Report
    looked: Sequence[Looked]
    created: Sequence[Created]

    @property
    def left(self) -> dict[tuple[str, str, str], str]:
        """What stays as it is, and why, by side, record and field."""
        return {
            (item.written.side, item.written.record, item.written.unit): item.reason
            for looked in self.looked
            for item in looked.left
        }


class World:
    """Some tools and one sync between them. Tools are attributes by the name of their side."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.tools: dict[str, MemoryTool] = {}
        self.connectors: dict[str, MemoryConnector] = {}
        self.ids = (f"id{n:05d}" for n in itertools.count(1))
        self.whole = Whole()

    @classmethod
    async def make(
        cls,
        folder: Path | None = None,
        *,
        create: str = "when_missing",
        policies: Mapping[str, Policy] | None = None,
        modes: Mapping[tuple[str, str], Mode] | None = None,
        capabilities: Mapping[str, Capabilities] | None = None,
        mappings: Mapping[str, str] | None = None,
        comments: CommentPolicy | None = None,
        match: tuple[str | tuple[str, ...], ...] = ("reference", "marker"),
        url: str | None = None,
        **tools: Mapping[str, Any],
    ) -> World:
        world = cls()
        specs: dict[str, SideSpec] = {}
        texts: dict[str, str] = {}
        for name, options in tools.items():
            tool = MemoryTool(world.clock, name=name, id_prefix=f"{name.upper()}-", **options)
            can = (capabilities or {}).get(name, FULL)
            world.tools[name] = tool
            world.connectors[name] = Particular(tool, can)
            setattr(world, name, tool)
            texts[name] = (mappings or {}).get(
                name, MAPPING.replace("text: html", f"text: {tool.text_format}")
            )
            specs[name] = SideSpec(name, tool.record, tool.text_format, create=create)
        world.spec = Sync(
            name="s",
            entity="ticket",
            sides=specs,
            units=compiled(specs, texts, policies or {}, modes or {}),
            match=match,
            comments=comments,
            fingerprint="f1",
        )
        url = url or (f"sqlite:///{folder}/state.db" if folder else "sqlite://")
        world.url = url
        world.store = await Store.open(url, "w", world.clock, inline=True)
        return world

    async def reopen(self) -> None:
        """A new process: nothing survives but the store and the tools."""
        await self.store.aclose()
        self.store = await Store.open(self.url, "w", self.clock, inline=True)

    def environment(self) -> Environment:
        return Environment(
            store=self.store,
            clock=self.clock,
            new_id=lambda: next(self.ids),
            secret=b"s" * 32,
            holder="test",
            connectors=self.connectors,
        )

    async def sync(self, **options: Any) -> Report:
        """One whole pass."""
        self.clock.advance(10)
        async with open_pass(self.environment(), self.spec, Options(**options)) as one:
            await one.settle()
            await one.observe()
            await one.judge()
            await one.carry_out()
            report = await one.finish()
        await self.store.read(self.whole.look)
        return report

    async def undo(
        self, run: str, created: str | None = None, env: Environment | None = None
    ) -> Undone:
        """One undo of a run, in a pass of its own."""
        self.clock.advance(10)
        env = env or self.environment()
        async with open_pass(env, self.spec, Options(kind="undo")) as one:
            await one.settle()
            removal = Removal(one.context, Extent(run=run), created)
            work = Undo(one, Extent(run=run), by="olga")
            ids = await work.links()
            made = await removal.carry_out(await removal.look(ids))
            work.gone = {(record.link, record.side) for record in made if record.fate != "kept"}
            looked = await work.carry_out(ids)
            undone = Undone(await one.finish(), looked, made)
        await self.store.read(self.whole.look)
        return undone

    async def preview(self, **options: Any) -> list[LinkPlan]:
        """What a pass would do."""
        self.clock.advance(10)
        async with open_pass(self.environment(), self.spec, Options(**options)) as one:
            await one.observe()
            await one.judge()
            return await one.preview()

    async def settled(self) -> list[Report]:
        """Pass until nothing is written any more; at most three passes (I6)."""
        reports = []
        for _ in range(4):
            before = self.writes()
            reports.append(await self.sync())
            if self.writes() == before:
                return reports
        raise AssertionError("more than three passes wrote something")

    def writes(self) -> int:
        """Requests that changed something in any tool."""
        return sum(c.requests()["write"] for c in self.connectors.values())

    def reads(self) -> dict[str, int]:
        return {side: c.requests()["read"] for side, c in self.connectors.items()}

    def records(self, side: str) -> list[dict[str, Any]]:
        """What a side's people see."""
        return [state.fields for _, state in self.tools[side].listing() if not state.deleted]

    def change(self, **changes: Any) -> None:
        """Another configuration of the same sync."""
        self.spec = replace(self.spec, **changes)
