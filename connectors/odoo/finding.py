"""Evidence about creates whose answer was lost: the key that the record was made with.

Odoo reads its own database, so what was saved is found at once; the lag that is claimed covers a
request that was still being worked on when its answer was given up.
"""

from __future__ import annotations

from connectors.odoo.client import Client
from connectors.odoo.metadata import Metadata
from connectors.odoo.records import RecordType
from connectors.odoo.writing import Writing
from syncline.sdk.connector import CreateSearch, FindResult, Found


class Finding:
    """Searches for one connection."""

    def __init__(
        self, client: Client, metadata: Metadata, writing: Writing, key_field: str | None
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._writing = writing
        self._key_field = key_field

    async def find(self, kind: RecordType, search: CreateSearch) -> FindResult:
        """The record that a create made; only its key counts, and only if we made it."""
        if self._key_field is None:
            return FindResult(
                Found.UNKNOWN, reason="without key_field nothing in Odoo names a create"
            )
        domain = [[self._key_field, "=", search.key]]
        rows = await self._client.all(kind.model, domain, {"create_uid": {}})
        if not rows:
            return FindResult(Found.NO, reason="no record holds this key")
        me = await self._metadata.me()
        ours = [row["id"] for row in rows if row["create_uid"] == me]
        if len(ours) != 1:
            ids = ", ".join(f"#{row['id']}" for row in rows)
            return FindResult(Found.UNKNOWN, reason=f"the key is in {ids}: copies, or not ours")
        records = await self._writing.records(kind, ours)
        return FindResult(Found.YES, records.get(str(ours[0])))
