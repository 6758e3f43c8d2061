"""What the connection really is: account, fields, and what to warn about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.odoo.client import Client
from connectors.odoo.config import OdooConfig
from connectors.odoo.history import History
from connectors.odoo.metadata import Metadata
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
        names = await _options(client, metadata, kind, projects)
        fields = [_field(f, known, names) for f in kind.fields if f.name in known]
        records[kind.record] = RecordSchema(kind.record, {f.path: f for f in fields})
        if config.key_field and config.key_field not in known:
            warnings.append(f"key_field: {kind.record} has no field {config.key_field!r}.")
    if not config.key_field:
        warnings.append("Without key_field a create whose answer was lost cannot be found.")
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
    client: Client, metadata: Metadata, kind: RecordType, projects: Mapping[str, int]
) -> dict[Kind, tuple[str, ...]]:
    """The names there are to choose from."""
    options = {Kind.NAMED: tuple(projects)}
    if kind.stages and "stage_id" in await metadata.fields(kind.model):
        mine = kind.record == "task"
        domain = [["project_ids", "in", list(projects.values())]] if mine else []
        rows = await client.all(kind.stages, domain, {"name": {}})
        states = [*TASK_STATES.values()] if mine else []
        states += ["Lost"] if kind.record == "opportunity" else []
        options[Kind.STATUS] = tuple(dict.fromkeys([*(r["name"] for r in rows), *states]))
    return options


def _field(
    field: Field, known: Mapping[str, Any], options: Mapping[Kind, tuple[str, ...]]
) -> FieldSchema:
    told = known[field.name]
    return FieldSchema(
        path=field.path,
        label=field.label,
        type=_TYPES.get(field.kind, "option"),
        options=tuple(field.choices.values()) or options.get(field.kind),
        required=field.required,
        read_only=field.read_only or (bool(told.get("readonly")) and field.kind is not Kind.STATUS),
        max_length=told.get("size") or None,
    )
