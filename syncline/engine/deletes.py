"""What a record's end on one side does to the others: cut the link, close, archive or delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncline.engine import absence
from syncline.engine.book import MERGED, Book, moot, observation_of
from syncline.engine.context import PassContext
from syncline.engine.decision import UnitState, digest
from syncline.engine.identity import buried
from syncline.engine.mergers import LIVE, Merge, carry_out
from syncline.engine.owing import undelivered
from syncline.sdk.connector import Outcome, Record, Result
from syncline.sdk.errors import ConnectorError
from syncline.store import intents, links, matching, observations
from syncline.store.findings import conflicts
from syncline.store.rows import Conflict, Intent, JournalEntry, Link, Tombstone

CLOSED = ("cancelled", "declined", "closed", "done")
"""Statuses that close a record, the most fitting first."""


class Deletes:
    """Deletions of one pass: what was confirmed, and what that means for each link."""

    def __init__(self, context: PassContext) -> None:
        self.context = context
        self.confirmed: list[Tombstone] = []
        self.merges: list[Merge] = []
        self.anew: dict[tuple[str, str], Record] = {}
        self._ended: set[tuple[str, str]] = set()

    async def collect(self) -> None:
        """Suspect what tools call deleted, look again at what was suspected before."""
        told = await self.context.read(matching.deleted, self.context.sync.name)
        for side in sorted({row.side for row in told}):
            for merged, evidence in ((False, absence.TOLD), (True, absence.TOLD_MERGED)):
                rows = [r for r in told if r.side == side and (MERGED in r.fields) is merged]
                await absence.suspect(self.context, side, [r.record_id for r in rows], evidence)
        for tombstone, shown in await absence.confirm(self.context):
            if shown is not None and shown.merged_into is not None:
                self.merges.append(Merge(tombstone, shown.merged_into))
                continue
            self.confirmed.append(tombstone)
            if shown is not None and tombstone.reason == "reused":
                self.anew[tombstone.side, shown.id] = shown

    @property
    def ends(self) -> int:
        """How many records of links have ended, as the guard counts them."""
        return len(self.confirmed) + len(self.merges)

    async def carry_out(self) -> None:
        """Bury every confirmed record and tell the other sides what the sync says to tell."""
        await carry_out(self.context, self.merges)
        found = await self.context.read(links.load, [t.link_id for t in self.confirmed])
        self._ended = {(t.link_id, t.side) for t in self.confirmed}
        for tombstone in self.confirmed:
            link = found.get(tombstone.link_id)
            if link is not None and tombstone.side in link.sides:
                found[link.id] = await self._bury(link, tombstone)

    async def _bury(self, link: Link, tombstone: Tombstone) -> Link:
        policy = self.context.sync.deletes
        side = tombstone.side
        book = Book(self.context.sync.name, self.context.run, self.context.now())
        ours = tombstone.evidence == absence.OURS
        removes = policy.propagate in ("archive", "delete") and not ours
        late = await self._undecided(link, side) or (removes and await self._touched(link, side))
        if removes and not (late and policy.on_edit == "keep"):
            link, done = await self._removed(link, side, book)
            if not done:
                # The tombstone stays suspected, so that the next pass comes here again.
                book.links[link.id] = link
                await self.context.commit(book.write)
                return link
        after = buried(link, side, returns=tombstone.reason == "deleted")
        book.tombstones.append(tombstone)
        anew = self.anew.get((side, tombstone.record_id))
        if anew is None:
            book.done.append((side, tombstone.record_id))
        else:
            people = self.context.people
            row = observation_of(self.context.sync, side, anew, None, book.at, people)
            book.unlinked.append(row)
        book.entries.append(self._entry(after, tombstone, book))
        self.context.counts["deleted"] += 1
        asked = await self.context.read(conflicts.of_links, [link.id])
        live = {at.side for at in after.sides.values() if at.state in LIVE}
        book.resolved += moot(asked.get(link.id, ()), live)
        if late and policy.on_edit == "keep":
            book.conflicts.append(self._kept(after, tombstone, book))
        elif policy.propagate == "close":
            after = self._closed(after)
        book.links[link.id] = after
        await self.context.commit(book.write)
        return after

    async def _undecided(self, link: Link, side: str) -> bool:
        sync = self.context.sync
        observed = await self.context.read(observations.of_links, sync.name, [link.id])
        return absence.undecided(sync, link, observed.get(link.id, {}), side)

    async def _touched(self, link: Link, side: str) -> bool:
        """Whether somebody has edited another side's record since it was last read."""
        sync = self.context.sync
        states = {name: UnitState.unpack(link.fields.get(name)) for name in sync.units}
        for other, at in sorted(link.sides.items()):
            if other == side or at.state != "in" or other not in self.context.reachable():
                continue
            connector, record = self.context.connectors[other], sync.sides[other].record
            try:
                now = (await connector.fetch(record, [at.record_id])).get(at.record_id)
            except ConnectorError as error:
                self.context.stop(other, error)
                continue
            if not isinstance(now, Record) or now.deleted:
                continue
            if absence.edited(states, sync, other, sync.read(other, now.fields)):
                return True
        return False

    def _entry(self, link: Link, tombstone: Tombstone, book: Book) -> JournalEntry:
        return JournalEntry(
            book.at,
            book.sync,
            book.run,
            link.id,
            tombstone.side,
            tombstone.record_id,
            None,
            "unlink",
            tombstone.record_id,
            None,
            None,
            tombstone.evidence,
        )

    def _kept(self, link: Link, tombstone: Tombstone, book: Book) -> Conflict:
        """The other sides hold an edit the deleted record never got: a person is told."""
        candidates = tuple(
            {"side": at.side, "value": at.record_id, "at": None, "person": None}
            for at in link.sides.values()
        )
        return Conflict(
            id=self.context.sign(f"{link.id}/{tombstone.side}")[-10:],
            sync=book.sync,
            link_id=link.id,
            field="",
            kind="deleted",
            candidates=candidates,
            digest=digest(link.id, ()),
            created_at=book.at,
        )

    def _closed(self, link: Link) -> Link:
        """The link with its status decided as closed, to be delivered like any other value."""
        unit = self.context.sync.units.get("status")
        if unit is None:
            return link
        options = getattr(unit.kind, "options", ())
        value = next((status for status in CLOSED if status in options), None)
        state = UnitState.unpack(link.fields.get("status"))
        if value is None or not state.known or state.value in CLOSED:
            return link
        # A record that comes back was not closed by a person: as it was left it is compared anew,
        # and what it shows instead is an edit.
        left = frozenset(s for s in state.seen if link.sides[s].state == "gone")
        state = state._replace(value=value, delivered=frozenset(), deviates={}, left=left)
        after = replace(link, fields={**link.fields, "status": state.pack()})
        states = {n: UnitState.unpack(after.fields.get(n)) for n in self.context.sync.units}
        return replace(after, dirty=undelivered(self.context.sync, after.sides, states))

    async def _removed(self, link: Link, side: str, book: Book) -> tuple[Link, bool]:
        """The other live records archived or deleted in their tools, each with its intent.

        The second part of the answer: whether all of them heard of it; to remove is absolute, so
        what was lost on the way is sent again.
        """
        how, done = self.context.sync.deletes.propagate, True
        for other, at in list(link.sides.items()):
            if other == side or at.state != "in" or self.context.sync.sides[other].read_only:
                continue
            if (link.id, other) in self._ended:
                continue  # it has ended by itself, and is buried as `side` is
            if other not in self.context.reachable():
                done = False
                continue
            intent = Intent(
                id=self.context.new_id(),
                sync=book.sync,
                run=book.run,
                link_id=link.id,
                side=other,
                kind="remove",
                record_id=at.record_id,
                key="",
                payload={"how": how, "units": {}},
                created_at=book.at,
            )
            await self.context.commit(intents.insert, [intent])
            outcome = (await self._remove(other, [at.record_id], how))[0]
            if outcome.result in (Result.APPLIED, Result.GONE):
                link = buried(link, other, returns=True)
                book.close(intent, "applied")
                evidence = f"deleted by us, as {side} was"
                book.tombstones.append(_confirmed(link, other, evidence, book))
            elif outcome.result is Result.REJECTED:
                book.close(intent, "failed", outcome.reason)
                self.context.notes.append(
                    f"{other}: {at.record_id} could not be removed: {outcome.reason}"
                )
            else:
                book.close(intent, "superseded", outcome.reason)
                book.tombstones.append(absence.removing(link, other, book.sync, book.at))
                done = False
        return link, done

    async def _remove(self, side: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        record = self.context.sync.sides[side].record
        try:
            return await self.context.connectors[side].remove(record, ids, how)
        except ConnectorError as error:
            self.context.stop(side, error)
            return [Outcome(Result.RETRY, reason=str(error))] * len(ids)


def _confirmed(link: Link, side: str, evidence: str, book: Book) -> Tombstone:
    record_id = link.sides[side].record_id
    return Tombstone(
        book.sync, link.id, side, record_id, "confirmed", "deleted", evidence, book.at, book.at
    )
