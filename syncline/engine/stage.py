"""Plans, commits and applies batches of links of one kind: records, comments or files.

The order within a batch is fixed: load, plan (pure), commit decisions with their intents, send,
commit receipts. A crash between any two of these leaves nothing to undo.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncline.engine import asking, breaker, entries
from syncline.engine.apply import Applier
from syncline.engine.asking import Doubt
from syncline.engine.book import Book, conflict_of, conformed, parked, parked_ids
from syncline.engine.breaker import Halted
from syncline.engine.context import PassContext
from syncline.engine.decision import Answer, Evidence, digest
from syncline.engine.directory import PERSONAL
from syncline.engine.intents import new_intent
from syncline.engine.notes import note_link
from syncline.engine.owing import unread
from syncline.engine.plan import plan_link
from syncline.engine.planned import LinkPlan, Refusal, Surroundings, Write
from syncline.engine.ports import Port
from syncline.engine.spec import Sync
from syncline.mapping.lens import Unmappable
from syncline.sdk.errors import ConnectorError
from syncline.store import intents, links, observations
from syncline.store.findings import conflicts, tombstones
from syncline.store.findings import parked as parked_rows
from syncline.store.rows import (
    Conflict,
    Deviation,
    Intent,
    Link,
    Observation,
    Parked,
    Tombstone,
)
from syncline.store.sql import Tx

ROUNDS = 3
"""How often a link that moved under our hands is planned again within one pass."""


@dataclass(frozen=True, slots=True)
class Item:
    """A link to plan and what its sides show; `new`: the link is not in the store yet.

    `tied`: the sides whose records have just come into it, with the journal's word for what tied
    them.
    """

    link: Link
    observed: Mapping[str, Observation]
    new: bool = False
    tied: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the store knows beside the links themselves."""

    conflicts: Mapping[str, Sequence[Conflict]]
    intents: Mapping[str, Sequence[Intent]]
    parked: Mapping[str, Sequence[Parked]]
    tombstones: Mapping[str, Sequence[Tombstone]]


