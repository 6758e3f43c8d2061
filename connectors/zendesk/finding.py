"""Evidence about creates whose answer was lost: the key is the ticket's external id."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.zendesk.client import Client, Row, together
from connectors.zendesk.jobs import Jobs
from connectors.zendesk.reading import Reader
from syncline.sdk.connector import CreateSearch, FindResult, Found
from syncline.sdk.errors import Retriable


class Finder:
    """Looks creates up for one connection, one request each and one more for what is not there."""

    def __init__(self, client: Client, reader: Reader, jobs: Jobs) -> None:
        self._client = client
        self._reader = reader
        self._jobs = jobs

    async def find(self, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Each create, or that there is none, or that nobody can tell."""
        found: list[FindResult] = await together(self._one(item) for item in items)
        if any(one.found is Found.NO for one in found) and await self._jobs.creating():
            raise Retriable(
                "Zendesk is still at work on a job that makes tickets, so a ticket that is not "
                "there may come yet. Syncline looks again in the next pass."
            )
        return found

    async def _one(self, item: CreateSearch) -> FindResult:
        answer = await self._client.get("/tickets", {"external_id": item.key})
        # A filter that Zendesk did not know would show every ticket.
        rows: list[Row] = [t for t in answer["tickets"] if t.get("external_id") == item.key]
        if len(rows) > 1:
            ids = ", ".join(f"#{row['id']}" for row in rows)
            return FindResult(Found.UNKNOWN, reason=f"several tickets carry this key: {ids}")
        if not rows:
            return FindResult(Found.NO, reason="no ticket has this external id")
        (record,) = await self._reader.records(rows)
        return FindResult(Found.YES, record)
