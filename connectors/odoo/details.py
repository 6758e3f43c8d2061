"""What `describe` has no place for: ids that outlive names, and what a new record must have.

The ids of stages are told to everybody; those of fields, and which of them must be filled, to who
may read `ir.model.fields`. Odoo lets a record go from any stage to any other, so there are no moves
to tell; and a tag that is missing is made, so that none is an option.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.odoo.client import Client, Row
from connectors.odoo.history import FIELDS
from connectors.odoo.metadata import Metadata
from connectors.odoo.records import Kind, RecordType
from syncline.sdk.errors import NotFound


async def details(client: Client, metadata: Metadata, kind: RecordType) -> dict[str, Any]:
    """The details of one record type, as they are now: three requests at most."""
    told: dict[str, Any] = {}
    if kind.stages and "stage_id" in await metadata.fields(kind.model):
        told["options"] = {"status": _ids(await metadata.stages(kind))}
    domain = [["model", "=", kind.model], ["name", "in", [f.name for f in kind.fields]]]
    try:
        rows = await client.all(FIELDS, domain, {"name": {}, "required": {}})
    except NotFound:
        return told
    ids = {row["name"]: str(row["id"]) for row in rows}
    told["fields"] = {f.path: ids[f.name] for f in kind.fields if f.name in ids}
    # What every new record has by itself is left out: a title, and a task its project.
    given = {f.name for f in kind.fields if f.required or f.kind is Kind.NAMED}
    if needed := {row["name"] for row in rows if row["required"]} - given:
        needed -= (await client.read(kind.model, "default_get", fields=sorted(needed))).keys()
    told["required"] = {"": [f.path for f in kind.fields if f.name in needed]}  # of no kind
    return told


def _ids(rows: Iterable[Row]) -> Mapping[str, str]:
    """Ids by name; a name that several stages have proves nothing, and is left out."""
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row["name"], set()).add(row["id"])
    return {name: str(min(ids)) for name, ids in found.items() if len(ids) == 1}
