"""Records that their tool has closed for good, and the ones that follow them (`on_closed`).

A follow-up is a create like any other, with a key of its own: it is made once, also when its answer
is lost. It takes the closed record's place in the link; the closed one becomes its history.
"""

from __future__ import annotations

from syncline.engine.book import Book
from syncline.engine.identity import make_way
from syncline.store.rows import JournalEntry, Link, Tombstone


def follow(link: Link, side: str, reason: str, book: Book) -> Link:
    """Put down that a record was closed for good and is to be followed."""
    id_, why = link.sides[side].record_id, f"closed for good: {reason}"
    after = make_way(link, side)
    book.links[link.id] = after
    stone = Tombstone(book.sync, link.id, side, id_, "confirmed", "closed", why, book.at, book.at)
    book.tombstones.append(stone)
    book.done.append((side, id_))
    place = (book.at, book.sync, book.run, link.id, side, id_, None)
    book.entries.append(JournalEntry(*place, "close", id_, None, None, why))
    return after
