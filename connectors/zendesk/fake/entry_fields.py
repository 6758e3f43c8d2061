"""Custom fields of organizations and users, which go by keys.

developer.zendesk.com, "Organization Fields", "User Fields". A drop-down's value is the tag of one
of its options. A key that no field has is passed over without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.errors import malformed
from connectors.zendesk.fake.fields import checked, empty, tag_of
from syncline.sandbox import Table


def new_entry_field(
    account: Account,
    table: Table,
    type: str,
    key: str,
    title: str,
    options: Sequence[str] = (),
) -> Row:
    """A field of organizations or users; `options` are names, whose values are tags."""
    id, now = account.new_id(), account.stamp()
    row: Row = {
        "id": id,
        "type": type,
        "key": key,
        "title": title,
        "raw_title": title,
        "description": "",
        "position": len(table),
        "active": True,
        "system": False,
        "regexp_for_validation": None,
        "created_at": now,
        "updated_at": now,
    }
    if type in ("dropdown", "multiselect"):
        row["custom_field_options"] = [
            {"id": account.new_id(), "name": name, "raw_name": name, "value": tag_of(name)}
            for name in options
        ]
    table.put(str(id), row)
    return row


def with_entry_values(table: Table, before: Mapping[str, Any], given: object) -> Row:
    """The custom values of a record, all keys of it, with those given; raises Refused."""
    if not isinstance(given, Mapping):
        raise malformed("the custom fields are no object")
    values: Row = {}
    for field in table.values():
        ticket_like = field | ({"type": "tagger"} if field["type"] == "dropdown" else {})
        key = field["key"]
        values[key] = before.get(key, empty(ticket_like))
        if key in given:
            values[key] = checked(ticket_like, given[key])
    return values
