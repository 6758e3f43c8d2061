"""The HubSpot connector: opens a connection and hands each call to the part for it.

What HubSpot can do decides what is claimed here. It has no condition for an update, so an edit
within one round trip of ours can be overwritten; its history of each property tells what was. A
create is an upsert by a unique property. Searches lag, reads by id do not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from connectors.hubspot.client import BATCH, Client
from connectors.hubspot.config import HubSpotConfig
from connectors.hubspot.describing import describe
from connectors.hubspot.details import details
from connectors.hubspot.feed import Feed
from connectors.hubspot.history import History
from connectors.hubspot.journal import Journal
from connectors.hubspot.kinds import kind_of
from connectors.hubspot.links import Links
from connectors.hubspot.metadata import Metadata
from connectors.hubspot.notes import Notes
from connectors.hubspot.people import People
from connectors.hubspot.reading import Reader
from connectors.hubspot.webhook import HubSpotWebhook
from connectors.hubspot.wire import WireShape
from connectors.hubspot.writing import Writer
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
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
from syncline.sdk.http import Limits, RateHeaders, Transport
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Webhook

# Changes appear in searches after moments; HubSpot does not say how many.
SEARCH_LAG = timedelta(minutes=1)
# 80 % of what a private app of a Free or Starter account may send: 100 in ten seconds.
REQUESTS_PER_MINUTE = 480.0
CONCURRENT = 4
# Two hundred records found at once, each with texts of up to 64 KB.
MOST_BYTES = 100 * 1024 * 1024
ARCHIVE = "archive"


class HubSpotConnector(Connector):
    """Companies, contacts, deals and tickets of an account of HubSpot."""

    name: ClassVar[str] = "hubspot"
    config_model: ClassVar[type[ConnectionConfig]] = HubSpotConfig
    webhook: ClassVar[type[Webhook] | None] = HubSpotWebhook
    capabilities = Capabilities(
        find_by_key=True,
        search_lag=SEARCH_LAG,
        history=True,
        edits_comments=True,
        visibilities=(Visibility.INTERNAL,),
        deletes=(ARCHIVE,),
        shows_links=True,
        bulk_create=BATCH,
        bulk_update=BATCH,
        bulk_fetch=BATCH,
        residual_window=True,
    )

    def __init__(
        self, config: HubSpotConfig, transport: Transport, limits: Limits, clock: Clock
    ) -> None:
        lag = SEARCH_LAG if config.search_lag is None else config.search_lag
        self.capabilities = replace(
            type(self).capabilities,
            search_lag=lag,
            shows_links=config.link_property is not None,
        )
        self._transport = transport
        self._config = config
        client = Client(transport, config.api_version, clock)
        metadata = self._metadata = Metadata(client, config)
        shape = WireShape(config)
        self._reader = Reader(client, metadata, shape, lag)
        self._writer = Writer(client, metadata, self._reader, shape, config)
        self._people = People(client, metadata)
        self._notes = Notes(client, metadata, self._people, clock)
        self._history = History(client, metadata, self._people, shape)
        self._links = Links(self._reader, self._writer, config.link_property)
        self._journal = None
        if config.journal is not None:
            self._journal = Journal(transport.connection, config, limits, clock, metadata.account)
        self._feed = Feed(self._reader, self._journal)

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet."""
        if not isinstance(config, HubSpotConfig):
            raise Misconfigured(f"{connection} is not configured for HubSpot; nothing was sent.")
        limits = Limits(
            config.limits.requests_per_minute or REQUESTS_PER_MINUTE,
            config.limits.concurrent or CONCURRENT,
            max_response_bytes=MOST_BYTES,
        )
        transport = Transport(
            connection=connection,
            base_url=config.base_url,
            limits=limits,
            clock=clock,
            headers={"Authorization": Secret(f"Bearer {config.auth.access_token.reveal()}")},
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
            rate_headers=RateHeaders(
                "x-hubspot-ratelimit-remaining",
                "x-hubspot-ratelimit-interval-milliseconds",
                "milliseconds",
            ),
        )
        return cls(config, transport, limits, clock)

    async def describe(self) -> Schema:
        return await describe(self._metadata, self._config, self._journal)

    async def details(self, record: str) -> Mapping[str, Any]:
        """For the mapping-rot guard: which ids stages have."""
        return await details(self._metadata, kind_of(record))

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        return self._feed.changes(kind_of(record), cursor)

    def census(self, record: str) -> AsyncIterator[CensusPage]:
        return self._reader.census(kind_of(record))

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return await self._reader.fetch(kind_of(record), ids)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._writer.create(kind_of(record), items)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._writer.update(kind_of(record), items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return await self._writer.find(kind_of(record), items)

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how != ARCHIVE:
            why = f"HubSpot's records are archived; {how} is not supported"
            return [Outcome(Result.REJECTED, id=id, reason=why) for id in ids]
        return await self._writer.remove(kind_of(record), ids)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        return await self._history.of(kind_of(record), ids, since)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._notes.comments(kind_of(record), ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return await self._notes.comment(kind_of(record), items)

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return await self._notes.edit(items)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        return await self._links.show(kind_of(record), cards, gone)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_id(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        """Those for the journal are sent by transports of its own."""
        sent = self._transport.log.counts
        more = self._journal.requests if self._journal else lambda kind: 0
        return {kind: number + more(kind) for kind, number in sent.items()}

    async def aclose(self) -> None:
        """Close connections."""
        await self._transport.aclose()
        if self._journal:
            await self._journal.aclose()
