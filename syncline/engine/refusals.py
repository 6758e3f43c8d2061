"""What becomes of a write that a tool will not take: parked, and told once (rule 6)."""

from __future__ import annotations

from syncline.engine.book import Book, parked
from syncline.engine.planned import Write
from syncline.engine.receipt import refuse
from syncline.engine.spec import Sync
from syncline.store.rows import Deviation, Link


def park(sync: Sync, link: Link, write: Write, reason: str, digest: str, book: Book) -> Link:
    """The link after a final no: a create is parked, a field becomes a deviation.

    `sync` is that of the link's kind; `digest` names what was refused of a create, so that it is
    not sent again as it was.
    """
    if write.kind == "create":
        row = parked(book.sync, link.id, write.side, "", "create", reason, book.at, digest)
        book.parked.append(row)
        return link
    for name, unit in write.units.items():
        link = refuse(sync, link, write.side, name, reason)
        book.parked.append(parked(book.sync, link.id, write.side, name, "write", reason, book.at))
        told = (link.id, write.side, name, unit.value, unit.before, reason, book.at)
        book.deviations.append(Deviation(book.sync, *told))
    book.links[link.id] = link
    return link
