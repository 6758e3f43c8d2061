"""What has changed: as searches tell it, and, where the connection has it, as the journal does.

The journal names records that a search does not show, or does not show yet: of another company,
merged, archived, edited a moment ago. Those are read by id and told like any other change. A
cursor is a search's, and behind it the place in the journal; either may be without the journal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from connectors.hubspot.client import chunks
from connectors.hubspot.journal import Journal
from connectors.hubspot.kinds import Kind
from connectors.hubspot.reading import Reader
from syncline.sdk.connector import Page


class Feed:
    """The changes of one connection; `journal` is None where it reads none."""

    def __init__(self, reader: Reader, journal: Journal | None) -> None:
        self._reader = reader
        self._journal = journal

    async def changes(self, kind: Kind, cursor: str | None) -> AsyncIterator[Page]:
        """Records named by the journal, then those found; everything at first, or when the journal
        is new to the connection, by the search alone.

        The place in the journal is taken before the search, so that nothing falls between them.
        """
        since, _, place = (cursor or "").partition(" ")
        if self._journal is None:
            place = ""
        elif not place:
            place = await self._journal.latest()
        else:
            named: dict[str, None] = {}
            async for entry in self._journal.after(place):
                named |= dict.fromkeys(entry.ids(kind.type_id))
                place = entry.offset
            for ids in chunks(list(named)):
                yield Page(await self._reader.named(kind, ids))
        async for page in self._reader.changes(kind, since or None):
            at = f"{page.cursor} {place}" if page.cursor and place else page.cursor
            yield Page(page.records, at)
