"""Undoes what was written: takes fields back that still show it, and lists what is left alone.

A restore is a decision like any other: in one transaction the new state, an intent for each write
and the journal; then the writes; then a receipt for each. Nothing is believed that the tools do not
show now. An undo that dies half-way is finished by running it again, or by the next pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from syncline.engine import undone
from syncline.engine.apply import Applier
from syncline.engine.book import Book, conflict_of, conformed
from syncline.engine.context import records_of
from syncline.engine.decision import Candidate, UnitState, digest
from syncline.engine.intents import new_intent
from syncline.engine.passes import Pass
from syncline.engine.plan import update_of
from syncline.engine.planned import UnitWrite, Write, part
from syncline.engine.undone import UNDONE, Extent, Left, Restore, Written
from syncline.sdk.connector import Missing, Record
from syncline.sdk.errors import ConnectorError
from syncline.store import intents, journal, links, observations
from syncline.store.findings import conflicts, deviations
from syncline.store.rows import Conflict, Deviation, Intent, JournalEntry, Link
from syncline.store.sql import Tx

BATCH = 500
"""Links undone at once."""

Place: TypeAlias = tuple[str, str, str]
"""A link, a side of it, a unit."""

ROUNDS = 3
"""How often a link that moved under our hands is looked at again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of some links."""

    links: Mapping[str, Link]
    stories: Mapping[str, Sequence[JournalEntry]]
    sent: Mapping[str, Intent]
    deviating: Mapping[Place, Deviation]
    asking: Mapping[str, Sequence[Conflict]]
    open: Mapping[str, Sequence[Intent]]


@dataclass(frozen=True, slots=True)
class Looked:
    """What an undo does to one link: the link as decided, its writes, and what stays as it is."""

    link: Link
    before: Link
    restores: tuple[Restore, ...]
    writes: tuple[Write, ...]
    left: tuple[Left, ...]


@dataclass(slots=True)
class Undo:
    """One undo in one pass.

    `by` names who asked for it. `only` restricts it to places that somebody has seen in a plan.
    `gone` are records, (link, side), that are taken away as a whole.
    """

    one: Pass
    extent: Extent
    by: str = ""
    only: frozenset[Place] | None = None
    gone: set[tuple[str, str]] = field(default_factory=set)

    async def links(self) -> list[str]:
        """The links of which the extent may cover something, of comments and files as well."""
        read, link = self.one.context.read, self.extent.link
        if link is None:
            return await read(journal.links_of_run, self.extent.run or "")
        children = (await read(links.children, [link])).get(link, [])
        return [link, *(child.id for child in children)]

    async def untouched(self, ids: Sequence[str]) -> list[JournalEntry]:
        """What the extent covers of these links and no undo takes back: comments and files that
        were written, and links that were cut."""
        found = await self.one.context.read(links.load, ids)
        stories = await self.one.context.read(journal.of_links, ids)
        return [
            hop
            for id_, link in found.items()
            for hop in stories.get(id_, ())
            if self.extent.covers(hop)
            and (
                hop.kind == "unlink" or (link.kind != "record" and hop.kind in ("create", "write"))
            )
        ]

    async def look(self, ids: Sequence[str]) -> list[Looked]:
        """What would be done to these links; reads each record once, and sends nothing."""
        known = await self.one.context.read(_load, self.one.sync.name, ids, self.extent)
        wanted = {id_: self._wanted(link, known) for id_, link in known.links.items()}
        shown = await self._shown(known, [(i, w) for i, ws in wanted.items() for w in ws])
        found = []
        for id_, mine in wanted.items():
            judged = [self._judged(known, id_, one, shown) for one in mine]
            if judged:
                found.append(self._looked(known, known.links[id_], judged))
        return found

    async def carry_out(self, ids: Sequence[str]) -> list[Looked]:
        """Take back what these links still show of it; those that move meanwhile are looked at
        again a few times. Answers with what the tools took, and what is left alone in the end."""
        context, tried = self.one.context, dict[str, list[Looked]]()
        for _ in range(ROUNDS):
            looked = await self.look(ids)
            for one in looked:
                tried.setdefault(one.link.id, []).append(one)
            doing = [one for one in looked if one.writes]
            pairs = await self._commit(doing)
            held = await context.read(_held, self.one.sync.name, [o.link.id for o in doing])
            applier = Applier(context, self.one.sync, self.one.ports())
            moved = await applier.apply({o.link.id: o.link for o in doing}, pairs, held)
            if not moved:
                break
            ids = sorted(moved)
        after, done = await context.read(_came_to, list(tried), context.run)
        return [_outcome(rounds, after[id_], done) for id_, rounds in tried.items()]

    def _wanted(self, link: Link, known: Known) -> list[Written]:
        """Comments and files are not taken back: a comment that was read was read."""
        if link.kind != "record":
            return []
        found = undone.written(known.stories.get(link.id, ()), self.extent)
        return [
            one
            for one in found
            if (link.id, one.side) not in self.gone
            and (self.only is None or (link.id, one.side, one.unit) in self.only)
        ]

    async def _shown(
        self, known: Known, wanted: Sequence[tuple[str, Written]]
    ) -> dict[tuple[str, str], Record | Missing]:
        """What the tools show now of every record that is worth a look: a batched read by id."""
        context, sync, ports = self.one.context, self.one.sync, self.one.ports()
        ids: dict[str, set[str]] = {}
        for id_, one in wanted:
            if not self._untouchable(known, id_, one) and one.side in context.reachable():
                ids.setdefault(one.side, set()).add(one.record)
        shown: dict[tuple[str, str], Record | Missing] = {}
        for side, mine in sorted(ids.items()):
            try:
                found = await ports[side].fetch(sorted(mine))
                slices = [sync.read(side, record.fields) for record in records_of(found.values())]
                before = [dict(u["before"]) for i in known.sent.values() for u in _units(i, side)]
                await context.know_handles(side, [*slices, *before])
            except ConnectorError as error:
                context.stop(side, error)
                continue
            shown.update(((side, record), answer) for record, answer in found.items())
        return shown

    def _untouchable(self, known: Known, id_: str, one: Written) -> Left | None:
        if left := undone.untouchable(self.one.sync, known.links[id_], one):
            return left
        if any(c.field == one.unit and c.kind == "field" for c in known.asking.get(id_, ())):
            return Left(one, "a conflict of it waits for an answer: `syncline conflicts`")
        busy = [i for i in known.open.get(id_, ()) if i.side == one.side]
        if any(one.unit in i.payload["units"] for i in busy):
            return Left(one, "the outcome of a write to it is not known yet", kind="again")
        return None

    def _judged(
        self,
        known: Known,
        id_: str,
        one: Written,
        shown: Mapping[tuple[str, str], Record | Missing],
    ) -> Restore | Left:
        left = self._untouchable(known, id_, one)
        if left is not None:
            return left
        record = shown.get((one.side, one.record))
        if record is None:
            why = self.one.context.stopped.get(one.side, "not asked")
            return Left(one, f"{one.side} could not be asked ({why})", kind="again")
        if isinstance(record, Missing) or record.deleted:
            return Left(one, "its record is gone")
        return undone.compare(
            self.one.sync.units[one.unit],
            UnitState.unpack(known.links[id_].fields.get(one.unit)),
            one,
            self.one.sync.read(one.side, record.fields),
            record.version,
            known.sent,
            self.one.context.people[one.side],
            known.deviating.get((id_, one.side, one.unit)),
        )

    def _looked(self, known: Known, link: Link, judged: Sequence[Restore | Left]) -> Looked:
        restores = tuple(one for one in judged if isinstance(one, Restore))
        left = tuple(one for one in judged if isinstance(one, Left))
        by_unit: dict[str, list[Restore]] = {}
        for one in restores:
            by_unit.setdefault(one.written.unit, []).append(one)
        fields = dict(link.fields)
        parts: dict[str, dict[str, UnitWrite]] = {}
        for name, mine in by_unit.items():
            state = self._state(known, link, name, mine)
            fields[name] = state.pack()
            for one in mine:
                unit_write = self._unit_write(name, one, state)
                parts.setdefault(one.written.side, {})[name] = unit_write
        after = replace(link, fields=fields, revision=link.revision + 1, dirty=True)
        version = {one.written.side: one.version for one in restores}
        writes = tuple(
            replace(
                update_of(self.one.sync, after, side, link.sides[side], mine, "undo"),
                version=version[side],
            )
            for side, mine in parts.items()
        )
        return Looked(after if writes else link, link, restores, writes, left)

    def _state(self, known: Known, link: Link, name: str, restores: Sequence[Restore]) -> UnitState:
        runs = {one.written.last.run for one in restores}
        edited = [
            (hop.side, hop.before)
            for hop in known.stories[link.id]
            if hop.kind == "edit" and hop.field == name and hop.run in runs
        ]
        return undone.taken_back(
            self.one.sync.units[name],
            UnitState.unpack(link.fields.get(name)),
            {one.written.side: one.before for one in restores},
            edited,
            self.one.context.people,
        )

    def _unit_write(self, name: str, one: Restore, state: UnitState) -> UnitWrite:
        """With the decided value where the side will show it, so that its receipt delivers it."""
        side = one.written.side
        if side not in state.deviates:
            return UnitWrite(state.value, one.now, one.before)
        lens = self.one.sync.units[name].lenses[side]
        return UnitWrite(lens.get(one.before, self.one.context.people[side]), one.now, one.before)

    async def _commit(self, doing: Sequence[Looked]) -> list[tuple[Write, Intent]]:
        """One transaction: decisions, the values that lost, and an intent for every write."""
        context = self.one.context
        book = Book(self.one.sync.name, context.run, context.now())
        pairs = []
        for one in doing:
            book.links[one.link.id] = one.link
            book.conforming += conformed(one.before, one.link)
            for name in {restore.written.unit for restore in one.restores}:
                self._told(one, name, book)
            for write in one.writes:
                intent = new_intent(context, write, book.at)
                book.intents.append(intent)
                pairs.append((write, intent))
        await context.commit(book.write)
        return pairs

    def _told(self, one: Looked, name: str, book: Book) -> None:
        """The journal's word on one unit, and what sides show from now on instead of its value."""
        link, context, unit = one.link, self.one.context, self.one.sync.units[name]
        before = UnitState.unpack(one.before.fields.get(name))
        state = UnitState.unpack(link.fields.get(name))
        going = {r.written.side: r.before for r in one.restores if r.written.unit == name}
        book.entries.append(
            JournalEntry(
                book.at, book.sync, book.run, link.id, "", None, name, "undo",
                before.value, state.value, self.by or None, "undo",
            )
        )  # fmt: skip
        kept = []
        for side in state.deviates:
            slice_ = going.get(side) or part(unit.lenses[side].paths, state.seen[side])
            if side not in going:
                value = unit.lenses[side].get(slice_, context.people[side])
                kept.append(Candidate(side, value))
            book.deviations.append(
                Deviation(book.sync, link.id, side, name, state.value, slice_, UNDONE, book.at)
            )
        if kept:
            which = digest(name, kept)
            row = conflict_of(book, link.id, name, kept, which, "resolved")
            book.conflicts.append(replace(row, id=f"{row.id}-{which[:6]}"))


