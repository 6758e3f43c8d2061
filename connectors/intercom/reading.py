"""Reading tickets: everything that changed, though rows move while they are read and searches lag.

The next page is never asked for by `starting_after` alone: a ticket that is edited meanwhile moves
to the end, and the rows behind it move up past the page's edge (reported: intercom-node#211). It is
asked for by the time of the last row, and only within one second by pages. No cursor is later than
Intercom's own time at the first page, less the lag of its index.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from connectors.intercom.client import Client, Filter, Row, both, where
from connectors.intercom.config import IntercomConfig
from connectors.intercom.metadata import Metadata
from connectors.intercom.wire import WireShape
from syncline.sdk.connector import CensusPage, Missing, Page, Record
from syncline.sdk.errors import NotFound

TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class Position:
    """`since` is the first second to read; `first`: the first reading is still under way."""

    scope: Sequence[str]
    since: int | None = None
    first: bool = True

    def text(self) -> str:
        """As a cursor."""
        told = {"scope": list(self.scope), "since": self.since, "first": self.first}
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def parse(cls, cursor: str | None, scope: Sequence[str]) -> Position:
        """The beginning without a cursor, or where it was made for another scope."""
        told = json.loads(cursor) if cursor else None
        if told is None or told["scope"] != list(scope):
            return cls(scope)
        return cls(scope, told["since"], told["first"])


class Reader:
    """Reads for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        shape: WireShape,
        config: IntercomConfig,
        lag: timedelta,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._shape = shape
        self._config = config
        self._lag = int(lag.total_seconds())

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Tickets changed at or after the cursor, oldest first.

        The first reading asks for the scope's types; later ones for all, so that a ticket that
        left the scope is told.
        """
        at = Position.parse(cursor, self._config.scope.ticket_type)
        covered: int | None = None
        while True:
            query = both(*await self._types(at), *_since(at.since or 1))
            found = await self._client.search(TICKETS, query, "updated_at")
            covered = found.answered - self._lag if covered is None else covered
            rows = [row for row in found.rows if row["updated_at"] >= (at.since or 0)]
            if found.after is None:
                ended = replace(at, since=max(covered, 1), first=False)
                yield Page(await self.records(rows), ended.text())
                return
            last = int(found.rows[-1]["updated_at"])
            if at.since is None or last > at.since:
                reached = last
            else:
                rows, reached = await self._second(at), last + 1
            at = replace(at, since=reached)
            resumed = replace(at, since=max(min(reached, covered), 1))
            yield Page(await self.records(rows), resumed.text())

    async def _second(self, at: Position) -> list[Row]:
        """The tickets of one second that holds more than a page."""
        assert at.since is not None
        until = where("updated_at", "<", at.since + 1)
        query = both(*await self._types(at), *_since(at.since), until)
        rows = await self._client.everything(TICKETS, query)
        return [row for row in rows if row["updated_at"] == at.since]

    async def _types(self, at: Position) -> list[Filter]:
        if not at.first:
            return []
        return [where("ticket_type_id", "IN", [one.id for one in await self._metadata.in_scope()])]

    async def census(self) -> AsyncIterator[CensusPage]:
        """Every ticket of the scope's types."""
        types = await self._types(Position(()))
        rows = await self._client.everything(TICKETS, both(*types, where("created_at", ">", 0)))
        yield CensusPage({str(row["id"]): row["updated_at"] for row in rows})

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """One request each: Intercom reads many only by its search, which lags."""
        wanted = list(dict.fromkeys(ids))
        answers = await asyncio.gather(*map(self._one, wanted), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        rows = [answer for answer in answers if isinstance(answer, Mapping)]
        shown = {record.id: record for record in await self.records(rows)}
        missing = {answer.id: answer for answer in answers if isinstance(answer, Missing)}
        return {id: shown.get(id) or missing[id] for id in wanted}

    async def ticket(self, id: str) -> Row:
        """One ticket as it is now, with its parts; raises NotFound."""
        if not (id.isascii() and id.isdecimal()):
            raise NotFound(f"{id!r} is no ticket's id")
        row: Row = await self._client.get(f"/tickets/{id}")
        return row

    async def _one(self, id: str) -> Row | Missing:
        try:
            return await self.ticket(id)
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))

    async def records(self, rows: Sequence[Row]) -> list[Record]:
        """Tickets as records; asks for names only where there are tickets."""
        if not rows:
            return []
        scope = {one.id for one in await self._metadata.in_scope()}
        types = await self._metadata.types()
        app = (await self._metadata.me())["app"]["id_code"]
        url = f"{self._config.web_url}/a/inbox/{app}/inbox/conversation"
        return [self._shape.record(row, types, scope, url) for row in rows]


def _since(second: int) -> list[Filter]:
    # Intercom says of `>` that it means "greater (or equal) than": a second earlier, both do.
    return [where("updated_at", ">", second - 1)]
