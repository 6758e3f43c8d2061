"""What the connection really is: account, projects, fields and options, and what to warn about."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from typing import Any

from connectors.redmine import version_wire
from connectors.redmine.config import RedmineConfig
from connectors.redmine.details import demands, required
from connectors.redmine.metadata import Metadata
from connectors.redmine.rights import NEEDED, Rights
from connectors.redmine.wire import custom_path
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import AuthRequired, Misconfigured

RECORD = "issue"
SUBJECT_LENGTH = 255

_READ_ONLY = {"author": "user", "created_on": "datetime", "updated_on": "datetime",
              "closed_on": "datetime"}  # fmt: skip
_WRITABLE = {
    "description": "text", "assigned_to": "user", "parent": "issue", "start_date": "date",
    "due_date": "date", "done_ratio": "number", "estimated_hours": "number", "is_private": "bool",
}  # fmt: skip


async def describe(metadata: Metadata, rights: Rights, config: RedmineConfig) -> Schema:
    """The schema as it is now; raises AuthRequired or Misconfigured with what to do."""
    metadata.forget()
    rights.forget()
    me = await _account(metadata)
    projects = await metadata.projects()
    customs, missing, *_ = await asyncio.gather(
        metadata.custom_fields(),
        rights.missing(),
        *(metadata.listed(kind) for kind in ("status", "priority", "tracker")),
    )
    fields = await _fields(metadata, projects, customs, config)
    return Schema(
        account=f"{config.base_url.rstrip('/')} user {me['id']}",
        version="",
        records={
            RECORD: RecordSchema(RECORD, {field.path: field for field in fields}),
            "version": version_wire.schema(await _of_versions(metadata, projects, config)),
        },
        text_format=config.markup,
        warnings=tuple(_warnings(me, missing, customs, config)),
    )


async def _account(metadata: Metadata) -> Mapping[str, Any]:
    try:
        return await metadata.me()
    except AuthRequired as error:
        if error.status == 403:
            raise Misconfigured(
                "Redmine's REST interface is switched off, or the account may not use it. Nothing"
                " was read; switch it on under Administration, Settings, API.",
                status=403,
            ) from error
        raise


async def _fields(
    metadata: Metadata,
    projects: Mapping[str, Mapping[str, Any]],
    customs: Sequence[Mapping[str, Any]],
    config: RedmineConfig,
) -> list[FieldSchema]:
    trackers = _names(t for p in projects.values() for t in p["trackers"])
    options = {
        "status": _names(await metadata.listed("status")),
        "priority": _names(p for p in await metadata.listed("priority") if p.get("active", True)),
        "tracker": trackers,
        "project": _names(projects.values()),
        "category": _names(c for p in projects.values() for c in p["issue_categories"]),
        "fixed_version": _names(
            [v for p in projects.values() for v in await metadata.listed("fixed_version", p["id"])]
        ),
    }
    by_tracker = (await required(metadata, config.key_field)).values()
    everywhere = set.intersection(*map(set, by_tracker)) if by_tracker else set()
    fields = [
        FieldSchema("subject", "Subject", "string", required=True, max_length=SUBJECT_LENGTH),
        *(FieldSchema(p, _label(p), "option", options=o) for p, o in options.items()),
        *(FieldSchema(path, _label(path), kind) for path, kind in _WRITABLE.items()),
        *(FieldSchema(p, _label(p), kind, read_only=True) for p, kind in _READ_ONLY.items()),
        *(_custom(field, everywhere) for field in customs if field["name"] != config.key_field),
    ]
    if config.link_field:
        fields.append(FieldSchema("reference", config.link_field, "text"))
    return fields


async def _of_versions(
    metadata: Metadata, projects: Mapping[str, Mapping[str, Any]], config: RedmineConfig
) -> dict[str, FieldSchema]:
    """What this connection's versions have besides the fields of all versions."""
    names = _names(projects.values())
    project = FieldSchema("project", "Project", "option", options=names, create_only=True)
    rows = [row for row in await metadata.version_fields() if row["name"] != config.key_field]
    demanded = {custom_path(row["name"]) for row in rows if demands(row)}
    customs = [_custom(row, demanded) for row in rows]
    return {field.path: field for field in (project, *customs)}


def _custom(field: Mapping[str, Any], demanded: Container[str]) -> FieldSchema:
    path, values = custom_path(field["name"]), field.get("possible_values")
    kind = str(field.get("field_format", "unknown"))
    return FieldSchema(
        path,
        field["name"],
        f"{kind} list" if field.get("multiple") else kind,
        options=None if values is None else tuple(value["value"] for value in values),
        required=path in demanded,
        max_length=field.get("max_length"),
    )


def _warnings(
    me: Mapping[str, Any],
    missing: Mapping[str, tuple[str, ...]],
    customs: Sequence[Mapping[str, Any]],
    config: RedmineConfig,
) -> list[str]:
    warnings = [
        f"The account lacks the permission {NEEDED[name]!r} in {', '.join(projects)}."
        for name, projects in missing.items()
    ]
    if me.get("admin"):
        warnings.append("The account is an administrator: more rights than a sync needs.")
    named = {field["name"]: field for field in customs}
    for option in ("key_field", "link_field"):
        name = getattr(config, option)
        if name and name not in named:
            warnings.append(f"{option}: no custom field {name!r} shows on issues of the scope.")
    if config.key_field and not named.get(config.key_field, {}).get("is_filter", True):
        warnings.append(f"key_field: {config.key_field!r} is not 'used as a filter'.")
    return warnings


def _names(entries: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(entry["name"]) for entry in entries))


def _label(path: str) -> str:
    return path.replace("_", " ").capitalize()
