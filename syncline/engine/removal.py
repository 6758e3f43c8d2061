"""Records that an undone run had made: listed, and taken away only when that is asked for.

One is first cut off its link, with a tombstone, so that nothing makes it again and its end means
nothing for the record it was made from; then it is archived or deleted where its tool can. A record
that somebody has touched since is left as it is, and linked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from syncline.engine.absence import edited
from syncline.engine.asking import EVER
from syncline.engine.book import Book
from syncline.engine.cards import cards_of, take_off
from syncline.engine.context import PassContext
from syncline.engine.decision import UnitState
from syncline.engine.identity import buried
from syncline.engine.undone import Extent
from syncline.sdk.connector import Change, Comment, LinkCard, Missing, Outcome, Record, Result
from syncline.sdk.errors import ConnectorError
from syncline.store import journal, links
from syncline.store.rows import Intent, JournalEntry, Link, Tombstone
from syncline.store.sql import Tx

DONE = {"archive": "archived", "delete": "deleted", "unlink": "unlinked"}
EVIDENCE = "made by a run that was undone"


@dataclass(frozen=True, slots=True)
class Created:
    """A record that was made. `fate`: kept | unlinked | archived | deleted, and why if kept."""

    link: str
    side: str
    record: str
    fate: str = "kept"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a tool shows of a record that may be taken away."""

    record: Record | Missing | None
    comments: Sequence[Comment]
    changes: Sequence[Change]


class Removal:
    """Takes away what an extent made. `how`: archive | delete | unlink; None only lists."""

    def __init__(self, context: PassContext, extent: Extent, how: str | None) -> None:
        self.context = context
        self.extent = extent
        self.how = how

    async def look(self, ids: Sequence[str]) -> list[Created]:
        """The records that were made, with what would become of each; sends nothing."""
        found, stories = await self.context.read(_load, self.context.sync.name, ids)
        made = [
            Created(link.id, side, record)
            for link in found.values()
            for side, record in _made(stories.get(link.id, ()), self.extent)
        ]
        if self.how is None:
            return made
        seen = await self._seen(made)
        return [self._judged(one, found[one.link], stories[one.link], seen) for one in made]

    async def carry_out(self, made: Sequence[Created]) -> list[Created]:
        """Do what `look` said; answers with what became of each."""
        going = [one for one in made if one.fate != "kept"]
        pairs = await self._cut(going)
        fates = {one: one for one in made}
        for side in sorted({one.side for one in going}):
            mine = [(one, intent) for one, intent in pairs if one.side == side and intent]
            fates.update(await self._remove(side, mine))
        return [fates[one] for one in made]

    async def _seen(self, made: Sequence[Created]) -> dict[tuple[str, str], _Seen]:
        """Each record with its comments and its history, read by side."""
        context, seen = self.context, dict[tuple[str, str], _Seen]()
        for side in sorted({one.side for one in made} & context.reachable()):
            ids = sorted({one.record for one in made if one.side == side})
            connector, record = context.connectors[side], context.sync.sides[side].record
            try:
                found = await connector.fetch(record, ids)
                alive = [id_ for id_ in ids if isinstance(found.get(id_), Record)]
                comments = await connector.comments(record, alive) if alive else {}
                changes = await context.history(side, alive, EVER)
            except ConnectorError as error:
                context.stop(side, error)
                continue
            for id_ in ids:
                mine = _Seen(found.get(id_), comments.get(id_, ()), changes.get(id_, ()))
                seen[side, id_] = mine
        return seen

    def _judged(
        self,
        one: Created,
        link: Link,
        story: Sequence[JournalEntry],
        seen: Mapping[tuple[str, str], _Seen],
    ) -> Created:
        at = link.sides.get(one.side)
        if at is None or at.record_id != one.record or at.state == "gone":
            return replace(one, reason="it is not linked any more")
        if at.state == "cut" and not _cut_by_undo(story, one.side):
            return replace(one, reason="it was unlinked since")
        shown = seen.get((one.side, one.record))
        if shown is None:
            return replace(one, reason=f"{one.side} could not be asked")
        if not isinstance(shown.record, Record) or shown.record.deleted:
            return replace(one, reason="it is gone")
        if any(hop.kind == "edit" and hop.side == one.side for hop in story):
            return replace(one, reason="somebody has edited it since")
        if self._touched(link, one.side, shown, shown.record):
            return replace(one, reason="somebody has worked on it since")
        can = self.context.can(one.side).deletes
        return replace(one, fate=DONE[self.how if self.how in can else "unlink"])

    def _touched(self, link: Link, side: str, shown: _Seen, record: Record) -> bool:
        """Whether anybody but us has been at a record; its version tells where no history does."""
        sync = self.context.sync
        states = {name: UnitState.unpack(link.fields.get(name)) for name in sync.units}
        known = link.sides[side].version
        moved = record.version is None or known is None or record.version > known
        history = self.context.can(side).history
        return (
            edited(states, sync, side, sync.read(side, record.fields))
            or any(not comment.by_us for comment in shown.comments)
            or any(not change.by_us for change in shown.changes)
            or (moved and not history)
        )

    async def _cut(self, going: Sequence[Created]) -> list[tuple[Created, Intent | None]]:
        """Cut records off their links for good, with an intent for each that is to go as well."""
        context = self.context
        found = await context.read(links.load, [one.link for one in going])
        book = Book(context.sync.name, context.run, context.now())
        cards: dict[str, list[LinkCard]] = {}
        pairs = []
        for one in going:
            link = found[one.link]
            if link.sides[one.side].state != "cut":
                for side, at in link.sides.items():
                    shown = cards_of(link, side, context.connectors) if at.state == "in" else []
                    mine = [card for card in shown if one.side in (side, card.connection)]
                    cards.setdefault(side, []).extend(mine)
                link = found[one.link] = buried(link, one.side, "cut")
                book.links[link.id] = link
                book.tombstones.append(_tombstone(one, "unlinked", book))
                book.entries.append(_entry(one, "unlink", book))
                book.done.append((one.side, one.record))
            intent = _intent(context, one, book) if one.fate != "unlinked" else None
            book.intents += [intent] if intent else []
            pairs.append((one, intent))
        await context.commit(book.write)
        context.notes += await take_off(context.sync, context.connectors, cards)
        return pairs

    async def _remove(
        self, side: str, pairs: Sequence[tuple[Created, Intent]]
    ) -> dict[Created, Created]:
        """Archive or delete records of a side; what was not heard stays cut off."""
        if not pairs:
            return {}
        context = self.context
        record, how = context.sync.sides[side].record, self.how or ""
        outcomes: Sequence[Outcome]
        try:
            outcomes = await context.connectors[side].remove(
                record, [one.record for one, _ in pairs], how
            )
        except ConnectorError as error:
            context.stop(side, error)
            outcomes = [Outcome(Result.RETRY, reason=str(error))] * len(pairs)
        book = Book(context.sync.name, context.run, context.now())
        found = await context.read(links.load, [one.link for one, _ in pairs])
        fates = {}
        for (one, intent), outcome in zip(pairs, outcomes, strict=True):
            fates[one] = one
            if outcome.result in (Result.APPLIED, Result.GONE):
                book.close(intent, "applied")
                found[one.link] = buried(found[one.link], side)
                book.links[one.link] = found[one.link]
                book.tombstones.append(_tombstone(one, "deleted", book))
                book.entries.append(_entry(one, "remove", book))
                context.counts["deleted"] += 1
            else:
                book.close(intent, "superseded", outcome.reason)
                fates[one] = replace(one, fate="unlinked", reason=outcome.reason)
        await context.commit(book.write)
        return fates


