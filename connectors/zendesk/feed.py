"""Changes and the census, both from the incremental export by cursor.

The export tells every ticket once more after each change, deleted and archived ones too, a
thousand in a request, and leaves out what changed in the last minute: a change is told late, never
missed, and never half. Of all lists only this one is complete: its cursor goes by Zendesk's own
time stamp, which moves with every change, and not by `updated_at`, which does not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from connectors.zendesk.client import Budget, Client, Row, seconds
from connectors.zendesk.metadata import Metadata
from connectors.zendesk.reading import Reader
from connectors.zendesk.wire import DELETED
from syncline.sdk.connector import CensusPage, Page
from syncline.sdk.errors import Retriable

EXPORT_PAGE = 1_000

_BEGINNING = "start_time:"


class Feed:
    """Reads what changed for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        exports: Budget,
        page: int = EXPORT_PAGE,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._budget = exports
        self._page = page

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Tickets changed since the cursor; without one, all of them."""
        async for tickets, after in self._export(cursor):
            yield Page(await self._reader.records(tickets), after)

    async def census(self) -> AsyncIterator[CensusPage]:
        """Every ticket in scope that is not deleted.

        `GET /tickets` would ask ten times as often, and leaves out what was archived.
        """
        scope = await self._metadata.scope()
        async for tickets, _ in self._export(None, exclude_deleted=True):
            here = (
                ticket
                for ticket in tickets
                if ticket["status"] != DELETED
                and (scope is None or ticket.get("group_id") in scope)
            )
            yield CensusPage({str(t["id"]): seconds(t["updated_at"]) for t in here})

    async def _export(
        self, cursor: str | None, **params: object
    ) -> AsyncIterator[tuple[list[Row], str]]:
        """Tickets with the cursor behind them, page by page to the end of the stream."""
        at = cursor or f"{_BEGINNING}0"
        while True:
            told = await self._one(at, **params)
            after: str = told.get("after_cursor") or at
            yield told["tickets"], after
            if told["end_of_stream"]:
                return
            if after == at:
                raise Retriable(
                    "Zendesk's export says that there is more, but its cursor does not go on. "
                    "What came before it is kept; Syncline asks again in the next pass."
                )
            at = after

    async def _one(self, at: str, **params: object) -> Row:
        begins = at.startswith(_BEGINNING)
        asked = {
            "start_time": at.removeprefix(_BEGINNING) if begins else None,
            "cursor": None if begins else at,
            "per_page": self._page,
            **params,
        }
        async with self._budget:
            # Only an administrator may export; for anybody else there is nothing to sync.
            told: Row = await self._client.get(
                "/incremental/tickets/cursor", asked, forbidden="auth"
            )
        return told