class Stage:
    """One kind of links of one sync. `listed`: sides whose records are all known."""

    def __init__(
        self,
        context: PassContext,
        sync: Sync,
        ports: Mapping[str, Port],
        listed: frozenset[str],
        *,
        remap: bool = False,
    ) -> None:
        self.context = context
        self.sync = sync
        self.ports = ports
        self.listed = listed
        self.remap = remap

    async def plan(self, items: Sequence[Item]) -> list[LinkPlan]:
        """What would be done; nothing is stored but who people are."""
        return await self._plans(await self._readable(items))

    async def _plans(self, items: Sequence[Item]) -> list[LinkPlan]:
        loaded = await self.context.read(_load_around, items)
        plans = [self._plan(item, loaded, {}, {}) for item in items]
        doubts = [
            Doubt(item.link.id, [clash.unit for clash in plan.clashes], item.observed)
            for item, plan in zip(items, plans, strict=True)
            if plan.clashes
        ]
        evidence = await asking.evidence(self.context, self.sync, doubts)
        self._again(items, plans, loaded, evidence, {})
        halts = await breaker.halts(self.context, self.sync, plans)
        self._again(items, plans, loaded, evidence, halts)
        return plans

    def _again(
        self,
        items: Sequence[Item],
        plans: list[LinkPlan],
        loaded: Loaded,
        evidence: Mapping[str, Mapping[str, Evidence]],
        halts: Mapping[str, Halted],
    ) -> None:
        """Plan anew the links of which more is known by now."""
        more = halts or evidence
        for n, item in enumerate(items) if more else ():
            if item.link.id in more:
                found = evidence.get(item.link.id, {})
                plans[n] = self._plan(item, loaded, found, halts.get(item.link.id, {}))

    def _plan(
        self, item: Item, loaded: Loaded, evidence: Mapping[str, Evidence], halted: Halted
    ) -> LinkPlan:
        around = self._around(item, loaded, evidence, halted)
        return plan_link(self.sync, item.link, item.observed, around)

    async def run(self, items: Sequence[Item]) -> list[LinkPlan]:
        """Plan, commit and apply; links that moved meanwhile are planned again a few times."""
        done: list[LinkPlan] = []
        for _ in range(ROUNDS):
            items = await self._readable(items)
            plans = await self._plans(items)
            writes = await self._commit(items, plans)
            done += plans
            applier = Applier(self.context, self.sync, self.ports)
            held = {plan.link.id for plan in plans if plan.hold}
            links = {i.link.id: self._unread(i, p.link) for i, p in zip(items, plans, strict=True)}
            moved = await applier.apply(links, writes, held)
            if not moved:
                break
            items = await self.load(sorted(moved))
        return done

    async def load(self, link_ids: Sequence[str]) -> list[Item]:
        """Links with everything observed of them and not yet decided."""
        return await self.context.read(_load_items, self.context.sync.name, link_ids)

    async def _readable(self, items: Sequence[Item]) -> Sequence[Item]:
        """Learn every person these items name, on every side they may have to be written to.

        Without the items that show somebody whose tool cannot be asked now who that is: what was
        observed of them waits for a later pass.
        """
        units = [n for n, u in self.sync.units.items() if u.kind.name in PERSONAL]
        if not units or self.sync is not self.context.sync:
            return items
        for side in sorted(self.context.reachable()):
            slices = [i.observed[side].fields for i in items if side in i.observed]
            await self._try(side, self.context.know_handles(side, slices))
        items = [item for item in items if not self._names_strangers(item)]
        values = [(name, value) for item in items for name, value in self._persons(item, units)]
        for side in sorted(self.context.reachable()):
            await self._try(side, self.context.know_persons(side, values))
        return items

    def _names_strangers(self, item: Item) -> bool:
        return any(
            side in item.observed and self.context.strangers(side, item.observed[side].fields)
            for side in self.context.stopped
        )

    def _persons(self, item: Item, units: Sequence[str]) -> Iterable[tuple[str, object]]:
        for name in units:
            state = item.link.fields.get(name) or {}
            yield name, state.get("value")
            for side, observation in item.observed.items():
                lens = self.sync.units[name].lenses.get(side)
                if lens is not None:
                    slice_ = {path: observation.fields.get(path) for path in lens.paths}
                    try:
                        yield name, lens.get(slice_, self.context.people[side])
                    except Unmappable:
                        continue

    async def _try(self, side: str, call: Awaitable[None]) -> None:
        """A call to one side, whose failure stops that side alone."""
        try:
            await call
        except ConnectorError as error:
            self.context.stop(side, error)

    def _around(
        self, item: Item, loaded: Loaded, evidence: Mapping[str, Evidence], halted: Halted
    ) -> Surroundings:
        link_id = item.link.id
        parked_here = loaded.parked.get(link_id, ())
        open_intents = loaded.intents.get(link_id, [])
        suspected = {t.side for t in loaded.tombstones.get(link_id, ()) if t.state == "suspected"}
        return Surroundings(
            people=self.context.people,
            reachable=(self.context.reachable() & frozenset(self.ports)) - suspected,
            listed=self.listed,
            busy=frozenset(
                (i.side, unit)
                for i in open_intents
                if i.state == "open"
                for unit in i.payload["units"]
            ),
            # Also one that knows its record: until that is settled, the link has none there.
            busy_create=frozenset(i.side for i in open_intents if i.kind == "create"),
            answers={
                c.field: Answer(c.digest, (c.answer or {}).get("value"), (c.answer or {}).get("by"))
                for c in loaded.conflicts.get(link_id, [])
                if c.state == "answered"
            },
            evidence=evidence,
            parked_creates={p.side: p.digest for p in parked_here if p.action == "create"},
            halted={
                **{(p.side, p.field): p.reason for p in parked_here if p.action == breaker.ACTION},
                **halted,
            },
            remap=self.remap,
        )

    async def _commit(
        self, items: Sequence[Item], plans: Sequence[LinkPlan]
    ) -> list[tuple[Write, Intent]]:
        """One transaction: decisions, what waits for a person, and an intent for every write."""
        book = Book(self.context.sync.name, self.context.run, self.context.now())
        loaded = await self.context.read(_load_around, items)
        writes: list[tuple[Write, Intent]] = []
        for item, plan in zip(items, plans, strict=True):
            self._decided(item, plan, loaded, book)
            for write in plan.writes:
                intent = new_intent(self.context, write, book.at)
                book.intents.append(intent)
                writes.append((write, intent))
        await self.context.commit(book.write)
        return writes

    def _decided(self, item: Item, plan: LinkPlan, loaded: Loaded, book: Book) -> None:
        link = self._unread(item, plan.link)
        if item.new:
            book.new_links.append(link)
        elif plan.changed or link is not plan.link:
            book.links[link.id] = link
            book.conforming += conformed(item.link, link)
        for by in dict.fromkeys(item.tied.values()):
            came = {s: item.observed[s].record_id for s, word in item.tied.items() if word == by}
            book.entries.append(entries.linked(book, link.id, came, by))
        if self.sync is self.context.sync:
            places = [(side, o.record_id) for side, o in item.observed.items()]
            (book.held if plan.hold else book.done).extend(places)
            if plan.hold:  # what waits for an answer waits with its link, which may be a new one
                book.attached += [(side, record_id, link.id) for side, record_id in places]
        book.new_links += [note_link(self.sync, link, note) for note in plan.notes]
        records = {side: seen.record_id for side, seen in item.observed.items()}
        book.entries += entries.decided(book, plan, records)
        self._conflicts(plan, loaded, book)
        self._refusals(item, plan, loaded, book)

    def _unread(self, item: Item, link: Link) -> Link:
        """The link with a note that its comments are to be read, as its observations are done.

        Without the note a pass that dies before it reads them would never know of them.
        """
        return link if self.sync.comments is None else unread(link, item.observed)

    def _conflicts(self, plan: LinkPlan, loaded: Loaded, book: Book) -> None:
        known = {c.field: c for c in loaded.conflicts.get(plan.link.id, []) if c.kind == "field"}
        open_now = {clash.unit for clash in plan.clashes}
        for clash in plan.clashes:
            name = digest(clash.unit, clash.candidates)
            before = known.get(clash.unit)
            if before is not None and before.digest == name:
                continue
            book.conflicts.append(
                conflict_of(book, plan.link.id, clash.unit, clash.candidates, name, "open")
            )
        book.resolved += [c.id for unit, c in known.items() if unit not in open_now]
        for clash in plan.losers:
            name = digest(clash.unit, clash.candidates)
            row = conflict_of(book, plan.link.id, clash.unit, clash.candidates, name, "resolved")
            book.conflicts.append(replace(row, id=f"{row.id}-{name[:6]}"))

    def _refusals(self, item: Item, plan: LinkPlan, loaded: Loaded, book: Book) -> None:
        rows = [self._parked(plan, one, book) for one in plan.refusals if one.action != "note"]
        now = {row.id for row in rows}
        known = {row.id: row for row in loaded.parked.get(plan.link.id, [])}
        book.parked += [r for r in rows if r.id not in known or known[r.id].reason != r.reason]
        for refusal in plan.refusals:
            if refusal.action in ("write", "note"):
                book.deviations.append(
                    Deviation(
                        book.sync,
                        plan.link.id,
                        refusal.side,
                        refusal.unit,
                        refusal.value,
                        refusal.shown,
                        refusal.reason,
                        book.at,
                    )
                )
        for name in self.sync.units if known else ():
            state = plan.link.fields.get(name) or {}
            for side in self.sync.units[name].lenses:
                if side in state.get("deviates", {}):
                    continue
                gone = [i for i in parked_ids(plan.link.id, side, [name], "write") if i in known]
                book.unparked += gone
        book.unparked += [
            row.id
            for row in known.values()
            if (row.action == "read" and row.id not in now and row.side in item.observed)
            or (row.field and row.field not in self.sync.units)
        ]

    def _parked(self, plan: LinkPlan, refusal: Refusal, book: Book) -> Parked:
        return parked(
            book.sync,
            plan.link.id,
            refusal.side,
            refusal.unit,
            refusal.action,
            refusal.reason,
            book.at,
        )


def _load_items(tx: Tx, sync: str, link_ids: Sequence[str]) -> list[Item]:
    found = links.load(tx, link_ids)
    seen = observations.of_links(tx, sync, link_ids)
    return [Item(link, seen.get(link_id, {})) for link_id, link in found.items()]


def _load_around(tx: Tx, items: Sequence[Item]) -> Loaded:
    link_ids = [item.link.id for item in items if not item.new]
    return Loaded(
        conflicts.of_links(tx, link_ids),
        intents.of_links(tx, link_ids, ("open", "parked")),
        parked_rows.of_links(tx, link_ids),
        tombstones.of_links(tx, link_ids),
    )
