"""The connector for Request Tracker: opens a connection and hands each call to the part for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from connectors.request_tracker.client import Client
from connectors.request_tracker.config import RequestTrackerConfig
from connectors.request_tracker.description import Describer
from connectors.request_tracker.details import details
from connectors.request_tracker.feed import Feed
from connectors.request_tracker.finding import Finder
from connectors.request_tracker.history import History
from connectors.request_tracker.links import Links
from connectors.request_tracker.messages import Messages
from connectors.request_tracker.metadata import Metadata
from connectors.request_tracker.races import Races
from connectors.request_tracker.reading import Reader
from connectors.request_tracker.wire import WireShape
from connectors.request_tracker.writing import BULK_CREATES, Writer
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Attachment,
    Capabilities,
    CensusPage,
    Change,
    Comment,
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
from syncline.sdk.secrets import Secret


class RequestTrackerConnector(Connector):
    """Tickets of Request Tracker 5 and 6."""

    name: ClassVar[str] = "request_tracker"
    config_model: ClassVar[type[ConnectionConfig]] = RequestTrackerConfig
    capabilities = Capabilities(
        conditional_update=True,
        answers_writes=True,
        find_by_key=True,
        history=True,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        attachments=True,
        deletes=("archive", "delete"),
        shows_links=True,
        bulk_create=BULK_CREATES,
        bulk_fetch=100,
    )

    def __init__(self, config: RequestTrackerConfig, transport: Transport) -> None:
        # Without a key an item of a bulk that got no answer could only be told from its
        # neighbours by its text, so creates then go one by one.
        self._bulk = BULK_CREATES if config.key_field else 1
        self.capabilities = replace(
            type(self).capabilities,
            bulk_create=self._bulk,
        )
        self._transport = transport
        client = self._client = Client(transport)
        metadata = self._metadata = Metadata(client, config)
        shape = WireShape(config)
        reader = self._reader = Reader(client, metadata, shape, config.text_format)
        self._describer = Describer(client, metadata, reader, config)
        self._feed = Feed(client, metadata, reader, config.search_lag)
        self._finder = Finder(client, reader, config.key_field)
        history = self._history = History(client, metadata, shape)
        races = Races(client, history, reader, shape)
        self._writer = Writer(client, metadata, reader, shape, races)
        self._messages = Messages(client, metadata, config.text_format)
        self._links = Links(client)

    @classmethod
    def open(
        cls, connection: str, config: ConnectionConfig, clock: Clock
    ) -> RequestTrackerConnector:
        if not isinstance(config, RequestTrackerConfig):
            raise Misconfigured(f"{connection} is not configured as a Request Tracker")
        auth, limits = config.auth, config.limits
        credentials: dict[str, Any] = {}
        if auth.token is not None:
            token = Secret(f"token {auth.token.reveal()}", (auth.token.reveal(),))
            credentials["headers"] = {"Authorization": token}
        elif auth.user is not None and auth.password is not None:
            credentials["basic_auth"] = (auth.user, auth.password)
        transport = Transport(
            connection=connection,
            base_url=f"{config.web_url}/REST/2.0",
            limits=Limits(limits.requests_per_minute, limits.concurrent or 4),
            clock=clock,
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
            **credentials,
        )
        return cls(config, transport)

    async def describe(self) -> Schema:
        return await self._describer.describe()

    async def details(self, record: str) -> Mapping[str, Any]:
        """Ids of custom fields, their options and queues, and the steps of lifecycles."""
        return await details(self._metadata, self._client)

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        return self._feed.listing() if cursor is None else self._feed.changes(cursor)

    def census(self, record: str) -> AsyncIterator[CensusPage]:
        return self._feed.census()

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return await self._reader.fetch(ids)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._writer.create(items, self._bulk)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._writer.update(items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return await self._finder.find(items) if items else []

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how not in self.capabilities.deletes:
            return await super().remove(record, ids, how)
        return await self._writer.remove(ids)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        return await self._history.of(ids, since)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._messages.comments(ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return await self._messages.comment(items)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        return await self._messages.attachments(ids)

    async def download(self, record: str, attachment: Attachment) -> bytes:
        return await self._messages.download(attachment, self.capabilities.max_attachment_bytes)

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        return await self._messages.attach(items)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        return await self._links.show(cards, gone)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._metadata.by_handle(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._metadata.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        return dict(self._transport.log.counts)

    async def aclose(self) -> None:
        await self._transport.aclose()
