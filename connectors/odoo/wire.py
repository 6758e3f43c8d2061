"""The wire record: a row of Odoo in the words of `records.py`.

text, and rich text as HTML                     None for none
times in UTC, as 2026-12-01T10:00:00Z; days as 2026-12-01
priority, status, labels, project               names, as an English Odoo shows them
people, and records of the same database        ids as text; a person's is that of their partner
assignee                                        the first of several, by id
domain                                          the host of a partner's web address
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.odoo.client import Row, moment
from connectors.odoo.records import (
    LOST,
    TASK_STATES,
    Field,
    Kind,
    RecordType,
    of_this_type,
)
from syncline.sdk.connector import Record

Handle = Callable[[int], str]
"""A user's id to the handle that stands for them."""

# What Odoo's editor leaves of a text that somebody emptied.
_EMPTY_HTML = frozenset({"", "<p></p>", "<p><br></p>", "<p><br/></p>"})


class WireShape:
    """Rows to records for one connection; `handle` knows the users that rows name."""

    def __init__(self, base_url: str, key_field: str | None, handle: Handle) -> None:
        self._base_url = base_url.rstrip("/")
        self._key_field = key_field
        self._handle = handle

    def record(self, kind: RecordType, row: Row, projects: Mapping[str, int]) -> Record:
        """The record; its version is `write_date` as seconds since 1970."""
        updated = moment(row["write_date"])
        return Record(
            id=str(row["id"]),
            fields=self.fields(kind, row),
            version=int(updated.timestamp()),
            updated_at=updated,
            created_at=moment(row["create_date"]),
            key=f"#{row['id']}",
            marker=(row.get(self._key_field) or None) if self._key_field else None,
            url=f"{self._base_url}/odoo/{kind.model}/{row['id']}",
            in_scope=in_scope(kind, row, projects),
            deleted=not row["active"] and row.get("won_status") != "lost",
        )

    def fields(self, kind: RecordType, row: Row) -> dict[str, Any]:
        """The record's fields, in the shape the module describes."""
        return {f.path: self._value(f, row) for f in kind.fields if f.name in row}

    def _value(self, field: Field, row: Row) -> Any:
        value = row[field.name]
        match field.kind:
            case Kind.STATUS:
                return status(row, named(value))
            case Kind.NAMED:
                return named(value)
            case Kind.TAGS:
                return sorted(tag["name"] for tag in value)
            case Kind.SOLE:
                return self._handle(min(value)) if value else None
            case Kind.USER:
                return self._handle(value) if value else None
            case Kind.NUMBER:
                return value
        return None if value is False else plain(field, value)


def plain(field: Field, value: Any) -> Any:
    """A value that needs nothing but itself, as the wire record shows it."""
    match field.kind:
        case Kind.PARTNER:
            return str(value)
        case Kind.DATETIME:
            return moment(value).strftime("%Y-%m-%dT%H:%M:%SZ")
        case Kind.CHOICE:
            return field.choices.get(value, value)
        case Kind.HTML:
            return None if value in _EMPTY_HTML else value
        case Kind.DOMAIN:
            return urlsplit(value).hostname or value
        case Kind.TEXT:
            return value or None
    return value


def named(link: Any) -> str | None:
    """The name of a linked record."""
    return link["display_name"] if link else None


def status(row: Row, stage: str | None) -> str | None:
    """Where a record stands: what its state says, where that says more than its stage."""
    if row.get("won_status") == "lost":
        return LOST
    return TASK_STATES.get(row.get("state", ""), stage)


def in_scope(kind: RecordType, row: Row, projects: Mapping[str, int]) -> bool:
    """Whether a row is of the type and, for a task, in one of the scope's projects."""
    if not of_this_type(kind, row):
        return False
    project = row.get("project_id")
    return kind.record != "task" or bool(project and project["id"] in projects.values())
