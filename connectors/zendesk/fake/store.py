"""Tickets and their audits, and the orders in which Zendesk finds them again.

A ticket's document is never changed in place: `put` takes a new one. The export reads tickets in
the order of `generated_timestamp`, searches see a ticket as it was a while ago, and comments are
events of the audits, as in Zendesk.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Iterator

from connectors.zendesk.fake.account import Account, Row

Place = tuple[int, int]  # generated_timestamp, id


class Store:
    """What an account knows of its tickets."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.tickets = account.state.table("tickets")
        self.deleted = account.state.table("deleted_tickets")
        self.audits = account.state.table("audits")
        self._audits_of: defaultdict[int, list[str]] = defaultdict(list)
        for key, audit in self.audits.items():
            self._audits_of[audit["ticket_id"]].append(key)
        self._order = sorted(_place(ticket) for ticket in self.tickets.values())
        self._indexed: dict[int, Row] = {t["id"]: t for t in self.tickets.values()}
        self._to_index: deque[tuple[int, int, Row | None]] = deque()
        self._held: dict[int, tuple[int, float]] = {}  # generated, and hidden until

    def get(self, id: object) -> Row | None:
        """A ticket that is not deleted."""
        key = str(id)
        return None if key in self.deleted else self.tickets.get(key)

    def put(self, ticket: Row) -> None:
        """Keep a ticket, as changed just now."""
        old = self.tickets.get(str(ticket["id"]))
        if old is not None:
            del self._order[bisect_left(self._order, _place(old))]
        insort(self._order, _place(ticket))
        self.tickets.put(str(ticket["id"]), ticket)
        self._to_index.append((self._account.seconds(), ticket["id"], ticket))

    def remove(self, id: int) -> None:
        """Forget a ticket, its comments and its history."""
        old = self.tickets.get(str(id))
        if old is not None:
            del self._order[bisect_left(self._order, _place(old))]
            self.tickets.delete(str(id))
            self._to_index.append((self._account.seconds(), id, None))
        self.deleted.delete(str(id))
        for key in self._audits_of.pop(id, []):
            self.audits.delete(key)

    def live(self) -> Iterator[Row]:
        """All tickets that are not deleted, by id."""
        return (ticket for ticket in self.tickets.values() if ticket["status"] != "deleted")

    def changed(self, after: Place, until: int, limit: int) -> tuple[list[Row], bool]:
        """Tickets generated after a place and up to a second, and whether these are all."""
        until = min([until, *(generated - 1 for generated, _ in self._still_held())])
        start = bisect_right(self._order, after)
        end = bisect_right(self._order, (until, 2**63))
        page = self._order[start : min(end, start + limit)]
        return [self.tickets.get(str(id)) or {} for _, id in page], start + limit >= end

    def hold(self, id: int, seconds: float) -> None:
        """Hide what was just done to a ticket from searches and exports for a while."""
        now = self._account.seconds()
        self._held[id] = (now, now + seconds)

    def indexed(self, lag: float) -> Iterator[Row]:
        """All tickets as the search index has them, `lag` seconds late."""
        until = self._account.seconds() - lag
        self._still_held()
        waiting: deque[tuple[int, int, Row | None]] = deque()
        for at, id, ticket in self._to_index:
            if at > until or id in self._held:
                waiting.append((at, id, ticket))
            elif ticket is None:
                self._indexed.pop(id, None)
            else:
                self._indexed[id] = ticket
        self._to_index = waiting
        return (one for one in self._indexed.values() if one["status"] != "deleted")

    def index_now(self) -> None:
        """Searches show everything as it is."""
        self._indexed = {ticket["id"]: ticket for ticket in self.tickets.values()}
        self._to_index.clear()

    def _still_held(self) -> list[tuple[int, float]]:
        now = self._account.seconds()
        self._held = {id: held for id, held in self._held.items() if held[1] > now}
        return list(self._held.values())

    def add_audit(self, audit: Row) -> None:
        """Keep an audit: one change with all its events."""
        key = str(audit["id"])
        if key not in self.audits:
            self._audits_of[audit["ticket_id"]].append(key)
        self.audits.put(key, audit)

    def audits_of(self, id: int) -> list[Row]:
        """A ticket's history, oldest first."""
        return [audit for key in self._audits_of[id] if (audit := self.audits.get(key))]

    def comments_of(self, id: int) -> list[Row]:
        """A ticket's comments as Zendesk lists them, oldest first."""
        return [shown for audit in self.audits_of(id) for shown in comments_in(audit)]


def comments_in(audit: Row) -> list[Row]:
    """The comments that came with one change."""
    return [
        {
            **event,
            "audit_id": audit["id"],
            "via": event.get("via") or audit["via"],
            "created_at": audit["created_at"],
            "metadata": audit["metadata"],
        }
        for event in audit["events"]
        if event["type"] == "Comment"
    ]


def _place(ticket: Row) -> Place:
    return ticket["generated_timestamp"], ticket["id"]
