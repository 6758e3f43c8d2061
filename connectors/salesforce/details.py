"""What `describe` has no place for: ids that outlive API names of custom fields and record types.

A label is no name here: fields, picklist values and record types are read and written by their API
names, which stay when a label is changed. An administrator may give a custom field another API
name; its `DurableId` ends with the field's own id, and stays (Tooling API, "FieldDefinition").
Picklist values have no id that lasts. Page layouts, record types and support processes bind people
alone: the API takes every active value of a picklist, and what `describe` says is required.
"""

from __future__ import annotations

from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import Kind
from connectors.salesforce.wire import RECORD_TYPE
from syncline.sdk.errors import NotFound, Rejected

_CUSTOM = "__c"


async def details(client: Client, metadata: Metadata, kind: Kind) -> dict[str, Any]:
    """The details of an object, as they are now."""
    types = (await metadata.of(kind)).record_types
    return {
        "fields": await _fields(client, kind),
        "options": {RECORD_TYPE: {name: id for id, name in types.items()}},
    }


async def _fields(client: Client, kind: Kind) -> dict[str, str]:
    """The ids of custom fields by API name; none where this user may not ask for definitions."""
    where = [f"EntityDefinitionId = {soql.text(kind.name)}"]
    asked = soql.select(("QualifiedApiName", "DurableId"), "FieldDefinition", where)
    try:
        rows = await client.rows(asked)
    except (NotFound, Rejected):
        return {}
    ids = {str(row["QualifiedApiName"]): str(row["DurableId"]) for row in rows}
    return {name: id for name, id in ids.items() if name.endswith(_CUSTOM)}
