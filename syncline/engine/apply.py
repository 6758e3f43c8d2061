"""Carries out writes: a committed intent before each, a receipt after each, nothing on hope.

Decisions, intents and receipts are committed in batches. A reply that never came leaves an open
intent, which the next pass settles by evidence; nothing that may have been applied is re-sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import replace

from syncline.engine import absence
from syncline.engine.attempts import PutOff
from syncline.engine.births import bare, fields_digest
from syncline.engine.book import Book, conformed, observation_of, parked_ids
from syncline.engine.context import PassContext, records_of
from syncline.engine.followups import follow
from syncline.engine.hops import written
from syncline.engine.intents import new_intent
from syncline.engine.planned import Write, part
from syncline.engine.ports import Port
from syncline.engine.receipt import Receipt, holds, receive
from syncline.engine.refusals import park
from syncline.engine.spec import Sync
from syncline.sdk.connector import Missing, Outcome, Record, Result
from syncline.sdk.errors import (
    Ambiguous,
    AuthRequired,
    ConnectorError,
    Misconfigured,
)
from syncline.store.rows import Intent, Link

CHUNK = 50
"""Writes to one side between two commits of receipts, where the tool has no larger bulk call."""


class Applier:
    """Writes planned links of one kind through ports; `links` is kept up to date by receipts."""

    def __init__(self, context: PassContext, sync: Sync, ports: Mapping[str, Port]) -> None:
        self.context = context
        self.sync = sync
        self.ports = ports
        self.observes = sync is context.sync
        self.links: dict[str, Link] = {}
        self.held: frozenset[str] = frozenset()
        self.moved: set[str] = set()
        self.whole: dict[tuple[str, str], str] = {}

    async def apply(
        self,
        links: Mapping[str, Link],
        writes: Sequence[tuple[Write, Intent]],
        held: Collection[str] = (),
    ) -> set[str]:
        """Send writes whose intents are committed; answers with links worth planning again.

        `held` links wait for a person with what their sides were seen to show: a receipt renews
        that, or our own write would look like an edit when they are planned again.
        """
        self.links = dict(links)
        self.held = frozenset(held)
        by_side: dict[str, list[tuple[Write, Intent]]] = {}
        for write, intent in writes:
            by_side.setdefault(write.side, []).append((write, intent))
        async with asyncio.TaskGroup() as group:
            for side, items in by_side.items():
                group.create_task(self._side(side, items))
        return self.moved

    async def _side(self, side: str, items: Sequence[tuple[Write, Intent]]) -> None:
        capabilities = self.ports[side].capabilities
        size = max(CHUNK, capabilities.bulk_create, capabilities.bulk_update)
        for start in range(0, len(items), size):
            chunk = items[start : start + size]
            if side in self.context.stopped:
                await self._unsent(chunk, self.context.stopped[side])
                continue
            updates = [(w, i) for w, i in chunk if w.kind == "update"]
            creates = [(w, i) for w, i in chunk if w.kind == "create"]
            if updates:
                await self._updates(side, updates)
            if creates:
                await self._creates(side, creates)

    async def _creates(self, side: str, items: Sequence[tuple[Write, Intent]]) -> None:
        keyed = [(write, self.links[write.link_id], intent.key) for write, intent in items]
        outcomes = await self._outcomes(side, self.ports[side].create(keyed), len(items))
        await self._received(side, items, outcomes)

    async def _updates(self, side: str, items: Sequence[tuple[Write, Intent]]) -> None:
        port = self.ports[side]
        if not port.capabilities.conditional_update:
            try:
                items = await self._still_as_planned(side, items)
            except ConnectorError as error:
                self.context.stop(side, error)
                await self._unsent(items, str(error))
                return
        if items:
            sent = [(write, self.links[write.link_id]) for write, _ in items]
            outcomes = await self._outcomes(side, port.update(sent), len(sent))
            await self._received(side, items, outcomes)

    async def _outcomes(
        self, side: str, call: Awaitable[Sequence[Outcome]], size: int
    ) -> Sequence[Outcome]:
        """A batch's outcomes; an error of the whole call stands for each of its items."""
        try:
            return await call
        except (AuthRequired, Misconfigured) as error:
            self.context.stop(side, error)
            return [Outcome(Result.RETRY, reason=str(error))] * size
        except Ambiguous as error:
            return [Outcome(Result.AMBIGUOUS, reason=str(error))] * size
        except ConnectorError as error:
            self.context.stop(side, error)
            return [Outcome(Result.RETRY, reason=str(error))] * size

    def _book(self) -> Book:
        return Book(self.context.sync.name, self.context.run, self.context.now())

    async def _unsent(self, items: Sequence[tuple[Write, Intent]], reason: str) -> None:
        book = self._book()
        for _, intent in items:
            book.close(intent, "superseded", reason)
        await self.context.commit(book.write)

    async def _still_as_planned(
        self, side: str, items: Sequence[tuple[Write, Intent]]
    ) -> Sequence[tuple[Write, Intent]]:
        """The writes whose record still shows what the plan saw, by one batched read by id.

        The others are not sent: what the record shows now is observed, and planned again.
        """
        ids = [write.record_id for write, _ in items if write.record_id]
        found = await self.ports[side].fetch(ids)
        good: list[tuple[Write, Intent]] = []
        book = self._book()
        for write, intent in items:
            record = found.get(write.record_id or "")
            if isinstance(record, Record) and self._as_planned(side, record, write):
                good.append((write, intent))
                continue
            book.close(intent, "superseded", "the record moved before the write")
            self._look_again(side, record, write, book)
        if book.closed:
            await self.context.commit(book.write)
        return good

    def _as_planned(self, side: str, record: Record, write: Write) -> bool:
        shown = self.sync.read(side, record.fields)
        return not absence.evidence(self.links[write.link_id], side, record) and all(
            part(self.sync.units[name].lenses[side].paths, shown) == unit.before
            for name, unit in write.units.items()
        )

    async def _received(
        self, side: str, items: Sequence[tuple[Write, Intent]], outcomes: Sequence[Outcome]
    ) -> None:
        """Turn outcomes into receipts, parked actions or open intents, in one transaction."""
        book = self._book()
        shown = await self._shown_after(side, outcomes)
        alone: list[tuple[Write, Intent]] = []
        again: list[tuple[Write, Intent]] = []
        reread: list[Write] = []
        for (write, intent), outcome in zip(items, outcomes, strict=True):
            match outcome.result:
                case Result.APPLIED:
                    self.context.took[side] += 1
                    record = outcome.record or shown.get(outcome.id or "")
                    if not await self._proved(side, write, intent, record, outcome, book):
                        self._known_id(write, intent, outcome, book)
                case Result.REJECTED if write.kind == "update" and len(write.units) > 1:
                    book.close(intent, "superseded", outcome.reason)
                    alone += self._one_by_one(side, write, book)
                case Result.REJECTED if self.observes and (made := bare(self.sync, write)):
                    book.close(intent, "superseded", outcome.reason)
                    self.whole[write.link_id, side] = fields_digest(write.patch)
                    again.append((made, new_intent(self.context, made, book.at)))
                    book.intents.append(again[-1][1])
                case Result.CLOSED if self._followed(side, write):
                    book.close(intent, "superseded", outcome.reason)
                    link = follow(self.links[write.link_id], side, outcome.reason, book)
                    self.links[link.id] = link
                    self.moved.add(link.id)
                case Result.REJECTED | Result.CLOSED:
                    self._refused(side, write, intent, outcome.reason, book)
                case Result.CONFLICT | Result.GONE:
                    book.close(intent, "superseded", outcome.reason)
                    reread.append(write)
                case Result.RETRY:
                    book.close(intent, "superseded", outcome.reason)
                    self.context.counts["retried"] += 1
                    put_off = PutOff(self.sync, write, intent, outcome.reason)
                    self.context.put_off.append(put_off)
                case Result.AMBIGUOUS:
                    self.context.counts["ambiguous"] += 1
        await self._observe_again(side, reread, book)
        await self.context.commit(book.write)
        if alone:
            sent = [(write, self.links[write.link_id]) for write, _ in alone]
            single = await self._outcomes(side, self.ports[side].update(sent), len(sent))
            await self._received(side, alone, single)
        if again:
            await self._creates(side, again)

    def _known_id(self, write: Write, intent: Intent, outcome: Outcome, book: Book) -> None:
        """Applied, and nothing more is known now: the intent stays open and knows its record."""
        if outcome.id is not None and intent.record_id is None:
            book.close(intent, "superseded", "replaced by one that knows the record's id")
            book.intents.append(replace(intent, id=self.context.new_id(), record_id=outcome.id))
        self.context.counts["ambiguous"] += 1

    async def _shown_after(self, side: str, outcomes: Sequence[Outcome]) -> dict[str, Record]:
        """What the tool shows after writes it did not answer with the record: one batched read."""
        silent = [
            outcome.id
            for outcome in outcomes
            if outcome.result is Result.APPLIED
            and outcome.record is None
            and outcome.id is not None
        ]
        answered = [o.record for o in outcomes if o.record is not None]
        try:
            found = records_of((await self.ports[side].fetch(silent)).values()) if silent else []
            slices = [self.sync.read(side, r.fields) for r in [*found, *answered]]
            await self.context.know_handles(side, slices)
        except ConnectorError as error:
            self.context.stop(side, error)
            return {}
        return {record.id: record for record in found}

    async def _proved(
        self,
        side: str,
        write: Write,
        intent: Intent,
        record: Record | None,
        outcome: Outcome,
        book: Book,
    ) -> bool:
        """A write the tool shows: its receipt goes into the link, the journal and the counts.

        False where the tool cannot be asked for all that the receipt takes.
        """
        if record is None:
            return False
        atomic = outcome.record is not None and self.ports[side].capabilities.answers_writes
        try:
            receipt = await self.receipt(side, write, intent, record, atomic)
        except ConnectorError as error:
            self.context.stop(side, error)
            return False
        self.file(side, write, intent, record, receipt.saying(outcome.reason), book)
        return True

    def file(
        self,
        side: str,
        write: Write,
        intent: Intent,
        record: Record,
        receipt: Receipt,
        book: Book,
    ) -> None:
        """Put a receipt into the book: link, intent, journal, deviations, what to look at again."""
        book.conforming += conformed(self.links[write.link_id], receipt.link)
        self.links[write.link_id] = book.links[write.link_id] = receipt.link
        book.close(intent, "applied")
        if write.kind == "create":
            book.unparked += parked_ids(write.link_id, side, [""], "create")
        book.entries += written(self.context, self.sync, write, record, intent, book.at)
        book.deviations += [replace(one, created_at=book.at) for one in receipt.deviations]
        self.context.counts["deviations"] += len(receipt.deviations)
        self.context.counts[self._counted(write)] += 1
        if receipt.stale:
            self._look_again(side, record, write, book)
        elif write.link_id in self.held:
            row = observation_of(self.sync, side, record, write.link_id, book.at)
            book.seen.append(replace(row, state="held"))

    def _counted(self, write: Write) -> str:
        if self.sync is not self.context.sync:
            return "attached" if self.sync.entity == "attachment" else "commented"
        return "created" if write.kind == "create" else "updated"

    async def receipt(
        self,
        side: str,
        write: Write,
        intent: Intent,
        record: Record,
        atomic: bool,
        *,
        late: bool = False,
    ) -> Receipt:
        """The receipt; where only the tool's history can tell a person's edit, it is asked.

        `late`: the record was not read right after the write, so that a tool without a history
        leaves open who made something else of it.
        """
        people = self.context.people[side]
        link = self.links[write.link_id]
        created = write.kind == "create"
        history = self.ports[side].capabilities.history
        doubtful = created and not atomic and self.observes and (late or history)
        receipt = receive(
            self.sync, link, side, write.units, record, people,
            created=created, atomic=atomic, late=doubtful,
        )  # fmt: skip
        if not receipt.doubts:
            return receipt
        edited: frozenset[str] = frozenset()
        if self.observes and (history or created):
            since = intent.created_at or self.context.now()
            edited = await self.context.edited_since(side, record.id, receipt.doubts, since)
        elif self.observes:
            edited = self._beside(side, write, record, receipt.doubts)
        open_ = late and self.observes and not history
        return receive(
            self.sync, link, side, write.units, record, people,
            created=created, edited=edited, unsure=receipt.doubts if open_ else (),
        )  # fmt: skip

    def _beside(
        self, side: str, write: Write, record: Record, names: Sequence[str]
    ) -> frozenset[str]:
        """Units that show all that was sent, and more: somebody put that there."""
        shown, people = self.sync.read(side, record.fields), self.context.people[side]
        put = {n for n in names if holds(self.sync, side, n, shown, write.units[n], people)}
        return frozenset(put)

    def _refused(self, side: str, write: Write, intent: Intent, reason: str, book: Book) -> None:
        """A tool's final no to a create or to a field."""
        book.close(intent, "failed", reason)
        digest = self.whole.get((write.link_id, side)) or fields_digest(write.patch)
        link = park(self.sync, self.links[write.link_id], write, reason, digest, book)
        self.links[link.id] = link

    def _followed(self, side: str, write: Write) -> bool:
        """Whether a record that was closed for good is to be followed by a new one."""
        told = self.sync.sides[side].on_closed == "follow_up"
        return told and self.observes and write.kind == "update"

    def _one_by_one(self, side: str, write: Write, book: Book) -> list[tuple[Write, Intent]]:
        """A refused patch of several units is sent again unit by unit: one bad field stops one."""
        pairs = []
        for name, unit in write.units.items():
            lens = self.sync.units[name].lenses[side]
            single = replace(
                write,
                units={name: unit},
                patch=lens.patch(unit.before, unit.after),
                expected=lens.patch(unit.after, unit.before),
                version=None,
            )
            pairs.append((single, new_intent(self.context, single, book.at)))
        book.intents += [intent for _, intent in pairs]
        return pairs

    async def _observe_again(self, side: str, writes: Sequence[Write], book: Book) -> None:
        """Read records whose write met a moved record or none."""
        ids = [write.record_id for write in writes if write.record_id]
        if not ids:
            return
        try:
            found = await self.ports[side].fetch(ids)
        except ConnectorError as error:
            self.context.stop(side, error)
            return
        for write in writes:
            self._look_again(side, found.get(write.record_id or ""), write, book)

    def _look_again(
        self, side: str, found: Record | Missing | None, write: Write, book: Book
    ) -> None:
        """Store what a record shows that no decision knows, and plan its link again.

        A record that has ended is only suspected; a later pass looks again. Comments and files
        are read anew with their record, so nothing is stored of them.
        """
        if not self.observes:
            return
        link, evidence = self.links[write.link_id], "gone when it was to be written"
        if isinstance(found, Record):
            evidence = absence.evidence(link, side, found)
        if isinstance(found, Record) and not evidence:
            row = observation_of(self.sync, side, found, write.link_id, book.at)
            book.seen.append(row)
            self.moved.add(write.link_id)
        elif isinstance(found, Record) or (isinstance(found, Missing) and found.gone):
            book.tombstones.append(
                absence.suspicion(book.sync, write.link_id, side, found.id, evidence, book.at)
            )
