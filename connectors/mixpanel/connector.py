"""The Mixpanel connector: annotations, group profiles and user profiles of one project.

What Mixpanel lacks decides what is claimed here. Nothing can be asked for changes, so lists are
read whole; nothing has a condition for a write or a history, so a window remains at each; and what
is taken in is shown later, so a profile's write counts when it is shown. What is scarce are
questions: sixty an hour for a whole project. So profiles go in bulk, and a pass is one question.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Self

from connectors.mixpanel.annotations import Annotations
from connectors.mixpanel.client import BATCH, Budget, Client
from connectors.mixpanel.config import MixpanelConfig
from connectors.mixpanel.kinds import Kind
from connectors.mixpanel.profiles import About, Profiles
from connectors.mixpanel.usage import Usage
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

# A member of Mixpanel's staff: "sometimes it takes some minutes to have the updated value under
# user profiles" (mixpanel/mixpanel-android#665).
SEARCH_LAG = timedelta(minutes=10)
# Mixpanel states no limit for annotations, and one that nobody here reaches for what it takes in.
PER_MINUTE = 60.0
# 80 % of the five queries that run at once (docs.mixpanel.com, "Rate Limits").
CONCURRENT = 4


class MixpanelConnector(Connector):
    """One project of Mixpanel's."""

    name: ClassVar[str] = "mixpanel"
    config_model: ClassVar[type[ConnectionConfig]] = MixpanelConfig
    capabilities = Capabilities(
        answers_writes=True,
        find_by_key=True,
        search_lag=SEARCH_LAG,
        deletes=("delete",),
        bulk_create=BATCH,
        bulk_update=BATCH,
        bulk_fetch=BATCH,
        residual_window=True,
    )

    def __init__(self, config: MixpanelConfig, client: Client, clock: Clock) -> None:
        self._config = config
        self._client = client
        kinds: Sequence[Kind] = (Annotations(client), *_profiles(config, client, clock))
        self._kinds = {kind.name: kind for kind in kinds}
        if config.search_lag is not None:
            self.capabilities = replace(type(self).capabilities, search_lag=config.search_lag)

    def capabilities_of(self, record: str) -> Capabilities:
        """A profile is read before it is written anyway, and held against what is expected."""
        profile = isinstance(self._kinds.get(record), Profiles)
        return replace(self.capabilities, conditional_update=profile)

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        if not isinstance(config, MixpanelConfig):
            raise Misconfigured(f"{connection} is not configured for Mixpanel; nothing was sent.")
        auth, limits = config.auth, config.limits
        concurrent = limits.concurrent or CONCURRENT
        paced = Limits(limits.requests_per_minute or PER_MINUTE, concurrent)

        def transport(base_url: str, rate: Limits, *, signed: bool) -> Transport:
            return Transport(
                connection=connection,
                base_url=base_url,
                limits=rate,
                clock=clock,
                basic_auth=(auth.username, auth.secret) if signed else None,
                private_network=config.private_network,
                read_only=config.read_only,
                ca_file=config.ca_file,
                retry_reads=1,  # each try is one of an hour's queries
            )

        client = Client(
            app=transport(config.base_url, paced, signed=True),
            queries=transport(config.base_url, Limits(None, concurrent), signed=True),
            ingestion=transport(config.ingestion_url, paced, signed=False),
            budget=Budget(connection, config.queries_per_hour, clock),
            project=config.scope.project,
            token=auth.project_token,
        )
        return cls(config, client, clock)

    async def describe(self) -> Schema:
        await self._client.about()
        return Schema(
            account=f"{self._config.base_url} project {self._config.scope.project}",
            version="1",
            records={name: kind.schema for name, kind in self._kinds.items()},
            text_format="plain",
        )

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
            reason = f"Mixpanel cannot {how} a record; it can only delete it"
            return [Outcome(Result.REJECTED, id=id, reason=reason) for id in ids]
        return await self._kind(record).remove(ids)

    def requests(self) -> Mapping[str, int]:
        return self._client.requests()

    async def aclose(self) -> None:
        await self._client.aclose()

    def _kind(self, record: str) -> Kind:
        kind = self._kinds.get(record)
        if kind is None:
            raise Misconfigured(
                f"Mixpanel has no record {record!r} here, but {', '.join(self._kinds)}. Nothing "
                "was sent; correct the sync's side, or name the group under the connection's scope."
            )
        return kind


def _profiles(config: MixpanelConfig, client: Client, clock: Clock) -> Sequence[Profiles]:
    """User profiles, and those of the group that the connection names."""
    users, group = config.scope.users, config.scope.group
    about = About(
        name="user",
        path="distinct_id",
        endpoint="engage",
        id_key="$distinct_id",
        # Otherwise "Updated at" would say that somebody was there.
        constant={"$ignore_time": True},
        # Otherwise a duplicate's delete is one of the profile whose alias its id is.
        at_last={"$ignore_alias": True},
        question={},
    )
    named = {"$name": "text", "$email": "text", **users.fields}
    found = [Profiles(client, clock, about, named, users.only)]
    if group is not None:
        about = About(
            name="group",
            path="group_id",
            endpoint="groups",
            id_key="$group_id",
            constant={"$group_key": group.key},
            at_last={},
            question={"data_group_id": group.data_group_id},
        )
        named = {"$name": "text", **group.fields}
        usage = None
        if group.usage:
            usage = Usage(client, clock, group.key, config.timezone, group.usage)
        found.append(Profiles(client, clock, about, named, group.only, usage))
    return found
