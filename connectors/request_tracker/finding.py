"""Finding a create whose outcome is unknown: by its key, else by its text and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from connectors.request_tracker.client import Client, Row, chunks, literal
from connectors.request_tracker.reading import Reader, by
from syncline.sdk.connector import CreateSearch, FindResult, Found, Record

# Ticket searches read a time in the account's own time zone; none is further from UTC.
_WIDEST_ZONE = timedelta(hours=15)
# How far RT's clock may be behind ours.
_SKEW = timedelta(minutes=10)


class Finder:
    """Searches in the database itself: what was committed is found."""

    def __init__(self, client: Client, reader: Reader, key_field: str | None) -> None:
        self._client = client
        self._reader = reader
        self._key_field = key_field

    async def find(self, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Each create, or that there is none, or that nobody can tell."""
        if self._key_field is not None:
            return await self._by_key(items, self._key_field)
        return await self._by_text(items)

    async def _by_key(self, items: Sequence[CreateSearch], field: str) -> list[FindResult]:
        """One request for a hundred keys. RT compares without case, so the key is looked at."""
        name = literal(f"CF.{{{field}}}")
        records: list[Record] = []
        for some in chunks(items):
            keys = " OR ".join(f"{name} = {literal(item.key)}" for item in some)
            records += await self._records(f"({keys})")
        found = by(records, lambda record: record.marker)
        return [_verdict(found.get(item.key, [])) for item in items]

    async def _by_text(self, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Among the tickets this account made since; the first message can never be edited."""
        since = min(item.since for item in items) - _SKEW
        literal_since = literal(f"{since - _WIDEST_ZONE:%Y-%m-%d %H:%M:%S}")
        records = await self._records(f"Creator = '__CurrentUser__' AND Created >= {literal_since}")
        found = [self._of(item, records) for item in items]
        claims = Counter(one.record.id for one in found if one.record is not None)
        doubt = FindResult(Found.UNKNOWN, reason="one ticket fits several creates")
        return [doubt if one.record and claims[one.record.id] > 1 else one for one in found]

    def _of(self, item: CreateSearch, records: Sequence[Record]) -> FindResult:
        recent = [
            record
            for record in records
            if record.created_at is not None and record.created_at >= item.since - _SKEW
        ]
        fits = [record for record in recent if _fits(item, record)]
        if not fits and recent and not item.fields.get("Content"):
            return FindResult(
                Found.UNKNOWN,
                reason="it had no text to be known by, and this account made tickets since",
            )
        return _verdict(fits)

    async def _records(self, query: str) -> list[Record]:
        rows: list[Row] = []
        async for page in self._client.tickets(f"{query} AND EffectiveId > 0"):
            rows += page
        return await self._reader.records(rows) if rows else []


def _fits(item: CreateSearch, record: Record) -> bool:
    text = str(item.fields.get("Content") or "")
    if text:
        return _bare(text) == _bare(str(record.fields["Content"]))
    return bool(item.fields.get("Subject") == record.fields["Subject"])


def _bare(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _verdict(records: Sequence[Record]) -> FindResult:
    if len(records) == 1:
        return FindResult(Found.YES, records[0])
    if not records:
        return FindResult(Found.NO)
    ids = ", ".join(record.id for record in records)
    return FindResult(Found.UNKNOWN, reason=f"several tickets fit: {ids}")
