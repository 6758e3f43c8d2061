"""Versions of the projects in scope: short lists that are read whole, and compared.

Redmine can neither be asked which versions changed nor tells who changed them and what was there
before. A project's list is one request, however long, and is as current as a reading by id. It also
shows versions that other projects share with this one; they are not ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.redmine import details
from connectors.redmine.client import Client, Version, segment
from connectors.redmine.config import RedmineConfig
from connectors.redmine.finding import SKEW
from connectors.redmine.kinds import Kind
from connectors.redmine.metadata import Metadata
from connectors.redmine.patching import Patching
from connectors.redmine.seen import Seen, digest
from connectors.redmine.version_wire import attributes_of, entry, record_of
from connectors.redmine.wire import lines
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import (
    CensusPage,
    Create,
    CreateSearch,
    FindResult,
    Found,
    Missing,
    Outcome,
    Page,
    Record,
    Result,
    Update,
)
from syncline.sdk.errors import ConnectorError, Misconfigured, NotFound, Rejected
from syncline.sdk.http import Response

SENT = ("name", "description", "due_date", "status")
"""The fields by which a version is known for the one that a create was to make."""


class Versions(Kind):
    """Versions, with a key where a custom field of versions bears the name of `key_field`."""

    name = "version"

    def __init__(self, client: Client, metadata: Metadata, config: RedmineConfig) -> None:
        self._client = client
        self._metadata = metadata
        self._config = config
        self._patching = Patching(metadata, None)

    async def details(self) -> Mapping[str, Any]:
        return await details.of_versions(self._metadata, self._config.key_field)

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """A page a project, then one with the cursor; whatever looks otherwise than it did."""
        at = Seen.parse(cursor, self._config.scope.project)
        if at is None:
            await self._metadata.me()
            projects = await self._metadata.project_ids()
            at = Seen(projects, strict=await self._metadata.refuses_strangers())
        elif not at.strict:
            await self._metadata.me()
        now: set[str] = set()
        for project in at.projects:
            shown = {digest(one): one for one in await self._of_project(project, at.projects)}
            yield Page([one for mark, one in shown.items() if mark not in at.digests])
            now |= shown.keys()
        yield Page((), at.after(now).text())

    async def census(self) -> AsyncIterator[CensusPage]:
        await self._metadata.me()
        projects = await self._metadata.project_ids()
        for project in projects:
            records = await self._of_project(project, projects)
            yield CensusPage({one.id: one.version for one in records})

    async def _of_project(self, project: str, projects: Mapping[str, int]) -> list[Record]:
        """The project's own versions."""
        try:
            rows = await self._client.versions(project)
        except NotFound as error:
            await self._metadata.me()
            why = "closed to this account or archived" if error.hidden else "not there any more"
            raise Misconfigured(
                f"The project {project!r} of the connection's scope is {why}, or its issue tracking"
                " is switched off; its versions were not read. Check the account's membership."
            ) from error
        own = [row for row in rows if row["project"]["id"] == projects[project]]
        return [self._record(row, projects) for row in own]

    def _record(self, version: Version, projects: Mapping[str, int]) -> Record:
        return record_of(version, self._config.base_url, self._config.key_field, projects)

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """Out of the lists where they are fewer than the ids; the others each by its id."""
        projects = await self._metadata.project_ids()
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Record | Missing] = {}
        if len(wanted) > len(projects):
            lists = await asyncio.gather(*(self._of_project(name, projects) for name in projects))
            found = {one.id: one for records in lists for one in records}
        alone = [id for id in wanted if id not in found]
        answers = await asyncio.gather(*(self._alone(id, projects) for id in alone))
        found |= dict(zip(alone, answers, strict=True))
        return {id: found[id] for id in ids}

    async def _alone(self, id: str, projects: Mapping[str, int]) -> Record | Missing:
        if not id.isdecimal():
            return Missing(id, gone=True, reason="not a version's number")
        try:
            answer = await self._client.get(f"/versions/{segment(id)}.json")
        except NotFound as error:
            # Without a good key a private project's versions answer like this too.
            await self._metadata.me()
            return Missing(id, gone=not error.hidden, reason=str(error))
        return self._record(answer["version"], projects)

    async def create(self, items: Sequence[Create]) -> Sequence[Outcome]:
        await self._metadata.project_ids()
        return await outcomes(items, self._create)

    async def _create(self, item: Create) -> Outcome:
        """One POST, answered with the version."""
        project = await self._project(item.fields)
        patch = {name: value for name, value in item.fields.items() if name != "project"}
        attributes = await attributes_of(patch, self._metadata)
        marks = await self._mark(item.key)
        if marks:
            attributes["custom_fields"] = [*attributes.get("custom_fields", ()), *marks]
        body = {"version": attributes}
        response = await self._write("POST", f"/projects/{project}/versions.json", body)
        projects = await self._metadata.project_ids()
        record = self._record(response.json()["version"], projects)
        return Outcome.applied(record.id, record)

    async def _project(self, fields: Mapping[str, Any]) -> int:
        if "project" in fields:
            return await self._patching.project(fields["project"])
        return next(iter((await self._metadata.project_ids()).values()))

    async def _mark(self, key: str) -> list[dict[str, object]]:
        """The entry that holds the key; none where versions have no such field."""
        if self._config.key_field is None:
            return []
        try:
            return [await entry(self._metadata, self._config.key_field, key)]
        except Rejected:
            return []

    async def update(self, items: Sequence[Update]) -> Sequence[Outcome]:
        """One PUT each; then they are read as they are now, since Redmine answers with nothing."""
        await self._metadata.project_ids()
        told = await in_order(items, lambda item: item.id, self._update)
        written = [o.id for o in told if o.result is Result.APPLIED and o.id is not None]
        try:
            shown = await self.fetch(written)
        except ConnectorError:
            return told  # what was written stays written; the engine reads it later
        return [
            replace(o, record=now)
            if o.result is Result.APPLIED and isinstance(now := shown.get(o.id or ""), Record)
            else o
            for o in told
        ]

    async def _update(self, item: Update) -> Outcome:
        attributes = await attributes_of(item.patch, self._metadata)
        await self._write("PUT", f"/versions/{segment(item.id)}.json", {"version": attributes})
        return Outcome.applied(item.id)

    async def _write(self, method: str, path: str, body: Mapping[str, object]) -> Response:
        try:
            return await self._client.write(method, path, body)
        except Rejected as error:
            raise _without_right(error) from error

    async def remove(self, ids: Sequence[str]) -> Sequence[Outcome]:
        """One DELETE each, for good; Redmine keeps a version that something else names."""
        return await outcomes(ids, self._remove)

    async def _remove(self, id: str) -> Outcome:
        path = f"/versions/{segment(id)}.json"
        try:
            response = await self._client.transport.request("DELETE", path, ok=(200, 204, 422))
        except Rejected as error:
            raise _without_right(error) from error
        if response.status == 422:
            raise Rejected(
                f"Redmine keeps version {id}: it has issues or files, or a custom field names it."
                " It stays as it is; give its issues another version, then delete it in Redmine.",
                status=422,
            )
        return Outcome.applied(id)

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        """Out of the lists, read once for all."""
        projects = await self._metadata.project_ids()
        lists = [await self._of_project(project, projects) for project in projects]
        records = [one for own in lists for one in own]
        names = {name: p["name"] for name, p in (await self._metadata.projects()).items()}
        return [_found(item, records, names) for item in items]


