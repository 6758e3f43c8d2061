"""Issues: read by their time of change, written with their workflow, told by their journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.redmine import details, history
from connectors.redmine.client import Client, Issue
from connectors.redmine.config import RedmineConfig
from connectors.redmine.cursor import Position
from connectors.redmine.files import Files
from connectors.redmine.finding import Finding
from connectors.redmine.kinds import Kind
from connectors.redmine.links import Links
from connectors.redmine.metadata import Metadata
from connectors.redmine.notes import Notes
from connectors.redmine.patching import Patching
from connectors.redmine.reading import Changes, by_id, in_projects
from connectors.redmine.rights import Rights
from connectors.redmine.wire import WireShape
from connectors.redmine.workflow import Workflow
from connectors.redmine.writing import Writing
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Attachment,
    CensusPage,
    Change,
    Comment,
    CommentEdit,
    Create,
    CreateSearch,
    FindResult,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Page,
    Record,
    Result,
    Update,
)
from syncline.sdk.errors import NotFound


class Issues(Kind):
    """The issues of the projects in scope."""

    name = "issue"

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        rights: Rights,
        config: RedmineConfig,
        clock: Clock,
        lookback: timedelta,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._config = config
        self._clock = clock
        self._lookback = lookback
        self._shape = WireShape(
            config.base_url,
            config.key_field,
            config.link_field,
            private_issues=config.private_issues == "sync",
        )
        private = config.internal_notes == "private"
        self._notes = Notes(client, metadata, rights, private=private)
        self._files = Files(client, metadata, cautious=private)
        self._links = Links(client, metadata, self._notes, config.link_field, config.markup)
        self._writing = Writing(
            client,
            metadata,
            Patching(metadata, config.link_field),
            Workflow(client, metadata),
            self._shape,
            config.key_field,
        )

    async def details(self) -> Mapping[str, Any]:
        return await details.of_issues(self._metadata, self._client, self._config.key_field)

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """As promised; in a new process one request more where a bad key reads as nobody's."""
        at = Position.parse(cursor, self._config.scope.project)
        if at is None:
            await self._metadata.me()
            projects = await self._metadata.project_ids()
            at = Position(projects, strict=await self._metadata.refuses_strangers())
        elif not at.strict:
            await self._metadata.me()
        reading = Changes(self._client, self._clock, self._lookback, at)
        async for issues in reading.pages():
            records = [self._shape.record(issue, at.projects) for issue in issues]
            yield Page(records, reading.at.text())

    async def census(self) -> AsyncIterator[CensusPage]:
        await self._metadata.me()
        at = Position(await self._metadata.project_ids(), strict=True)
        async for issues in by_id(self._client, in_projects(at)):
            records = [self._shape.record(issue, at.projects) for issue in issues]
            yield CensusPage({r.id: r.version for r in records if r.in_scope})

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """A hundred in one request; of those not in it, each is asked whether it is gone."""
        projects = await self._metadata.project_ids()
        issues = await self._client.by_id([id for id in dict.fromkeys(ids) if id.isdecimal()])
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
            return await self._client.issue(id, "")
        except NotFound as error:
            # Without a good key a private project's issues answer like this too.
            await self._metadata.me()
            return Missing(id, gone=not error.hidden, reason=str(error))

    async def create(self, items: Sequence[Create]) -> Sequence[Outcome]:
        await self._metadata.project_ids()
        return await outcomes(items, self._writing.create)

    async def update(self, items: Sequence[Update]) -> Sequence[Outcome]:
        await self._metadata.project_ids()
        return await self._writing.updates(items)

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        projects = await self._metadata.project_ids()
        finding = Finding(
            self._client,
            self._metadata,
            self._config.key_field,
            lambda issue: self._shape.record(issue, projects),
        )
        return await asyncio.gather(*map(finding.find, items))

    async def remove(self, ids: Sequence[str]) -> Sequence[Outcome]:
        """None: an issue takes its notes, files and journal along, for good."""
        reason = "Syncline deletes no issue of Redmine: its notes and files would go with it"
        return [Outcome(Result.REJECTED, id=id, reason=reason) for id in ids]

    async def history(self, ids: Sequence[str], since: datetime) -> Mapping[str, Sequence[Change]]:
        found = await asyncio.gather(*(self._history(id, since) for id in ids))
        return dict(zip(ids, found, strict=True))

    async def _history(self, id: str, since: datetime) -> Sequence[Change]:
        try:
            issue = await self._client.issue(id, "journals")
        except NotFound:
            return ()
        return await history.changes(issue, since, await self._metadata.my_id(), self._metadata)

    async def comments(self, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._notes.of_issues(ids)

    async def comment(self, items: Sequence[NewComment]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.record_id, self._notes.add)

    async def edit_comments(self, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return await outcomes(items, self._notes.edit)

    async def attachments(self, ids: Sequence[str]) -> Mapping[str, Sequence[Attachment]]:
        return await self._files.of_issues(list(ids))

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        return await self._files.content(attachment, limit)

    async def attach(self, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.record_id, self._files.add)

    async def show_links(
        self, cards: Sequence[LinkCard], gone: Sequence[LinkCard]
    ) -> Sequence[Outcome]:
        return await self._links.show(cards, gone)
