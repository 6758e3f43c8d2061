"""Evidence about creates whose answer was lost: the key stands in the key field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from connectors.salesforce import soql
from connectors.salesforce.client import chunks
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import Kind
from connectors.salesforce.reading import Reader
from syncline.sdk.connector import CreateSearch, FindResult, Found, Record

_KEYS = 50  # in one query; a key is long


class Finder:
    """Looks creates up for one connection, fifty in one request."""

    def __init__(self, reader: Reader, metadata: Metadata, config: SalesforceConfig) -> None:
        self._reader = reader
        self._metadata = metadata
        self._field = config.key_field

    async def find(self, kind: Kind, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Each create, in the recycle bin too, or that there is none."""
        if self._field not in (await self._metadata.of(kind)).fields:
            reason = f"{kind.name} has no field {self._field} that could tell"
            return [FindResult(Found.UNKNOWN, reason=reason) for _ in items]
        by_key: defaultdict[str, list[Record]] = defaultdict(list)
        for keys in chunks(list(dict.fromkeys(item.key for item in items)), _KEYS):
            for record in await self._reader.where(kind, soql.among(self._field, keys)):
                by_key[record.marker or ""].append(record)
        return [_told(by_key.get(item.key, [])) for item in items]


def _told(found: Sequence[Record]) -> FindResult:
    """Queries compare without case; only records with exactly the key come here."""
    if len(found) > 1:
        ids = ", ".join(record.id for record in found)
        return FindResult(Found.UNKNOWN, reason=f"several records carry this key: {ids}")
    if not found:
        return FindResult(Found.NO, reason="no record carries this key")
    return FindResult(Found.YES, found[0])
