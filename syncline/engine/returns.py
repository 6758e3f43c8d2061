"""Records that come back after they were deleted: out of the bin, or restored by their tool (I23).

The same record takes its place in its link again and is compared with what it was seen to show, so
that edits made meanwhile on either side are delivered by rule 1. Whether it is the same is told by
when its tool made it: an id that was given to a new record brings nothing back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from syncline.engine.book import Book
from syncline.engine.context import PassContext
from syncline.engine.identity import CREATED, another, returned
from syncline.store import links, matching
from syncline.store.findings import conflicts, tombstones
from syncline.store.rows import Conflict, JournalEntry, Link, Observation, Tombstone
from syncline.store.sql import Tx


@dataclass(frozen=True, slots=True)
class Return:
    """A record that was deleted and is told of again, with the link that it was in."""

    tombstone: Tombstone
    row: Observation
    link: Link
    conflicts: Sequence[Conflict]


async def welcome(context: PassContext) -> None:
    """Tie records that are back to their links; free the ids that belong to new records now."""
    returns = await context.read(_returns, context.sync.name)
    book = Book(context.sync.name, context.run, context.now())
    for one in returns:
        side, id_ = one.row.side, one.row.record_id
        new = another(one.link, side, id_, one.row.fields.get(CREATED))
        if new is None:
            continue
        if new:
            book.tombstones.append(replace(one.tombstone, reason="reused"))
        else:
            _tie(one, book)
            context.counts["returned"] += 1
    if returns:
        await context.commit(book.write)


def _tie(one: Return, book: Book) -> None:
    side, id_ = one.row.side, one.row.record_id
    link = book.links.get(one.link.id, one.link)  # another of its records may be back as well
    book.links[link.id] = returned(link, side)
    book.attached.append((side, id_, one.link.id))
    book.lifted.append((book.sync, side, id_))
    # What nobody could deliver is delivered now.
    book.resolved += [conflict.id for conflict in one.conflicts if conflict.kind == "deleted"]
    place = (book.at, book.sync, book.run, one.link.id, side, id_, None)
    book.entries.append(JournalEntry(*place, "link", None, id_, None, "restored in the tool"))


def _returns(tx: Tx, sync: str) -> list[Return]:
    found = []
    for row in matching.returning(tx, sync):
        buried = tombstones.of_records(tx, sync, row.side, [row.record_id])[row.record_id]
        for one in buried:
            link = links.load(tx, [one.link_id]).get(one.link_id)
            at = link.sides.get(row.side) if link is not None else None
            gone = at is not None and (at.state, at.record_id) == ("gone", row.record_id)
            if link is not None and gone and one.reason == "deleted":
                asked = conflicts.of_links(tx, [link.id]).get(link.id, ())
                found.append(Return(one, row, link, asked))
    return found
