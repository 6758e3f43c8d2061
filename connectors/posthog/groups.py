"""Groups of one type as accounts: their properties, and how much their people used the product.

Usage is counted for many groups at once, over thirty whole days in UTC, so that it changes once a
day and not with each pass. A day ends for this three hours later, when most of what devices held
back has come. (posthog.com/docs/product-analytics/group-analytics; posthog.com/docs/api/capture,
"Group identify"; posthog/hogql/database/schema/groups.py in PostHog/posthog.)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import quote

import orjson

from connectors.posthog.capture import Captured
from connectors.posthog.client import Client, Row, moment
from connectors.posthog.queried import ROWS, Queried, Receipt, utc, version
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FieldSchema,
    FindResult,
    Found,
    Outcome,
    Page,
    Record,
    Result,
)
from syncline.sdk.errors import Misconfigured

MARKER = "syncline_key"
"""The property that holds the key of a create."""
WINDOW, WEEK, HELD_BACK = timedelta(days=30), timedelta(days=7), timedelta(hours=3)
KEY_LENGTH = 400

_RECEIVED = """
SELECT key AS id, updated_at AS stamp, toString(cityHash64(properties)) AS mark FROM groups
WHERE index = {type} AND updated_at >= toDateTime64({since}, 6, 'UTC')
  AND (updated_at > toDateTime64({at}, 6, 'UTC')
    OR (updated_at = toDateTime64({at}, 6, 'UTC') AND key > {after}))
ORDER BY stamp, id LIMIT {rows}
"""
_READ = """
SELECT g.key AS id, g.properties AS properties, g.created_at AS created_at,
  g.updated_at AS stamp, u.seen AS seen, u.users AS users, u.week AS week, u.last AS last
