"""Creates, updates and removals, a hundred in one request, each with an outcome of its own.

A create is an upsert by the connection's key property, which HubSpot keeps unique: sent twice, it
makes one record. Where one bad input made HubSpot refuse a whole batch, nothing of it was applied,
and each is sent alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.hubspot.client import BATCH, TRACE, Client, Row, Written, chunks, numbers
from connectors.hubspot.config import HubSpotConfig
from connectors.hubspot.kinds import CONTACT, Kind
from connectors.hubspot.metadata import Metadata, Pipeline
from connectors.hubspot.primary import Move, Primary, company_id
from connectors.hubspot.reading import Reader
from connectors.hubspot.wire import NAME, WireShape
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FindResult,
    Found,
    Outcome,
    Result,
    Update,
    Wire,
)
from syncline.sdk.errors import AuthRequired, ConnectorError, Misconfigured, NotFound, Rejected
from syncline.sdk.redaction import redact

UPSERT, UPDATE = "upsert", "update"
_DONE = (Result.APPLIED, Result.AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class _Sent:
    """An input of a batch; `id` is the record's, where it has one yet."""

    body: dict[str, Any]
    id: str | None = None


class Writer:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        shape: WireShape,
        config: HubSpotConfig,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._shape = shape
        self._config = config
        self._primary = Primary(client, metadata)

    async def create(self, kind: Kind, items: Sequence[Create]) -> list[Outcome]:
        """Make records; each has its key in the key property, by which a lost one is found. A
        company is given by a request after it."""
        await self._has_key(kind)
        key = self._config.key_property

        async def prepared(item: Create) -> _Sent:
            company_id(item.fields.get(kind.company or ""))
            pipeline = await self._pipeline(kind, item.fields, {}, new=True)
            values = self._shape.properties(kind, without_company(kind, item.fields), pipeline, {})
            if pipeline is not None and kind.stage and kind.stage not in values:
                first = next(iter(pipeline.stages))
                values |= {kind.stage: first, str(kind.pipeline): pipeline.id}
            # Nothing is to be emptied in a record that is new.
            values = {name: value for name, value in values.items() if value != ""}
            return _Sent(
                {"idProperty": key, "id": item.key, "properties": {**values, key: item.key}}
            )

        made = await self._written(kind, UPSERT, items, prepared)
        given = {
            str(one.id): Move(str(one.id), company)
            for item, one in zip(items, made, strict=True)
            if one.result is Result.APPLIED
            and (company := company_id(item.fields.get(kind.company or "")))
        }
        if not given:
            return made
        try:
            moved = await self._primary.move(kind, list(given.values()))
        except ConnectorError as error:
            moved = [Outcome(Result.RETRY, reason=str(error))] * len(given)
        lacking = {id: one.reason for id, one in zip(given, moved, strict=True) if one.reason}
        return [
            replace(one, reason=f"made without its company: {lacking[str(one.id)]}")
            if str(one.id) in lacking
            else one
            for one in made
        ]

    async def update(self, kind: Kind, items: Sequence[Update]) -> list[Outcome]:
        """Patch records; HubSpot has no condition, so the last write wins."""
        if len({item.id for item in items}) < len(items):

            async def alone(item: Update) -> Outcome:
                return (await self.update(kind, [item]))[0]

            return await in_order(items, lambda item: item.id, alone)
        told = await self._moved(kind, [item for item in items if kind.company in item.patch])
        rest = [
            replace(item, patch=patch)
            for item in items
            if item.id not in told or told[item.id].result is Result.APPLIED
            if (patch := without_company(kind, item.patch)) or item.id not in told
        ]
        now = await self._now(kind, rest)

        async def prepared(item: Update) -> _Sent:
            if not numbers([item.id]):
                raise NotFound(f"{item.id!r} is no id of a {kind.name} in HubSpot")
            shown = now.get(item.id, {})
            pipeline = await self._pipeline(kind, item.patch, shown, new=False)
            values = self._shape.properties(kind, item.patch, pipeline, shown)
            return _Sent({"id": item.id, "properties": values}, item.id)

        written = await self._written(kind, UPDATE, rest, prepared)
        told |= zip((item.id for item in rest), written, strict=True)
        return [told[item.id] for item in items]

    async def _moved(self, kind: Kind, items: Sequence[Update]) -> dict[str, Outcome]:
        """The company of those whose patch names one, before anything else of it is written."""
        told: dict[str, Outcome] = {}
        moves: list[Move] = []
        path = str(kind.company)
        for item in items:
            try:
                before = company_id(item.expected.get(path))
                moves.append(Move(item.id, company_id(item.patch[path]), before))
            except Rejected as error:
                told[item.id] = Outcome.of_error(error)
        moved = await self._primary.move(kind, moves) if moves else []
        return told | dict(zip((one.record for one in moves), moved, strict=True))

    async def find(self, kind: Kind, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Records by their key: read by a unique property, not searched for."""
        key = self._config.key_property
        if not await self._keyed(kind):
            why = f"{kind.object} have no property {key} with unique values"
            return [FindResult(Found.UNKNOWN, reason=why) for _ in items]
        wanted = await self._metadata.read(kind)
        rows = await self._client.many(
            kind.object, [item.key for item in items], wanted, idProperty=key
        )
        by_key = {one.marker: one for one in await self._reader.records(kind, rows)}
        return [
            FindResult(Found.YES, by_key[item.key]) if item.key in by_key else FindResult(Found.NO)
            for item in items
        ]

    async def remove(self, kind: Kind, ids: Sequence[str]) -> list[Outcome]:
        """Archive records; for ninety days they can be restored in HubSpot."""

        async def some(part: Sequence[str]) -> list[Outcome]:
            path = self._client.path("crm/objects", f"/{kind.object}/batch/archive")
            inputs = [{"id": id} for id in part]
            await self._client.write("POST", path, {"inputs": inputs}, items=len(part))
            return [Outcome.applied(id) for id in part]

        told: dict[str, Outcome] = {}
        for part in chunks(numbers(ids)):
            try:
                told |= zip(part, await some(part), strict=True)
            except (AuthRequired, Misconfigured):
                if not any(one.result in _DONE for one in told.values()):
                    raise
                break
            except ConnectorError as error:
                told |= dict.fromkeys(part, Outcome.of_error(error))
        later = Outcome(Result.RETRY, reason="not sent yet")
        return [told.get(id, later) for id in ids]

    async def _written(
        self, kind: Kind, action: str, items: Sequence[Any], prepare: Any
    ) -> list[Outcome]:
        """Items made ready and sent in batches; what cannot be made ready harms no neighbour."""
        told: dict[int, Outcome] = {}
        ready: list[tuple[int, _Sent]] = []
        for at, item in enumerate(items):
            try:
                ready.append((at, await prepare(item)))
            except (Rejected, NotFound) as error:
                told[at] = Outcome.of_error(error)
        for some in chunks(ready, BATCH):
            sent = [one for _, one in some]
            try:
                new = await self._batch(kind, action, sent)
            except (AuthRequired, Misconfigured) as error:
                if not any(one.result in _DONE for one in told.values()):
                    raise
                # What earlier batches did counts; the next call meets the error again.
                new = [Outcome(Result.RETRY, reason=str(error))] * len(sent)
            told |= zip((at for at, _ in some), new, strict=True)
        return [told[at] for at in range(len(items))]

    async def _batch(self, kind: Kind, action: str, sent: Sequence[_Sent]) -> list[Outcome]:
        inputs = [{**one.body, TRACE: str(place)} for place, one in enumerate(sent)]
        try:
            written = await self._client.batch(kind.object, action, inputs)
        except (AuthRequired, Misconfigured):
            raise
        except ConnectorError as error:
            return [Outcome.of_error(error)] * len(sent)
        if written.refused is None:
            return [_outcome(one, written, str(place)) for place, one in enumerate(sent)]
        if len(sent) == 1:
            return [_refused(written.refused, sent[0].id)]

        async def alone(one: _Sent) -> Outcome:
            return (await self._batch(kind, action, [one]))[0]

        return await outcomes(sent, alone)

    async def _pipeline(self, kind: Kind, fields: Wire, now: Row, *, new: bool) -> Pipeline | None:
        """The pipeline whose stages a patch speaks of; None where it speaks of none."""
        if kind.pipeline is None or kind.stage is None:
            return None
        scope = await self._metadata.scope(kind)
        if label := fields.get(kind.pipeline):
            for one in scope.values():
                if one.label == label:
                    return one
            there = ", ".join(one.label for one in scope.values())
            raise Rejected(f"The pipeline {label!r} is not in the connection's scope: {there}.")
        if not new and kind.stage not in fields:
            return None
        if not new and len(scope) > 1:
            return scope.get(str(now.get(kind.pipeline)))
        return next(iter(scope.values()))

    async def _now(self, kind: Kind, items: Sequence[Update]) -> dict[str, Row]:
        """The properties of records whose patch cannot be put into HubSpot's words without them:
        a contact's name, and a stage where there are several pipelines."""
        several = kind.stage is not None and len(await self._metadata.scope(kind)) > 1
        needed = {NAME} if kind is CONTACT else {kind.stage} if several else set()
        ids = numbers([item.id for item in items if needed & item.patch.keys()])
        names = ["firstname", "lastname"] if kind is CONTACT else [str(kind.pipeline)]
        rows = await self._client.many(kind.object, ids, names) if ids else []
        return {str(row["id"]): row["properties"] for row in rows}

    async def _keyed(self, kind: Kind) -> bool:
        row = (await self._metadata.properties(kind)).get(self._config.key_property)
        return row is not None and bool(row.get("hasUniqueValue"))

    async def _has_key(self, kind: Kind) -> None:
        if not await self._keyed(kind):
            raise Misconfigured(no_key(kind, self._config.key_property))


def without_company(kind: Kind, fields: Wire) -> Wire:
    """What is written as properties."""
    return {path: value for path, value in fields.items() if path != kind.company}


def no_key(kind: Kind, name: str) -> str:
    """What is said where a record could be made twice."""
    return (
        f"key_property: {kind.object} have no property {name} with unique values, so a {kind.name} "
        "could be made twice, and none is made. Add a single-line text property of that internal "
        "name in HubSpot and tick 'Require unique values'; that cannot be done later."
    )


def _outcome(sent: _Sent, written: Written, trace: str) -> Outcome:
    if (row := written.results.get(trace)) is not None:
        return Outcome.applied(str(row["id"]))
    if (error := written.errors.get(trace)) is not None:
        return _refused(error, sent.id)
    why = "HubSpot's answer to the batch tells nothing of this record."
    return Outcome(Result.AMBIGUOUS, id=sent.id, reason=why)


def _refused(error: Row, id: str | None) -> Outcome:
    """What HubSpot says of an input that it did not apply (developers.hubspot.com, "Errors")."""
    said = redact(str(error.get("message") or "no reason is told"))
    if error.get("category") == "OBJECT_NOT_FOUND":
        return Outcome(Result.GONE, id=id, reason=said)
    if error.get("category") == "RATE_LIMITS":
        return Outcome(Result.RETRY, id=id, reason=said)
    told = f"HubSpot refused the record: {said}. Nothing was applied."
    return Outcome(Result.REJECTED, id=id, reason=told)
