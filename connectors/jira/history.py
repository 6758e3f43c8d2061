"""Field changes from Jira's changelog, in the shape of the wire record.

The changelog names both values of each change, of Cloud's documents as plain text only: who changed
a description and when is certain, and what stood there is told without its marks. Data Center tells
its texts whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.jira.client import Client
from connectors.jira.dialect import Dialect
from connectors.jira.fields import Field, Fields, custom_path, last_day, moment
from connectors.jira.people import person
from syncline.sdk.connector import Change

_NAMED = ("status", "priority", "issuetype", "resolution", "summary")
_PEOPLE = ("assignee", "reporter")
_BY_ID = ("parent", "duedate")


async def changes(
    client: Client, fields: Fields, ids: Sequence[str], since: datetime, me: str
) -> dict[str, list[Change]]:
    """The changes of each issue at `since` or later, oldest first; none where it is hidden."""
    told: dict[str, list[Change]] = {id: [] for id in ids}
    entries = [
        (id, entry)
        for id, entry in await client.changelogs([id for id in told if id.isdecimal()])
        if _moment(entry["created"]) >= since
    ]
    reader = _Reader(fields, client.dialect, await client.names(_people(entries, fields)))
    for id, entry in entries:
        at, by = _moment(entry["created"]), person(entry.get("author"))
        for item in entry["items"]:
            if values := reader.values(item):
                path, before, after = values
                change = Change(id, path, before, after, at, by, by.handle == me)
                told.setdefault(id, []).append(change)
    return {id: sorted(told[id], key=lambda change: change.at) for id in ids}


def _people(entries: Sequence[tuple[str, Mapping[str, Any]]], fields: Fields) -> list[str]:
    """Whom the changelog names by an id."""
    found: dict[str, None] = {}
    for _, entry in entries:
        for item in entry["items"]:
            known = _known(item, fields)
            kind = "user" if item.get("field") in _PEOPLE else known.kind if known else ""
            if kind in ("user", "users"):
                both = (_listed(item.get("from")), _listed(item.get("to")))
                found |= dict.fromkeys(id for ids in both for id in ids)
    return list(found)


def _known(item: Mapping[str, Any], fields: Fields) -> Field | None:
    """The custom field that an entry is about; Data Center tells its name alone."""
    if id := item.get("fieldId"):
        return next((one for one in fields.all if one.id == id), None)
    return fields.named(str(item.get("field"))) if item.get("fieldtype") == "custom" else None


def _listed(ids: str | None) -> list[str]:
    return [part.strip() for part in (ids or "").strip("[]").split(",") if part.strip()]


def _moment(value: Any) -> datetime:
    """The bulk answer may hold milliseconds where the description of the interface says a text."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000).astimezone()
    return moment(value)


class _Reader:
    """Reads a changelog's items; `names` are the handles that stand for ids in it."""

    def __init__(self, fields: Fields, dialect: Dialect, names: Mapping[str, str]) -> None:
        self._fields = fields
        self._dialect = dialect
        self._names = names

    def values(self, item: Mapping[str, Any]) -> tuple[str, Any, Any] | None:
        """A path, and what stood there before and after; None for what no record has."""
        field = str(item.get("fieldId") or item.get("field"))
        words = item.get("fromString"), item.get("toString")
        ids = item.get("from"), item.get("to")
        known = _known(item, self._fields)
        if known is not None:
            if known.kind == "interval" and any(one and last_day(one) is None for one in words):
                return None
            pairs = zip(ids, words, strict=True)
            before, after = (self._of_kind(known.kind, *pair) for pair in pairs)
            return (custom_path(known.name), before, after)
        if item.get("fieldtype") == "custom":
            return None
        if field in _NAMED:
            return (field, words[0] or None, words[1] or None)
        if field in (*_PEOPLE, *_BY_ID):
            return (field, self._name(ids[0]), self._name(ids[1]))
        if field == "labels":
            return (field, (words[0] or "").split(), (words[1] or "").split())
        if field == "description":
            return (field, self._dialect.told(words[0]), self._dialect.told(words[1]))
        return None

    def _name(self, id: str | None) -> str | None:
        return self._names.get(id, id) if id else None

    def _of_kind(self, kind: str, id: str | None, text: str | None) -> Any:
        match kind:
            case "options":
                return _listed(text)
            case "labels":
                return (text or "").split()
            case "users":
                return [self._name(one) for one in _listed(id)]
            case "adf" | "wiki":
                return self._dialect.told(text)
            case "interval":
                return last_day(text)
            case "user" | "date":
                return self._name(id)
            case "number" if text:
                number = float(text)
                return int(number) if number.is_integer() else number
        return text or None
