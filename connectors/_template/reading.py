"""Everything that changed, page by page, though pages shift while they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from connectors._template.client import PER_PAGE, Client
from syncline.sdk.connector import Page, Record

SECOND = timedelta(seconds=1)


async def changes(client: Client, cursor: str | None, lag: timedelta) -> AsyncIterator[Page]:
    """Tickets changed at or after the cursor, oldest first.

    The next page is never asked for by number: a ticket edited meanwhile moves to the end, and
    those behind it move up by one. It is asked for by the time of the last ticket instead.
    No cursor is later than the tool's own time at the first page, less its lag.
    """
    since = datetime.fromisoformat(cursor) if cursor else None
    covered: datetime | None = None
    while True:
        asked = since.isoformat() if since else None
        records, total, answered = await client.page(updated_since=asked)
        covered = covered or answered - lag
        if total <= PER_PAGE or not records:
            yield Page(records, covered.isoformat())
            return
        last = _moment(records[-1])
        if since is None or last > since:
            since = last
        else:
            # More than a page within one second; only numbers tell its pages apart.
            records = await everything(client, updated_since=asked, updated_until=asked)
            since += SECOND
        yield Page(records, min(since, covered).isoformat())


async def everything(client: Client, **query: object) -> list[Record]:
    """All tickets of a query, read again from the start if their number changed meanwhile."""
    found: dict[str, Record] = {}
    page, expected = 1, None
    while True:
        records, total, _ = await client.page(page=page, **query)
        if expected not in (None, total):
            found, page, expected = {}, 1, None
            continue
        found |= {record.id: record for record in records}
        if page * PER_PAGE >= total:
            return list(found.values())
        page, expected = page + 1, total


def _moment(record: Record) -> datetime:
    assert record.updated_at is not None
    return record.updated_at
