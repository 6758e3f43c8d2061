"""Listings come to an end. A tool that is ill, or somebody who passes for it, may tell of a next
page for ever; what reads it would run, and grow, without end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable
from typing import TypeVar

from syncline.sdk.connector import CensusPage, Page
from syncline.sdk.errors import Retriable

P = TypeVar("P", Page, CensusPage)

AGAIN = 1_000
"""Pages in a row that were all given before. A listing that begins anew repeats some."""
MOST = 1_000_000
"""Pages of one listing: more than a tool of this kind holds."""


class Paging:
    """Watches one listing; `what` names it, for the message."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._given: set[int] = set()
        self._pages = self._again = 0

    def turn(self, page: Hashable) -> None:
        """A page was given, and `page` tells it from others. Retriable where there is no end."""
        mark = hash(page)
        self._pages += 1
        self._again = self._again + 1 if mark in self._given else 0
        self._given.add(mark)
        if self._again >= AGAIN or self._pages >= MOST:
            same = f", and the last {self._again} were all given before" if self._again else ""
            raise Retriable(
                f"{self._what} has no end: there is a next page after {self._pages}{same}. It is "
                "read again later; should that end the same, the fault is with the tool, or with "
                "what stands between."
            )


async def ending(pages: AsyncIterator[P], what: str) -> AsyncIterator[P]:
    """The pages of a connector's listing, one by one; Retriable where they have no end."""
    paging = Paging(what)
    async for page in pages:
        paging.turn(_mark(page))
        yield page


def _mark(page: Page | CensusPage) -> Hashable:
    if isinstance(page, CensusPage):
        return tuple(page.versions.items())
    return tuple((record.id, record.version) for record in page.records) or page.cursor
