"""The incremental exports: everything that changed since, page by page, each with a cursor behind.

An export tells each record once more after each change, deleted ones too, a thousand in a request,
and leaves out what changed in the last minute: a change is told late, never missed, never half.
Administrators alone may export; all exports of an account share ten requests a minute.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from connectors.zendesk.client import INVALID, Budget, Client, Row, seconds
from syncline.sdk.errors import Rejected, Retriable

EXPORT_PAGE = 1_000

_BEGINNING = "start_time:"


class Export(Protocol):
    """The export of one record type."""

    def pages(self, cursor: str | None) -> AsyncIterator[tuple[list[Row], str]]:
        """Rows with the cursor behind them; without a cursor from the beginning."""
        ...


class ByCursor:
    """The export of tickets and users, which goes by Zendesk's own cursor."""

    def __init__(self, client: Client, budget: Budget, many: str, page: int = EXPORT_PAGE) -> None:
        self._client = client
        self._budget = budget
        self._many = many
        self._page = page

    async def pages(
        self, cursor: str | None, **params: object
    ) -> AsyncIterator[tuple[list[Row], str]]:
        """Rows with the cursor behind them, to the end of the stream."""
        at = cursor or f"{_BEGINNING}0"
        while True:
            told = await self._one(at, **params)
            after: str = told.get("after_cursor") or at
            yield told[self._many], after
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
        path = f"/incremental/{self._many}/cursor"
        async with self._budget:
            # Only an administrator may export; for anybody else there is nothing to sync.
            told: Row = await self._client.get(path, asked, forbidden="auth")
        return told


class ByTime:
    """The export of organizations, which Zendesk has by time only.

    A page begins with the second that the page before ended with, and one second with more of them
    than a page holds would be told for ever (reported: estuary/connectors#2007): then that second
    is read from the list, and the export goes on behind it. The cursor is the first second that
    was not told whole.
    """

    def __init__(self, client: Client, budget: Budget, many: str, page: int = EXPORT_PAGE) -> None:
        self._client = client
        self._budget = budget
        self._many = many
        self._page = page

    async def pages(self, cursor: str | None) -> AsyncIterator[tuple[list[Row], str]]:
        """Rows with the cursor behind them."""
        since = int(cursor or 0)
        while True:
            rows, ended = await self._changed_since(since)
            last = seconds(rows[-1]["updated_at"]) if rows else since - 1
            if ended:
                yield rows, str(last + 1)
                return
            if last == since:
                rows, last = [*rows, *await self._listed_in(since)], since + 1
            yield rows, str(last)
            since = last

    async def _changed_since(self, since: int) -> tuple[list[Row], bool]:
        """The oldest rows of this second and later ones, and whether there are no more."""
        asked = {"start_time": since, "per_page": self._page}
        try:
            async with self._budget:
                told = await self._client.get(f"/incremental/{self._many}", asked, forbidden="auth")
        except Rejected as error:
            if not since or error.status != INVALID:
                raise
            return [], True  # the second is of the last minute, which is left out
        rows: list[Row] = told[self._many]
        rows = sorted(rows, key=lambda row: seconds(row["updated_at"]))
        return rows, bool(told["end_of_stream"])

    async def _listed_in(self, second: int) -> list[Row]:
        """Those of one second, from the list: it tells no deleted ones, which a census misses."""
        return [
            row
            async for rows in self._client.pages(f"/{self._many}", self._many)
            for row in rows
            if seconds(row["updated_at"]) == second
        ]
