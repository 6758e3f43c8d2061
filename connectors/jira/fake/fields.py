"""Values of fields: what a request may say, what is kept, and what an answer shows.

A `reader` turns what a request says into what is kept or refuses it with Jira's words; a `shower`
turns what is kept into what an answer says. `words` are what the changelog tells of a value.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any, TypeAlias

from connectors.jira.fake.faces import BadValue
from connectors.jira.fake.site import Doc, Site
from connectors.jira.fake.vocabulary import (
    PRIORITIES,
    RESOLUTIONS,
    STATUSES,
    TYPES,
    FieldDef,
    Named,
    by_id,
    by_name,
)

MAX_LINE = 255
Words: TypeAlias = tuple[str | None, str | None]


def read(site: Site, field: FieldDef, value: Any, doc: Doc) -> Any:
    """What is kept of a value that a request gives for a field of `doc`; BadValue otherwise."""
    return READERS[field.kind](site, field, value, doc)


def _line(site: Site, field: FieldDef, value: Any, doc: Doc) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BadValue("You must specify a summary of the issue.")
    if not isinstance(value, str):
        raise BadValue("Operation value must be a string")
    if "\n" in value or "\r" in value:
        raise BadValue("The summary is invalid because it contains newline characters.")
    if len(value) > MAX_LINE:
        raise BadValue("Summary can't exceed 255 characters.")
    return value.strip()


def _text(site: Site, field: FieldDef, value: Any, doc: Doc) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadValue("Operation value must be a string")
    if len(value) > MAX_LINE:
        raise BadValue(
            "The entered text is too long. It exceeds the allowed limit of 255 characters."
        )
    return value


def _rich(site: Site, field: FieldDef, value: Any, doc: Doc) -> Any:
    return None if value is None else site.face.read(value)


def _number(site: Site, field: FieldDef, value: Any, doc: Doc) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue("Operation value must be a number")
    return float(value)


def _date(site: Site, field: FieldDef, value: Any, doc: Doc) -> str | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise BadValue(f"Error parsing date string: {value}") from None


def _interval(site: Site, field: FieldDef, value: Any, doc: Doc) -> str | None:
    """A span of days as JSON in a text; a plain day is refused (reported)."""
    if value is None or value == "":
        return None
    try:
        span = json.loads(value)
        start, end = (date.fromisoformat(span[name]) for name in ("start", "end"))
    except (TypeError, ValueError, KeyError):
        raise BadValue(f"{field.name}: {value} is no interval") from None  # words unverified
    if end < start:
        raise BadValue(f"{field.name}: {value} ends before it begins")  # words unverified
    return json.dumps({"start": start.isoformat(), "end": end.isoformat()})


def _labels(site: Site, field: FieldDef, value: Any, doc: Doc) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise BadValue("The labels must be an array of strings.")
    for label in value:
        if not label or any(c.isspace() for c in label):
            raise BadValue(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > MAX_LINE:
            raise BadValue(f"The label '{label}' is longer than 255 characters.")
    return sorted(set(value))


def _user(site: Site, field: FieldDef, value: Any, doc: Doc) -> str | None:
    if value is None:
        if field.id == "reporter":
            raise BadValue("Reporter is required.")
        return None
    if not isinstance(value, dict):
        raise BadValue("expected Object")
    account = site.face.account(site.users.values(), value)
    user = site.users.get(account) or {}
    if field.id == "assignee" and not user["assignable"]:
        raise BadValue(f"User '{account}' cannot be assigned issues.")
    if not user["active"]:
        raise BadValue(f"The user named '{account}' is not active.")
    return account


def _among(things: tuple[Named, ...], noun: str) -> Reader:
    def reader(site: Site, field: FieldDef, value: Any, doc: Doc) -> str | None:
        if value is None and field.kind in ("option", "priority", "resolution"):
            return None
        if not isinstance(value, dict):
            raise BadValue(f"Specify a valid 'id' or 'name' for {field.name}")
        choices = site.choices(field.options or things)
        name = value.get("value", value.get("name"))
        if "id" in value:
            found = by_id(choices, str(value["id"]))
        else:
            found = by_name(choices, name) if isinstance(name, str) else None
        if found is None:
            if field.kind == "option":
                what = f"id '{value['id']}'" if "id" in value else f"value '{name}'"
                raise BadValue(f"Option {what} is not valid")
            if "id" in value:
                raise BadValue(f"The {noun} selected is invalid.")
            raise BadValue(f"{field.name} name '{name}' is not valid")
        return found.id

    return reader


def _options(site: Site, field: FieldDef, value: Any, doc: Doc) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadValue("data was not an array")
    single = FieldDef(field.id, field.name, "option", "option", options=field.options)
    ids = {_among((), "option")(site, single, v, doc) for v in value}
    return sorted(str(i) for i in ids)


def _type(site: Site, field: FieldDef, value: Any, doc: Doc) -> str:
    if value is None:
        raise BadValue("Specify an issue type")
    found = _among(TYPES, "issue type")(site, field, value, doc)
    project = site.project(doc["project"])
    if found is None or project is None or found not in project.types:
        raise BadValue("The issue type selected is invalid.")
    return str(found)


def _parent(site: Site, field: FieldDef, value: Any, doc: Doc) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadValue("data was not an object")
    parent = site.find(str(value.get("id", value.get("key", ""))))
    if parent is None or parent["hidden"]:
        raise BadValue("Could not find issue by id or key.")
    levels = {t.id: t.level for t in TYPES}
    own = levels[doc["fields"]["issuetype"]]
    if levels[parent["fields"]["issuetype"]] != own + 1:
        raise BadValue("Given parent issue does not belong to appropriate hierarchy.")
    if own < 0 and parent["project"] != doc["project"]:
        raise BadValue("Sub-tasks must be created in the same project as the parent.")
    return str(parent["id"])


Reader: TypeAlias = Callable[[Site, FieldDef, Any, Doc], Any]
READERS: dict[str, Reader] = {
    "line": _line,
    "text": _text,
    "adf": _rich,
    "number": _number,
    "date": _date,
    "interval": _interval,
    "labels": _labels,
    "user": _user,
    "priority": _among(PRIORITIES, "priority"),
    "resolution": _among(RESOLUTIONS, "resolution"),
    "option": _among((), "option"),
    "options": _options,
    "issuetype": _type,
    "parent": _parent,
}

CHOICES: dict[str, tuple[Named, ...]] = {
    "priority": PRIORITIES,
    "resolution": RESOLUTIONS,
    "status": STATUSES,
    "issuetype": TYPES,
}


def words(site: Site, field: FieldDef, kept: Any) -> Words:
    """What the changelog says of a value: its id, and its text."""
    if kept is None or kept == []:
        return None, None if field.kind in CHOICES or field.kind == "user" else ""
    match field.kind:
        case "priority" | "resolution" | "status" | "issuetype" | "option":
            found = by_id(field.options or CHOICES[field.kind], kept)
            return kept, site.called(found).name if found else kept
        case "user":
            return kept, (site.users.get(kept) or {}).get("name")
        case "options":
            names = [site.called(found).name for k in kept if (found := by_id(field.options, k))]
            return f"[{', '.join(kept)}]", ", ".join(names)
        case "labels":
            return "", " ".join(kept)
        case "adf":
            return None, site.face.plain(kept)
        case "date":
            return kept, f"{kept} 00:00:00.0"
        case "parent":
            parent = site.find(kept)
            return kept, parent["key"] if parent else kept
    return None, str(kept)
