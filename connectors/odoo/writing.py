"""Creates, many in one request; updates, one each; and removals.

Odoo makes the records of one `create` in one transaction, so a refusal of one refuses all: they are
then sent one by one, and each has its own answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.odoo.client import Client, Row
from connectors.odoo.metadata import Metadata
from connectors.odoo.patching import Patching, shows
from connectors.odoo.people import People
from connectors.odoo.records import RecordType
from connectors.odoo.wire import WireShape
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import Create, Outcome, Record, Result, Update
from syncline.sdk.errors import (
    AuthRequired,
    Conflict,
    ConnectorError,
    Misconfigured,
    NotFound,
    Rejected,
)

BULK = 50

Values = Mapping[str, Any]


class Writing:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        people: People,
        shape: WireShape,
        key_field: str | None,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._people = people
        self._patching = Patching(metadata, people)
        self._shape = shape
        self._key_field = key_field

    async def rows(self, kind: RecordType, ids: Sequence[int]) -> dict[str, Row]:
        """Records as they are now, by id; hidden and deleted ones are left out."""
        absent = await self._metadata.absent(kind)
        asked = kind.specification(self._key_field, absent)
        rows = await self._client.all(kind.model, [["id", "in", list(ids)]], asked) if ids else []
        await self._people.know_all(kind, rows)
        return {str(row["id"]): row for row in rows}

    async def records(self, kind: RecordType, ids: Sequence[int]) -> dict[str, Record]:
        """The same as records."""
        projects = await self._metadata.projects()
        rows = await self.rows(kind, ids)
        return {id: self._shape.record(kind, row, projects) for id, row in rows.items()}

    async def create(self, kind: RecordType, items: Sequence[Create]) -> list[Outcome]:
        """Each made once, in the order given, with the record as it then is."""
        prepared: list[tuple[int, Values]] = []

        async def prepare(place: int) -> Outcome:
            prepared.append((place, await self._new(kind, items[place])))
            return Outcome(Result.AMBIGUOUS)

        told = await outcomes(range(len(items)), prepare)
        prepared.sort(key=lambda entry: entry[0])
        for at in range(0, len(prepared), BULK):
            chunk = prepared[at : at + BULK]
            made = await self._make(kind, [values for _, values in chunk])
            for (place, _), outcome in zip(chunk, made, strict=True):
                told[place] = outcome
        return await self._shown(kind, told)

    async def _new(self, kind: RecordType, item: Create) -> dict[str, Any]:
        values = dict(kind.new)
        if kind.record == "task":
            projects = await self._metadata.projects()
            if not projects:
                raise Rejected("New tasks need a project: name one under `scope: {project: …}`.")
            values["project_id"] = next(iter(projects.values()))
        values |= await self._patching.values(
            kind, item.fields, {}, None, project=values.get("project_id")
        )
        if self._key_field:
            values[self._key_field] = item.key
        return values

    async def _make(self, kind: RecordType, values: Sequence[Values]) -> list[Outcome]:
        try:
            ids = await self._client.write(
                kind.model, "create", items=len(values), vals_list=list(values)
            )
        except (AuthRequired, Misconfigured):
            raise
        except ConnectorError as error:
            refused = isinstance(error, Rejected | NotFound)
            if refused and len(values) > 1:
                return [(await self._make(kind, [one]))[0] for one in values]
            if isinstance(error, NotFound):
                return [Outcome(Result.REJECTED, reason=str(error))]
            return [Outcome.of_error(error) for _ in values]
        return [Outcome.applied(str(id)) for id in ids]

    async def update(self, kind: RecordType, items: Sequence[Update]) -> list[Outcome]:
        """Each patch for itself; every answer shows the records as they are then."""
        looking = [int(i.id) for i in items if self._patching.looks(kind, i.patch)]
        rows = await self.rows(kind, looking)

        async def one(item: Update) -> Outcome:
            return await self._update(kind, item, rows.get(item.id))

        return await self._shown(kind, await outcomes(items, one))

    async def _update(self, kind: RecordType, item: Update, row: Row | None) -> Outcome:
        if row is not None and (moved := shows(self._shape.fields(kind, row), item.expected)):
            raise Conflict(
                f"The {kind.record} {item.id} has changed in {', '.join(moved)} since it was read."
            )
        if row is None and self._patching.looks(kind, item.patch):
            await self._vouch(kind, item.id)
        values = await self._patching.values(kind, item.patch, item.expected, row)
        if values:
            await self._send(kind, item.id, "write", vals=values)
        return Outcome.applied(item.id)

    async def remove(self, kind: RecordType, ids: Sequence[str], how: str) -> list[Outcome]:
        """Archive, or delete for good."""

        async def one(id: str) -> Outcome:
            if how == "archive":
                await self._send(kind, id, "write", vals=dict(kind.archived))
            else:
                await self._send(kind, id, "unlink")
            return Outcome.applied(id)

        return await outcomes(ids, one)

    async def _send(self, kind: RecordType, id: str, method: str, **arguments: Any) -> None:
        try:
            await self._client.write(kind.model, method, ids=[int(id)], **arguments)
        except NotFound as error:
            # Odoo says the same of a record that the values name.
            await self._vouch(kind, id)
            raise Rejected(str(error), status=error.status) from error

    async def _vouch(self, kind: RecordType, id: str) -> None:
        """Raises NotFound unless there is such a record that this account sees."""
        if not await self._client.exists(kind.model, id):
            raise NotFound(f"The {kind.record} {id} is gone; nothing was written.")

    async def _shown(self, kind: RecordType, told: list[Outcome]) -> list[Outcome]:
        written = [int(o.id) for o in told if o.result is Result.APPLIED and o.id is not None]
        try:
            records = await self.records(kind, written) if written else {}
        except ConnectorError:
            return told  # what was written stays written; the engine reads it later
        return [replace(o, record=records.get(o.id)) if o.id in records else o for o in told]
