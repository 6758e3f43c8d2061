"""Settles intents that an earlier pass left open, by evidence from the tools (rule 0).

A write is found applied, found not applied, or stays open while its tool cannot be asked. Nothing
waits: an unsettled intent holds back only its own unit, an unsettled create only its record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta

from syncline.engine.absence import removing, suspicion
from syncline.engine.apply import Applier
from syncline.engine.births import fields_digest
from syncline.engine.book import Book, observation_of, parked
from syncline.engine.context import PassContext, last_by_person, records_of
from syncline.engine.identity import another
from syncline.engine.intents import write_of
from syncline.engine.planned import UnitWrite, Write, part
from syncline.engine.ports import Port
from syncline.engine.receipt import halfway, holds, receive
from syncline.engine.refusals import park
from syncline.engine.spec import Sync
from syncline.sdk.connector import Change, FindResult, Found, Missing, Record
from syncline.sdk.errors import ConnectorError
from syncline.store import runs
from syncline.store.rows import Intent, Link, LinkSide, Observation, Run, Slice

AT_WORK = timedelta(seconds=10)
"""How long a tool may still be at work on a request whose sender is gone."""

TAKEN_AWAY = "gone as soon as it was made"


class Settler:
    """Settles the open intents of links of one kind."""

    def __init__(self, context: PassContext, sync: Sync, ports: Mapping[str, Port]) -> None:
        self.context = context
        self.sync = sync
        self.ports = ports
        self.applier = Applier(context, sync, ports)

    async def settle(self, links: Mapping[str, Link], intents: Sequence[Intent]) -> None:
        """Close every intent of these that evidence can close."""
        self.applier.links = dict(links)
        by_side: dict[str, list[Intent]] = {}
        for intent in intents:
            if intent.link_id in links and intent.state == "open":
                by_side.setdefault(intent.side, []).append(intent)
        for side, mine in by_side.items():
            if side not in self.ports or side in self.context.stopped:
                continue
            try:
                await self._side(side, mine)
            except ConnectorError as error:
                self.context.stop(side, error)

    async def _side(self, side: str, intents: Sequence[Intent]) -> None:
        book = Book(self.context.sync.name, self.context.run, self.context.now())
        for removal in (i for i in intents if i.kind == "remove"):
            self._removal(side, removal, book)
        intents = [intent for intent in intents if intent.kind != "remove"]
        placed = [self._placed(side, intent) for intent in intents]
        lost = [i for i in placed if i.kind == "create" and i.record_id is None]
        known = [i for i in placed if i.record_id is not None]
        joined = {p.id for i, p in zip(intents, placed, strict=True) if p is not i}
        if lost:
            await self._creates(side, lost, book)
        if known:
            await self._writes(side, known, joined, book)
        book.links = {
            link_id: self.applier.links[link_id]
            for link_id in {intent.link_id for intent in intents}
        }
        await self.context.commit(book.write)

    def _removal(self, side: str, intent: Intent, book: Book) -> None:
        book.close(intent, "superseded", "whether it is deleted is looked at anew")
        link = self.applier.links[intent.link_id]
        at = link.sides.get(side)
        if at is not None and at.state == "in" and at.record_id == intent.record_id:
            book.tombstones.append(removing(link, side, book.sync, book.at))

    def _placed(self, side: str, intent: Intent) -> Intent:
        """A create whose link has come to a record there meanwhile: that record is the evidence."""
        at = self.applier.links[intent.link_id].sides.get(side)
        if intent.record_id is not None or intent.kind != "create" or at is None:
            return intent
        return replace(intent, record_id=at.record_id) if self.applier.observes else intent

    async def _creates(self, side: str, intents: Sequence[Intent], book: Book) -> None:
        items = [(intent, self.applier.links[intent.link_id]) for intent in intents]
        senders = await self.context.read(runs.load, {intent.run for intent in intents})
        asked = self.context.now()
        results = await self.ports[side].find(items)
        told = [(i, one) for i, one in zip(intents, results, strict=True) if one is not None]
        await self._know(side, [one.record for _, one in told if one.record is not None])
        for intent, result in told:
            match result.found:
                case Found.YES if result.record is not None:
                    await self._applied(side, intent, result.record, book)
                case Found.NO:
                    self._absent(side, intent, senders.get(intent.run), asked, book)
                case _:
                    self._unknown(side, intent, result, book)

    def _absent(
        self, side: str, intent: Intent, sender: Run | None, asked: datetime, book: Book
    ) -> None:
        """Not found: believed only when the tool's search has had the time to show it.

        That counts from the end of the run that sent it: a request may leave long after its note.
        """
        sent = (sender.finished_at if sender is not None else None) or intent.created_at
        if sent is not None and asked - sent < AT_WORK + self.ports[side].capabilities.search_lag:
            return
        book.close(intent, "failed", "never reached the tool: no record has its key")
        self._dirty(intent.link_id)

    def _unknown(self, side: str, intent: Intent, result: FindResult, book: Book) -> None:
        reason = (
            f"a create in {side} was sent and its reply was lost ({intent.reason or 'no answer'}); "
            f"{result.reason or 'the tool cannot tell whether it exists'}. Link the record with "
            f"`syncline adopt`, or let it be created again with `syncline quarantine retry`"
        )
        book.close(intent, "parked", reason)
        book.parked.append(
            parked(
                self.context.sync.name, intent.link_id, side, "", "create", reason, book.at, "lost"
            )
        )

    async def _writes(
        self, side: str, intents: Sequence[Intent], joined: Set[str], book: Book
    ) -> None:
        """Intents whose record is known; `joined` are creates that knew none when sent."""
        ids = list(dict.fromkeys(i.record_id for i in intents if i.record_id))
        found = await self.ports[side].fetch(ids)
        records = {record.id: record for record in records_of(found.values())}
        await self._know(side, records.values())
        doubtful = [i for i in intents if self._unclear(side, i, records)]
        changes = await self._history(side, doubtful)
        for intent in intents:
            record = records.get(intent.record_id or "")
            anew = record is not None and self._another(side, intent, record)
            at = self.applier.links[intent.link_id].sides.get(side)
            if intent.kind != "create" and (at is None or at.record_id != intent.record_id):
                book.close(intent, "superseded", "another record took its place")
                self._dirty(intent.link_id)
            elif record is None or anew:
                if anew or isinstance(found.get(intent.record_id or ""), Missing):
                    self._gone(side, intent, book)
            elif intent.kind == "create" and (
                intent.id not in joined or record.marker == intent.key
            ):
                await self._applied(side, intent, record, book)
            elif intent.kind == "create":
                book.close(intent, "superseded", "another record took its place")
                book.seen.append(self._observed(side, record, intent))
            else:
                self._judged(side, intent, record, changes.get(record.id, ()), book)

    def _gone(self, side: str, intent: Intent, book: Book) -> None:
        """What was written to is gone. If it had just been made, that is a deletion like any other:
        it is not made again, or a tool that takes away what it does not like would get it for ever.
        """
        link, id_ = self.applier.links[intent.link_id], intent.record_id or ""
        if intent.kind != "create" or side in link.sides:
            book.close(intent, "failed", "the record is gone")
            self._dirty(intent.link_id)
            return
        book.close(intent, "applied", TAKEN_AWAY)
        if self.applier.observes:
            sides = {**link.sides, side: LinkSide(side, id_)}
            self.applier.links[link.id] = replace(link, sides=sides, revision=link.revision + 1)
            stone = suspicion(book.sync, link.id, side, id_, TAKEN_AWAY, book.at)
            book.tombstones.append(stone)
            self.context.notes.append(
                f"{side}: {id_} was {TAKEN_AWAY}, and is not made again; a later pass looks "
                "whether it is deleted"
            )
            return
        write = write_of(intent)
        reason = (
            f"{id_} in {side} was {TAKEN_AWAY}. It is not made again until its original is edited, "
            "or you say so with `syncline quarantine retry`"
        )
        park(self.sync, link, write, reason, fields_digest(write.patch), book)

    def _another(self, side: str, intent: Intent, record: Record) -> bool:
        """Whether the id that was written to was given to a new record since."""
        link = self.applier.links[intent.link_id]
        return bool(another(link, side, record.id, record.created_at))

    async def _know(self, side: str, records: Iterable[Record]) -> None:
        await self.context.know_handles(side, [self.sync.read(side, r.fields) for r in records])

    def _unclear(self, side: str, intent: Intent, records: Mapping[str, Record]) -> bool:
        """Whether the view alone cannot tell: the record shows neither all that was sent …"""
        record = records.get(intent.record_id or "")
        if record is None or intent.kind == "create":
            return False
        write, shown = write_of(intent), self.sync.read(side, record.fields)
        return not self._untouched(side, write, record, shown) and any(
            not self._shows(side, name, shown, unit) for name, unit in write.units.items()
        )

    def _untouched(
        self, side: str, write: Write, record: Record, shown: Mapping[str, object]
    ) -> bool:
        """Whether the record is still as the write was planned from: then it never arrived.

        The history alone cannot tell where the same value was written before and taken back.
        """
        return (
            write.version is not None
            and record.version == write.version
            and all(
                part(self.sync.units[name].lenses[side].paths, shown) == unit.before
                for name, unit in write.units.items()
            )
        )

    def _shows(self, side: str, name: str, shown: Mapping[str, object], unit: UnitWrite) -> bool:
        lens = self.sync.units[name].lenses[side]
        return lens.shows(part(lens.paths, shown), unit.value, self.context.people[side])

    def _tells(self, side: str) -> bool:
        """Whether a tool has a history to tell of changes."""
        return self.applier.observes and self.ports[side].capabilities.history

    async def _history(
        self, side: str, intents: Sequence[Intent]
    ) -> Mapping[str, Sequence[Change]]:
        since = [i.created_at for i in intents if i.created_at is not None]
        if not since or self.sync is not self.context.sync:
            return {}
        ids = [i.record_id for i in intents if i.record_id]
        return await self.context.history(side, ids, min(since))

    def _judged(
        self,
        side: str,
        intent: Intent,
        record: Record,
        changes: Sequence[Change],
        book: Book,
    ) -> None:
        """Each unit of an update: shown or found in the history means applied, else it was not."""
        write = write_of(intent)
        shown = self.sync.read(side, record.fields)
        untouched = self._untouched(side, write, record, shown)
        people = self.context.people[side]
        applied, edited = {}, set()
        for name, unit in write.units.items():
            lens = self.sync.units[name].lenses[side]
            if self._shows(side, name, shown, unit):
                applied[name] = unit
            elif untouched:
                continue
            elif any(_is_ours(one, lens.paths, unit) for one in _later(changes, lens.paths, unit)):
                applied[name] = unit
                if last_by_person(lens, changes):
                    edited.add(name)
            elif not self._tells(side) and holds(self.sync, side, name, shown, unit, people):
                applied[name] = unit
                edited.add(name)
            elif lens.transition and _last_is_ours(lens.paths, changes):
                self._halfway(side, intent.link_id, name, part(lens.paths, shown))
        if applied:
            receipt = receive(
                self.sync,
                self.applier.links[intent.link_id],
                side,
                applied,
                record,
                self.context.people[side],
                edited=frozenset(edited),
            )
            proved = replace(write, units=applied)
            self.applier.file(side, proved, intent, record, receipt, book)
            self.context.counts["settled"] += 1
        else:
            book.close(intent, "superseded", "the tool shows that it was not applied")
        if len(applied) < len(write.units):
            self._dirty(intent.link_id)
        if self.applier.observes:
            book.seen.append(self._observed(side, record, intent))

    def _halfway(self, side: str, link_id: str, unit: str, shown: Slice) -> None:
        link = self.applier.links[link_id]
        self.applier.links[link_id] = halfway(self.sync, link, side, unit, shown)

    async def _applied(self, side: str, intent: Intent, record: Record, book: Book) -> None:
        """A create that exists: its record is the other side's from now on."""
        write = write_of(intent)
        receipt = await self.applier.receipt(side, write, intent, record, False, late=True)
        # A plan made meanwhile may have seen the record, when it belonged to nothing.
        book.attached.append((side, record.id, intent.link_id))
        self.applier.file(side, write, intent, record, receipt, book)
        self.context.counts["settled"] += 1

    def _observed(self, side: str, record: Record, intent: Intent) -> Observation:
        return observation_of(self.sync, side, record, intent.link_id, self.context.now())

    def _dirty(self, link_id: str) -> None:
        link = self.applier.links[link_id]
        self.applier.links[link_id] = replace(link, dirty=True)


def _later(changes: Sequence[Change], paths: Sequence[str], unit: UnitWrite) -> Sequence[Change]:
    """The changes after we last put there what the write in question was planned from.

    The history is read from well before the write (`context.history`), where the same value may
    have been written, and written over, already.
    """
    for at in reversed(range(len(changes))):
        one = changes[at]
        if one.by_us and one.path in paths and one.after == unit.before.get(one.path):
            return changes[at + 1 :]
    return changes


def _is_ours(change: Change, paths: Sequence[str], unit: UnitWrite) -> bool:
    """Whether a change in a tool's history is the write in question, told by its values."""
    return (
        change.by_us
        and change.path in paths
        and change.after == unit.after.get(change.path)
        and change.before in (None, unit.before.get(change.path))
    )


def _last_is_ours(paths: Sequence[str], changes: Sequence[Change]) -> bool:
    """Whether the last change of a field that is written along a workflow was a step of ours."""
    mine = [change for change in changes if change.path in paths]
    return bool(mine) and mine[-1].by_us
