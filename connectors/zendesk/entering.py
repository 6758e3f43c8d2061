"""Writing organizations and users: once each, alone or in jobs (see `bulk`).

A create carries its key as `external_id`, which Zendesk keeps unique, and which is looked up by a
call that does not lag. Zendesk has no condition for an update: what is to be changed is read right
before, and refused where it shows something else than was planned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.zendesk.bulk import Bulk
from connectors.zendesk.cards import values
from connectors.zendesk.client import INVALID, Client, Row, chunks
from connectors.zendesk.directory import Directory
from connectors.zendesk.jobs import Jobs
from connectors.zendesk.metadata import Metadata
from connectors.zendesk.wire import moved
from syncline.sdk.batches import in_order
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FindResult,
    Found,
    Missing,
    Outcome,
    Record,
    Update,
    Wire,
)
from syncline.sdk.errors import Ambiguous, Conflict, ConnectorError, NotFound, Rejected, Retriable
from syncline.sdk.http import Response


@dataclass(frozen=True, slots=True)
class _Making:
    """A create and what Zendesk is sent for it."""

    item: Create
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Patching:
    """An update, what Zendesk is sent for it, and the record that it was compared with."""

    item: Update
    body: dict[str, Any]
    shown: Record


class Entry:
    """Writes one kind for one connection."""

    def __init__(
        self, client: Client, metadata: Metadata, directory: Directory, jobs: Jobs
    ) -> None:
        self._kind = directory.kind
        self._client = client
        self._metadata = metadata
        self._directory = directory
        self._jobs = jobs
        self._bulk = Bulk(jobs, directory.fetch)

    async def create(self, items: Sequence[Create]) -> list[Outcome]:
        """Make records, each with its key; nobody is mailed."""

        async def prepared(item: Create) -> _Making:
            body = await self._body(values(item.fields), {}, new=True)
            return _Making(item, {**body, **self._kind.made_with, "external_id": item.key})

        return await self._bulk.written(items, prepared, self._make, self._make_many)

    async def update(self, items: Sequence[Update]) -> list[Outcome]:
        """Patch records: a request for a hundred to see whether they are still as planned."""
        if len({item.id for item in items}) < len(items):
            # Two patches of one record: the second one is compared with what the first one left.
            async def alone(item: Update) -> Outcome:
                return (await self.update([item]))[0]

            return await in_order(items, lambda item: item.id, alone)
        shown = await self._directory.fetch([item.id for item in items])

        async def prepared(item: Update) -> _Patching:
            now = self._still(item, shown[item.id])
            return _Patching(item, await self._body(item.patch, now.fields), now)

        return await self._bulk.written(items, prepared, self._patch, self._patch_many)

    async def find(self, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Records by their keys, a hundred in a request."""
        made: dict[str, Record] = {}
        for some in chunks([item.key for item in items]):
            made |= await self._directory.by_keys(some)
        if len(made) < len(items) and await self._jobs.creating():
            raise Retriable(
                f"Zendesk is still at work on a job that makes records, so a {self._kind.name} "
                "that is not there may come yet. Syncline looks again in the next pass."
            )
        return [
            FindResult(Found.YES, made[item.key])
            if item.key in made
            else FindResult(Found.NO, reason=f"no {self._kind.name} has this external id")
            for item in items
        ]

    def _still(self, item: Update, shown: Record | Missing) -> Record:
        if not isinstance(shown, Record) or shown.deleted:
            raise NotFound(f"{self._kind.name} {item.id} is gone or hidden")
        if paths := moved(item.expected, shown.fields):
            raise Conflict(f"{self._kind.name} {item.id} shows another value of {', '.join(paths)}")
        return shown

    async def _body(self, patch: Wire, shown: Wire, *, new: bool = False) -> dict[str, Any]:
        """Zendesk drops a value of a field that it does not know without a word."""
        kind = self._kind
        if keys := patch.get(kind.custom):
            await self._metadata.check_keys(kind, keys)
        link = await self._metadata.link_key(kind) if "reference" in patch else None
        return self._directory.cards.body(patch, shown, link, new=new)

    async def _make(self, sent: _Making) -> Outcome:
        kind = self._kind
        try:
            answer = await self._client.write("POST", kind.path, {kind.name: sent.body})
        except Rejected as error:
            # Refused because of what an earlier sending of this create has made, or a stranger.
            made = await self._directory.by_keys([sent.item.key])
            if record := made.get(sent.item.key):
                return Outcome.applied(record.id, record)
            raise Rejected(
                f"Zendesk refused the {kind.name}: {error}. Nothing was made. Where another one "
                "has its name or address, link the record with that, or change either.",
                status=error.status,
            ) from error
        return await self._applied(answer)

    async def _make_many(self, some: Sequence[_Making]) -> list[Outcome]:
        return await self._bulk.made(self._kind.path, self._kind.many, some, self._make)

    async def _patch(self, sent: _Patching) -> Outcome:
        kind, item = self._kind, sent.item
        if not sent.body:  # nothing to change, and Zendesk would count it as a change
            return Outcome.applied(item.id, sent.shown)
        try:
            answer = await self._client.write(
                "PUT", f"{kind.path}/{item.id}", {kind.name: sent.body}
            )
        except Rejected as error:
            if error.status != INVALID:
                raise
            raise Rejected(
                f"{kind.name.capitalize()} {item.id}: Zendesk refused the change: {error}. Nothing "
                "of it was written; it is sent again when the value changes or is retried.",
                status=INVALID,
            ) from error
        return await self._applied(answer)

    async def _patch_many(self, some: Sequence[_Patching]) -> list[Outcome]:
        return await self._bulk.patched(self._kind.path, self._kind.many, some, self._patch)

    async def _applied(self, answer: Response) -> Outcome:
        told = answer.json()
        row = told.get(self._kind.name) if isinstance(told, Mapping) else None
        if not isinstance(row, Mapping) or "id" not in row:
            raise Ambiguous(
                f"Zendesk answered a write with something else than the {self._kind.name}."
            )
        return Outcome.applied(str(row["id"]), await self._as_record(row))

    async def _as_record(self, row: Row) -> Record | None:
        """The record of what was written; none where its fields' names cannot be read now."""
        try:
            (record,) = await self._directory.records([row])
        except ConnectorError:
            return None
        return record
