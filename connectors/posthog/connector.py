"""The PostHog connector: opens a connection and hands each call to the record type's own part.

What PostHog lacks decides what is claimed here. Its lists cannot be asked for changes, so they are
read whole; it has no compare-and-set and no history that every plan can read, so a window remains
at each write; and it keeps no external id, so the key of a create stands in a text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Self

from connectors.posthog.annotations import Annotations
from connectors.posthog.client import PAGE, Client
from connectors.posthog.config import TOKEN, PostHogConfig, ingestion_host
from connectors.posthog.describing import describe
from connectors.posthog.features import Features
from connectors.posthog.groups import Groups
from connectors.posthog.kinds import Kind
from connectors.posthog.persons import Persons
from connectors.posthog.responses import Responses
from connectors.posthog.webhook import PostHogWebhook
from syncline.sdk.batches import outcomes
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Capabilities,
    CensusPage,
    ConnectionConfig,
    Connector,
    Create,
    CreateSearch,
    FindResult,
    Missing,
    Outcome,
    Page,
    Record,
    Result,
    Schema,
    Update,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.http import Limits, Transport
from syncline.sdk.secrets import Secret

# 80 % of 240 a minute, which a team's analytics and query endpoints share among all its keys, and
# all of the 3 queries that run at once (posthog.com/docs/api, "Rate limiting").
PER_MINUTE, CONCURRENT = 192.0, 3


class PostHogConnector(Connector):
    """One project of PostHog Cloud, or of a PostHog of one's own."""

    name = "posthog"
    config_model = PostHogConfig
    webhook = PostHogWebhook
    capabilities = Capabilities(
        answers_writes=True,
        find_by_key=True,
        deletes=("delete",),
        bulk_fetch=PAGE,
        residual_window=True,
    )

    def __init__(self, config: PostHogConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        events = ingestion_host(config.base_url)
        self.client = client = Client(transport, config.scope.project, events)
        base, group_type = config.base_url, config.scope.group_type
        kinds: Sequence[Kind] = (
            Features(client, base),
            Annotations(client, base),
            Groups(client, base, clock, group_type),
            Persons(client, base, clock),
            Responses(client, base, group_type),
        )
        self._kinds = {kind.name: kind for kind in kinds}

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        if not isinstance(config, PostHogConfig):
            raise Misconfigured(f"{connection} is not configured for PostHog; nothing was sent.")
        key = config.auth.personal_api_key
        if key.reveal().startswith(TOKEN):
            raise Misconfigured(
                f"{connection}: personal_api_key holds a project token ({TOKEN}…), which can only "
                "capture events. Nothing was sent; make a personal API key in PostHog's settings."
            )
        per_minute = config.limits.requests_per_minute or PER_MINUTE
        transport = Transport(
            connection=connection,
            base_url=config.base_url,
            limits=Limits(per_minute, config.limits.concurrent or CONCURRENT),
            clock=clock,
            headers={"Authorization": Secret(f"Bearer {key.reveal()}")},
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
            allowed_hosts=[events] if (events := ingestion_host(config.base_url)) else [],
        )
        return cls(config, transport, clock)

    async def describe(self) -> Schema:
        return await describe(self.client, self._config, list(self._kinds.values()))

    def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        return self._kind(record).changes(cursor)

    def census(self, record: str) -> AsyncIterator[CensusPage]:
        return self._kind(record).census()

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return await self._kind(record).fetch(ids)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._kind(record).creates(items)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._kind(record).updates(items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return await self._kind(record).find(items)

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how not in self.capabilities.deletes:
            reason = f"PostHog cannot {how} a record; it can only delete it"
            return [Outcome(Result.REJECTED, id=id, reason=reason) for id in ids]
        return await outcomes(ids, self._kind(record).remove)

    def requests(self) -> Mapping[str, int]:
        return dict(self.client.transport.log.counts)

    async def aclose(self) -> None:
        await self.client.transport.aclose()

    def _kind(self, record: str) -> Kind:
        kind = self._kinds.get(record)
        if kind is None:
            raise Misconfigured(
                f"PostHog has no record {record!r} here, but {', '.join(self._kinds)}. Nothing was "
                "sent; correct the sync's side."
            )
        return kind
