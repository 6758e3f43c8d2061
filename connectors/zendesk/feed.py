"""Changes and the census of tickets, both from their incremental export (see `exporting`).

Of all lists only this one is complete: archived tickets are in it, and its cursor goes by Zendesk's
own time stamp, which moves with every change, and not by `updated_at`, which does not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from connectors.zendesk.client import seconds
from connectors.zendesk.exporting import ByCursor
from connectors.zendesk.metadata import Metadata
from connectors.zendesk.reading import Reader
from connectors.zendesk.wire import DELETED
from syncline.sdk.connector import CensusPage, Page


class Feed:
    """Reads what changed for one connection."""

    def __init__(self, metadata: Metadata, reader: Reader, export: ByCursor) -> None:
        self._metadata = metadata
        self._reader = reader
        self._export = export

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Tickets changed since the cursor; without one, all of them."""
        async for tickets, after in self._export.pages(cursor):
            yield Page(await self._reader.records(tickets), after)

    async def census(self) -> AsyncIterator[CensusPage]:
        """Every ticket in scope that is not deleted.

        `GET /tickets` would ask ten times as often, and leaves out what was archived.
        """
        scope = await self._metadata.scope()
        async for tickets, _ in self._export.pages(None, exclude_deleted=True):
            here = (
                ticket
                for ticket in tickets
                if ticket["status"] != DELETED
                and (scope is None or ticket.get("group_id") in scope)
            )
            yield CensusPage({str(t["id"]): seconds(t["updated_at"]) for t in here})
