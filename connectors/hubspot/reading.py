"""Records as they are: by id, changed since a moment, and all that there are.

Reads by id and the list are current. A search lags behind and ends at 10,000 results, so the
reading of changes never asks it for a second page: it asks anew from the time of the last record
of a page, and goes through records that share one time by their ids.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from connectors.hubspot.client import Client, Row, milliseconds, numbers
from connectors.hubspot.kinds import Kind
from connectors.hubspot.metadata import Metadata
from connectors.hubspot.wire import MERGED, WireShape
from syncline.sdk.connector import CensusPage, Missing, Page, Record

ID = "hs_object_id"


class Reader:
    """Reads for one connection; `lag` is how long a search may miss a change."""

    def __init__(
        self, client: Client, metadata: Metadata, shape: WireShape, lag: timedelta
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._shape = shape
        self._lag = lag

    async def changes(self, kind: Kind, cursor: str | None) -> AsyncIterator[Page]:
        """Records changed at or after the cursor, oldest first.

        No cursor is later than HubSpot's own time at the first page, less the lag of its index.
        """
        wanted = await self._metadata.read(kind)
        since, covered = int(cursor or 0), None
        while True:
            found = await self._client.search(
                kind.object, [_filter(kind.modified, "GTE", since)], kind.modified, wanted
            )
            covered = covered or max(since, milliseconds(found.answered - self._lag))
            last = (
                milliseconds(found.rows[-1]["properties"][kind.modified]) if found.rows else since
            )
            if found.more and last == since:
                async for rows in self._at(kind, since, wanted):
                    yield Page(await self._told(kind, rows, cursor), None)
                since += 1
                continue
            reached = min(last, covered) if found.more else covered
            yield Page(await self._told(kind, found.rows, cursor), str(reached))
            if not found.more:
                return
            since = last

    async def census(self, kind: Kind) -> AsyncIterator[CensusPage]:
        """Everything in scope by the list, which does not lag."""
        scope = await self._metadata.scope(kind)
        names = [name for name in (kind.modified, kind.pipeline) if name]
        after: str | None = None
        while True:
            rows, after = await self._client.objects(kind.object, after, properties=",".join(names))
            yield CensusPage(
                {
                    str(row["id"]): milliseconds(row["properties"][kind.modified])
                    for row in rows
                    if kind.pipeline is None or row["properties"].get(kind.pipeline) in scope
                }
            )
            if after is None:
                return

    async def fetch(self, kind: Kind, ids: Sequence[str]) -> dict[str, Record | Missing]:
        """A hundred in one request; those that are not there are looked for among the archived
        ones, then among those that were merged into others."""
        wanted = await self._metadata.read(kind)
        rows = await self._client.many(kind.object, numbers(ids), wanted)
        found: dict[str, Record | Missing] = {r.id: r for r in await self.records(kind, rows)}
        if lost := [id for id in numbers(ids) if id not in found]:
            rows = await self._client.many(kind.object, lost, wanted, archived=True)
            found |= {record.id: record for record in await self.records(kind, rows)}
        if lost := [id for id in lost if id not in found]:
            merged = await self._merged(kind, wanted)
            found |= {id: merged[id] for id in lost if id in merged}
        gone = "HubSpot has no such record, archived or merged"
        return {id: found.get(id) or Missing(id, gone=True, reason=gone) for id in ids}

    async def named(self, kind: Kind, ids: Sequence[str]) -> list[Record]:
        """The records of `ids` as they are, and those that they took the place of; two requests at
        most for a hundred. Those that are not there and were told by none are left to the census.
        """
        wanted = await self._metadata.read(kind)
        told = await self._with_taken(kind, await self._client.many(kind.object, ids, wanted))
        known = {record.id for record in told}
        lost = [id for id in ids if id not in known]
        archived = await self._client.many(kind.object, lost, wanted, archived=True)
        return [*told, *await self.records(kind, archived)]

    async def records(self, kind: Kind, rows: Sequence[Row]) -> list[Record]:
        """The records of rows, with names in place of ids."""
        if not rows:
            return []
        pipelines = await self._metadata.names_for(kind, rows)
        account = await self._metadata.account()
        return [self._shape.record(kind, row, pipelines, account) for row in rows]

    async def _told(self, kind: Kind, rows: Sequence[Row], cursor: str | None) -> list[Record]:
        """Records with those that they took the place of; the first reading knows no others."""
        if cursor is None:
            return await self.records(kind, rows)
        return await self._with_taken(kind, rows)

    async def _with_taken(self, kind: Kind, rows: Sequence[Row]) -> list[Record]:
        """Records, each after those that it took the place of.

        HubSpot says nothing of a record that was merged away but in the one that answers for it.
        """
        records = await self.records(kind, rows)
        return [
            one
            for row, record in zip(rows, records, strict=True)
            for one in (*_taken(row, record), record)
        ]

    async def _at(self, kind: Kind, moment: int, wanted: Sequence[str]) -> AsyncIterator[list[Row]]:
        """All records changed at exactly this moment."""
        async for rows in self._by_id(kind, _filter(kind.modified, "EQ", moment), wanted):
            yield rows

    async def _merged(self, kind: Kind, wanted: Sequence[str]) -> dict[str, Record]:
        """Every record that was merged away, as the one that answers for it."""
        told: dict[str, Record] = {}
        async for rows in self._by_id(
            kind, {"propertyName": MERGED, "operator": "HAS_PROPERTY"}, wanted
        ):
            for row, record in zip(rows, await self.records(kind, rows), strict=True):
                told |= {one.id: one for one in _taken(row, record)}
        return told

    async def _by_id(
        self, kind: Kind, narrowed: Row, wanted: Sequence[str]
    ) -> AsyncIterator[list[Row]]:
        last = 0
        while True:
            filters = [narrowed, _filter(ID, "GT", last)]
            found = await self._client.search(kind.object, filters, ID, wanted)
            yield list(found.rows)
            if not found.more:
                return
            last = int(found.rows[-1]["id"])


def _taken(row: Row, record: Record) -> list[Record]:
    ids = str(row["properties"].get(MERGED) or "").split(";")
    return [
        Record(
            id=id,
            fields=record.fields,
            version=record.version,
            updated_at=record.updated_at,
            created_at=record.created_at,
            key=id,
            url=record.url,
            in_scope=record.in_scope,
            merged_into=record.id,
        )
        for id in ids
        if id and id != record.id
    ]


def _filter(name: str, operator: str, value: int) -> Row:
    return {"propertyName": name, "operator": operator, "value": str(value)}
