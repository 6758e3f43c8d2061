"""Ticket fields: which there are, what a custom one takes, and how its options are tags as well.

developer.zendesk.com, "Ticket Fields". The value of a drop-down, a multi-select or a checkbox is a
tag of the ticket: whoever replaces the tags changes the fields with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.errors import invalid

CLASSES = {
    "text": "FieldText",
    "textarea": "FieldTextarea",
    "tagger": "FieldTagger",
    "multiselect": "FieldMultiselect",
    "date": "FieldDate",
    "checkbox": "FieldCheckbox",
    "integer": "FieldInteger",
    "decimal": "FieldDecimal",
    "regexp": "FieldRegexp",
}
SYSTEM = (
    ("subject", "Subject"),
    ("description", "Description"),
    ("status", "Status"),
    ("tickettype", "Type"),
    ("priority", "Priority"),
    ("group", "Group"),
    ("assignee", "Assignee"),
    ("custom_status", "Ticket status"),
)
PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("question", "incident", "problem", "task")
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
_SYSTEM_OPTIONS = {"priority": PRIORITIES, "tickettype": TYPES, "status": STATUSES[1:5]}
LONGEST = 65_536

Values = dict[int, Any]


def new_field(
    account: Account,
    type: str,
    title: str,
    options: Sequence[str] = (),
    **more: object,
) -> Row:
    """A field of the account; `options` are names, whose values are tags."""
    id = account.new_id()
    row: Row = {
        "id": id,
        "type": type,
        "title": title,
        "raw_title": title,
        "description": "",
        "active": True,
        "required": False,
        "required_in_portal": False,
        "visible_in_portal": False,
        "editable_in_portal": False,
        "collapsed_for_agents": False,
        "regexp_for_validation": None,
        "title_in_portal": title,
        "tag": None,
        "removable": type in CLASSES,
        "position": len(account.fields) + 1,
        "created_at": account.stamp(),
        "updated_at": account.stamp(),
    }
    if type in ("tagger", "multiselect"):
        row["custom_field_options"] = [_option(account, name) for name in options]
    if type in _SYSTEM_OPTIONS:
        row["system_field_options"] = [
            {"name": value.capitalize(), "value": value} for value in _SYSTEM_OPTIONS[type]
        ]
    row |= more
    account.fields.put(str(id), row)
    return row


def _option(account: Account, name: str) -> Row:
    return {
        "id": account.new_id(),
        "name": name,
        "raw_name": name,
        "value": tag_of(name),
        "default": False,
    }


def tag_of(text: str) -> str:
    """Text as a tag: small letters, no spaces."""
    return re.sub(r"\s+", "_", text.strip()).lower()


def custom(account: Account) -> list[Row]:
    """The fields that administrators made, by position."""
    return [field for field in account.fields.values() if field["removable"] and field["active"]]


def with_values(account: Account, values: Mapping[int, object]) -> list[Row]:
    """`custom_fields` of a ticket: every field, with null where it has no value."""
    return [
        {"id": field["id"], "value": values.get(field["id"], empty(field))}
        for field in custom(account)
    ]


def empty(field: Row) -> Any:
    """The value of a field that nobody has set."""
    return {"multiselect": [], "checkbox": False}.get(field["type"])


def values_of(ticket: Mapping[str, Any]) -> dict[int, Any]:
    """A ticket's custom values by field."""
    return {one["id"]: one["value"] for one in ticket["custom_fields"]}


def checked(field: Row, value: Any) -> Any:
    """A value as it is kept; raises Refused where the field does not take it."""
    if value in (None, "", []):
        return empty(field)
    kind, fits = field["type"], True
    if kind == "checkbox":
        fits = value in (True, False, "true", "false", "1", "0")
        value = value in (True, "true", "1")
    elif kind == "multiselect":
        fits = isinstance(value, list) and set(value) <= options_of(field)
        value = sorted(set(value)) if fits else value
    elif kind == "tagger":
        fits = value in options_of(field)
    elif kind == "date":
        value = str(value)[:10]
        fits = _is_date(value)
    elif kind in ("integer", "decimal"):
        pattern = r"-?\d+" if kind == "integer" else r"-?\d+(\.\d+)?"
        fits = re.fullmatch(pattern, str(value)) is not None
        value = (int(value) if kind == "integer" else str(value)) if fits else value
    elif kind == "regexp":
        value = str(value)
        fits = re.search(field["regexp_for_validation"], value) is not None
    else:
        value = str(value)
        fits = len(value) <= LONGEST
    if not fits:
        raise refused(field, "is invalid")
    return value


def refused(field: Row, problem: str) -> Exception:
    """A field's own part in an error."""
    return invalid("base", told(field, problem))


def told(field: Row, problem: str) -> Row:
    """A problem with a field, as Zendesk words it."""
    kind = CLASSES.get(field["type"], f"Field{field['type'].capitalize()}")
    return {
        "description": f"{field['title']}: {problem}",
        "error": None,
        "ticket_field_id": field["id"],
        "ticket_field_type": kind,
    }


def options_of(field: Row) -> set[str]:
    """The tags that a field's options stand for."""
    return {option["value"] for option in field.get("custom_field_options") or ()}


def tags_of(account: Account, values: Mapping[int, Any]) -> set[str]:
    """The tags that custom values stand for."""
    found: set[str] = set()
    for field in custom(account):
        value = values.get(field["id"])
        if field["type"] == "tagger" and value:
            found.add(value)
        elif field["type"] == "multiselect":
            found |= set(value or ())
        elif field["type"] == "checkbox" and value and field["tag"]:
            found.add(field["tag"])
    return found


def values_by_tags(account: Account, values: Mapping[int, Any], tags: Iterable[str]) -> Values:
    """Custom values as replaced tags leave them: an option without its tag is gone."""
    tags, result = set(tags), dict(values)
    for field in custom(account):
        there = sorted(options_of(field) & tags)
        if field["type"] == "multiselect":
            result[field["id"]] = there
        elif field["type"] == "tagger" and result.get(field["id"]) not in there:
            result[field["id"]] = there[0] if there else None
        elif field["type"] == "checkbox" and field["tag"]:
            result[field["id"]] = field["tag"] in tags
    return result


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
