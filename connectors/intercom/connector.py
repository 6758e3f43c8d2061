"""The Intercom connector: opens a connection and hands each call to the part for its record type.

What Intercom cannot do decides what is claimed here. It has no compare-and-set and tells no field's
history; its search lags, and reading many at once is done by the search alone; files are taken by
public address only. It answers a write with the ticket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Self

from connectors.intercom.client import VERSION, Client
from connectors.intercom.config import IntercomConfig
from connectors.intercom.describing import describe
from connectors.intercom.details import details
from connectors.intercom.entering import Entry
from connectors.intercom.entries import Entries
from connectors.intercom.kinds import KINDS, TICKET
from connectors.intercom.links import Links
from connectors.intercom.listing import Scroll
from connectors.intercom.messages import Messages
from connectors.intercom.metadata import Metadata
from connectors.intercom.people import People
from connectors.intercom.reading import Reader
from connectors.intercom.webhook import IntercomWebhook
from connectors.intercom.wire import WireShape
from connectors.intercom.writing import Writer
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Capabilities,
    CensusPage,
    Comment,
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
    Schema,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.http import Limits, RateHeaders, Transport
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Webhook

# Intercom says of contacts that they are found "within minutes"; of tickets it says nothing.
SEARCH_LAG = timedelta(minutes=2)
# 80 % of the 1000 a minute that every app may send; private apps are given up to 10,000.
REQUESTS_PER_MINUTE = 800.0
CONCURRENT = 4
RETRIES = 4


class IntercomConnector(Connector):
    """Tickets, contacts and companies of an Intercom workspace."""

    name: ClassVar[str] = "intercom"
    config_model: ClassVar[type[ConnectionConfig]] = IntercomConfig
    webhook: ClassVar[type[Webhook] | None] = IntercomWebhook
    capabilities = Capabilities(
        answers_writes=True,
        find_by_key=True,
        search_lag=SEARCH_LAG,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        shows_links=True,
        residual_window=True,
    )

    def __init__(self, config: IntercomConfig, transport: Transport, once: Transport) -> None:
        self.capabilities = replace(
            type(self).capabilities,
            find_by_key=config.key_attribute is not None or not config.scope.ticket_type,
            search_lag=SEARCH_LAG if config.search_lag is None else config.search_lag,
            shows_links=config.link_attribute is not None,
        )
        self._config = config
        self._transports = (transport, once)
        client, scroll = Client(transport), Scroll(once)
        self._metadata = Metadata(client, config.scope.ticket_type)
        shape = WireShape(config.key_attribute, config.link_attribute)
        lag = self.capabilities.search_lag
        tickets = Reader(client, self._metadata, shape, config, lag)
        self._people = People(client, self._metadata)
        self._messages = Messages(client, self._metadata, tickets)
        self._links = Links(config.link_attribute)
        self._readers: dict[str, Reader | Entries] = {TICKET: tickets}
        self._writers: dict[str, Writer | Entry] = {
            TICKET: Writer(client, self._metadata, tickets, self._people, shape, config)
        }
        for kind in KINDS:
            entries = Entries(kind, client, self._metadata, scroll, config, lag)
            self._readers[kind.name] = entries
            self._writers[kind.name] = Entry(kind, client, entries)

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet."""
        if not isinstance(config, IntercomConfig):
            raise Misconfigured(f"{connection} is not configured for Intercom; nothing was sent.")
        # A scroll's page that is asked for twice is another page, so a second transport repeats
        # nothing. It sends one request at a time, and both heed what Intercom says is left.
        once = _transport(connection, config, clock, concurrent=1, retry_reads=0)
        concurrent = config.limits.concurrent or CONCURRENT
        return cls(config, _transport(connection, config, clock, concurrent, RETRIES), once)

    async def describe(self) -> Schema:
        return await describe(self._metadata, self._config)

    async def details(self, record: str) -> Mapping[str, Any]:
        """For the mapping-rot guard: ids of what tickets show by name, and what each type needs."""
        return details(await self._metadata.in_scope()) if record == TICKET else {}

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        return self._reader(record).changes(cursor)

    def census(self, record: str) -> AsyncIterator[CensusPage]:
        return self._reader(record).census()

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return await self._reader(record).fetch(ids)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._writer(record).create(items)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._writer(record).update(items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return await self._writer(record).find(items)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        if record != TICKET:
            return await super().comments(record, ids)
        return await self._messages.comments(ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        if record != TICKET:
            return await super().comment(record, items)
        return await self._messages.comment(items)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        return await self._links.show(self._reader(record), self._writer(record), cards, gone)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_id(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        counted = [transport.log.counts for transport in self._transports]
        return {kind: sum(counts[kind] for counts in counted) for kind in ("read", "write")}

    async def aclose(self) -> None:
        for transport in self._transports:
            await transport.aclose()

    def _reader(self, record: str) -> Reader | Entries:
        return self._readers[self._known(record)]

    def _writer(self, record: str) -> Writer | Entry:
        return self._writers[self._known(record)]

    def _known(self, record: str) -> str:
        if record not in self._readers:
            raise Misconfigured(
                f"Intercom has no record {record!r} that Syncline knows; there are: "
                f"{', '.join(self._readers)}. Nothing was sent; correct the sync's `record`."
            )
        return record


def _transport(
    connection: str, config: IntercomConfig, clock: Clock, concurrent: int, retry_reads: int
) -> Transport:
    return Transport(
        connection=connection,
        base_url=config.base_url,
        limits=Limits(config.limits.requests_per_minute or REQUESTS_PER_MINUTE, concurrent),
        clock=clock,
        headers={
            "Authorization": Secret(f"Bearer {config.auth.access_token.reveal()}"),
            "Intercom-Version": VERSION,
        },
        private_network=config.private_network,
        read_only=config.read_only,
        ca_file=config.ca_file,
        rate_headers=RateHeaders("x-ratelimit-remaining", "x-ratelimit-reset", reset_as="epoch"),
        retry_reads=retry_reads,
    )
