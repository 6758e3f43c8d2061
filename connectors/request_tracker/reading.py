"""Tickets as records: search rows with their first messages, and ids one by one where needed.

A search shows merged tickets when it speaks of EffectiveId, and never shows deleted ones, so an id
that a search leaves out is asked for alone. A first message never changes: it is read once.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from connectors.request_tracker.client import (
    PAGE,
    TICKET_LOG,
    Client,
    Row,
    any_of,
    chunks,
    literal,
    together,
)
from connectors.request_tracker.details import steps
from connectors.request_tracker.metadata import Metadata
from connectors.request_tracker.text import BODY_FIELDS, IS_TEXT, NO_FILE, body_of
from connectors.request_tracker.wire import WireShape
from syncline.sdk.connector import Missing, Record
from syncline.sdk.errors import NotFound

_KEPT_MESSAGES = 2_000

T = TypeVar("T")
K = TypeVar("K")


class Reader:
    """Records by id and by row. It also notes what a ticket tells of its queue's lifecycle."""

    def __init__(
        self, client: Client, metadata: Metadata, shape: WireShape, text_format: str
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._shape = shape
        self._text_format = text_format
        self._messages: OrderedDict[str, str] = OrderedDict()
        self.moves: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
        """Of each queue the status moves RT offered so far: from, to."""
        self.offered: set[str] = set()
        """Everything else RT offered to do with a ticket: comment, correspond."""

    async def records(
        self, rows: Sequence[Row], creations: Mapping[str, str] | None = None
    ) -> list[Record]:
        """Records of search rows. `creations`: known Create transactions by ticket."""
        multiple = await self._metadata.multiple()
        contents = await self.contents([str(row["id"]) for row in rows], creations or {})
        for row in rows:
            self.learn(row["Queue"]["Name"], row)
        return [self._shape.record(row, contents[str(row["id"])], multiple) for row in rows]

    async def fetch(
        self, ids: Sequence[str], creations: Mapping[str, str] | None = None
    ) -> dict[str, Record | Missing]:
        """Each id as a record, or why there is none."""
        numbers = [id for id in dict.fromkeys(ids) if id.isdecimal()]
        found: dict[str, Record | Missing] = {
            id: Missing(id, gone=True, reason="not a ticket's id") for id in ids
        }
        for some in chunks(numbers):
            rows = await self._client.tickets_of(some)
            shown = {str(row["id"]) for row in rows}
            alone = await together(self._alone(id) for id in some if id not in shown)
            rows += [row for row in alone if not isinstance(row, Missing)]
            found |= {one.id: one for one in alone if isinstance(one, Missing)}
            found |= {record.id: record for record in await self.records(rows, creations)}
        return found

    async def contents(self, ids: Sequence[str], creations: Mapping[str, str]) -> dict[str, str]:
        """The first message of each ticket: two requests for a hundred unknown ones."""
        unknown = [id for id in ids if id not in self._messages]
        for some in chunks(unknown):
            first = {id: creations[id] for id in some if id in creations}
            if rest := [id for id in some if id not in first]:
                first |= await self._creations(rest)
            parts = await self._client.parts(list(first.values()), BODY_FIELDS, IS_TEXT, NO_FILE)
            by_transaction = by(parts, lambda part: str(part["TransactionId"]))
            for id in some:
                own = by_transaction.get(first.get(id, ""), [])
                self._messages[id] = body_of(own, self._text_format)
        told = {id: self._messages[id] for id in ids}
        while len(self._messages) > _KEPT_MESSAGES:
            self._messages.popitem(last=False)
        return told

    async def survey(self, queue: str) -> None:
        """Learn the queue's moves from its newest tickets, which stand in many statuses."""
        query = f"Queue = {literal(queue)}"
        for row in await self._client.newest("tickets", query, "Status,_hyperlinks", PAGE):
            self.learn(queue, row)

    def learn(self, queue: str, row: Row) -> None:
        """Note the moves RT offers from this ticket's status."""
        self.offered.update(link["ref"] for link in row["_hyperlinks"])
        self.moves[queue].setdefault(row["Status"], set()).update(steps(row))

    async def _creations(self, ids: Sequence[str]) -> dict[str, str]:
        query = f"{TICKET_LOG} AND Type = 'Create' AND {any_of('ObjectId', ids)}"
        rows = await self._client.newest("transactions", query, "ObjectId", len(ids))
        return {str(row["ObjectId"]): str(row["id"]) for row in rows}

    async def _alone(self, id: str) -> Row | Missing:
        """One ticket by its own address; for a merged one RT answers with the survivor."""
        try:
            row, _ = await self._client.ticket(id)
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))
        return await self.with_addresses(row) | {"id": id}

    async def with_addresses(self, row: Row) -> dict[str, Any]:
        """A single ticket with people's addresses, which only a search shows."""
        names = {person["id"] for role in ("Requestor", "Cc") for person in row[role]}
        people = {
            p.handle: p
            for p in await self._metadata.people("Name", sorted(names), find_disabled_rows="1")
        }
        return {
            **row,
            **{
                role: [
                    {**one, "EmailAddress": people[one["id"]].email} if one["id"] in people else one
                    for one in row[role]
                ]
                for role in ("Requestor", "Cc")
            },
        }


def by(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Items in groups of equal keys, in order."""
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
