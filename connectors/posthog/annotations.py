"""Annotations, which PostHog shows on its charts: its way to say that something was released.

The first line is the name, the rest a note. There is no external id, so the key of a create stands
at the end of the text, where a search finds it. DELETE is answered with 405: an annotation goes by
`PATCH {"deleted": true}`, and a PATCH of a deleted one is applied all the same, so each is read
before it is written. (products/annotations/backend/api in PostHog/posthog.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from connectors.posthog.client import Row, moment
from connectors.posthog.kinds import Listed
from connectors.posthog.markers import tagged, untagged
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    Outcome,
    Record,
    Result,
    Update,
)

PROJECT_SCOPE = "project"


class Annotations(Listed):
    """Annotations of the project; those of one insight, one dashboard or the organisation are not
    in scope: a PATCH of an organisation's would move it to this project."""

    name = "annotation"
    path = "annotations/"
    query: ClassVar = {"scope": PROJECT_SCOPE}
    fields = (
        FieldSchema("name", "First line", "text", required=True),
        FieldSchema("note", "Other lines", "text"),
        FieldSchema("date_marker", "Date", "datetime"),
        FieldSchema("created_at", "Created", "datetime", read_only=True),
        FieldSchema("updated_at", "Updated", "datetime", read_only=True),
    )

    def record(self, raw: Row) -> Record:
        text, marker = untagged(raw["content"] or "")
        name, _, note = text.partition("\n")
        updated = moment(raw["updated_at"])
        shown = {
            "name": name,
            "note": note or None,
            "date_marker": raw["date_marker"],
            "created_at": raw["created_at"],
            "updated_at": raw["updated_at"],
        }
        return Record(
            id=str(raw["id"]),
            fields=shown,
            version=int(updated.timestamp() * 1_000_000),
            updated_at=updated,
            created_at=moment(raw["created_at"]),
            url=f"{self.web}/data-management/annotations/{raw['id']}",
            in_scope=raw["scope"] == PROJECT_SCOPE,
            marker=marker,
        )

    async def create(self, item: Create) -> Outcome:
        if reason := self._refused(item.fields):
            return Outcome(Result.REJECTED, reason=reason)
        body = {
            "content": tagged(_text(item.fields), item.key),
            "date_marker": item.fields.get("date_marker"),
            "scope": PROJECT_SCOPE,
            "creation_type": "GIT",
        }
        return self._applied(await self.client.send("POST", self.path, body))

    async def update(self, item: Update) -> Outcome:
        if reason := self._refused(item.patch):
            return Outcome(Result.REJECTED, id=item.id, reason=reason)
        now = self.record(await self.client.get(self.of(item.id)))
        if not now.in_scope:
            reason = "the annotation is no longer the project's own; it was left as it is"
            return Outcome(Result.REJECTED, id=item.id, reason=reason)
        body: dict[str, Any] = {}
        if item.patch.keys() & {"name", "note"}:
            text = _text({**now.fields, **item.patch})
            body["content"] = tagged(text, now.marker) if now.marker else text
        if "date_marker" in item.patch:
            body["date_marker"] = item.patch["date_marker"]
        return self._applied(await self.client.send("PATCH", self.of(item.id), body))

    async def remove(self, id: str) -> Outcome:
        await self.client.send("PATCH", self.of(id), {"deleted": True})
        return Outcome.applied(id)

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        return [await self._found(item.key) for item in items]

    async def _found(self, key: str) -> FindResult:
        found: dict[str, Record] = {}
        async for rows in self.client.pages(self.path, search=key):
            found |= {one.id: one for one in map(self.record, rows) if one.marker == key}
        if len(found) > 1:
            return FindResult(Found.UNKNOWN, reason="several annotations carry this key")
        return FindResult(Found.YES, next(iter(found.values()))) if found else FindResult(Found.NO)

    def _refused(self, patch: Row) -> str | None:
        if "\n" in str(patch.get("name") or ""):
            return "an annotation's name is its first line, and cannot have two"
        return self.refused(patch)

    def _applied(self, raw: Row) -> Outcome:
        record = self.record(raw)
        return Outcome.applied(record.id, record)


def _text(fields: Row) -> str:
    """Name and note as one text."""
    name, note = fields.get("name") or "", fields.get("note")
    return f"{name}\n{note}" if note else str(name)
