"""Records that come back after they were deleted: out of the bin, or restored by their tool (I23).

The same record takes its place in its link again and is compared with what it was seen to show, so
that edits made meanwhile on either side are delivered by rule 1. Whether it is the same is told by
when its tool made it: an id that was given to a new record brings nothing back. Whether it is back
is read by its id: a listing that lags shows for a while what was there before the deletion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from syncline.engine import entries
from syncline.engine.book import Book, ended, observation_of
from syncline.engine.context import PassContext
from syncline.engine.identity import CREATED, another, returned
from syncline.sdk.connector import Record
from syncline.sdk.errors import ConnectorError
from syncline.store import links, matching
from syncline.store.findings import conflicts, tombstones
from syncline.store.rows import Conflict, Link, Observation, Tombstone
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
    back: dict[str, list[Return]] = {}
    for one in returns:
        new = another(one.link, one.row.side, one.row.record_id, one.row.fields.get(CREATED))
        if new:
            book.tombstones.append(replace(one.tombstone, reason="reused"))
        elif new is not None:
            back.setdefault(one.row.side, []).append(one)
    for side, mine in back.items():
        if side in context.reachable():
            await _look(context, side, mine, book)
    if returns:
        await context.commit(book.write)


async def _look(context: PassContext, side: str, returns: Sequence[Return], book: Book) -> None:
    """Read records by id, and tie those that are there; what is gone may still come back."""
    connector, record = context.connectors[side], context.sync.sides[side].record
    try:
        found = await connector.fetch(record, [one.row.record_id for one in returns])
    except ConnectorError as error:
        context.stop(side, error)  # they wait for a later pass, like all new records
        return
    for one in returns:
        now = found.get(one.row.record_id)
        if isinstance(now, Record) and not ended(now):
            _tie(context, one, now, book)
            context.counts["returned"] += 1
        else:
            book.done.append((side, one.row.record_id))


def _tie(context: PassContext, one: Return, now: Record, book: Book) -> None:
    side, id_ = one.row.side, one.row.record_id
    link = book.links.get(one.link.id, one.link)  # another of its records may be back as well
    book.links[link.id] = returned(link, side)
    book.seen.append(observation_of(context.sync, side, now, link.id, book.at, context.people))
    book.lifted.append((book.sync, side, id_))
    # What nobody could deliver is delivered now.
    book.resolved += [conflict.id for conflict in one.conflicts if conflict.kind == "deleted"]
    book.entries.append(entries.linked(book, one.link.id, {side: id_}, "returned"))


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
