"""Contacts and companies as lists, complete though they change while they are read.

Contacts are searched for, newest first. A page's pointer counts rows, so that rows shift while
pages are read. What is made or changed meanwhile appears in front and pushes the others back, where
they are read twice; only a row that goes pulls them forward, past the page's edge, and then the
total falls: by so many rows the reading goes back. What is in front by then is newer than the
cursor, and told by the next reading.

Companies are scrolled through: a scroll is a view of one moment, however many there are. An app has
one at a time, and what is asked for twice is the page after, so it is read by a transport that
repeats nothing, whole, before any of it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from connectors.intercom.client import PAGE, Client, Filter, Found, Row, answered, code
from syncline.sdk.errors import Retriable
from syncline.sdk.http import Transport

_TRIES = 3


async def newest_first(client: Client, what: str, query: Filter, sort: str) -> AsyncIterator[Found]:
    """Pages of rows that fit, the greatest of a field first; a row may be told twice."""
    pointers: list[str | None] = [None]
    total: int | None = None
    while True:
        found = await client.search(what, query, sort, after=pointers[-1], descending=True)
        gone = 0 if total is None else total - found.total
        total = found.total
        if gone > 0 and len(pointers) > 1:
            back = -(-gone // PAGE)
            del pointers[max(len(pointers) - back, 1) :]
            continue
        yield found
        if found.after is None:
            return
        pointers.append(found.after)


async def everything(client: Client, what: str, query: Filter) -> list[Row]:
    """All rows that fit; raises Retriable where fewer are shown than are counted."""
    for _ in range(_TRIES):
        rows: dict[str, Row] = {}
        totals = []
        async for found in newest_first(client, what, query, "created_at"):
            rows |= {row["id"]: row for row in found.rows}
            totals.append(found.total)
        if len(rows) >= min(totals):
            return list(rows.values())
    raise Retriable(f"Intercom showed fewer {what} than it counted. They are read again later.")


class Scroll:
    """Every company that Intercom lists: those with a contact at least."""

    def __init__(self, once: Transport) -> None:
        self._once = once
        self._one_at_a_time = asyncio.Lock()

    async def read(self) -> tuple[list[Row], int]:
        """The companies, and when the scroll was opened, by Intercom's clock."""
        async with self._one_at_a_time:
            rows: list[Row] = []
            pointer: str | None = None
            opened: int | None = None
            while True:
                response = await self._once.request(
                    "GET",
                    "/companies/scroll",
                    params={"scroll_param": pointer},
                    ok=(200, 400, 404),
                    items=PAGE,
                )
                if response.status != 200:
                    raise Retriable(
                        f"Intercom's scroll through the companies ended early ({code(response)}): "
                        "an app may have one at a time, and for a minute. It is read again later.",
                        status=response.status,
                    )
                told = response.json() or {}
                opened = answered(response) if opened is None else opened
                if not told.get("data"):
                    return rows, opened
                rows += told["data"]
                pointer = told["scroll_param"]
