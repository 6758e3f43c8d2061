"""Ends what a tool puts off again and again (I16): "try later" is no answer for ever.

A record that its tool puts off in pass after pass, while it takes others, is parked with the tool's
words. A tool that takes nothing, or puts off more than it takes, is busy or down: that says nothing
about a record, and is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from syncline.engine.births import fields_digest
from syncline.engine.book import Book
from syncline.engine.context import PassContext
from syncline.engine.planned import Write
from syncline.engine.refusals import park
from syncline.engine.spec import Sync
from syncline.store import intents, links
from syncline.store.rows import Intent
from syncline.store.sql import Tx

TRIES = 20
"""Passes in which a tool puts a record off before it is parked …"""

OVER = timedelta(hours=1)
"""… and the time over which they must be spread."""

PUT_OFF = "deferred"
"""The state of an intent that counts as a try."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """A write that its tool put off in this pass, in its own words."""

    sync: Sync
    write: Write
    intent: Intent
    reason: str


async def give_up(context: PassContext) -> None:
    """Count what was put off in this pass, and park what was put off too often."""
    for side in sorted({one.write.side for one in context.put_off}):
        # A new record may be tried twice in the pass that finds it: that is one try.
        tried = {one.write.link_id: one for one in context.put_off if one.write.side == side}
        mine = list(tried.values())
        if side not in context.stopped and len(mine) <= context.took[side]:
            await context.commit(_count, context, mine)


def _count(tx: Tx, context: PassContext, put_off: Sequence[PutOff]) -> None:
    book = Book(context.sync.name, context.run, context.now())
    intents.close(tx, [(one.intent.id, PUT_OFF, one.reason) for one in put_off], book.at)
    ids = [one.write.link_id for one in put_off]
    sent = intents.of_links(tx, ids, (PUT_OFF, "applied"))
    found = links.load(tx, ids)
    for one in put_off:
        tries = _in_a_row(one.write, sent.get(one.write.link_id, ()))
        first = tries[0].created_at if tries else None
        if len(tries) >= TRIES and first is not None and book.at - first >= OVER:
            reason = (
                f"{one.write.side} has put this off {len(tries)} times since "
                f"{first:%Y-%m-%d %H:%M} UTC, while it took others: {one.reason or 'no reason'}"
            )
            link = book.links.get(one.write.link_id, found[one.write.link_id])
            # As if it had been refused for good: a newer value is tried again.
            park(one.sync, link, one.write, reason, fields_digest(one.write.patch), book)
    book.write(tx)


def _in_a_row(write: Write, sent: Sequence[Intent]) -> list[Intent]:
    """The tries of this record on this side since one was last taken."""
    tries: list[Intent] = []
    for intent in sent:
        if intent.side != write.side:
            continue
        tries = [*tries, intent] if intent.state == PUT_OFF else []
    return tries
