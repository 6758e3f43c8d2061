"""The wire record of a version, and the patch back to Redmine's attributes.

    name, status, sharing, project      text; project: a name, given once, when the version is made
    description                         plain text, "" for none
    due_date                            "2026-11-24" or None
    wiki_page_title                     text or None
    custom_fields                       name: text, None or list of texts, without the key field
    created_on, updated_on              times in UTC, read-only

`updated_on` moves with every change, of custom fields too, and stays when nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.redmine.client import Version, moment
from connectors.redmine.metadata import Metadata
from connectors.redmine.patching import NONE
from connectors.redmine.wire import custom, lines, value_of
from syncline.sdk.connector import FieldSchema, Record, RecordSchema, Wire
from syncline.sdk.errors import Rejected

NAME_LENGTH, TEXT_LENGTH = 60, 255
STATUSES = ("open", "locked", "closed")
SHARINGS = ("none", "descendants", "hierarchy", "tree", "system")

FIELDS = (
    FieldSchema("name", "Name", "string", required=True, max_length=NAME_LENGTH),
    FieldSchema("description", "Description", "string", max_length=TEXT_LENGTH),
    FieldSchema("status", "Status", "option", options=STATUSES),
    FieldSchema("due_date", "Due date", "date"),
    FieldSchema("sharing", "Sharing", "option", options=SHARINGS),
    FieldSchema("wiki_page_title", "Wiki page", "string", max_length=TEXT_LENGTH),
    FieldSchema("created_on", "Created on", "datetime", read_only=True),
    FieldSchema("updated_on", "Updated on", "datetime", read_only=True),
)
WRITABLE = ("name", "description", "status", "due_date", "sharing", "wiki_page_title")


def schema(fields: Mapping[str, FieldSchema]) -> RecordSchema:
    """The fields of every Redmine's versions, and what a connection's own add or replace."""
    return RecordSchema("version", {field.path: field for field in FIELDS} | dict(fields))


def fields_of(version: Version, key_field: str | None) -> dict[str, Any]:
    """The record's fields, in the shape the module describes."""
    return {
        **{name: version.get(name) for name in ("name", "status", "sharing")},
        "project": version["project"]["name"],
        "description": lines(version.get("description")),
        "due_date": version.get("due_date"),
        "wiki_page_title": version.get("wiki_page_title") or None,
        "custom_fields": {
            field["name"]: value_of(field)
            for field in version.get("custom_fields", ())
            if field["name"] != key_field
        },
        "created_on": version["created_on"],
        "updated_on": version["updated_on"],
    }


def record_of(
    version: Version, base_url: str, key_field: str | None, projects: Mapping[str, int]
) -> Record:
    """The record; one that another project shares with ours is not in scope."""
    updated = moment(version["updated_on"])
    return Record(
        id=str(version["id"]),
        fields=fields_of(version, key_field),
        version=int(updated.timestamp()),
        updated_at=updated,
        created_at=moment(version["created_on"]),
        key=version["name"],
        marker=custom(version, key_field),
        url=f"{base_url.rstrip('/')}/versions/{version['id']}",
        in_scope=version["project"]["id"] in projects.values(),
    )


async def attributes_of(patch: Wire, metadata: Metadata) -> dict[str, Any]:
    """What sets a patch; raises Rejected for what cannot be written, before anything is sent."""
    attributes: dict[str, Any] = {}
    for name, value in patch.items():
        if name == "custom_fields" and isinstance(value, Mapping):
            attributes[name] = [await entry(metadata, n, v) for n, v in value.items()]
        elif name == "sharing" and value not in SHARINGS:
            # Redmine would leave it as it is, without a word.
            raise Rejected(f"sharing {value!r} is none of {', '.join(SHARINGS)}; nothing was sent.")
        elif name in WRITABLE:
            attributes[name] = NONE if value is None else value
        else:
            raise Rejected(f"{name!r} cannot be written to a version; it is left as it is.")
    return attributes


async def entry(metadata: Metadata, name: str, value: object) -> dict[str, object]:
    """One custom field's entry, by its name."""
    field = await metadata.version_field(name)
    return {"id": field["id"], "value": NONE if value is None else value}
