"""Records that PostHog shows in answers to queries, and what changed among them since a moment.

A query tells which records were received since a moment, and a second one reads them by id. Rows
become visible out of order, minutes apart (PostHog/posthog#25850), so each pass looks an hour back;
the cursor holds, besides the latest moment, a digest for each record of that hour that was told. A
record can change twice within one moment, so the digest is not of the moment alone.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import ClassVar

from connectors.posthog.client import Row, moment
from connectors.posthog.kinds import Kind
from connectors.posthog.snapshot import BYTES, LENGTH
from syncline.sdk.connector import CensusPage, Missing, Page, Record

ROWS = 1000
"""Rows of a query; PostHog gives 50,000 at most, in ten seconds (posthog.com/docs/api/queries)."""
LOOKBACK = timedelta(hours=1)
BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a record was received, when, and a `mark` that is another when it looks otherwise."""

    id: str
    at: datetime
    mark: str

    @classmethod
    def of(cls, row: Row) -> Receipt:
        """From a row of a query."""
        return cls(str(row["id"]), moment(row["stamp"]), str(row["mark"]))

    @property
    def digest(self) -> str:
        """All of it in eight characters."""
        text = f"{version(self.at)} {self.mark} {self.id}"
        return urlsafe_b64encode(blake2b(text.encode(), digest_size=BYTES).digest()).decode()


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest moment that was told, and which records of the hour before it."""

    at: datetime = BEGINNING
    told: frozenset[str] = frozenset()

    @classmethod
    def read(cls, cursor: str | None) -> Seen:
        """What a cursor says; without one nothing was told."""
        if not cursor:
            return cls()
        at, _, told = cursor.partition(" ")
        pieces = (told[n : n + LENGTH] for n in range(0, len(told), LENGTH))
        return cls(datetime.fromisoformat(at), frozenset(pieces))

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {''.join(sorted(self.told))}"


class Queried(Kind):
    """A record type whose rows carry the moment at which PostHog received them."""

    rows: ClassVar[int] = ROWS

    @abstractmethod
    async def received(self, since: datetime, after: Receipt) -> Sequence[Receipt]:
        """At most `rows` records by their latest change, from `since` on and behind `after`, in the
        order of moment and id."""

    @abstractmethod
    async def read(self, ids: Sequence[str]) -> Mapping[str, Record]:
        """Those of at most `rows` ids that are there, as they are now."""

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        seen = Seen.read(cursor)
        latest, told = seen.at, dict[str, datetime]()
        async for rows in self._received(max(seen.at - LOOKBACK, BEGINNING)):
            told |= {one.digest: one.at for one in rows}
            latest = max(latest, rows[-1].at)
            new = [one.id for one in rows if one.digest not in seen.told]
            yield Page(list((await self.read(new)).values()) if new else ())
        recent = frozenset(d for d, at in told.items() if at >= latest - LOOKBACK)
        yield Page((), str(Seen(latest, recent)))

    async def census(self) -> AsyncIterator[CensusPage]:
        async for rows in self._received(BEGINNING):
            yield CensusPage({one.id: version(one.at) for one in rows})

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        parts = [ids[n : n + self.rows] for n in range(0, len(ids), self.rows)]
        found: dict[str, Record] = {}
        for records in await asyncio.gather(*map(self.read, parts)):
            found |= records
        gone = f"{self.name}: PostHog has none of this id"
        return {id: found.get(id) or Missing(id, gone=True, reason=gone) for id in ids}

    async def _received(self, since: datetime) -> AsyncIterator[Sequence[Receipt]]:
        """Pages by the last row of the one before: a page with fewer rows than asked for is the
        last one, because the limit is below PostHog's own."""
        after = Receipt("", BEGINNING, "")
        while rows := await self.received(since, after):
            yield rows
            if len(rows) < self.rows:
                return
            after = rows[-1]


def version(at: datetime) -> int:
    """A moment as a number that grows."""
    return int(at.timestamp() * 1_000_000)


def utc(at: datetime) -> str:
    """A moment as queries take it, always with `'UTC'`: else it would be in the project's zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
