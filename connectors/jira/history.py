"""Field changes from Jira's changelog, in the shape of the wire record.

The changelog names both values of each change, of documents as plain text only: who changed a
description and when is certain, and what stood there is told without its marks. Issues are asked a
thousand at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.jira import adf
from connectors.jira.client import Client
from connectors.jira.fields import Fields, custom_path, moment
from connectors.jira.people import person
from syncline.sdk.connector import Change

_ISSUES = 1000  # SPEC getBulkChangelogs
_ENTRIES = 10_000
_NAMED = ("status", "priority", "issuetype", "resolution", "summary")
_BY_ID = ("assignee", "reporter", "parent", "duedate")


async def changes(
    client: Client, fields: Fields, ids: Sequence[str], since: datetime, me: str
) -> dict[str, list[Change]]:
    """The changes of each issue at `since` or later, oldest first; none where it is hidden."""
    told: dict[str, list[Change]] = {id: [] for id in ids}
    wanted = [id for id in told if id.isdecimal()]
    for at in range(0, len(wanted), _ISSUES):
        body: dict[str, object] = {
            "issueIdsOrKeys": wanted[at : at + _ISSUES],
            "maxResults": _ENTRIES,
        }
        while True:
            page = await client.ask("/changelog/bulkfetch", body, items=len(wanted))
            for log in page["issueChangeLogs"]:
                id = str(log["issueId"])
                for history in log["changeHistories"]:
                    told.setdefault(id, []).extend(_of(id, history, fields, since, me))
            if not page.get("nextPageToken"):
                break
            body["nextPageToken"] = page["nextPageToken"]
    return {id: sorted(told[id], key=lambda change: change.at) for id in ids}


def _of(
    id: str, history: Mapping[str, Any], fields: Fields, since: datetime, me: str
) -> list[Change]:
    at = _moment(history["created"])
    if at < since:
        return []
    by = person(history.get("author"))
    found = []
    for item in history["items"]:
        values = _values(item, fields)
        if values is not None:
            path, before, after = values
            found.append(Change(id, path, before, after, at, by, by.handle == me))
    return found


def _moment(value: Any) -> datetime:
    """The bulk answer may hold milliseconds where the description of the interface says a text."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000).astimezone()
    return moment(value)


def _values(item: Mapping[str, Any], fields: Fields) -> tuple[str, Any, Any] | None:
    field = str(item.get("fieldId") or item.get("field"))
    words = item.get("fromString"), item.get("toString")
    ids = item.get("from"), item.get("to")
    if field in _NAMED:
        return (field, words[0] or None, words[1] or None)
    if field in _BY_ID:
        return (field, ids[0] or None, ids[1] or None)
    if field == "labels":
        return (field, (words[0] or "").split(), (words[1] or "").split())
    if field == "description":
        return (field, adf.paragraphs(words[0]), adf.paragraphs(words[1]))
    known = next((one for one in fields.all if one.id == field), None)
    if known is None:
        return None
    before, after = (_of_kind(known.kind, *pair) for pair in zip(ids, words, strict=True))
    return (custom_path(known.name), before, after)


def _of_kind(kind: str, id: str | None, text: str | None) -> Any:
    match kind:
        case "options":
            return [part.strip() for part in (text or "").split(",") if part.strip()]
        case "labels":
            return (text or "").split()
        case "users":
            return [part.strip() for part in (id or "").strip("[]").split(",") if part.strip()]
        case "adf":
            return adf.paragraphs(text)
        case "user" | "date":
            return id or None
        case "number" if text:
            number = float(text)
            return int(number) if number.is_integer() else number
    return text or None
