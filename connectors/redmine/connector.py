"""The Redmine connector: issues and versions of the projects in scope.

What Redmine cannot do decides what is claimed here. It has no compare-and-set and answers a PUT
with nothing, so the engine reads around each write; it has no tombstones, so deletions show only in
a census; and it drops what an account may not set without a word. Its journal, on the other hand,
names who changed which field when, and the value a save replaced. Versions have none of that: their
list is read whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from connectors.redmine import describing
from connectors.redmine.client import PAGE, Client
from connectors.redmine.config import RedmineConfig
from connectors.redmine.issues import Issues
from connectors.redmine.kinds import Kind
from connectors.redmine.metadata import Metadata
from connectors.redmine.people import People
from connectors.redmine.rights import Rights
from connectors.redmine.versions import Versions
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Attachment,
    Capabilities,
    CensusPage,
    Change,
    Comment,
    CommentEdit,
    ConnectionConfig,
    Connector,
    Create,
    CreateSearch,
    FindResult,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Page,
    Person,
    Record,
    Result,
    Schema,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.http import Limits, Transport

LOOKBACK = timedelta(seconds=10)
CONCURRENT = 4  # a usual puma has a handful of threads for everybody


class RedmineConnector(Connector):
    """Redmine 4 and later; tested with 5.0."""

    name = "redmine"
    config_model = RedmineConfig
    capabilities = Capabilities(
        answers_writes=True,
        find_by_key=True,
        search_lag=LOOKBACK,
        history=True,
        edits_comments=True,
        visibilities=(Visibility.INTERNAL,),
        attachments=True,
        deletes=("delete",),
        shows_links=True,
        bulk_fetch=PAGE,
        residual_window=True,
    )

    def __init__(self, config: RedmineConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        lookback = max(config.search_lag or LOOKBACK, timedelta(seconds=1))
        self.capabilities = replace(type(self).capabilities, search_lag=lookback)
        self.client = client = Client(transport)
        self._metadata = metadata = Metadata(client, config.scope.project)
        self._rights = Rights(client, metadata)
        self._people = People(client, metadata)
        kinds: Sequence[Kind] = (
            Issues(client, metadata, self._rights, config, clock, lookback),
            Versions(client, metadata, config),
        )
        self._kinds = {kind.name: kind for kind in kinds}

    def capabilities_of(self, record: str) -> Capabilities:
        """Versions have no journal, no notes and no files; issues are never deleted."""
        if record == describing.RECORD:
            return replace(self.capabilities, deletes=())
        return replace(
            self.capabilities,
            history=False,
            edits_comments=False,
            visibilities=(),
            attachments=False,
            shows_links=False,
        )

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet."""
        if not isinstance(config, RedmineConfig):
            raise Misconfigured(f"{connection} is not configured for Redmine; nothing was sent.")
        limits = config.limits
        transport = Transport(
            connection=connection,
            base_url=config.base_url,
            limits=Limits(limits.requests_per_minute, limits.concurrent or CONCURRENT),
            clock=clock,
            headers={"X-Redmine-API-Key": config.auth.api_key},
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
        )
        return cls(config, transport, clock)

    async def describe(self) -> Schema:
        return await describing.describe(self._metadata, self._rights, self._config)

    async def details(self, record: str) -> Mapping[str, Any]:
        """Ids of fields and options, what each tracker requires, and the steps of workflows."""
        return await self._kind(record).details()

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        return self._kind(record).changes(cursor)

    def census(self, record: str) -> AsyncIterator[CensusPage]:
        return self._kind(record).census()

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return await self._kind(record).fetch(ids)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._kind(record).create(items)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._kind(record).update(items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return await self._kind(record).find(items)

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how not in self.capabilities.deletes:
            reason = f"Redmine cannot {how} a record; nothing was written."
            return [Outcome(Result.REJECTED, id=id, reason=reason) for id in ids]
        return await self._kind(record).remove(ids)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        return await self._kind(record).history(ids, since)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._kind(record).comments(ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return await self._kind(record).comment(items)

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return await self._kind(record).edit_comments(items)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        return await self._kind(record).attachments(ids)

    async def download(self, record: str, attachment: Attachment) -> bytes:
        most = self.capabilities.max_attachment_bytes
        return await self._kind(record).download(attachment, most)

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        return await self._kind(record).attach(items)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        return await self._kind(record).show_links(cards, gone)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_id(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        return dict(self.client.transport.log.counts)

    async def aclose(self) -> None:
        await self.client.transport.aclose()

    def _kind(self, record: str) -> Kind:
        kind = self._kinds.get(record)
        if kind is None:
            raise Misconfigured(
                f"Redmine has no record {record!r} here, but {', '.join(self._kinds)}. Nothing was"
                " sent; correct the sync's side."
            )
        return kind
