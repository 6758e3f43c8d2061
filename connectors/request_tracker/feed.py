"""Changes from RT's log of transactions, whose ids only grow.

Every change of a ticket is a transaction, so the tickets behind the transactions of an id above the
last one read are the changed ones, moves out of the queue included. An id is given out before its
transaction is committed, so a lower one can show up late: the cursor therefore has a settled mark
(`after`: nothing at or below it can still appear) and the ids above it that were already told.
An unchanged pass is one request that brings nothing new.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from connectors.request_tracker.client import PAGE, TICKET_LOG, Client, Row, any_of, created, moment
from connectors.request_tracker.metadata import Metadata
from connectors.request_tracker.reading import Reader
from syncline.sdk.connector import CensusPage, Page, Record
from syncline.sdk.errors import Misconfigured

LATE_COMMITS = timedelta(seconds=60)
# Outgoing mail is logged after every reply and changes nothing.
_NOT_CHANGES = "Type != 'EmailRecord' AND Type != 'CommentEmailRecord'"
# Transactions read before their tickets are: one edit makes several of them.
_TRANSACTIONS_A_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the reading of transactions goes on, and the queues' numbers it was made for."""

    after: int
    told: frozenset[int]
    queues: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises Misconfigured for a text that is not a cursor of this connector."""
        try:
            told = json.loads(text)
            return cls(int(told["after"]), frozenset(told["told"]), tuple(told["queues"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                "The stored cursor is none of Request Tracker's. Nothing was read; "
                "run `syncline sync NAME --full` to begin anew."
            ) from error

    def __str__(self) -> str:
        told = {"after": self.after, "told": sorted(self.told), "queues": list(self.queues)}
        return json.dumps(told, separators=(",", ":"))

    def behind(self, rows: Iterable[Row], late_commits: timedelta) -> Cursor:
        """The cursor behind these transactions. Settled is what is older than the newest by more
        than `late_commits`, on the tool's own clock."""
        times = {int(row["id"]): created(row) for row in rows}
        after = self.after
        for id in sorted(times):
            if times[id] + late_commits >= max(times.values()):
                break
            after = max(after, id)
        told = frozenset(id for id in self.told | times.keys() if id > after)
        return replace(self, after=after, told=told)


class Feed:
    """Listing, changes and census of the scope's queues."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        late_commits: timedelta | None,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._late_commits = LATE_COMMITS if late_commits is None else late_commits

    async def listing(self) -> AsyncIterator[Page]:
        """Every ticket in scope by id; the cursor is where the log stood before."""
        scope = await self._scope()
        cursor = await self._start()
        async for rows in self._client.tickets(scope):
            yield Page(await self._reader.records(rows))
        yield Page((), str(cursor))

    async def changes(self, text: str) -> AsyncIterator[Page]:
        """The tickets that transactions since the cursor touched, each page with its cursor."""
        cursor = Cursor.parse(text)
        rows: list[Row] = []
        query = f"{_NOT_CHANGES} AND {_touching(cursor.queues)}"
        async for page in self._client.log(
            query, "Type,ObjectId,Created", cursor.after, cursor.told
        ):
            rows += page
            if len(rows) >= _TRANSACTIONS_A_PAGE:
                records = await self._touched(rows, cursor)
                cursor = cursor.behind(rows, self._late_commits)
                rows = []
                yield Page(records, str(cursor))
        records = await self._touched(rows, cursor)
        yield Page(records, str(cursor.behind(rows, self._late_commits)))

    async def census(self) -> AsyncIterator[CensusPage]:
        """Ids with LastUpdated of every ticket in scope; deleted and merged ones are not in it."""
        scope = await self._scope()
        async for rows in self._client.tickets(scope, "LastUpdated"):
            yield CensusPage({str(row["id"]): _version(row) for row in rows})

    async def _touched(self, rows: Sequence[Row], cursor: Cursor) -> list[Record]:
        """The tickets of the transactions not told yet, in the order of each one's last."""
        fresh = [row for row in rows if int(row["id"]) not in cursor.told]
        ids = list(dict.fromkeys(str(row["ObjectId"]) for row in reversed(fresh)))[::-1]
        creations = {str(r["ObjectId"]): str(r["id"]) for r in fresh if r["Type"] == "Create"}
        found = await self._reader.fetch(ids, creations) if ids else {}
        # A ticket gone or hidden meanwhile is left to the census: its absence proves nothing.
        return [one for id in ids if isinstance(one := found[id], Record)]

    async def _start(self) -> Cursor:
        """A cursor at the log's end; what is committed by now, a listing from now on shows."""
        queues = tuple(str(row["id"]) for row in (await self._metadata.queues()).values())
        rows = await self._client.newest("transactions", TICKET_LOG, "Created", count=PAGE)
        lowest = min((int(row["id"]) for row in rows), default=1) - 1
        return Cursor(lowest, frozenset(), queues).behind(rows, self._late_commits)

    async def _scope(self) -> str:
        return any_of("Queue", (row["id"] for row in (await self._metadata.queues()).values()))


def _touching(queues: Sequence[str]) -> str:
    """Transactions of tickets in these queues, and those by which a ticket left one of them."""
    left = " OR ".join(f"OldValue = '{queue}'" for queue in queues)
    return f"({any_of('TicketQueue', queues)} OR (Field = 'Queue' AND ({left})))"


def _version(row: Row) -> int | None:
    updated = moment(row["LastUpdated"])
    return None if updated is None else int(updated.timestamp())
