"""Tickets as records: rows that Zendesk told, and ids a hundred at a time.

`show_many` leaves out deleted tickets; one that it does not show is asked for alone, and a ticket
that is not there is looked for among the deleted ones, which can be restored for thirty days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.zendesk.client import Budget, Client, Row, moment, numbers, segment, together
from connectors.zendesk.metadata import Metadata, Names
from connectors.zendesk.wire import DELETED, WireShape
from syncline.sdk.clock import Clock
from syncline.sdk.connector import Missing, Record
from syncline.sdk.errors import NotFound

MERGED = "closed_by_merge"  # the tag that Zendesk gives a ticket when it is merged into another

# 80 % of what Zendesk allows of the list of deleted tickets in a minute.
_DELETED_PER_MINUTE = 8
# The newest deletions; older ones count as gone, which is the same to a sync.
_DELETED_PAGES = 2
_MERGED_INTO = re.compile(r"merged into request #(\d+)")


class Reader:
    """Records by id and by row."""

    def __init__(self, client: Client, metadata: Metadata, shape: WireShape, clock: Clock) -> None:
        self._client = client
        self._metadata = metadata
        self._shape = shape
        self._budget = Budget(_DELETED_PER_MINUTE, clock)
        self._survivors: dict[str, str | None] = {}

    async def records(self, tickets: Sequence[Row]) -> list[Record]:
        """Records of tickets; one request for each that was merged, the first time."""
        if not tickets:
            return []
        names, scope = await self._metadata.names(tickets), await self._metadata.scope()
        survivors = await together(self._survivor(ticket) for ticket in tickets)
        return [
            self._shape.record(ticket, names, scope, survivor)
            for ticket, survivor in zip(tickets, survivors, strict=True)
        ]

    async def fetch(self, ids: Sequence[str]) -> dict[str, Record | Missing]:
        """Each id as it is now, or why there is no ticket."""
        found: dict[str, Record | Missing] = {
            id: Missing(id, gone=True, reason="not a ticket's number") for id in ids
        }
        asked = numbers(ids)
        tickets = await self._client.many("/tickets", "tickets", asked)
        shown = {str(ticket["id"]) for ticket in tickets}
        alone = await together(self._alone(id) for id in asked if id not in shown)
        gone = [one.id for one in alone if isinstance(one, Missing) and one.gone]
        found |= {one.id: one for one in alone if isinstance(one, Missing)}
        found |= await self._deleted(gone)
        tickets += [one for one in alone if not isinstance(one, Missing)]
        return found | {record.id: record for record in await self.records(tickets)}

    async def _alone(self, id: str) -> Row | Missing:
        try:
            ticket: Row = (await self._client.get(f"/tickets/{segment(id)}"))["ticket"]
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))
        return ticket

    async def _deleted(self, ids: Sequence[str]) -> dict[str, Record]:
        """Those of `ids` among the tickets that were deleted last."""
        wanted, found, pages = set(ids), dict[str, Record](), 0
        if not wanted:
            return found
        newest = {"sort_by": "deleted_at", "sort_order": "desc"}
        listed = self._client.pages("/deleted_tickets", "deleted_tickets", **newest)
        while wanted and pages < _DELETED_PAGES:
            async with self._budget:
                rows = await anext(listed, None)
            if rows is None:
                break
            pages += 1
            found |= {str(r["id"]): self._tombstone(r) for r in rows if str(r["id"]) in wanted}
            wanted -= found.keys()
        return found

    def _tombstone(self, row: Row) -> Record:
        """A deleted ticket, of which Zendesk's list tells little."""
        id, nothing = str(row["id"]), Names({}, {}, {}, {})
        fields = self._shape.fields({"subject": row.get("subject"), "status": DELETED}, nothing)
        at = moment(row["deleted_at"])
        return Record(
            id=id,
            fields=fields,
            version=int(at.timestamp()),
            updated_at=at,
            key=f"#{id}",
            url=self._shape.address(id),
            deleted=True,
        )

    async def _survivor(self, ticket: Row) -> str | None:
        """The ticket that this one was merged into, None where it was not or nobody can tell."""
        if ticket["status"] != "closed" or MERGED not in (ticket.get("tags") or ()):
            return None
        id = str(ticket["id"])
        if id not in self._survivors:
            last: str | None = None
            try:
                async for rows in self._client.pages(f"/tickets/{segment(id)}/audits", "audits"):
                    for audit in rows:
                        last = merged_into(audit) or last
            except NotFound:
                return None
            self._survivors[id] = last
        return self._survivors[id]


def merged_into(audit: Mapping[str, Any]) -> str | None:
    """The ticket that a ticket's own audit names as the one it was merged into.

    Zendesk tells it as where the closing update came from, and in the comment that it writes.
    """
    for one in (audit, *audit.get("events", ())):
        source = (one.get("via") or {}).get("source") or {}
        if source.get("rel") != "merge":
            continue
        for end in ("to", "from"):
            other = (source.get(end) or {}).get("ticket_id")
            if other is not None and other != audit.get("ticket_id"):
                return str(other)
    for event in audit.get("events", ()):
        if said := _MERGED_INTO.search(str(event.get("body") or "")):
            return said[1]
    return None