FROM groups AS g
LEFT JOIN (
  SELECT ACCOUNT AS account, count() AS seen, count(DISTINCT person_id) AS users,
    count(DISTINCT CASE WHEN timestamp >= toDateTime64({week}, 6, 'UTC') THEN person_id END)
      AS week,
    max(timestamp) AS last
  FROM events
  WHERE timestamp >= toDateTime64({start}, 6, 'UTC') AND timestamp < toDateTime64({end}, 6, 'UTC')
    AND ACCOUNT IN {ids}
  GROUP BY account LIMIT {rows}
) AS u ON u.account = g.key
WHERE g.index = {type} AND g.key IN {ids} LIMIT {rows}
"""
_PROPERTIES = """
SELECT key AS id, properties FROM groups WHERE index = {type} AND key IN {ids} LIMIT {rows}
"""


class Groups(Captured, Queried):
    """Groups of the configured type. A group's id is its key, which the product's code gives."""

    name = "group"
    fields = (
        FieldSchema("key", "Key", "text", required=True, create_only=True, max_length=KEY_LENGTH),
        FieldSchema("properties.name", "Name", "text"),
        FieldSchema("properties.domain", "Domain", "text"),
        FieldSchema("usage.events_30d", "Events in 30 days", "number", read_only=True),
        FieldSchema("usage.users_30d", "Users in 30 days", "number", read_only=True),
        FieldSchema("usage.users_7d", "Users in 7 days", "number", read_only=True),
        FieldSchema("usage.last_seen_at", "Last event of 30 days", "datetime", read_only=True),
        FieldSchema("created_at", "First seen", "datetime", read_only=True),
        FieldSchema("updated_at", "Last changed", "datetime", read_only=True),
    )

    def __init__(self, client: Client, base_url: str, clock: Clock, group_type: str) -> None:
        super().__init__(client, base_url, clock)
        self._type = group_type

    async def index(self) -> int:
        """The number of the group type, which queries go by."""
        types = await self.client.group_types()
        if self._type not in types:
            known = ", ".join(types) or "none yet"
            raise Misconfigured(
                f"scope: this project has no group type {self._type!r}; there are: {known}. "
                "Nothing was synced; correct group_type, or send groups to PostHog first."
            )
        return types[self._type]

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """All groups again when a day has ended, because their usage is another then."""
        today = self._end().date().isoformat()
        day, _, seen = (cursor or "").partition(" ")
        async for page in super().changes(seen if day == today else None):
            yield replace(page, cursor=page.cursor and f"{today} {page.cursor}")

    async def received(self, since: datetime, after: Receipt) -> Sequence[Receipt]:
        rows = await self.client.query(
            _RECEIVED,
            type=await self.index(),
            since=utc(since),
            at=utc(after.at),
            after=after.id,
            rows=self.rows,
        )
        return [Receipt.of(row) for row in rows]

    async def read(self, ids: Sequence[str]) -> Mapping[str, Record]:
        index, end = await self.index(), self._end()
        rows = await self.client.query(
            _READ.replace("ACCOUNT", f"$group_{index}"),
            type=index,
            ids=list(ids),
            start=utc(end - WINDOW),
            week=utc(end - WEEK),
            end=utc(end),
            rows=self.rows,
        )
        web = f"{self.web}/groups/{index}"
        return {row["id"]: self._record(row, web) for row in rows}

    async def properties(self, ids: Sequence[str]) -> Mapping[str, Row]:
        index, found = await self.index(), dict[str, Row]()
        for n in range(0, len(ids), ROWS):
            part = list(ids[n : n + ROWS])
            for row in await self.client.query(_PROPERTIES, type=index, ids=part, rows=ROWS):
                found[row["id"]] = orjson.loads(row["properties"])
        return found

    def event(self, id: str, properties: Row) -> Row:
        """Its sender is nobody: a distinct id of the group alone, without a person."""
        said = {"$group_type": self._type, "$group_key": id, "$group_set": properties}
        return {
            "event": "$groupidentify",
            "distinct_id": f"{self._type}_{id}",
            "properties": {**said, "$process_person_profile": False, "$lib": "syncline"},
        }

    async def creates(self, items: Sequence[Create]) -> Sequence[Outcome]:
        """A group is made by its first event. One that is there already is left alone, unless this
        very create made it."""
        wrong = {place: self._unmade(one.fields) for place, one in enumerate(items)}
        keys = {place: str(one.fields.get("key")) for place, one in enumerate(items)}
        fit = [place for place in keys if not wrong[place]]
        there = await self.properties([keys[place] for place in fit])
        wanted: dict[str, Mapping[str, Any]] = {}
        owners: dict[str, str] = {}
        for place in fit:
            key, item = keys[place], items[place]
            holder = owners.get(key) or there.get(key, {MARKER: item.key}).get(MARKER)
            if holder != item.key:
                wrong[place] = f"there is a group {key} already; link it with `syncline adopt`"
                continue
            owners[key] = item.key
            wanted[key] = {**(item.fields.get("properties") or {}), MARKER: item.key}
        told = await self.written(wanted, owners)
        return [
            Outcome(Result.REJECTED, reason=reason) if (reason := wrong[place]) else told[key]
            for place, key in keys.items()
        ]

    async def find(self, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        """By the group's own key: a create that is sent again makes no second group."""
        records = await self.fetch([str(one.fields.get("key")) for one in items])
        found = []
        for item in items:
            record = records[str(item.fields.get("key"))]
            ours = isinstance(record, Record) and record.marker == item.key
            found.append(
                FindResult(Found.YES, record)
                if isinstance(record, Record) and ours
                else FindResult(Found.NO)
            )
        return found

    def _unmade(self, fields: Row) -> str | None:
        key = fields.get("key")
        if not isinstance(key, str) or not 0 < len(key) <= KEY_LENGTH:
            return f"group: it needs a key of at most {KEY_LENGTH} characters; map one to `key`"
        return super().refused({name: value for name, value in fields.items() if name != "key"})

    def refused(self, patch: Row) -> str | None:
        """A group keeps its key."""
        return "group: its key cannot be changed" if "key" in patch else super().refused(patch)

    def _end(self) -> datetime:
        """The midnight at which the days that are counted ended."""
        day = (self.clock.now() - HELD_BACK).date()
        return datetime.combine(day, time(), self.clock.now().tzinfo)

    def _record(self, row: Row, web: str) -> Record:
        stamp, properties = moment(row["stamp"]), orjson.loads(row["properties"])
        marker = properties.pop(MARKER, None)
        events = row["seen"] or 0  # ClickHouse joins zeros where there is nothing to join
        shown = {
            "key": row["id"],
            "properties": properties,
            "usage": {
                "events_30d": events,
                "users_30d": row["users"] or 0,
                "users_7d": row["week"] or 0,
                "last_seen_at": moment(row["last"]).isoformat() if events else None,
            },
            "created_at": moment(row["created_at"]).isoformat(),
            "updated_at": stamp.isoformat(),
        }
        return Record(
            id=row["id"],
            fields=shown,
            version=version(stamp),
            updated_at=stamp,
            key=row["id"],
            url=f"{web}/{quote(row['id'], safe='')}",
            marker=marker,
        )
