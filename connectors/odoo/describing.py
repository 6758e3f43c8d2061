"""What the connection really is: account, fields, and what to warn about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.odoo.client import Client, Specification
from connectors.odoo.config import OdooConfig
from connectors.odoo.history import FIELDS, History
from connectors.odoo.metadata import Metadata, Rights
from connectors.odoo.records import RECORDS, TASK_STATES, Field, Kind, RecordType
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import NotFound

_TYPES = {
    Kind.TEXT: "string",
    Kind.HTML: "text",
    Kind.NUMBER: "number",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.TAGS: "string list",
    Kind.PARTNER: "record",
    Kind.USER: "user",
    Kind.SOLE: "user",
    Kind.DOMAIN: "string",
}


async def describe(
    client: Client, metadata: Metadata, history: History, config: OdooConfig
) -> Schema:
    """The schema as it is now; raises AuthRequired or Misconfigured with what to do."""
    metadata.forget()
    me = await metadata.me()
    projects = await metadata.projects()
    warnings: list[str] = []
    records: dict[str, RecordSchema] = {}
    for kind in RECORDS.values():
        try:
            known = await metadata.fields(kind.model)
        except NotFound:
            continue  # the module is not installed
        rights = await metadata.rights(kind.model)
        if not rights.read:
            continue
        names = await _options(metadata, kind, projects)
        fields = [_field(f, known, names, rights) for f in kind.fields if f.name in known]
        records[kind.record] = RecordSchema(kind.record, {f.path: f for f in fields})
        if rights.write and not rights.create:
            warnings.append(f"The account may not make a {kind.record}: each new one is refused.")
        if config.key_field and config.key_field not in known:
            warnings.append(f"key_field: {kind.record} has no field {config.key_field!r}.")
    if not config.key_field:
        warnings.append("Without key_field a create whose answer was lost cannot be found.")
    warnings += await _unknown(client, config)
    if not await history.readable():
        warnings.append(
            "The account may not read mail.tracking.value and ir.model.fields: what a write of"
            " Syncline's overwrote is not told. Give a group of it read access to both."
        )
    if await client.read("res.users", "has_group", ids=[me], group_ext_id="base.group_system"):
        warnings.append("The account is an administrator: more rights than a sync needs.")
    return Schema(
        account=f"{config.base_url.rstrip('/')} {config.database} user {me}",
        version="",
        records=records,
        text_format="html",
        warnings=tuple(warnings),
    )


async def _options(
    metadata: Metadata, kind: RecordType, projects: Mapping[str, int]
) -> dict[Kind, tuple[str, ...]]:
    """The names there are to choose from."""
    options = {Kind.NAMED: tuple(projects)}
    if kind.stages and "stage_id" in await metadata.fields(kind.model):
        rows = await metadata.stages(kind)
        states = [*TASK_STATES.values()] if kind.record == "task" else []
        states += ["Lost"] if kind.record == "opportunity" else []
        options[Kind.STATUS] = tuple(dict.fromkeys([*(r["name"] for r in rows), *states]))
    return options


async def _unknown(client: Client, config: OdooConfig) -> list[str]:
    """What an administrator made a new record need, and no record of ours would have."""
    models = list(dict.fromkeys(kind.model for kind in RECORDS.values()))
    demanded = [["state", "=", "manual"], ["required", "=", True], ["ttype", "!=", "boolean"]]
    domain = [["model", "in", models], ["name", "!=", config.key_field], *demanded]
    asked: Specification = {"model": {}, "name": {}, "field_description": {}}
    try:
        rows = await client.all(FIELDS, domain, asked)
    except NotFound:
        return []
    told = []
    for row in rows:
        if not await client.read(row["model"], "default_get", fields=[row["name"]]):
            words = " or ".join(k.record for k in RECORDS.values() if k.model == row["model"])
            told.append(
                f"Odoo makes no {words} without {row['field_description']!r} ({row['name']}), which"
                " Syncline does not fill: each new one is refused. Give the field a default in"
                " Odoo, or require it no longer."
            )
    return told


def _field(
    field: Field,
    known: Mapping[str, Any],
    options: Mapping[Kind, tuple[str, ...]],
    rights: Rights,
) -> FieldSchema:
    told = known[field.name]
    locked = bool(told.get("readonly")) and field.kind is not Kind.STATUS
    return FieldSchema(
        path=field.path,
        label=field.label,
        type=_TYPES.get(field.kind, "option"),
        options=tuple(field.choices.values()) or options.get(field.kind),
        required=field.required,
        read_only=field.read_only or locked or not rights.write,
        max_length=told.get("size") or None,
    )