def _units(intent: Intent, side: str) -> Iterator[Mapping[str, Any]]:
    yield from intent.payload["units"].values() if intent.side == side else ()


def _load(tx: Tx, sync: str, ids: Sequence[str], extent: Extent) -> Known:
    stories = journal.of_links(tx, ids)
    found = {id_: link for id_, link in links.load(tx, ids).items() if link.sync == sync}
    chosen = [w for story in stories.values() for w in undone.written(story, extent)]
    names = {hop.intent_id for one in chosen for hop in (one.first, one.last) if hop.intent_id}
    return Known(
        links=found,
        stories=stories,
        sent=intents.load(tx, names),
        deviating={
            (one.link_id, one.side, one.field): one
            for rows in deviations.of_links(tx, found).values()
            for one in rows
        },
        asking=conflicts.of_links(tx, found),
        open=intents.of_links(tx, found, ("open",)),
    )


def _held(tx: Tx, sync: str, ids: Sequence[str]) -> frozenset[str]:
    """Links of which an observation waits for a person."""
    rows = observations.of_links(tx, sync, ids)
    return frozenset(
        id_ for id_, sides in rows.items() if any(row.state == "held" for row in sides.values())
    )


def _came_to(tx: Tx, ids: Sequence[str], run: str) -> tuple[dict[str, Link], frozenset[Place]]:
    """The links as they are now, and where a write of this run was proved."""
    told = journal.of_links(tx, ids)
    done = {
        (hop.link_id, hop.side, hop.field or "")
        for story in told.values()
        for hop in story
        if hop.run == run and hop.kind == "write"
    }
    return links.load(tx, ids), frozenset(done)


