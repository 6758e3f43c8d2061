"""Who changed which field when, from a ticket's transactions, as wire values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.request_tracker.client import Client, Row, any_of, chunks, created, literal, moment
from connectors.request_tracker.metadata import Metadata, person_of
from connectors.request_tracker.wire import NOBODY, WireShape, custom_path
from syncline.sdk.connector import Change, Person

_TYPES = ("Set", "Status", "CustomField", "AddWatcher", "DelWatcher", "AddLink", "DeleteLink")
_FIELDS = "Type,Field,OldValue,NewValue,ObjectId,Creator,Created"
_ROLES = {"Requestor": "Requestors", "Cc": "Cc"}
# TransactionSQL reads a time in the account's own time zone; none is further from UTC.
_WIDEST_ZONE = timedelta(hours=15)


class History:
    """Field changes for one connection."""

    def __init__(self, client: Client, metadata: Metadata, shape: WireShape) -> None:
        self._client = client
        self._metadata = metadata
        self._shape = shape

    async def of(self, ids: Sequence[str], since: datetime) -> dict[str, list[Change]]:
        """Changes since a moment; of a field of several values each value is one change."""
        at = literal(f"{since - _WIDEST_ZONE:%Y-%m-%d %H:%M:%S}")
        rows = await self._rows(ids, f"Created >= {at}")
        return await self._changes(ids, [row for row in rows if created(row) >= since])

    async def behind(self, marks: Mapping[str, int]) -> dict[str, list[Change]]:
        """Changes of each ticket whose transactions have a higher number than its mark."""
        rows = await self._rows(list(marks), f"id > {min(marks.values())}")
        later = [row for row in rows if int(row["id"]) > marks[str(row["ObjectId"])]]
        return await self._changes(list(marks), later)

    async def _changes(self, ids: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Change]]:
        told: dict[str, list[Change]] = {id: [] for id in ids}
        if not rows:
            return told
        people = await self._metadata.users(_people(rows))
        names = {id: row["Name"] for id, row in (await self._metadata.fields()).items()}
        queues = {str(q["id"]): q["Name"] for q in (await self._metadata.queues()).values()}
        me = (await self._metadata.me())["Name"]
        for row in rows:
            if (entry := self._entry(row, people, names, queues)) is not None:
                path, before, after = entry
                author = person_of(row["Creator"])
                id, by_us = str(row["ObjectId"]), author.handle == me
                told[id].append(Change(id, path, before, after, created(row), author, by_us))
        return told

    async def _rows(self, ids: Sequence[str], when: str) -> list[Row]:
        kinds = " OR ".join(f"Type = '{kind}'" for kind in _TYPES)
        found: list[Row] = []
        for some in chunks([id for id in ids if id.isdecimal()]):
            query = f"({kinds}) AND {when} AND {any_of('ObjectId', some)}"
            async for rows in self._client.log(query, _FIELDS):
                found += rows
        return found

    def _entry(
        self,
        row: Row,
        people: Mapping[str, Person],
        names: Mapping[str, str],
        queues: Mapping[str, str],
    ) -> tuple[str, Any, Any] | None:
        """Path, before and after in the wire's terms; None for what no path shows."""
        kind, name = row["Type"], row["Field"]
        before, after = row["OldValue"] or None, row["NewValue"] or None
        match kind, name:
            case "Status", _:
                return "Status", before, after
            case "Set", "Subject":
                return name, before or "", after or ""
            case "Set", "Priority":
                return name, self._shape.priority(before), self._shape.priority(after)
            case "Set", "Due":
                return name, self._shape.day(_moment(before)), self._shape.day(_moment(after))
            case "Set", "Queue":
                return name, _named(before, queues), _named(after, queues)
            case "Set", "Owner":
                return name, _login(before, people), _login(after, people)
            case "CustomField", _:
                return custom_path(names.get(name, name)), before, after
            case (("AddWatcher" | "DelWatcher"), ("Requestor" | "Cc")):
                return _ROLES[name], _address(before, people), _address(after, people)
            case (("AddLink" | "DeleteLink"), "RefersTo"):
                return name, before, after
        return None


def _people(rows: Sequence[Row]) -> set[str]:
    """The numbers of users that these transactions name."""
    return {
        row[end]
        for row in rows
        for end in ("OldValue", "NewValue")
        if row[end] and (row["Field"] == "Owner" or row["Type"] in ("AddWatcher", "DelWatcher"))
    }


def _login(id: Any, people: Mapping[str, Person]) -> Any:
    handle = people[id].handle if id in people else id
    return None if handle == NOBODY else handle


def _address(id: Any, people: Mapping[str, Person]) -> Any:
    return (people[id].email or people[id].handle) if id in people else id


def _moment(text: str | None) -> datetime | None:
    """RT keeps an old value as it was stored and a new one as it was shown."""
    if not text:
        return None
    return moment(text if "T" in text else f"{text.replace(' ', 'T')}Z")


def _named(id: Any, queues: Mapping[str, str]) -> Any:
    return queues.get(id, id)
