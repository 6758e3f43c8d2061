"""The world of a story: its tools, its people, its hubs, and time; it plays the steps.

Everything happens in one thread, one thing after another. A hub works only while a `pass` step
lets it, so whatever stands between two such steps happens in the middle of its pass.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from syncline.engine.commands import adopt, answer_conflict, retry_parked, unlink
from syncline.engine.passes import Options
from syncline.engine.report import Report
from syncline.engine.spec import CommentPolicy, DeletePolicy, Mode, Policy, SideSpec, Sync
from syncline.sdk.connector import Capabilities, Visibility
from syncline.simulation import people, story
from syncline.simulation.clock import SkewedClock, WakingClock
from syncline.simulation.connector import MAPPING, MemoryConnector
from syncline.simulation.gate import Crash, Died, Gate
from syncline.simulation.hub import Hub, Outcome, described, natural
from syncline.simulation.ledger import Group, Ledger
from syncline.simulation.syncs import compiled
from syncline.simulation.tool import FIELDS, FieldRule, MemoryTool
from syncline.simulation.watch import Watch
from syncline.store import links, runs
from syncline.store.database import Database
from syncline.store.errors import LeaseHeld
from syncline.store.findings import conflicts, parked
from syncline.store.lease import Lease
from syncline.store.store import Store
from syncline.undoing import Undone

WORKFLOW: Mapping[str | None, tuple[str, ...]] = {
    None: ("todo", "in_progress"),
    "todo": ("in_progress", "cancelled"),
    "in_progress": ("todo", "blocked", "done"),
    "blocked": ("in_progress", "cancelled"),
    "done": ("todo",),
    "cancelled": ("todo",),
}
"""Not every status follows every other; each can be reached from each."""

MATCH = ("reference", "marker", ("title",))

_empty: list[bytes] = []


def _database() -> Database:
    """A store with its tables and nothing in it; they are made once, and copied."""
    database = Database("sqlite://")
    if not _empty:
        database.open()
        _empty.append(database.image())
    database.restore(_empty[0])
    return database


class World:
    """One story being played.

    `wrong` collects what broke a promise, as (check, words); `taken` whether each step of a hub
    changed a tool.
    """

    def __init__(self, told: story.Story) -> None:
        self.story = told
        self.clock = WakingClock()
        self.trace: list[str] = []
        self.taken: list[bool] = []
        self.wrong: list[tuple[str, str]] = []
        self.counts: Counter[str] = Counter()
        self.ledger = Ledger()
        self.groups: dict[str, Group] = {}
        self.database = _database()
        self.store = Store(self.database, "w", self.clock, None)
        self.tools = {name: self._tool(name, told.tools[name]) for name in sorted(told.tools)}
        self.down: set[str] = set()
        self.troubled: set[str] = set()
        self.title = told.title
        self.fingerprint = 1
        self._ids = (f"i{n:06d}" for n in itertools.count(1))
        self.hubs: dict[int, Hub] = {}
        self.watch = Watch(self)

    async def play(self) -> None:
        """Every step, in order."""
        for step in self.story.steps:
            await self.do(step)

    async def do(self, step: story.Step) -> None:
        """One step; what it names and is not there makes it do nothing."""
        self.note(f"{step.do} {step.model_dump_json(exclude_defaults=True)}")
        match step:
            case story.Create() | story.Edit() | story.Fate() | story.Merge():
                people.act(self, step)
            case story.Bind():
                await self._bind(step)
            case story.Pass():
                await self._pass(step)
            case story.Wait():
                self.clock.advance(step.seconds)
                await _breathe()
            case story.Trouble() if step.side in self.tools:
                self.troubled.add(step.side)
                self.tools[step.side].faults.add(step.method, step.action, step.times)
            case story.Outage() if step.side in self.tools:
                self._outage(step)
            case story.Answer():
                await self._answer(step.pick)
            case story.Retry():
                await self._retry()
            case story.Change():
                self.title = step.policy or self.title
                self.fingerprint += step.mapping
            case _:
                pass
        self.watch.look()

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        self.trace.append(line)

    def broke(self, check: str, words: str) -> None:
        """A promise was broken."""
        self.wrong.append((check, words))
        self.note(f"WRONG {check}: {words}")

    def sync(self) -> Sync:
        """The sync as it is configured now."""
        sides = {
            name: SideSpec(
                name,
                tool.record,
                tool.text_format,
                create="never" if name in self.story.never else "when_missing",
                required=("title",),
            )
            for name, tool in self.tools.items()
        }
        texts = {
            name: MAPPING.replace("text: html", f"text: {tool.text_format}")
            for name, tool in self.tools.items()
        }
        by_kind = self.title in ("ask", "newest")
        policy = Policy(self.title) if by_kind else Policy("authority", self.title)
        everybody = (Visibility.PUBLIC, Visibility.INTERNAL)
        return Sync(
            name="s",
            entity="ticket",
            sides=sides,
            match=MATCH if self.story.match else MATCH[:2],
            units=compiled(sides, texts, {"title": policy}, self._modes()),
            comments=CommentPolicy(everybody, "internal") if self.story.comments else None,
            deletes=DeletePolicy(propagate=self.story.deletes),
            fingerprint=f"f{self.fingerprint}",
        )

    def _modes(self) -> Mapping[tuple[str, str], Mode]:
        modes = self.story.modes.items()
        return {(u, s): m for u, of in modes for s, m in of.items() if s in self.tools}

    def hears(self, side: str, unit: str) -> bool:
        """Whether the sync takes up what people do to a unit on a side."""
        return self.story.modes.get(unit, {}).get(side, "both") in ("both", "source")

    def group_of(self, side: str, id_: str) -> Group | None:
        """The group that a record belongs to."""
        return next((g for g in self.groups.values() if g.ids.get(side) == id_), None)

    async def run(self, options: Options | None = None) -> Report | None:
        """A whole pass of a fresh hub; None where it did not come to a report."""
        self.clock.advance(1)
        hub = self._hub(0)
        if hub.work is not None:
            await hub.stop()
            self.clock.advance(30)
        await hub.run(self.sync(), options or Options())
        self.watch.look()
        return hub.outcome if isinstance(hub.outcome, Report) else None

    async def stop(self) -> None:
        """Every hub dies."""
        for hub in self.hubs.values():
            await hub.stop()
        self.hubs.clear()

    async def _pass(self, step: story.Pass) -> None:
        hub = self._hub(step.hub)
        if hub.work is None:
            self.clock.advance(1)
        crash = None if step.crash is None else Crash(step.crash, step.mode)
        options = Options(full=step.full, apply=step.apply)
        undo = await self._run_before(step.undo) if step.undo is not None else None
        if step.undo is not None and undo is None and hub.work is None:
            return
        self.watch.planning = step.plan if hub.work is None else hub.work.plan
        await hub.run(
            self.sync(),
            options,
            steps=step.steps,
            until=step.until,
            crash=crash,
            plan=step.plan,
            undo=undo,
        )
        self.watch.planning = False
        if crash is not None and isinstance(hub.outcome, Died):
            self.counts[f"death: {step.mode}"] += 1
        people.robots(self)

    async def _run_before(self, back: int) -> str | None:
        """The run that an operator takes back: so many before the latest one."""
        moving = [run.id for run in await self.store.read(runs.list, "s") if run.kind != "plan"]
        return moving[back] if back < len(moving) else None

    async def _bind(self, step: story.Bind) -> None:
        """An operator cuts a record off, or ties it again, unless a pass is at work."""
        group = self.groups.get(step.record)
        id_ = group.ids.get(step.side) if group else None
        if group is None or id_ is None or id_ not in self.tools[step.side].items:
            return
        try:
            lease = await Lease.acquire(self.store, "s", "operator", self.clock)
        except LeaseHeld:
            return
        try:
            bound = _cut if step.what == "unlink" else _tied
            if await bound(self, group, step.side, id_):
                group.torn.add(step.side)
                self.counts[f"operators: {step.what}"] += 1
        finally:
            await lease.release()

    def _hub(self, number: int) -> Hub:
        if number not in self.hubs:
            self.hubs[number] = Hub(
                name=f"hub{number}",
                database=self.database,
                clock=self.clock,
                connect=self._connect,
                new_id=lambda: next(self._ids),
                listener=self.heard,
                took=self.watch.took,
                ended=self._ended,
            )
        return self.hubs[number]

    def heard(self, hub: str, what: str, writes: bool) -> None:
        """A hub takes a step."""
        self.note(f"{hub} {what}")
        self.taken.append(writes)
        self.clock.advance(self.story.cost)
        self.watch.step(hub, what, writes)

    def _ended(self, hub: str, outcome: Outcome) -> None:
        self.note(f"{hub} ended {described(outcome)}")
        self.counts["undos" if isinstance(outcome, Undone) else "passes"] += 1
        self.watch.ended(hub, outcome)
        if isinstance(outcome, BaseException):
            self.counts["passes that died"] += 1
            if not natural(outcome):
                self.broke("crashed", f"a pass ended with {outcome!r}")

    def _tool(self, name: str, tool: story.Tool) -> MemoryTool:
        made = MemoryTool(
            SkewedClock(self.clock, timedelta(seconds=tool.skew)),
            name=name,
            fields={**FIELDS, "title": FieldRule(required=True, cut=tool.cut)},
            text_format=tool.text,
            workflow=WORKFLOW if tool.workflow else None,
            search_lag=timedelta(seconds=tool.lag),
            grain=timedelta(seconds=tool.grain),
            id_prefix=f"{name.upper()}-",
        )
        made.add_person("ann", "ann@example.com", "Ann")
        if tool.automation:
            made.automations.append(_resolves)
        return made

    def _connect(self, gate: Gate) -> Mapping[str, MemoryConnector]:
        return {
            name: people.Unplugged(self, tool, _capabilities(self.story.tools[name]), gate)
            for name, tool in self.tools.items()
        }

    def _outage(self, step: story.Outage) -> None:
        tool = self.tools[step.side]
        self.troubled.add(step.side)
        match step.what:
            case "down":
                self.down.add(step.side)
            case "up":
                self.down.discard(step.side)
            case "locked":
                tool.token = "another"  # noqa: S105
            case "unlocked":
                tool.token = people.TOKEN

    async def _retry(self) -> None:
        for row in await self.store.read(parked.list, "s"):
            if row.digest != "lost":
                await retry_parked(self.store, row.id, self.clock.now())

    async def _answer(self, pick: int) -> None:
        for conflict in await self.store.read(conflicts.list, "s"):
            if conflict.kind == "field" and conflict.state == "open":
                chosen = conflict.candidates[pick % len(conflict.candidates)]["value"]
                if await answer_conflict(self.store, conflict.id, conflict.digest, chosen):
                    self.counts["answers"] += 1


def _capabilities(tool: story.Tool) -> Capabilities:
    return Capabilities(
        conditional_update=tool.conditional,
        answers_writes=tool.answers,
        find_by_key=tool.keyed,
        history=tool.history,
        edits_comments=True,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        deletes=("archive", "delete"),
        bulk_create=tool.bulk,
        bulk_update=tool.bulk,
        bulk_fetch=max(tool.bulk, 2),
        search_lag=timedelta(seconds=tool.lag),
        residual_window=not tool.conditional,
    )


def _resolves(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is done has no priority any more."""
    done = after.get("status") == "done" and before.get("status") != "done"
    return {"priority": "none"} if done else {}


async def _cut(world: World, group: Group, side: str, id_: str) -> bool:
    found = await world.store.read(links.find, "s", side, [id_])
    link = (await world.store.read(links.load, found.values())).get(found.get(id_, ""))
    if link is None or sum(at.state in ("in", "out") for at in link.sides.values()) < 2:
        return False
    if link.sides[side].state not in ("in", "out"):
        return False
    await unlink(world.store, link, side, world.clock.now())
    return True


async def _tied(world: World, group: Group, side: str, id_: str) -> bool:
    """Back into the link that all others are in; where they are apart, nobody knows which."""
    homes: dict[str | None, tuple[str, str]] = {}
    for other, record in sorted(group.ids.items()):
        if other != side:
            found = await world.store.read(links.find, "s", other, [record])
            homes[found.get(record)] = other, record
    if len(homes) != 1 or None in homes:
        return False
    try:
        tied, now = [(side, id_), *homes.values()], world.clock.now()
        await adopt(world.store, "s", tied, next(world._ids), now)
    except ValueError:
        return False
    return True


async def _breathe() -> None:
    """Let those whom time has woken come as far as they may."""
    for _ in range(20):
        await asyncio.sleep(0)
