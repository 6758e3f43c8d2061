"""Who changed which field when, from a ticket's audits, as wire values.

Each update of a ticket leaves one audit, with a `Change` event for each field that names the value
before and after (developer.zendesk.com, "Ticket Audit events reference").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.zendesk.client import Client, Row, moment, segment, together
from connectors.zendesk.metadata import FIELDS, GROUPS, STATUSES, Metadata, Names
from connectors.zendesk.people import People
from connectors.zendesk.wire import PLAIN, custom_path, custom_value
from syncline.sdk.connector import Change, Person
from syncline.sdk.errors import NotFound

_PEOPLE = {"assignee_id": "assignee", "requester_id": "requester"}
_REFERENCES = {"organization_id": "organization", "problem_id": "problem"}


class History:
    """Field changes for one connection."""

    def __init__(
        self, client: Client, metadata: Metadata, people: People, link_field: str | None
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._people = people
        self._link_field = link_field

    async def of(self, ids: Sequence[str], since: datetime) -> dict[str, list[Change]]:
        """Each ticket's changes since a moment, oldest first: a request for a hundred audits, and
        one for a hundred authors who are not known yet."""
        found = await together(self._changes(id, since) for id in ids)
        authors = {change.by.handle for changes in found for change in changes}
        known = await self._people.by_id(sorted(authors))
        return {
            id: [replace(c, by=known.get(c.by.handle, c.by)) for c in changes]
            for id, changes in zip(ids, found, strict=True)
        }

    async def _changes(self, id: str, since: datetime) -> list[Change]:
        audits: list[Row] = []
        try:
            async for rows in self._client.pages(f"/tickets/{segment(id)}/audits", "audits"):
                audits += [row for row in rows if moment(row["created_at"]) >= since]
        except NotFound:
            return []
        if not audits:
            return []
        for kind in (FIELDS, STATUSES, GROUPS):
            await self._metadata.rows(kind)
        names, me = await self._metadata.names(()), await self._metadata.my_id()
        told: list[Change] = []
        for audit in sorted(audits, key=lambda one: (moment(one["created_at"]), int(one["id"]))):
            author = int(audit.get("author_id") or 0)
            at, by = moment(audit["created_at"]), Person(str(author))
            told += [
                Change(id, self._path(path), before, after, at, by, author == me)
                for path, before, after in entries(audit, names)
            ]
        return told

    def _path(self, path: str) -> str:
        return "reference" if path == custom_path(self._link_field or "") else path


def replaced(audit: Row, names: Names) -> dict[str, Any]:
    """The values that an update of a ticket replaced, by path."""
    return {path: before for path, before, _ in reversed(entries(audit, names))}


def entries(audit: Row, names: Names) -> list[tuple[str, Any, Any]]:
    """Path, before and after of each change in an audit."""
    told = []
    for event in audit.get("events") or ():
        if event.get("type") != "Change":
            continue
        name = str(event.get("field_name"))
        if (path := _path(name, names)) is not None:
            old, new = event.get("previous_value"), event.get("value")
            told.append((path, _value(name, old, names), _value(name, new, names)))
    return told


def _path(name: str, names: Names) -> str | None:
    """Where the wire record has a field of an audit; None where it has not."""
    if name.isdecimal():
        title = names.fields.get(int(name))
        return None if title is None else custom_path(title)
    known: Mapping[str, str] = {
        **{one: one for one in (*PLAIN, "tags")},
        **_PEOPLE,
        **_REFERENCES,
        "group_id": "group",
        "custom_status_id": "custom_status",
    }
    return known.get(name)


def _value(name: str, value: Any, names: Names) -> Any:
    if name == "tags":
        return sorted(value.split() if isinstance(value, str) else value or ())
    if value in (None, ""):
        return None
    if name == "group_id":
        return names.groups.get(int(value), str(value))
    if name == "custom_status_id":
        return names.statuses.get(int(value), str(value))
    if name in _PEOPLE or name in _REFERENCES:
        return str(value)
    return _custom(names.types.get(int(name)), value) if name.isdecimal() else value


def _custom(type: str | None, value: Any) -> Any:
    """A custom field's value, which audits tell as text."""
    match type:
        case "integer" if str(value).removeprefix("-").isdecimal():
            return int(value)
        case "checkbox":
            return str(value).casefold() in ("1", "true")
        case "multiselect" if isinstance(value, str):
            return sorted(value.split())
    return custom_value(value)
