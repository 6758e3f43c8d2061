"""Custom fields: how Jira writes a value of each kind, and how it stands in the wire record.

    kind      in Jira                            in the record
    text      text                               text
    adf       document                           text of the document (`adf`)
    wiki      wiki markup                        the same
    number    number                             number
    date      "2026-03-01"                       the same
    datetime  "2026-03-01T12:00:00.000+1300"     UTC: "2026-03-01T12:00:00.000Z"
    interval  text of {"start", "end"}           the last day
    option    {"id", "value"}                    the value
    options   list of those                      list of values
    labels    list of texts                      the same
    user      {"accountId", …} or {"name", …}    the account id or name
    users     list of those                      list of account ids or names

A date of Product Discovery is an interval: a day, a month or a quarter. It is written as one day.
Fields of other kinds (cascading selects, sprints, an app's own) are neither read nor written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from connectors.jira.dialect import Dialect, handle, text
from syncline.sdk.errors import Rejected

_TEXTAREA = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
_INTERVAL = "jira.polaris:interval"
_SIMPLE = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "option": "option",
    "user": "user",
}
_LISTS = {"option": "options", "string": "labels", "user": "users"}


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field."""

    id: str
    name: str
    kind: str

    def shown(self, value: Any) -> Any:
        """Jira's value as it stands in the record."""
        return shown(self.kind, value)

    def written(self, value: Any, dialect: Dialect) -> Any:
        """The record's value as Jira takes it; raises Rejected where its shape is another."""
        return written(self.kind, value, dialect)


@dataclass(frozen=True, slots=True)
class Fields:
    """Some custom fields."""

    all: tuple[Field, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(field.id for field in self.all)

    def named(self, name: str) -> Field | None:
        """The one with this name."""
        return next((field for field in self.all if field.name == name), None)

    def to_json(self) -> list[list[str]]:
        """For a cursor."""
        return [[field.id, field.name, field.kind] for field in self.all]

    @classmethod
    def of_json(cls, told: list[list[str]]) -> Fields:
        """The inverse of `to_json`."""
        return cls(tuple(Field(*one) for one in told))


def custom_field(row: Mapping[str, Any], dialect: Dialect) -> Field | None:
    """The field that Jira describes (SPEC `FieldDetails`, `FieldMetadata`), if of a known kind."""
    schema = row.get("schema") or {}
    if "custom" not in schema:
        return None
    kind = _kind(schema, dialect)
    id = str(row.get("fieldId") or row.get("id"))
    return Field(id, str(row["name"]), kind) if kind else None


def _kind(schema: Mapping[str, Any], dialect: Dialect) -> str | None:
    if schema["custom"] == _TEXTAREA:
        return "adf" if dialect.text == "adf" else "wiki"
    if schema["custom"] == _INTERVAL:
        return "interval"
    if schema.get("type") == "array":
        return _LISTS.get(str(schema.get("items")))
    return _SIMPLE.get(str(schema.get("type")))


def custom_path(name: str) -> str:
    """The path of a custom field; a dot in its name is escaped, as in mapping files."""
    return "custom_fields." + name.replace(".", r"\.")


def moment(written: str) -> datetime:
    """A time as Jira writes it, in the reader's own zone."""
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%f%z")


def utc(written: str | None) -> str | None:
    """That time in UTC, so that it reads the same for every account."""
    if written is None:
        return None
    at = moment(written).astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def last_day(interval: Any) -> str | None:
    """The day on which an interval ends; None for a text that is none."""
    try:
        told = json.loads(interval) if isinstance(interval, str) else interval
        return date.fromisoformat(told["end"]).isoformat()
    except (TypeError, ValueError, KeyError):
        return None


def shown(kind: str, value: Any) -> Any:
    """Jira's value of a kind as it stands in the record."""
    if value is None:
        return [] if kind in ("options", "labels", "users") else None
    match kind:
        case "adf" | "wiki":
            return text(value)
        case "datetime":
            return utc(value)
        case "interval":
            return last_day(value)
        case "option":
            return value["value"]
        case "options":
            return [one["value"] for one in value]
        case "user":
            return handle(value)
        case "users":
            return [handle(one) for one in value]
        case "number":
            return int(value) if float(value).is_integer() else value
    return value


def written(kind: str, value: Any, dialect: Dialect) -> Any:
    """The record's value of a kind as Jira takes it."""
    if kind in ("options", "labels", "users"):
        values = [] if value is None else value
        if not isinstance(values, list | tuple):
            raise Rejected("A field with several values was given one; nothing was written.")
        return [one if kind == "labels" else _one(kind, one, dialect) for one in values]
    if value is None or value == "":
        return None
    match kind:
        case "adf" | "wiki":
            return dialect.document(value)
        case "option" | "user":
            return _one(kind, value, dialect)
        case "interval":
            return json.dumps({"start": value, "end": value})
        case "datetime":
            return str(value).removesuffix("Z") + "+0000" if str(value).endswith("Z") else value
    return value


def _one(kind: str, value: Any, dialect: Dialect) -> dict[str, Any]:
    return {dialect.handle if kind.startswith("user") else "value": value}