def _outcome(rounds: Sequence[Looked], link: Link, done: frozenset[Place]) -> Looked:
    """What became of a link: the last word on each place of all the rounds it took."""
    restores: dict[tuple[str, str], tuple[Restore, Write]] = {}
    left: dict[tuple[str, str], Left] = {}
    for one in rounds:
        writes = {write.side: write for write in one.writes}
        for restore in one.restores:
            at = restore.written.side, restore.written.unit
            restores[at] = restore, writes[at[0]]
            left[at] = _untaken(restore, link)
        left.update(((other.written.side, other.written.unit), other) for other in one.left)
    taken = {at: pair for at, pair in restores.items() if (link.id, *at) in done}
    by_write: dict[str, Write] = {}
    for (side, unit), (_, write) in taken.items():
        before = by_write.get(side, replace(write, units={}))
        by_write[side] = replace(before, units={**before.units, unit: write.units[unit]})
    return Looked(
        link,
        rounds[0].before,
        tuple(restore for restore, _ in taken.values()),
        tuple(by_write.values()),
        tuple(one for at, one in left.items() if at not in taken),
    )


def _untaken(restore: Restore, link: Link) -> Left:
    """Why a restore that was sent is not proved."""
    at = restore.written
    state = UnitState.unpack(link.fields.get(at.unit))
    reason = state.deviates.get(at.side, "")
    if reason not in ("", UNDONE):
        return Left(at, f"{at.side} does not take it back: {reason}", restore.now)
    return Left(at, f"{at.side} has not confirmed it; the next pass goes on", restore.now, "again")
