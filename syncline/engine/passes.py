"""One pass of one sync, step by step: settle, observe, judge, carry out, report.

The steps are separate so that a scheduler can show each of them; they run in this order, under one
lease, and may be interrupted anywhere: the next pass decides the same from what the tools show.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from syncline.engine import bookends
from syncline.engine.attempts import give_up
from syncline.engine.cards import show_cards
from syncline.engine.census import take_census
from syncline.engine.children import Children
from syncline.engine.context import PassContext
from syncline.engine.deletes import Deletes
from syncline.engine.directory import directory
from syncline.engine.guards import Refused, judge
from syncline.engine.loose import Loose
from syncline.engine.observe import Observed, observe
from syncline.engine.owing import cards_owed
from syncline.engine.planned import LinkPlan
from syncline.engine.ports import RecordPort
from syncline.engine.report import Action, Report, actions_of
from syncline.engine.returns import welcome
from syncline.engine.settle import Settler
from syncline.engine.spec import Sync
from syncline.engine.stage import Item, Stage
from syncline.sdk.clock import Clock
from syncline.sdk.connector import Connector
from syncline.store import (
    intents,
    links,
    observations,
    runs,
)
from syncline.store.lease import Lease
from syncline.store.rows import PersonRow, Run
from syncline.store.store import Store

BATCH = 1000
"""Links held in memory at once."""

COLLECT_AFTER = 50_000
"""Objects made and not yet gone after which Python looks for cycles."""

ACTIONS = 1000
"""Actions that a report names; all are in the journal."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The ports to the world that a pass is given."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    secret: bytes
    holder: str
    connectors: Mapping[str, Connector]
    people: Mapping[str, Mapping[str, PersonRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator asks of one pass.

    `full` takes the census. `limit` and `only` restrict the pass to a few links; `force` names
    guards to overrule, once. `apply` allows what a changed mapping plans (kind `remap`).
    """

    full: bool = False
    limit: int | None = None
    only: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    apply: bool = False
    kind: str = "sync"


def signer(secret: bytes, workspace: str) -> Callable[[str], str]:
    """Signs the keys that name creates, so that nobody else's marker is taken for ours."""

    def sign(name: str) -> str:
        mac = hmac.new(secret, f"{workspace}:{name}".encode(), hashlib.sha256).hexdigest()[:16]
        return f"sl-{name}-{mac}"

    return sign


def _collect_rarely() -> None:
    """Let Python look for cycles a seventieth as often: records decoded by the thousand are no
    cycles, and looking through them costs a tenth of a first link. Not undone: a process that runs
    one pass runs others beside it."""
    often, *rest = gc.get_threshold()
    if 0 < often < COLLECT_AFTER:
        gc.set_threshold(COLLECT_AFTER, *rest)


@asynccontextmanager
async def open_pass(env: Environment, sync: Sync, options: Options) -> AsyncIterator[Pass]:
    """A pass under its lease. Raises LeaseHeld while another run works on this sync."""
    _collect_rarely()
    lease = await Lease.acquire(env.store, sync.name, env.holder, env.clock)
    run = env.new_id()
    context = PassContext(
        sync=sync,
        connectors={side: env.connectors[side] for side in sync.sides},
        store=env.store,
        lease=lease,
        clock=env.clock,
        run=run,
        started=env.clock.now(),
        new_id=env.new_id,
        sign=signer(env.secret, env.store.workspace),
        table={s: dict(env.people.get(s, {})) for s in sync.sides},
    )
    one = Pass(context, options)
    async with lease.keep():
        try:
            await one.begin()
            yield one
        except BaseException as error:
            await one.fail(error)
            raise
        finally:
            await lease.release()


class Pass:
    """The steps of one pass; `refused` and `observed` tell what the steps so far came to."""

    def __init__(self, context: PassContext, options: Options) -> None:
        self.context = context
        self.options = options
        self.sync = context.sync
        self.refused: list[Refused] = []
        self.observed: dict[str, Observed] = {}
        self.remap = False
        self.deletes = Deletes(context)
        self.actions: list[Action] = []
        self.touched: set[str] = set()
        self._requests = {s: dict(c.requests()) for s, c in context.connectors.items()}

    async def begin(self) -> None:
        """Note the run and load who is known; sends nothing."""
        running = replace(self._run("running"), finished_at=None, counts=None)
        running = replace(running, report={"fingerprint": self.sync.fingerprint})
        before = self.context.lease.before
        begun = await self.context.commit(bookends.begin, self.sync, running, before)
        for side, rows in begun.people.items():
            table: Mapping[str, PersonRow] = self.context.table.get(side, {})
            everybody = [*rows.values(), *table.values()]
            self.context.people[side] = directory(None, everybody, table)
        known = begun.fingerprint
        self.remap = known is not None and known != self.sync.fingerprint and begun.links > 0

    async def settle(self) -> None:
        """Close what an earlier pass left open, by evidence (rule 0)."""
        left = await self.context.read(intents.open, self.sync.name)
        if not left:
            return
        found = await self.context.read(links.load, sorted({i.link_id for i in left}))
        records = {i: link for i, link in found.items() if link.kind == "record"}
        ports = self.ports()
        await Settler(self.context, self.sync, ports).settle(records, left)
        await Children(self.context).settle(found, left)

    async def observe(self) -> None:
        """Read what changed on every side; a full pass also asks what still exists."""
        self.observed = await observe(self.context)
        if self.options.full:
            for census in await take_census(self.context):
                if census.refused is not None:
                    self.refused.append(census.refused)
                elif census.unseen:
                    self.context.notes.append(
                        f"{census.side}: {census.unseen} of {census.known} linked records were "
                        f"missing in the listing; {census.alive} of them exist and were kept"
                    )
                    self.context.counts["unseen"] += census.alive
        await self.deletes.collect()

    async def judge(self) -> None:
        """Guards over everything that would be done; a refused plan sends nothing at all."""
        count, changed = await self.context.read(bookends.to_judge, self.sync.name)
        self.refused += judge(
            self.sync,
            links=count,
            changed=changed if not self.remap else {},
            deletes=self.deletes.ends,
            fingerprint_moved=self.remap and not self.options.apply,
            accounts_moved=() if self.options.apply else await self.accounts_moved(),
            forced=self.options.force,
        )
        self.refused = [r for r in self.refused if r.name not in self.options.force]

    async def accounts_moved(self) -> list[str]:
        """Sides whose credentials lead to another account than when the sync last went through."""
        known, now = await self.context.read(bookends.identity, self.sync)
        before = known["accounts"] or {}
        return [s for s, a in now["accounts"].items() if before.get(s) not in (None, a)]

    async def accounts(self) -> dict[str, str]:
        """The account behind each connection, as last described."""
        return await self.context.read(bookends.accounts, list(self.sync.sides))

    async def carry_out(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """Decide and apply everything, batch by batch; then comments, files and cards."""
        if self.refused:
            return
        if not self.options.only and self.options.limit is None:
            await self.deletes.carry_out()
        await welcome(self.context)
        done = 0
        async for items in self._batches():
            stage = self._stage()
            plans = await stage.run(items)
            self._remember(plans)
            self.touched.update(plan.link.id for plan in plans)
            done += len(items)
            progress(done)
        noted = any(unit.on_uneditable == "note" for unit in self.sync.units.values())
        for part in _chunks(sorted(self.touched), BATCH):
            if noted:
                found = await self.context.read(links.load, part)
                await Children(self.context).notes(list(found.values()))
            if self.sync.comments is not None:
                found = await self.context.read(links.load, part)
                await Children(self.context).carry_out(list(found.values()))
            if any(spec.cards for spec in self.sync.sides.values()):
                found = await self.context.read(links.load, part)
                owing = [link for link in found.values() if cards_owed(self.sync, link)]
                await show_cards(self.context, owing)
        await give_up(self.context)
        if self.options.only or self.options.limit is not None or self.context.stopped:
            return
        known, now = await self.context.read(bookends.identity, self.sync)
        if known != now:
            await self.context.commit(bookends.know_identity, self.sync, now)

    async def preview(self) -> list[LinkPlan]:
        """Everything `carry_out` would decide and send, without deciding or sending it."""
        plans: list[LinkPlan] = []
        async for items in self._batches(preview=True):
            plans += await self._stage().plan(items)
        return plans

    def ports(self) -> dict[str, RecordPort]:
        """What the records of each side are written through."""
        return {
            side: RecordPort(connector, self.sync.sides[side].record)
            for side, connector in self.context.connectors.items()
        }

    def _stage(self) -> Stage:
        listed = frozenset(s for s, o in self.observed.items() if o.complete)
        return Stage(self.context, self.sync, self.ports(), listed, remap=self.remap)

    async def _batches(self, preview: bool = False) -> AsyncIterator[list[Item]]:
        """Links to plan: new ones, observed ones, those with something to deliver, or all."""
        left = self.options.limit
        async for items in self._sources(preview):
            if self.options.only:
                items = [item for item in items if _named(item, self.options.only)]
            if left is not None:
                items = items[:left]
                left -= len(items)
            if items:
                yield items
            if left == 0:
                return

    async def _sources(self, preview: bool) -> AsyncIterator[list[Item]]:
        seen: set[str] = set()
        listed = frozenset(s for s, o in self.observed.items() if o.complete)
        loose = Loose(self.context, listed, preview)
        async for items in loose.batches(BATCH):
            yield items
        after: str | None = None
        stage = self._stage()
        if self.remap:
            while page := await self.context.read(links.page, self.sync.name, after, BATCH):
                after = page[-1].id
                yield await stage.load([link.id for link in page])
            return
        while rows := await self.context.read(observations.pending, self.sync.name, BATCH, after):
            after = rows[-1].link_id
            ids = list(dict.fromkeys(row.link_id for row in rows if row.link_id))
            seen.update(ids)
            yield await stage.load(ids)
        after = None
        while page := await self.context.read(links.dirty, self.sync.name, after, BATCH):
            after = page[-1].id
            self.touched.update(link.parent for link in page if link.parent is not None)
            ids = [link.id for link in page if link.kind == "record" and link.id not in seen]
            if ids:
                yield await stage.load(ids)

    async def finish(self) -> Report:
        """Write the run down and say what it came to."""
        counts, waiting = await self.context.read(bookends.came_to, self.sync.name)
        self.context.counts.update(waiting)
        requests = {
            side: {
                kind: count - self._requests[side].get(kind, 0)
                for kind, count in connector.requests().items()
            }
            for side, connector in self.context.connectors.items()
        }
        report = Report(
            run=self.context.run,
            sync=self.sync.name,
            started_at=self.context.started,
            finished_at=self.context.now(),
            counts=dict(self.context.counts),
            requests=requests,
            refused=tuple(f"{r.name}: {r.reason}" for r in self.refused),
            stopped=dict(self.context.stopped),
            notes=tuple(self.context.notes),
            forced=self.options.force,
            links=counts["links"],
            agreed=counts["agreed"],
            partial=bool(self.options.only) or self.options.limit is not None,
            actions=tuple(self.actions),
        )
        await self.context.commit(runs.finish, self._run(report.state, report))
        return report

    def _remember(self, plans: Iterable[LinkPlan]) -> None:
        """Keep the first actions for the report; a pass may have millions."""
        for plan in plans:
            if (plan.writes or plan.notes) and len(self.actions) < ACTIONS:
                self.actions += actions_of(self.sync, plan, self.context)

    async def fail(self, error: BaseException) -> None:
        """Note that the run ended with an error; what it committed stands."""
        words = f"{type(error).__name__}: {error}"
        report = {"error": words, "fingerprint": self.sync.fingerprint}
        await self.context.store.write(runs.finish, replace(self._run("failed"), report=report))

    def _run(self, state: str, report: Report | None = None) -> Run:
        return Run(
            id=self.context.run,
            sync=self.sync.name,
            kind=self.options.kind,
            state=state,
            started_at=self.context.started,
            finished_at=self.context.now(),
            counts=dict(self.context.counts),
            requests=report.requests if report else None,
            report={**report.summary(), "fingerprint": self.sync.fingerprint} if report else None,
        )


def _named(item: Item, only: Sequence[str]) -> bool:
    """Whether an item is one of the records an operator named: `SIDE:ID` or a link's id."""
    names = {item.link.id}
    for side, at in item.link.sides.items():
        names |= {f"{side}:{at.record_id}", f"{side}:{at.key}"}
    return not names.isdisjoint(only)


def _chunks(ids: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


__all__ = ["Environment", "Options", "Pass", "Report", "open_pass"]
