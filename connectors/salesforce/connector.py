"""The Salesforce connector: opens a connection and hands each call to the part for it.

What Salesforce can do decides what is claimed here. Two hundred records are written in one
request, each with its own outcome, and without a condition; the field history tells what was
overwritten. A record that was deleted stays in the recycle bin for fifteen days.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from connectors.salesforce.auth import SignIn
from connectors.salesforce.client import BY_ID, COLLECTION, Client
from connectors.salesforce.comments import Comments
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.describing import describe
from connectors.salesforce.details import details
from connectors.salesforce.files import Files
from connectors.salesforce.finding import Finder
from connectors.salesforce.history import History
from connectors.salesforce.links import Links
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import kind_of
from connectors.salesforce.people import People
from connectors.salesforce.reading import Reader
from connectors.salesforce.wire import WireShape
from connectors.salesforce.writing import Writer
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
    Schema,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.http import Limits, Transport

# A stamp is given when a transaction begins, and one may take ten minutes until it is seen.
LOOKBACK = timedelta(minutes=10)
REQUESTS_PER_MINUTE = 300.0
CONCURRENT = 4  # a developer org takes five long ones at once
# A page of two thousand records, each with a long text or two.
MOST_BYTES = 100 * 1024 * 1024


class SalesforceConnector(Connector):
    """Cases, accounts, contacts and opportunities of a Salesforce org."""

    name: ClassVar[str] = "salesforce"
    config_model: ClassVar[type[ConnectionConfig]] = SalesforceConfig
    capabilities = Capabilities(
        find_by_key=True,
        search_lag=LOOKBACK,
        history=True,
        edits_comments=True,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        attachments=True,
        deletes=("archive",),
        shows_links=True,
        bulk_create=COLLECTION,
        bulk_update=COLLECTION,
        bulk_fetch=BY_ID,
        residual_window=True,
    )

    def __init__(
        self, config: SalesforceConfig, transport: Transport, sign_in: SignIn, clock: Clock
    ) -> None:
        lookback = LOOKBACK if config.search_lag is None else config.search_lag
        self.capabilities = replace(
            type(self).capabilities,
            search_lag=lookback,
            shows_links=config.link_field is not None,
        )
        self._transport = transport
        self._config = config
        self._sign_in = sign_in
        client = self._client = Client(transport, clock)
        metadata = self._metadata = Metadata(client, config)
        shape = WireShape(config)
        reader = self._reader = Reader(client, metadata, shape, sign_in, config, lookback)
        self._people = People(client)
        self._finder = Finder(reader, metadata, config)
        self._history = History(client, metadata, reader, self._people, config)
        self._writer = Writer(client, metadata, reader, shape, config)
        self._comments = Comments(client, reader, self._people)
        self._files = Files(client, reader, self.capabilities.max_attachment_bytes)
        self._links = Links(reader, metadata, self._writer, config)

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet."""
        if not isinstance(config, SalesforceConfig):
            raise Misconfigured(f"{connection} is not configured for Salesforce; nothing was sent.")
        sign_in = SignIn(config, clock)
        limits = config.limits
        transport = Transport(
            connection=connection,
            base_url=config.web_url,
            limits=Limits(
                limits.requests_per_minute or REQUESTS_PER_MINUTE,
                limits.concurrent or CONCURRENT,
                max_response_bytes=MOST_BYTES,
            ),
            clock=clock,
            credentials=sign_in.credentials,
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
        )
        return cls(config, transport, sign_in, clock)

    async def describe(self) -> Schema:
        return await describe(self._client, self._metadata, self._sign_in, self._config)

    async def details(self, record: str) -> Mapping[str, Any]:
        """For the mapping-rot guard: ids of custom fields and record types."""
        return await details(self._client, self._metadata, kind_of(record))

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        return self._reader.changes(kind_of(record), cursor)

    def census(self, record: str) -> AsyncIterator[CensusPage]:
        return self._reader.census(kind_of(record))

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return await self._reader.fetch(kind_of(record), ids)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._writer.create(kind_of(record), items)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._writer.update(kind_of(record), items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return await self._finder.find(kind_of(record), items)

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how not in self.capabilities.deletes:
            return await super().remove(record, ids, how)
        return await self._writer.remove(kind_of(record), ids)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        return await self._history.of(kind_of(record), ids, since)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._comments.of(kind_of(record), ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return await self._comments.add(kind_of(record), items)

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return await self._comments.edit(kind_of(record), items)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        return await self._files.of(kind_of(record), ids)

    async def download(self, record: str, attachment: Attachment) -> bytes:
        return await self._files.download(attachment)

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        return await self._files.add(items)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        if not self.capabilities.shows_links:
            return await super().show_links(record, cards, gone)
        return await self._links.show(kind_of(record), cards, gone)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_id(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        return dict(self._transport.log.counts)

    async def aclose(self) -> None:
        await self._transport.aclose()
