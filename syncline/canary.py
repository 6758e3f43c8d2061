"""A canary: one marked record that travels the loop of a sync, and is taken away again.

It is made in one side, copied by passes to a side that makes what is missing, edited there, and the
edit travels back. What that takes is measured in the tools themselves. Passes work on the canary's
link alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from syncline import tying
from syncline.engine.passes import Environment, Options
from syncline.engine.planned import overlay
from syncline.engine.spec import Sync
from syncline.mapping.lens import NOBODY, Unmappable, Unwritable
from syncline.sdk.connector import Create, Record, Result, Update
from syncline.sdk.errors import ConnectorError
from syncline.store import links
from syncline.store.errors import LeaseHeld
from syncline.store.rows import Link
from syncline.verify import compare

if TYPE_CHECKING:
    from syncline.hub import Hub, Progress

FIELD = "title"
PATIENCE = 600.0
"""Seconds to wait for the canary at either end."""

PAUSE = 5.0
"""Seconds between two passes."""


class NoCanary(Exception):
    """Why no canary can travel, or why it did not arrive; says what to do."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a canary is made, where it is to arrive, and whether an edit there travels back."""

    sync: str
    origin: str
    target: str
    back: bool


@dataclass(slots=True)
class Flight:
    """What a canary came to: seconds `there` and `back`, and what became of its records."""

    route: Route
    title: str
    there: float | None = None
    back: float | None = None
    made: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    lost: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "origin": self.route.origin,
            "target": self.route.target,
            "there": self.there,
            "back": self.back,
            "made": dict(self.made),
            "removed": list(self.removed),
            "left": dict(self.left),
            "lost": self.lost,
        }


async def route(hub: Hub, name: str) -> Route:
    """The way a canary takes; NoCanary where nothing would be made of it.

    Of several ways the one whose tools can remove what was made.
    """
    sync = await hub.sync(name)
    env = await hub.environment(sync)
    unit = sync.units.get(FIELD)
    ways = [
        Route(name, origin, target, unit.heard(target) and unit.writable(origin))
        for target, spec in sync.sides.items()
        for origin in sync.sides
        if origin != target and spec.create == "when_missing" and not sync.sides[origin].read_only
        if unit is not None and unit.heard(origin) and unit.writable(target)
    ]
    if not ways:
        raise NoCanary(
            f"No side of {name} makes records that exist only elsewhere, with a title, so no "
            "canary can travel. `create: when_missing` on a side lets one."
        )

    def cleanly(way: Route) -> tuple[int, bool]:
        ends = (way.origin, way.target)
        can = [env.connectors[s].capabilities_of(sync.sides[s].record) for s in ends]
        return sum(bool(one.deletes) for one in can), way.back

    return max(ways, key=cleanly)


async def fly(hub: Hub, way: Route, progress: Progress) -> Flight:
    """Send a canary along its way and take it away again, whatever happens."""
    sync = await hub.sync(way.sync)
    env = await hub.environment(sync)
    mark = hub.new_id()[:8]
    flight = Flight(way, f"Syncline canary {mark}, removed soon")
    one = _Canary(hub, sync, env, flight, progress)
    try:
        await one.make(mark)
        await one.there()
        if way.back:
            await one.back()
    except (NoCanary, ConnectorError) as error:
        flight.lost = str(error)
    finally:
        await one.clean()
    return flight