def _found(
    search: CreateSearch, records: Sequence[Record], projects: Mapping[str, str]
) -> FindResult:
    """The version that a create made, by its key; else by its name, which a project has once.

    One of that name that was there before, or has another key, was in our way: it is not ours.
    """
    marked = [one for one in records if one.marker == search.key]
    if len(marked) == 1:
        return FindResult(Found.YES, marked[0])
    if marked:
        ids = ", ".join(one.id for one in marked)
        return FindResult(Found.UNKNOWN, reason=f"the key is in versions {ids}: some are copies")
    said = search.fields.get("project", next(iter(projects)))
    place = projects.get(str(said), said)
    for one in records:
        since = one.created_at is not None and one.created_at >= search.since - SKEW
        named = one.fields["name"] == search.fields.get("name") and one.fields["project"] == place
        if named and since and not one.marker:
            if all(_same(one.fields[n], search.fields[n]) for n in SENT if n in search.fields):
                return FindResult(Found.YES, one)
            return FindResult(Found.UNKNOWN, reason=f"it may be version {one.id}, made since")
    return FindResult(Found.NO, reason="no version of that name has been made since")


def _same(shown: object, sent: object) -> bool:
    return lines(str(shown or "")) == lines(str(sent or ""))


def _without_right(error: Rejected) -> Rejected:
    """A 403 says no more than that: the right that is missing is named."""
    if error.status != 403:
        return error
    return Rejected(
        "The account may not change versions of this project: its role lacks 'Manage versions'."
        " Nothing was written; an administrator can grant it.",
        status=403,
    )
