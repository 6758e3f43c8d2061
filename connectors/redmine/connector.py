"""The Redmine connector: issues of the projects in scope.

What Redmine cannot do decides what is claimed here. It has no compare-and-set and answers a PUT
with nothing, so the engine reads around each write; it has no tombstones, so deletions show only in
a census; and it drops what an account may not set without a word. Its journal, on the other hand,
names who changed which field when, and the value a save replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Self

from connectors.redmine import describing, history
from connectors.redmine.client import PAGE, Client, Issue
from connectors.redmine.config import RedmineConfig
from connectors.redmine.cursor import Position
from connectors.redmine.files import Files
from connectors.redmine.finding import Finding
from connectors.redmine.links import Links
from connectors.redmine.metadata import Metadata
from connectors.redmine.notes import Notes
from connectors.redmine.patching import Patching
from connectors.redmine.people import People
from connectors.redmine.reading import Changes, by_id, in_projects
from connectors.redmine.rights import Rights
from connectors.redmine.wire import WireShape
from connectors.redmine.workflow import Workflow
from connectors.redmine.writing import Writing
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
        shows_links=True,
        bulk_fetch=PAGE,
        residual_window=True,
    )

    def __init__(self, config: RedmineConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._lookback = max(config.search_lag or LOOKBACK, timedelta(seconds=1))
        self.capabilities = replace(type(self).capabilities, search_lag=self._lookback)
        self.client = client = Client(transport)
        self._metadata = metadata = Metadata(client, config.scope.project)
        self._rights = Rights(client, metadata)
        self._shape = WireShape(
            config.base_url,
            config.key_field,
            config.link_field,
            private_issues=config.private_issues == "sync",
        )
        private = config.internal_notes == "private"
        self._notes = Notes(client, metadata, self._rights, private=private)
        self._files = Files(client, metadata, cautious=private)
        self._people = People(client, metadata)
        self._links = Links(client, metadata, self._notes, config.link_field, config.markup)
        self._writing = Writing(
            client,
            metadata,
            Patching(metadata, config.link_field),
            Workflow(client, metadata),
            self._shape,
            config.key_field,
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
            ca_file=config.ca_file,
        )
        return cls(config, transport, clock)

    async def describe(self) -> Schema:
        return await describing.describe(self._metadata, self._rights, self._config)

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        """As promised; in a new process one request more where a bad key reads as nobody's."""
        at = Position.parse(cursor, self._config.scope.project)
        if at is None:
            await self._metadata.me()
            projects = await self._metadata.project_ids()
            at = Position(projects, strict=await self._metadata.refuses_strangers())
        elif not at.strict:
            await self._metadata.me()
        reading = Changes(self.client, self._clock, self._lookback, at)
        async for issues in reading.pages():
            records = [self._shape.record(issue, at.projects) for issue in issues]
            yield Page(records, reading.at.text())

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        await self._metadata.me()
        at = Position(await self._metadata.project_ids(), strict=True)
        async for issues in by_id(self.client, in_projects(at)):
            records = [self._shape.record(issue, at.projects) for issue in issues]
            yield CensusPage({r.id: r.version for r in records if r.in_scope})

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """A hundred in one request; of those not in it, each is asked whether it is gone."""
        projects = await self._metadata.project_ids()
        issues = await self.client.by_id([id for id in dict.fromkeys(ids) if id.isdecimal()])
        unseen = [id for id in dict.fromkeys(ids) if id not in issues]
        answers = await asyncio.gather(*(self._alone(id) for id in unseen))
        missing: dict[str, Missing] = {}
        for id, answer in zip(unseen, answers, strict=True):
            if isinstance(answer, Missing):
                missing[id] = answer
            else:
                issues[id] = answer
        shown = {id: self._shape.record(issue, projects) for id, issue in issues.items()}
        return {id: shown.get(id) or missing[id] for id in ids}

    async def _alone(self, id: str) -> Issue | Missing:
        if not id.isdecimal():
            return Missing(id, gone=True, reason="not an issue's number")
        try:
            return await self.client.issue(id, "")
        except NotFound as error:
            # Without a good key a private project's issues answer like this too.
            await self._metadata.me()
            return Missing(id, gone=not error.hidden, reason=str(error))

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        await self._metadata.project_ids()
        return await outcomes(items, self._writing.create)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        await self._metadata.project_ids()
        return await self._writing.updates(items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        projects = await self._metadata.project_ids()
        finding = Finding(
            self.client,
            self._metadata,
            self._config.key_field,
            lambda issue: self._shape.record(issue, projects),
        )
        return await asyncio.gather(*map(finding.find, items))

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        found = await asyncio.gather(*(self._history(id, since) for id in ids))
        return dict(zip(ids, found, strict=True))

    async def _history(self, id: str, since: datetime) -> Sequence[Change]:
        try:
            issue = await self.client.issue(id, "journals")
        except NotFound:
            return ()
        return await history.changes(issue, since, await self._metadata.my_id(), self._metadata)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._notes.of_issues(ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.record_id, self._notes.add)

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return await outcomes(items, self._notes.edit)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        return await self._files.of_issues(list(ids))

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
        await self.client.transport.aclose()
