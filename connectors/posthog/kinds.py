"""What the connector asks of one of PostHog's kinds of records, and what lists have in common."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

from connectors.posthog import snapshot
from connectors.posthog.client import Client, Row
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import (
    CensusPage,
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    Missing,
    Outcome,
    Page,
    Record,
    RecordSchema,
    Result,
    Update,
)
from syncline.sdk.errors import NotFound


class Kind(ABC):
    """One record type. What a kind does not write is refused in words."""

    name: ClassVar[str]
    fields: ClassVar[Sequence[FieldSchema]]

    def __init__(self, client: Client, base_url: str) -> None:
        self.client = client
        self.web = f"{base_url.rstrip('/')}/project/{client.project}"

    @property
    def schema(self) -> RecordSchema:
        """The fields by path."""
        return RecordSchema(self.name, {field.path: field for field in self.fields})

    @abstractmethod
    def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """As `Connector.changes`."""

    @abstractmethod
    def census(self) -> AsyncIterator[CensusPage]:
        """As `Connector.census`."""

    @abstractmethod
    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """As `Connector.fetch`."""

    async def creates(self, items: Sequence[Create]) -> Sequence[Outcome]:
        """As `Connector.create`."""
        return [Outcome(Result.REJECTED, reason=self._unwritten) for _ in items]

    async def updates(self, items: Sequence[Update]) -> Sequence[Outcome]:
        """As `Connector.update`."""
        return [Outcome(Result.REJECTED, id=one.id, reason=self._unwritten) for one in items]

    async def remove(self, id: str) -> Outcome:
        """Delete one record."""
        reason = f"PostHog does not delete a {self.name}"
        return Outcome(Result.REJECTED, id=id, reason=reason)

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        """Look for creates whose outcome is unknown."""
        return [FindResult(Found.UNKNOWN, reason="nothing is created here") for _ in items]

    @property
    def _unwritten(self) -> str:
        return f"PostHog's {self.name} can only be read"

    def refused(self, patch: Mapping[str, object]) -> str | None:
        """Why a patch cannot be written, if it names what PostHog does not take."""
        takes = {f.path.partition(".")[0] for f in self.fields if not f.read_only}
        wrong = sorted(patch.keys() - takes)
        return f"{self.name}: {', '.join(wrong)} cannot be written" if wrong else None


class Listed(Kind):
    """Records of a list of PostHog's, which is read whole: a pass costs one request a page."""

    path: ClassVar[str]
    query: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def record(self, raw: Row) -> Record:
        """A record from PostHog's JSON."""

    @abstractmethod
    async def create(self, item: Create) -> Outcome:
        """Make one record."""

    @abstractmethod
    async def update(self, item: Update) -> Outcome:
        """Patch one record."""

    async def creates(self, items: Sequence[Create]) -> Sequence[Outcome]:
        return await outcomes(items, self.create)

    async def updates(self, items: Sequence[Update]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.id, self.update)

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        told, now = snapshot.seen(cursor), set[str]()
        async for rows in self.client.pages(self.path, **self.query):
            shown = {snapshot.digest(one): one for one in map(self.record, rows)}
            yield Page([one for at, one in shown.items() if at not in told and at not in now])
            now |= shown.keys()
        yield Page((), snapshot.cursor(now))

    async def census(self) -> AsyncIterator[CensusPage]:
        async for rows in self.client.pages(self.path, **self.query):
            yield CensusPage({one.id: one.version for one in map(self.record, rows)})

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """By id; several at once out of the list, which is as current."""
        found: dict[str, Record | Missing] = {}
        if len(ids) > 1:
            async for rows in self.client.pages(self.path, **self.query):
                found |= {one.id: one for one in map(self.record, rows)}
        alone = [id for id in dict.fromkeys(ids) if id not in found]
        found |= dict(zip(alone, await asyncio.gather(*map(self._alone, alone)), strict=True))
        return {id: found[id] for id in ids}

    async def _alone(self, id: str) -> Record | Missing:
        try:
            return self.record(await self.client.get(self.of(id)))
        except NotFound as error:
            await self.client.about()
            return Missing(id, gone=True, reason=str(error))

    def of(self, id: str) -> str:
        """The address of one record."""
        if not id or not all(c.isalnum() or c == "-" for c in id):
            raise NotFound(f"{self.name}: {id!r} is no id of PostHog's")
        return f"{self.path}{id}/"