class _Canary:
    """One canary on its way."""

    def __init__(
        self, hub: Hub, sync: Sync, env: Environment, flight: Flight, progress: Progress
    ) -> None:
        self.hub = hub
        self.sync = sync
        self.env = env
        self.flight = flight
        self.way = flight.route
        self.progress = progress

    async def make(self, mark: str) -> None:
        side, fields = self.way.origin, self._fields()
        self.progress(f"the canary is made in {side}", 0)
        create = Create(f"syncline-canary-{mark}", fields)
        connector, record = self.env.connectors[side], self.sync.sides[side].record
        (outcome,) = await connector.create(record, [create])
        if outcome.id is not None:
            self.flight.made[side] = outcome.id
        if outcome.result is not Result.APPLIED or outcome.id is None:
            raise NoCanary(f"{side} did not make the canary: {outcome.reason or outcome.result}")
        shown = await self._read(side)
        if not compare.belongs(
            self.sync,
            side,
            self.sync.read(side, shown.fields),
            shown.in_scope,
            dict.fromkeys(self.sync.sides, NOBODY),
        ):
            raise NoCanary(
                f"the canary does not fit the filter of {side}, so nothing would be made of it; "
                f"`sides.{side}.defaults` can make it fit"
            )

    def _fields(self) -> dict[str, Any]:
        """A record with its mark for a title, and the side's own defaults."""
        side = self.way.origin
        values: Mapping[str, Any] = {**self.sync.sides[side].defaults, FIELD: self.flight.title}
        fields: dict[str, Any] = {}
        for unit in self.sync.units.values():
            lens = unit.lenses.get(side)
            mine = {name: values[name] for name in unit.fields if name in values}
            if lens is None or not mine:
                continue
            value = mine if len(unit.fields) > 1 else mine[unit.fields[0]]
            try:
                overlay(fields, lens.patch(None, lens.put(None, value, NOBODY)))
            except Unwritable as error:
                raise NoCanary(f"{side} cannot be given a canary: {error.reason}") from None
        return fields

    async def there(self) -> None:
        """Until the target has the record."""
        self.flight.there = await self._until("on its way there", self._arrived)

    async def _arrived(self) -> bool:
        origin, target = self.way.origin, self.way.target
        id_ = self.flight.made[origin]
        found = await self.hub.store.read(links.find, self.sync.name, origin, [id_])
        for link in (await self.hub.store.read(links.load, found.values())).values():
            at = link.sides.get(target)
            if at is not None and at.state == "in":
                self.flight.made[target] = at.record_id
                return await self._shows(target, self.flight.title)
        return False

    async def back(self) -> None:
        """Edit the copy, as a person would, and wait for the original to show it."""
        side, title = self.way.target, f"{self.flight.title} (and back)"
        lens = self.sync.units[FIELD].lenses[side]
        shown = await self._read(side)
        before = lens.read(shown.fields)
        after = lens.put(before, title, NOBODY)
        patch, expected = lens.patch(before, after), lens.patch(after, before)
        update = Update(shown.id, patch, expected, shown.version)
        record = self.sync.sides[side].record
        (outcome,) = await self.env.connectors[side].update(record, [update])
        if outcome.result is not Result.APPLIED:
            raise NoCanary(f"{side} did not take the edit: {outcome.reason or outcome.result}")

        async def returned() -> bool:
            return await self._shows(self.way.origin, title)

        self.flight.back = await self._until("on its way back", returned)

    async def _until(self, where: str, seen: Callable[[], Awaitable[bool]]) -> float:
        """Passes until something is seen; how long that took."""
        clock = self.hub.clock
        begun = clock.monotonic()
        only = (f"{self.way.origin}:{self.flight.made[self.way.origin]}",)
        while True:
            self.progress(f"the canary is {where}", 0)
            try:
                report = await self.hub.run(self.sync.name, Options(only=only))
                trouble = [*report.refused, *(f"{s}: {r}" for s, r in report.stopped.items())]
                if trouble:
                    raise NoCanary(f"the canary was held up {where}: {'; '.join(trouble)}")
            except LeaseHeld:
                pass  # the pass at work carries it as well
            if await seen():
                return clock.monotonic() - begun
            if clock.monotonic() - begun > PATIENCE:
                raise NoCanary(
                    f"the canary got lost {where}: after {PATIENCE:.0f} seconds of passes it is "
                    "not to be seen; `syncline quarantine` and `syncline conflicts` may say why"
                )
            await clock.sleep(PAUSE)

    async def _shows(self, side: str, title: str) -> bool:
        lens = self.sync.units[FIELD].lenses[side]
        try:
            return lens.shows(lens.read((await self._read(side)).fields), title, NOBODY)
        except Unmappable:
            return False

    async def _read(self, side: str) -> Record:
        record, id_ = self.sync.sides[side].record, self.flight.made[side]
        found = (await self.env.connectors[side].fetch(record, [id_])).get(id_)
        if not isinstance(found, Record):
            raise NoCanary(f"{side}:{id_}, the canary, can no longer be read")
        return found

    async def clean(self) -> None:
        """Cut the link and remove the records, where their tools can; `left` says what stays."""
        self.progress("the canary is taken away", 0)
        origin = self.flight.made.get(self.way.origin)
        if origin is not None:
            found = await self.hub.store.read(links.find, self.sync.name, self.way.origin, [origin])
            for link in (await self.hub.store.read(links.load, found.values())).values():
                for side, at in link.sides.items():
                    if at.state in ("in", "out"):
                        self.flight.made[side] = at.record_id
                await self._cut(link)
        for side, id_ in self.flight.made.items():
            why = await self._remove(side, id_)
            if why is None:
                self.flight.removed.append(f"{side}:{id_}")
            else:
                self.flight.left[f"{side}:{id_}"] = why

    async def _cut(self, link: Link) -> None:
        """Cut the link as soon as no pass works on the sync."""
        give_up = self.hub.clock.monotonic() + PATIENCE
        while True:
            try:
                await tying.unlink(self.hub, link, list(link.sides))
                return
            except LeaseHeld:
                if self.hub.clock.monotonic() >= give_up:
                    raise
            await self.hub.clock.sleep(PAUSE)

    async def _remove(self, side: str, id_: str) -> str | None:
        """Why a record could not be removed; None: it was."""
        connector = self.env.connectors[side]
        record = self.sync.sides[side].record
        ways: Sequence[str] = connector.capabilities_of(record).deletes
        if not ways:
            return "its tool lets nobody remove it from here; close or delete it by hand"
        how = "delete" if "delete" in ways else ways[0]
        try:
            (outcome,) = await connector.remove(record, [id_], how)
        except ConnectorError as error:
            return str(error)
        gone = outcome.result in (Result.APPLIED, Result.GONE)
        return None if gone else outcome.reason or str(outcome.result)
