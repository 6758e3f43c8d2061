"""The Jira connector: issues of the projects in scope, in Jira Cloud or Jira Data Center.

What Jira cannot do decides what is claimed here. It has no compare-and-set and answers most writes
with nothing, so the engine reads around each write. Its searches lag behind, so they give hints and
ids, and a create whose answer was lost is believed absent only after the lag. It has no tombstones,
and answers alike for what is gone and what is hidden. Its changelog names who changed which field
when, with both values. How the two deployments differ in what they write is in `dialect`, and in
what they can be asked in `client` and `data_center`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from connectors.jira import data_center, history
from connectors.jira.client import (
    FETCH,
    LOGIN_REASON,
    RATE_HEADERS,
    RATE_REASON,
    Client,
    rate_scope,
)
from connectors.jira.comments import Comments
from connectors.jira.config import JiraConfig
from connectors.jira.cursor import Position
from connectors.jira.data_center import DataCenterClient
from connectors.jira.describing import Describer
from connectors.jira.details import details
from connectors.jira.dialect import CLOUD, DATA_CENTER
from connectors.jira.fields import Fields
from connectors.jira.files import Files
from connectors.jira.finding import Finding
from connectors.jira.links import Links
from connectors.jira.metadata import Metadata
from connectors.jira.package import Package
from connectors.jira.patching import Patching
from connectors.jira.people import People
from connectors.jira.reading import Changes, census
from connectors.jira.screens import Screens
from connectors.jira.webhook import JiraWebhook
from connectors.jira.wire import ASKED, WireShape
from connectors.jira.workflow import Workflow
from connectors.jira.writing import MOST_CREATES, Writing
from syncline.sdk.batches import in_order, outcomes
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
from syncline.sdk.errors import Misconfigured, NotFound
from syncline.sdk.http import Limits, Transport
from syncline.sdk.secrets import Secret

SEARCH_LAG = timedelta(minutes=2)
# 80 % of the smallest burst limit, 50 a second for PUT on one endpoint.
PER_MINUTE = 2400.0
CONCURRENT = 8


class JiraConnector(Connector):
    """Jira Cloud by REST API v3, Jira Data Center by v2."""

    name = "jira"
    config_model = JiraConfig
    webhook = JiraWebhook
    capabilities = Capabilities(
        answers_writes=True,
        find_by_key=True,
        search_lag=SEARCH_LAG,
        history=True,
        edits_comments=True,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        attachments=True,
        shows_links=True,
        bulk_create=MOST_CREATES,
        bulk_fetch=FETCH,
        residual_window=True,
    )

    def __init__(self, config: JiraConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._lag = SEARCH_LAG if config.search_lag is None else config.search_lag
        most = type(self).capabilities
        self.capabilities = replace(
            most,
            search_lag=self._lag,
            visibilities=most.visibilities if config.service_desk else (Visibility.INTERNAL,),
            bulk_fetch=FETCH if config.deployment == "cloud" else 1,
        )
        self._scope = scope = config.scope.project
        self.client = client = (
            Client(transport, clock.now, CLOUD)
            if config.deployment == "cloud"
            else DataCenterClient(transport, clock.now, DATA_CENTER)
        )
        dialect = client.dialect
        self._package = package = Package(client, config.base_url)
        self._metadata = metadata = Metadata(client, package, scope, config.custom_fields)
        self._shape = shape = WireShape(config.web_url or config.base_url, scope)
        self._describer = Describer(client, metadata, config)
        self._comments = Comments(client, metadata, service_desk=config.service_desk)
        self._files = Files(client, metadata)
        self._people = People(client)
        self._links = Links(client, package)
        self._finding = Finding(client, clock, shape)
        workflow = Workflow(client, package, Screens(config.transition_fields, dialect))
        self._writing = Writing(client, metadata, Patching(metadata, dialect), workflow, shape)

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet."""
        if not isinstance(config, JiraConfig):
            raise Misconfigured(f"{connection} is not configured for Jira; nothing was sent.")
        return cls(config, _transport(connection, config, clock), clock)

    async def describe(self) -> Schema:
        return await self._describer.describe()

    async def details(self, record: str) -> Mapping[str, Any]:
        """Ids of fields and options, what each type requires, and the steps of workflows."""
        return await details(self._metadata, self.client, self._scope)

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        at = Position.parse(cursor, self._scope)
        if at is None:
            at = Position(self._scope, await self._metadata.fields())
        elif known := self._metadata.known_fields:
            at = replace(at, fields=known)
        reading = Changes(self.client, self._clock, self._lag, at)
        async for issues in reading.pages():
            me = await self._metadata.my_id() if issues else ""
            marked = await self.client.marked(issues, me, at.since)
            records = [self._shape.record(issue, at.fields) for issue in marked]
            yield Page(records, reading.at.text())

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        await self._metadata.projects()
        async for page in census(self.client, self._scope):
            yield CensusPage(page)

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """A hundred in one request; one that is not in it is asked for alone."""
        fields = await self._metadata.fields()
        asked = (*ASKED, *fields.ids)
        issues = await self.client.by_id([i for i in dict.fromkeys(ids) if i.isdecimal()], asked)
        unseen = [id for id in dict.fromkeys(ids) if id not in issues]
        answers = await asyncio.gather(*(self._alone(id, fields) for id in unseen))
        shown = {id: self._shape.record(issue, fields) for id, issue in issues.items()}
        found = {**dict(zip(unseen, answers, strict=True)), **shown}
        if any(isinstance(answer, Missing) and answer.gone for answer in answers):
            # Of a project that is closed to the account Jira also says that nothing is there.
            await asyncio.gather(*map(self._metadata.project, self._scope))
        return {id: found[id] for id in ids}

    async def _alone(self, id: str, fields: Fields) -> Record | Missing:
        if not id.isdecimal():
            return Missing(id, gone=True, reason="not an issue's number")
        try:
            issue = await self.client.get(
                f"/issue/{id}", fields=",".join((*ASKED, *fields.ids)), properties="syncline"
            )
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))
        return self._shape.record(issue, fields)

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return await self._writing.creates(items, await self._metadata.fields())

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await self._writing.updates(items, await self._metadata.fields())

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return await self._finding.find(items, await self._metadata.fields())

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        fields, me = await self._metadata.fields(), await self._metadata.my_id()
        return await history.changes(self.client, fields, ids, since, me)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._comments.of_issues(ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.record_id, self._comments.add)

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return await outcomes(items, self._comments.edit)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        return await self._files.of_issues(ids)

    async def download(self, record: str, attachment: Attachment) -> bytes:
        return await self._files.content(attachment, self.capabilities.max_attachment_bytes)

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.record_id, self._files.add)

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        return await self._links.show(cards, gone)

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_id(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        return dict(self.client.transport.log.counts)

    async def aclose(self) -> None:
        self._package.close()
        await self.client.transport.aclose()


def _transport(connection: str, config: JiraConfig, clock: Clock) -> Transport:
    limits, auth = config.limits, config.auth
    if auth.email is not None and auth.api_token is not None:
        return Transport(
            connection=connection,
            base_url=config.base_url,
            limits=Limits(
                limits.requests_per_minute or PER_MINUTE, limits.concurrent or CONCURRENT
            ),
            clock=clock,
            basic_auth=(auth.email, auth.api_token),
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
            rate_headers=RATE_HEADERS,
            rate_scope=rate_scope,
            telling=(LOGIN_REASON, RATE_REASON),
        )
    assert auth.token is not None  # the configuration sees to it
    return Transport(
        connection=connection,
        base_url=config.base_url,
        limits=Limits(limits.requests_per_minute, limits.concurrent or data_center.CONCURRENT),
        clock=clock,
        headers={"Authorization": Secret(f"Bearer {auth.token.reveal()}")},
        private_network=config.private_network,
        read_only=config.read_only,
        ca_file=config.ca_file,
        rate_headers=data_center.RATE_HEADERS,
        telling=(LOGIN_REASON,),
    )
