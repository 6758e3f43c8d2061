"""What the journal is told of decisions; of writes it is told by their receipts (`apply.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syncline.engine.book import Book
from syncline.engine.planned import Hop, LinkPlan
from syncline.store.rows import JournalEntry


def linked(book: Book, link_id: str, records: Mapping[str, str], by: str) -> JournalEntry:
    """Records, by side, came into a link. `by`: match | reference | marker | new | returned."""
    side, record_id = next(iter(records.items()))
    return JournalEntry(
        book.at, book.sync, book.run, link_id, side, record_id, None, "link",
        None, dict(records), None, by,
    )  # fmt: skip


def decided(book: Book, plan: LinkPlan, records: Mapping[str, str]) -> Iterator[JournalEntry]:
    """The edits that were decided, the values that lost to another, and people's answers."""
    rules = {hop.unit: hop.rule for hop in (*plan.hops, *plan.answers)}
    for hop in plan.hops:
        yield _entry(book, plan, "edit", hop, records.get(hop.side))
    for clash in plan.losers:
        value = plan.link.fields[clash.unit]["value"]
        rule = rules.get(clash.unit, "first link")
        for lost in clash.candidates:
            side = lost.side or ""
            hop = Hop(side, clash.unit, lost.value, value, rule, lost.person)
            yield _entry(book, plan, "lost", hop, records.get(side))
    for hop in plan.answers:
        yield _entry(book, plan, "answer", hop, None)


def _entry(book: Book, plan: LinkPlan, kind: str, hop: Hop, record: Any) -> JournalEntry:
    return JournalEntry(
        book.at, book.sync, book.run, plan.link.id, hop.side, record, hop.unit, kind,
        hop.before, hop.after, hop.person, hop.rule,
    )  # fmt: skip
