"""Persons of whom an e-mail address is known.

A person's uuid does not last: in a merge one of two goes, with all its distinct ids to the other.
So a person goes by a distinct id, which finds whoever has it now: the first of those that the
product's code gave, and not of those that a browser made up (posthog.com/docs/data/persons;
posthog.com/docs/product-analytics/identify). Nothing says when a person was changed, so all are
read and compared.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

import orjson

from connectors.posthog import snapshot
from connectors.posthog.capture import Captured
from connectors.posthog.client import Row, moment
from syncline.sdk.connector import CensusPage, FieldSchema, Missing, Page, Record

_MADE_UP = re.compile(r"(?:[a-z0-9]+-){4}[a-z0-9]+")
"""How a browser's own ids look (PostHog/posthog, `is_anonymous_id` in posthog/utils.py)."""

_TEXT = """
SELECT toString(i.person_id) AS person, groupArray(i.distinct_id) AS names,
  any(p.properties) AS properties, any(p.created_at) AS created_at
FROM person_distinct_ids AS i JOIN persons AS p ON p.id = i.person_id
WHERE CONDITION
GROUP BY i.person_id ORDER BY person LIMIT {rows}
"""
_ALL = _TEXT.replace(
    "CONDITION",
    "JSONExtractString(p.properties, 'email') != '' AND toString(i.person_id) > {after}",
)
_READ = _TEXT.replace(
    "CONDITION",
    "i.person_id IN (SELECT person_id FROM person_distinct_ids WHERE distinct_id IN {ids})",
)
ROWS = 5000


class Persons(Captured):
    """Persons; they are made by using the product, never from here."""

    name = "person"
    fields = (
        FieldSchema("properties.email", "E-mail", "text"),
        FieldSchema("properties.name", "Name", "text"),
        FieldSchema("distinct_ids", "Distinct ids", "list", read_only=True),
        FieldSchema("created_at", "First seen", "datetime", read_only=True),
    )

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Persons that look otherwise than before, each also under its other ids: one of them may
        have been the first until a merge."""
        told, now = snapshot.seen(cursor), set[str]()
        async for records in self._all():
            shown = {snapshot.digest(one): one for one in records}
            new = [one for at, one in shown.items() if at not in told and at not in now]
            yield Page([*(_others(new) if cursor else ()), *new])
            now |= shown.keys()
        yield Page((), snapshot.cursor(now))

    async def census(self) -> AsyncIterator[CensusPage]:
        async for records in self._all():
            yield CensusPage({one.id: one.version for one in records})

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """By any distinct id. One that is no longer the person's first names the one that is."""
        found: dict[str, Record | Missing] = {}
        for id, row in (await self._by_id(ids)).items():
            record = self._record(row)
            found[id] = _as(record, id)
        gone = "person: PostHog has nobody of this distinct id"
        return {id: found.get(id) or Missing(id, gone=True, reason=gone) for id in ids}

    async def properties(self, ids: Sequence[str]) -> Mapping[str, Row]:
        found = await self._by_id(ids)
        return {id: orjson.loads(row["properties"]) for id, row in found.items()}

    def event(self, id: str, properties: Row) -> Row:
        return {
            "event": "$set",
            "distinct_id": id,
            "properties": {"$set": properties, "$lib": "syncline"},
        }

    async def _all(self) -> AsyncIterator[Sequence[Record]]:
        """Everybody with an address, by uuid as text: ClickHouse sorts uuids in another way."""
        after = ""
        while rows := await self.client.query(_ALL, after=after, rows=ROWS):
            yield [self._record(row) for row in rows]
            after = rows[-1]["person"]
            if len(rows) < ROWS:
                return

    async def _by_id(self, ids: Sequence[str]) -> Mapping[str, Row]:
        """Who has each of the distinct ids now."""
        found: dict[str, Row] = {}
        for n in range(0, len(ids), ROWS):
            part = list(ids[n : n + ROWS])
            for row in await self.client.query(_READ, ids=part, rows=ROWS):
                found |= dict.fromkeys(set(row["names"]) & set(part), row)
        return found

    def _record(self, row: Row) -> Record:
        properties = orjson.loads(row["properties"])
        names = sorted(row["names"], key=lambda name: (bool(_MADE_UP.fullmatch(name)), name))
        shown = {
            "properties": properties,
            "distinct_ids": names,
            # Not the record's own: in a merge it becomes that of the older of two persons.
            "created_at": moment(row["created_at"]).isoformat(),
        }
        return Record(
            id=names[0],
            fields=shown,
            url=f"{self.web}/person/{quote(names[0], safe='')}",
            in_scope=bool(properties.get("email")),
        )


def _as(record: Record, id: str) -> Record:
    """A person under one of its ids."""
    return record if record.id == id else replace(record, id=id, merged_into=record.id)


def _others(records: Sequence[Record]) -> list[Record]:
    return [_as(one, id) for one in records for id in one.fields["distinct_ids"][1:]]
