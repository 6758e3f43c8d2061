"""Annotations, which Mixpanel shows on its charts: its way to say that something was released.

The first line is the name, the rest a note. There is no external id, so the key of a create stands
at the end of the text. The day cannot be moved: a PATCH takes a description and tags only. The
list has no pages, so that one request shows them all. (Mixpanel's OpenAPI file `annotations`.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.mixpanel.client import Client, Row
from connectors.mixpanel.kinds import Kind
from connectors.mixpanel.markers import tagged, untagged
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    Missing,
    Outcome,
    Record,
    Result,
    Update,
    Wire,
)
from syncline.sdk.errors import NotFound

PATH, TAGS = "annotations", "annotations/tags"
DAY = len("2026-01-05")


class Annotations(Kind):
    """Annotations of the project."""

    name = "annotation"
    fields = (
        FieldSchema("name", "First line", "text", required=True),
        FieldSchema("note", "Other lines", "text"),
        FieldSchema("date", "Day", "date", required=True, create_only=True),
        FieldSchema("time", "Time of day", "text", read_only=True),
        FieldSchema("tags", "Tags", "set"),
    )

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tags: dict[str, int] = {}
        self._tagging = asyncio.Lock()

    def record(self, raw: Row) -> Record:
        """A record from Mixpanel's JSON; the day is one of the project's own time zone."""
        text, marker = untagged(raw["description"] or "")
        name, _, note = text.partition("\n")
        shown = {
            "name": name,
            "note": note or None,
            "date": raw["date"][:DAY],
            "time": raw["date"][DAY + 1 :],
            "tags": sorted(tag["name"] for tag in raw.get("tags") or ()),
        }
        return Record(id=str(raw["id"]), fields=shown, marker=marker)

    async def pages(self) -> AsyncIterator[Sequence[Record]]:
        yield [self.record(raw) for raw in await self._client.app("GET", PATH)]

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """By id; several at once out of the list, which is as current."""
        found: dict[str, Record | Missing] = {}
        if len(ids) > 1:
            async for records in self.pages():
                found |= {one.id: one for one in records}
        alone = [id for id in dict.fromkeys(ids) if id not in found]
        found |= dict(zip(alone, await asyncio.gather(*map(self._alone, alone)), strict=True))
        return {id: found[id] for id in ids}

    async def create(self, items: Sequence[Create]) -> Sequence[Outcome]:
        return await outcomes(items, self._create)

    async def update(self, items: Sequence[Update]) -> Sequence[Outcome]:
        return await in_order(items, lambda item: item.id, self._update)

    async def remove(self, ids: Sequence[str]) -> Sequence[Outcome]:
        return await outcomes(ids, self._remove)

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        found: dict[str | None, list[Record]] = {}
        async for records in self.pages():
            for one in records:
                found.setdefault(one.marker, []).append(one)
        return [_found(found.get(item.key, [])) for item in items]

    async def _alone(self, id: str) -> Record | Missing:
        try:
            return self.record(await self._client.app("GET", _of(id)))
        except NotFound as error:
            await self._client.about()
            return Missing(id, gone=True, reason=str(error))

    async def _create(self, item: Create) -> Outcome:
        day = item.fields.get("date")
        if reason := self.closed(item.fields, new=True) or _wrong(item.fields) or _no_day(day):
            return Outcome(Result.REJECTED, reason=reason)
        body = {"date": f"{day} 00:00:00", "description": tagged(_text(item.fields), item.key)}
        body |= await self._tagged(item.fields)
        return self._applied(await self._client.app("POST", PATH, body))

    async def _update(self, item: Update) -> Outcome:
        if reason := self.closed(item.patch, new=False) or _wrong(item.patch):
            return Outcome(Result.REJECTED, id=item.id, reason=reason)
        body = await self._tagged(item.patch)
        if item.patch.keys() & {"name", "note"}:
            now = self.record(await self._client.app("GET", _of(item.id)))
            text = _text({**now.fields, **item.patch})
            body["description"] = tagged(text, now.marker) if now.marker else text
        return self._applied(await self._client.app("PATCH", _of(item.id), body))

    async def _remove(self, id: str) -> Outcome:
        await self._client.app("DELETE", _of(id))
        return Outcome.applied(id)

    async def _tagged(self, patch: Wire) -> dict[str, Any]:
        """The tags of a patch by id; one that the project does not have yet is made."""
        if "tags" not in patch:
            return {}
        names = patch["tags"] or []
        async with self._tagging:
            if not self._tags.keys() >= set(names):
                listed = await self._client.app("GET", TAGS)
                self._tags = {tag["name"]: tag["id"] for tag in listed}
            for name in dict.fromkeys(names):
                if name not in self._tags:
                    made = await self._client.app("POST", TAGS, {"name": name})
                    self._tags[made["name"]] = made["id"]
        return {"tags": [self._tags[name] for name in names]}

    def _applied(self, raw: Row) -> Outcome:
        record = self.record(raw)
        return Outcome.applied(record.id, record)


def _of(id: str) -> str:
    if not id.isdecimal():
        raise NotFound(f"annotation: {id!r} is no id of Mixpanel's")
    return f"{PATH}/{id}"


def _text(fields: Wire) -> str:
    """Name and note as one text."""
    name, note = fields.get("name") or "", fields.get("note")
    return f"{name}\n{note}" if note else str(name)


def _wrong(patch: Wire) -> str | None:
    if "\n" in str(patch.get("name") or ""):
        return "an annotation's name is its first line, and cannot have two"
    return None


def _no_day(day: Any) -> str | None:
    try:
        valid = len(day) == DAY and date.fromisoformat(day)
    except (TypeError, ValueError):
        valid = False
    return None if valid else f"an annotation marks a day like 2026-01-05, and {day!r} is none"


def _found(records: Sequence[Record]) -> FindResult:
    if len(records) > 1:
        return FindResult(Found.UNKNOWN, reason="several annotations carry this key")
    return FindResult(Found.YES, records[0]) if records else FindResult(Found.NO)
