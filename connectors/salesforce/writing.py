"""Creates, updates and removals: two hundred records in one request, each with its own outcome.

A create is an upsert by the connection's key field, so that the same one sent twice makes one
record. An update that is alone carries `If-Unmodified-Since`; Salesforce has no condition for many.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, TypeVar

from connectors.salesforce.client import (
    COLLECTION,
    Client,
    Row,
    chunks,
    is_gone,
    is_later,
    problems,
    results,
)
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.metadata import Described, Metadata
from connectors.salesforce.objects import Kind, is_id
from connectors.salesforce.reading import Reader
from connectors.salesforce.wire import WireShape
from syncline.sdk.batches import in_order
from syncline.sdk.connector import Create, Outcome, Result, Update
from syncline.sdk.errors import (
    AuthRequired,
    ConnectorError,
    Misconfigured,
    NotFound,
    Rejected,
)

Body = Mapping[str, Any]
T = TypeVar("T")

_DONE = (Result.APPLIED, Result.AMBIGUOUS)


class Writer:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        shape: WireShape,
        config: SalesforceConfig,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._shape = shape
        self._config = config

    async def create(self, kind: Kind, items: Sequence[Create]) -> list[Outcome]:
        """Make records; each carries its key, by which a lost one is found."""
        described, me = await self._metadata.of(kind), await self._reader.me()
        check_key_field(described, self._config)

        def body(item: Create) -> Body:
            return self._shape.creation(item.fields, item.key, described, me)

        async def upsert(bodies: Sequence[Body]) -> list[Outcome]:
            path = f"/composite/sobjects/{kind.name}/{self._config.key_field}"
            told = await self._client.write_many("PATCH", path, bodies)
            return [outcome(kind, None, one) for one in told]

        return await self._written(items, body, upsert)

    async def update(self, kind: Kind, items: Sequence[Update]) -> list[Outcome]:
        """Patch records; what is alone only if nothing moved since the plan saw it."""
        if len({item.id for item in items}) < len(items):
            # Salesforce takes no record twice in one request.
            async def one(item: Update) -> Outcome:
                return (await self.update(kind, [item]))[0]

            return await in_order(items, lambda item: item.id, one)
        described, me = await self._metadata.of(kind), await self._reader.me()

        def body(item: Update) -> Body:
            if not is_id(item.id, kind.prefix):
                raise NotFound(f"{item.id!r} is no id of a {kind.name}. Nothing was written.")
            patch = self._shape.body(item.patch, described, me)
            return {"attributes": {"type": kind.name}, "id": item.id, **patch}

        async def patch(bodies: Sequence[Body]) -> list[Outcome]:
            if len(items) == 1 and items[0].version is not None:
                return [await self._patch_alone(kind, bodies[0], items[0].version)]
            told = await self._client.write_many("PATCH", "/composite/sobjects", bodies)
            return [
                outcome(kind, str(sent["id"]), one) for sent, one in zip(bodies, told, strict=True)
            ]

        return await self._written(items, body, patch)

    async def remove(self, kind: Kind, ids: Sequence[str]) -> list[Outcome]:
        """Put records into the recycle bin, from which people can take them for 15 days."""

        def checked(id: str) -> str:
            if not is_id(id, kind.prefix):
                raise NotFound(f"{id!r} is no id of a {kind.name}. Nothing was removed.")
            return id

        async def delete(some: Sequence[str]) -> list[Outcome]:
            response = await self._client.call(
                "DELETE",
                "/composite/sobjects",
                params={"ids": ",".join(some), "allOrNone": "false"},
                items=len(some),
            )
            told = results(response, len(some))
            return [outcome(kind, id, one) for id, one in zip(some, told, strict=True)]

        return await self._written(ids, checked, delete)

    async def _patch_alone(self, kind: Kind, body: Body, version: int) -> Outcome:
        id = str(body["id"])
        patch = {name: value for name, value in body.items() if name not in ("attributes", "id")}
        seen = format_datetime(datetime.fromtimestamp(version, UTC), usegmt=True)
        await self._client.call(
            "PATCH",
            f"/sobjects/{kind.name}/{id}",
            json=patch,
            headers={"If-Unmodified-Since": seen},
        )
        return Outcome.applied(id)

    async def _written(
        self,
        items: Sequence[Any],
        prepare: Callable[[Any], T],
        send: Callable[[Sequence[T]], Awaitable[list[Outcome]]],
    ) -> list[Outcome]:
        """Items made ready and sent in chunks, one chunk after the other: writes at the same time
        would wait for the lock of a parent that their records share.

        What cannot even be made ready is refused and harms no neighbour.
        """
        told: dict[int, Outcome] = {}
        ready: list[tuple[int, T]] = []
        for at, item in enumerate(items):
            try:
                ready.append((at, prepare(item)))
            except (Rejected, NotFound) as error:
                told[at] = replace(Outcome.of_error(error), id=getattr(item, "id", None))
        for some in chunks(ready, COLLECTION):
            sent = [one for _, one in some]
            try:
                new = await send(sent)
            except (AuthRequired, Misconfigured) as error:
                if not any(one.result in _DONE for one in told.values()):
                    raise
                # What earlier requests did counts; the next call meets the error again.
                new = [Outcome(Result.RETRY, reason=str(error))] * len(sent)
            except ConnectorError as error:
                new = [Outcome.of_error(error)] * len(sent)
            told |= zip((at for at, _ in some), new, strict=True)
        return [told[at] for at in range(len(items))]


def outcome(kind: Kind, id: str | None, told: Row) -> Outcome:
    """What became of one record of a write of many."""
    made = str(told.get("id") or id or "") or None
    if told.get("success"):
        return Outcome(Result.APPLIED, id=made)
    errors = [one for one in told.get("errors") or () if isinstance(one, Mapping)]
    said = problems(errors)
    what = f"{kind.name} {id}" if id else f"The new {kind.name}"
    if id is not None and is_gone(errors):
        return Outcome(Result.GONE, id=id, reason=f"{what} is not there any more: {said}")
    if is_later(errors):
        reason = f"{what}: not now: {said}. Nothing was applied; it is sent again later."
        return Outcome(Result.RETRY, id=id, reason=reason)
    reason = (
        f"{what}: Salesforce refused it: {said}. Nothing of it was written; it is sent again when "
        "the value changes or is retried."
    )
    return Outcome(Result.REJECTED, id=id, reason=reason)


def check_key_field(described: Described, config: SalesforceConfig) -> None:
    """Raises Misconfigured where records that are made cannot be marked."""
    field = described.fields.get(config.key_field)
    if field is None or not field.unique_key or not field.createable:
        raise Misconfigured(
            f"key_field: {described.kind.name} has no custom field {config.key_field} that is an "
            "External ID, Unique and editable by the integration user, so a record that is made "
            "could be made twice. Nothing was written; add the field under Object Manager."
        )
