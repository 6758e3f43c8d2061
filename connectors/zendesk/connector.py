"""The Zendesk connector: opens a connection and hands each call to the part for its record type.

What Zendesk can do with tickets decides what is claimed here. An update is refused when the ticket
has moved since its time stamp, which counts whole seconds; an audit names who changed what. Lists
lag by a minute, single tickets do not. A ticket that was deleted can be restored, and one that was
closed takes nothing any more. Other records have neither history, comments nor a way back once
they are deleted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from connectors.zendesk.auth import credentials
from connectors.zendesk.client import PAGE, Budget, Client, rate_scope
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.describing import custom_details, describe, details
from connectors.zendesk.directory import Directory
from connectors.zendesk.entering import Entry
from connectors.zendesk.exporting import ByCursor, ByTime
from connectors.zendesk.feed import Feed
from connectors.zendesk.finding import Finder
from connectors.zendesk.history import History
from connectors.zendesk.jobs import Jobs
from connectors.zendesk.kinds import KINDS, ORGANIZATION, TICKET
from connectors.zendesk.links import Links
from connectors.zendesk.messages import Messages
from connectors.zendesk.metadata import Metadata
from connectors.zendesk.people import People
from connectors.zendesk.reading import Reader
from connectors.zendesk.references import References
from connectors.zendesk.webhook import ZendeskWebhook
from connectors.zendesk.wire import WireShape
from connectors.zendesk.writing import Writer
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
    Result,
    Schema,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.http import Limits, RateHeaders, Transport
from syncline.sdk.webhook import Webhook

# The export leaves out the last minute; a second one allows for the clocks.
SEARCH_LAG = timedelta(minutes=2)
# 80 % of what the smallest plan, Team, allows an account in a minute, until Zendesk has told.
REQUESTS_PER_MINUTE = 160.0
CONCURRENT = 4
# 80 % of the ten exports a minute that Zendesk allows an account.
EXPORTS_PER_MINUTE = 8
# A thousand exported tickets, each with a description of up to 64 KB.
MOST_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Part:
    """What deals with the records of one type other than tickets."""

    directory: Directory
    entry: Entry
    references: References


class ZendeskConnector(Connector):
    """Tickets, organizations and users of a Zendesk Support account."""

    name: ClassVar[str] = "zendesk"
    config_model: ClassVar[type[ConnectionConfig]] = ZendeskConfig
    webhook: ClassVar[type[Webhook] | None] = ZendeskWebhook
    capabilities = Capabilities(
        conditional_update=True,
        answers_writes=True,
        find_by_key=True,
        search_lag=SEARCH_LAG,
        history=True,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        attachments=True,
        deletes=("archive",),
        shows_links=True,
        follow_ups=True,
        bulk_create=PAGE,
        bulk_update=PAGE,
        bulk_fetch=PAGE,
        residual_window=True,
    )

    def __init__(self, config: ZendeskConfig, transport: Transport, clock: Clock) -> None:
        self.capabilities = replace(
            type(self).capabilities,
            search_lag=SEARCH_LAG if config.search_lag is None else config.search_lag,
        )
        self._transport = transport
        self._config = config
        client = Client(transport)
        metadata = self._metadata = Metadata(client, config)
        shape = WireShape(config)
        reader = self._reader = Reader(client, metadata, shape, clock)
        messages = self._messages = Messages(client, metadata)
        exports = Budget(EXPORTS_PER_MINUTE, clock)
        self._feed = Feed(metadata, reader, ByCursor(client, exports, "tickets"))
        jobs = Jobs(client, clock)
        self._finder = Finder(client, reader, jobs)
        self._people = People(client)
        self._history = History(client, metadata, self._people, config.link_field)
        self._writer = Writer(client, metadata, reader, shape, jobs)
        self._links = Links(
            client, metadata, reader, messages, shape, config.link_field, config.jira_links
        )
        self._others: dict[str, _Part] = {}
        for kind in KINDS:
            exported = ByTime if kind is ORGANIZATION else ByCursor
            export = exported(client, exports, kind.many)
            directory = Directory(kind, client, metadata, config, export)
            entry = Entry(client, metadata, directory, jobs)
            self._others[kind.name] = _Part(
                directory, entry, References(metadata, directory, entry)
            )

    def capabilities_of(self, record: str) -> Capabilities:
        """Of organizations and users Zendesk tells no history, takes no condition and brings none
        back."""
        if record == TICKET:
            return self.capabilities
        return replace(
            self.capabilities,
            conditional_update=False,
            history=False,
            visibilities=(),
            attachments=False,
            deletes=(),
            follow_ups=False,
        )

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet."""
        if not isinstance(config, ZendeskConfig):
            raise Misconfigured(f"{connection} is not configured for Zendesk; nothing was sent.")
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
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
            allowed_hosts=config.file_hosts,
            rate_headers=RateHeaders(
                "x-rate-limit-remaining",
                "ratelimit-reset",
                a_minute=None if limits.requests_per_minute else "x-rate-limit",
            ),
            rate_scope=rate_scope,
            **credentials(config.auth, clock),
        )
        return cls(config, transport, clock)

    async def describe(self) -> Schema:
        return await describe(self._metadata, self._config)

    async def details(self, record: str) -> Mapping[str, Any]:
        """The ids of fields, statuses and groups, which outlive their names."""
        other = self._other(record)
        if other:
            return await custom_details(self._metadata, other.directory.kind)
        return await details(self._metadata)

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        other = self._other(record)
        return other.directory.changes(cursor) if other else self._feed.changes(cursor)

    def census(self, record: str) -> AsyncIterator[CensusPage]:
        other = self._other(record)
        return other.directory.census() if other else self._feed.census()

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        other = self._other(record)
        return await (other.directory.fetch(ids) if other else self._reader.fetch(ids))

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        other = self._other(record)
        return await (other.entry.create(items) if other else self._writer.create(items))

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        other = self._other(record)
        return await (other.entry.update(items) if other else self._writer.update(items))

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        other = self._other(record)
        return await (other.entry.find(items) if other else self._finder.find(items))

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if self._other(record):
            reason = f"Zendesk cannot bring back a {record}; whoever wants it gone deletes it there"
            return [Outcome(Result.REJECTED, id=id, reason=reason) for id in ids]
        if how not in self.capabilities.deletes:
            return await super().remove(record, ids, how)
        return await self._writer.remove(ids)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        if self._other(record):
            return await super().history(record, ids, since)
        return await self._history.of(ids, since)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        if self._other(record):
            return await super().comments(record, ids)
        return await self._messages.comments(ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        if self._other(record):
            return await super().comment(record, items)
        return await self._messages.comment(items)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        if self._other(record):
            return await super().attachments(record, ids)
        return await self._messages.attachments(ids)

    async def download(self, record: str, attachment: Attachment) -> bytes:
        return await self._messages.download(attachment, self.capabilities.max_attachment_bytes)

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        if self._other(record):
            return await super().attach(record, items)
        return await self._messages.attach(items)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        other = self._other(record)
        return await (other.references if other else self._links).show(cards, gone)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_id(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        return dict(self._transport.log.counts)

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _other(self, record: str) -> _Part | None:
        """The part for a record type, None for tickets; raises Misconfigured for an unknown one."""
        if record == TICKET:
            return None
        if record not in self._others:
            raise Misconfigured(
                f"Zendesk has no record {record!r} that Syncline knows; there are: "
                f"{', '.join((TICKET, *self._others))}. Nothing was sent; correct the sync's "
                "`record`."
            )
        return self._others[record]
