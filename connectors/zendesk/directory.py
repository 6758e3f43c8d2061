"""Reading organizations and users: what changed, what there is, and each by its own id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from connectors.zendesk.cards import Cards, deleted
from connectors.zendesk.client import Client, Row, numbers, together
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.exporting import Export
from connectors.zendesk.kinds import Kind
from connectors.zendesk.metadata import Metadata
from syncline.sdk.connector import CensusPage, Missing, Page, Record
from syncline.sdk.errors import NotFound


class Directory:
    """Reads one kind for one connection."""

    def __init__(
        self,
        kind: Kind,
        client: Client,
        metadata: Metadata,
        config: ZendeskConfig,
        export: Export,
    ) -> None:
        self.kind = kind
        self.cards = Cards(kind, config)
        self._client = client
        self._metadata = metadata
        self._export = export
        self._survivors: dict[str, str | None] = {}

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Records changed since the cursor; without one, all of them."""
        async for rows, after in self._export.pages(cursor):
            # What was deleted before the first reading never was in step with anything.
            told = rows if cursor else [row for row in rows if not deleted(row)]
            yield Page(await self.records(told), after)

    async def census(self) -> AsyncIterator[CensusPage]:
        """Every record that is in scope and not deleted."""
        async for rows, _ in self._export.pages(None):
            here = await self.records([row for row in rows if not deleted(row)])
            yield CensusPage({one.id: one.version for one in here if one.in_scope})

    async def fetch(self, ids: Sequence[str]) -> dict[str, Record | Missing]:
        """Each id as it is now, a hundred in a request, or why there is none."""
        kind = self.kind
        found: dict[str, Record | Missing] = {
            id: Missing(id, gone=True, reason=f"not a {kind.name}'s number") for id in ids
        }
        asked = numbers(ids)
        rows = await self._client.many(kind.path, kind.many, asked)
        shown = {str(row["id"]) for row in rows}
        alone = await together(self._alone(id) for id in asked if id not in shown)
        found |= {one.id: one for one in alone if isinstance(one, Missing)}
        rows += [one for one in alone if not isinstance(one, Missing)]
        return found | {one.id: one for one in await self.records(rows)}

    async def by_keys(self, keys: Sequence[str]) -> dict[str, Record]:
        """The records whose external ids these are, a hundred in a request."""
        rows = await self._client.many(self.kind.path, self.kind.many, keys, by="external_ids")
        found = await self.records(rows)
        return {one.marker: one for one in found if one.marker is not None and one.marker in keys}

    async def records(self, rows: Sequence[Row]) -> list[Record]:
        """Records of rows; one request for each that was deleted, the first time, to see whether
        it was merged."""
        if not rows:
            return []
        link = await self._metadata.link_key(self.kind)
        survivors = await together(self._survivor(row) for row in rows)
        return [
            self.cards.record(row, link, survivor)
            for row, survivor in zip(rows, survivors, strict=True)
        ]

    async def _survivor(self, row: Row) -> str | None:
        """The record that this one was merged into, None where it was not or nobody can tell."""
        if not self.kind.merges or not deleted(row):
            return None
        id = str(row["id"])
        if id not in self._survivors:
            try:
                told = await self._client.get(f"{self.kind.path}/{id}/merges")
            except NotFound:
                return None
            done = (
                str(merge["winner_id"])
                for merge in told["organization_merges"]
                if str(merge["loser_id"]) == id and merge["status"] == "complete"
            )
            self._survivors[id] = next(done, None)
        return self._survivors[id]

    async def _alone(self, id: str) -> Row | Missing:
        try:
            row: Row = (await self._client.get(f"{self.kind.path}/{id}"))[self.kind.name]
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))
        return row
