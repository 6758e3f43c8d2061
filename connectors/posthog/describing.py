"""What a project really holds: the record types, and the properties its groups and persons have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.posthog.client import PAGE, Client
from connectors.posthog.config import PostHogConfig
from connectors.posthog.groups import MARKER
from connectors.posthog.kinds import Kind
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import AuthRequired

GROUP, PERSON = "group", "person"
_TYPES = {"Numeric": "number", "Boolean": "bool", "DateTime": "datetime"}


async def describe(client: Client, config: PostHogConfig, kinds: Sequence[Kind]) -> Schema:
    """The connection's schema. A key that may not read groups or properties is not wrong: it can
    sync the rest, and is told what it lacks.
    """
    about = await client.about()
    records, warnings = {kind.name: kind.schema for kind in kinds}, list[str]()
    wanted = config.scope.group_type
    try:
        types = await client.group_types()
        if wanted in types:
            found = await _properties(client, type=GROUP, group_type_index=types[wanted])
            records[GROUP] = _with(records[GROUP], found)
        else:
            known = ", ".join(types) or "none yet"
            warnings.append(
                f"the project has no group type {wanted!r} (it has: {known}), so that there are "
                "no groups to sync; `scope: {group_type: …}` names another"
            )
        records[PERSON] = _with(records[PERSON], await _properties(client, type=PERSON))
    except AuthRequired as error:
        warnings.append(f"groups and persons cannot be synced with this key: {error}")
    return Schema(
        account=f"{config.base_url} project {about['id']} of {about['organization']}",
        version="1",
        records=records,
        text_format="plain",
        warnings=tuple(warnings),
    )


async def _properties(client: Client, **of: object) -> list[FieldSchema]:
    """The properties that PostHog has met, as fields."""
    found: list[FieldSchema] = []
    async for rows in client.pages("property_definitions/", limit=PAGE, **of):
        found += [
            FieldSchema(
                f"properties.{row['name']}", row["name"], _TYPES.get(row["property_type"], "text")
            )
            for row in rows
            if row["name"] != MARKER
        ]
    return found


def _with(schema: RecordSchema, more: Sequence[FieldSchema]) -> RecordSchema:
    return replace(schema, fields={**{one.path: one for one in more}, **schema.fields})
