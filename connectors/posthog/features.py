"""Early-access features, PostHog's own face of a roadmap item, each with its feature flag.

A feature has a stage and a flag; in `alpha`, `beta` and `general-availability` whoever opted in
gets the flag. PostHog makes a flag out of the feature's name, whose key then must be new in the
project and have Latin letters. So the flag is made first, with a key of its own, and its
description carries the key of the create: a flag takes one feature only, which makes the create
repeatable. (posthog.com/docs/feature-flags/early-access-feature-management; the serializer of
products/early_access_features in PostHog/posthog.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from unicodedata import normalize

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
from syncline.sdk.errors import Conflict, Rejected

STAGES = ("draft", "concept", "alpha", "beta", "general-availability", "archived")
NAME_LENGTH, URL_LENGTH = 200, 800
FLAGS = "feature_flags/"

_SLUG = re.compile(r"[^a-z0-9]+")
_EMPTY = ("description", "documentation_url")


class Features(Listed):
    """Early-access features of the project."""

    name = "early_access_feature"
    path = "early_access_feature/"
    fields = (
        FieldSchema("name", "Name", "text", required=True, max_length=NAME_LENGTH),
        FieldSchema("description", "Description", "text"),
        FieldSchema("stage", "Stage", "enum", options=STAGES, required=True),
        FieldSchema("documentation_url", "Documentation URL", "url", max_length=URL_LENGTH),
        FieldSchema("flag", "Feature flag", "text", read_only=True),
        FieldSchema("created_at", "Created", "datetime", read_only=True),
    )

    def record(self, raw: Row) -> Record:
        flag = raw["feature_flag"] or {}
        _, marker = untagged(flag.get("name") or "")
        shown = {
            "name": raw["name"],
            "description": raw["description"] or None,
            "stage": raw["stage"],
            "documentation_url": raw["documentation_url"] or None,
            "flag": flag.get("key"),
            "created_at": raw["created_at"],
        }
        return Record(
            id=raw["id"],
            fields=shown,
            created_at=moment(raw["created_at"]),
            key=flag.get("key"),
            url=f"{self.web}/early_access_features/{raw['id']}",
            marker=marker,
        )

    async def create(self, item: Create) -> Outcome:
        """The flag, then the feature; a flag whose feature was refused is taken back."""
        if reason := self.refused(item.fields):
            return Outcome(Result.REJECTED, reason=reason)
        flag, made = await self._flag(item)
        if flag.get("features"):
            return self._applied(await self.client.get(self.of(flag["features"][0]["id"])))
        body = {"stage": STAGES[0], **_body(item.fields), "feature_flag_id": flag["id"]}
        try:
            return self._applied(await self.client.send("POST", self.path, body))
        except (Rejected, Conflict):
            if made:
                await self.client.send("PATCH", f"{FLAGS}{flag['id']}/", {"deleted": True})
            raise

    async def update(self, item: Update) -> Outcome:
        if reason := self.refused(item.patch):
            return Outcome(Result.REJECTED, id=item.id, reason=reason)
        return self._applied(await self.client.send("PATCH", self.of(item.id), _body(item.patch)))

    async def remove(self, id: str) -> Outcome:
        """The feature goes for good; its flag stays, because code may ask for it."""
        await self.client.send("DELETE", self.of(id))
        return Outcome.applied(id)

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        """Out of the list, which shows each feature's flag."""
        found: dict[str, list[Record]] = {}
        async for rows in self.client.pages(self.path):
            for one in map(self.record, rows):
                if one.marker:
                    found.setdefault(one.marker, []).append(one)
        return [_found(found.get(item.key, [])) for item in items]

    async def _flag(self, item: Create) -> tuple[Row, bool]:
        """The flag of this create, and whether it was made just now."""
        name = str(item.fields.get("name") or "")
        wanted = {
            "key": flag_key(name, item.key),
            "name": tagged(name, item.key),
            "filters": {"groups": [{"properties": [], "rollout_percentage": 0}]},
            "active": True,
        }
        try:
            return await self.client.send("POST", FLAGS, wanted), True
        except Rejected:
            async for rows in self.client.pages(FLAGS, search=wanted["key"]):
                for row in rows:
                    if row["key"] == wanted["key"] and untagged(row["name"])[1] == item.key:
                        return row, False
            raise

    def _applied(self, raw: Row) -> Outcome:
        record = self.record(raw)
        return Outcome.applied(record.id, record)


def flag_key(name: str, key: str) -> str:
    """A key that code can ask for, and no other create has: `dark-mode-1c9f2a77`."""
    plain = normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = _SLUG.sub("-", plain).strip("-")[:60].rstrip("-") or "feature"
    return f"{slug}-{sha256(key.encode()).hexdigest()[:8]}"


def _body(patch: Mapping[str, Any]) -> dict[str, Any]:
    """A patch as PostHog takes it: what is empty there is an empty text."""
    return {n: "" if v is None and n in _EMPTY else v for n, v in patch.items()}


def _found(records: Sequence[Record]) -> FindResult:
    if len(records) > 1:
        return FindResult(Found.UNKNOWN, reason="several features carry the key of this create")
    return FindResult(Found.YES, records[0]) if records else FindResult(Found.NO)