def _made(story: Sequence[JournalEntry], extent: Extent) -> list[tuple[str, str]]:
    found = [(h.side, h.record_id) for h in story if h.kind == "create" and extent.covers(h)]
    return [(side, record) for side, record in dict.fromkeys(found) if record]


def _cut_by_undo(story: Sequence[JournalEntry], side: str) -> bool:
    cuts = [hop for hop in story if hop.kind == "unlink" and hop.side == side]
    return bool(cuts) and cuts[-1].rule == "undo"


def _load(
    tx: Tx, sync: str, ids: Sequence[str]
) -> tuple[dict[str, Link], dict[str, list[JournalEntry]]]:
    found = links.load(tx, ids)
    records = {i: one for i, one in found.items() if one.kind == "record" and one.sync == sync}
    return records, journal.of_links(tx, records)


def _tombstone(one: Created, reason: str, book: Book) -> Tombstone:
    return Tombstone(
        book.sync, one.link, one.side, one.record, "confirmed", reason, EVIDENCE, book.at, book.at
    )


def _entry(one: Created, kind: str, book: Book) -> JournalEntry:
    return JournalEntry(
        book.at, book.sync, book.run, one.link, one.side, one.record, None, kind,
        one.record, None, None, "undo",
    )  # fmt: skip


def _intent(context: PassContext, one: Created, book: Book) -> Intent:
    how = next(how for how, word in DONE.items() if word == one.fate)
    return Intent(
        id=context.new_id(),
        sync=book.sync,
        run=book.run,
        link_id=one.link,
        side=one.side,
        kind="remove",
        record_id=one.record,
        key="",
        payload={"how": how, "units": {}},
        created_at=book.at,
    )
