"""What a project really holds: the record types, and the properties its groups and persons have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.posthog.client import PAGE, Client
from connectors.posthog.config import PostHogConfig
from connectors.posthog.groups import MARKER
from connectors.posthog.kinds import Kind
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import AuthRequired

GROUP, PERSON = "group", "person"
_QUERY, _PROPERTIES = "query:read", "property_definition:read"
_READS: Mapping[str, Sequence[str]] = {
    "early_access_feature": ("early_access_feature:read",),
    "annotation": ("annotation:read",),
    GROUP: (_QUERY, "group:read", _PROPERTIES),
    PERSON: (_QUERY, _PROPERTIES),
    "survey_response": (_QUERY,),
}
"""The scopes that reading takes, by record type. What is captured takes none to write."""
_WRITES: Mapping[str, Sequence[str]] = {
    "early_access_feature": ("early_access_feature:write", "feature_flag:write"),
    "annotation": ("annotation:write",),
}
_TYPES = {"Numeric": "number", "Boolean": "bool", "DateTime": "datetime"}


async def describe(client: Client, config: PostHogConfig, kinds: Sequence[Kind]) -> Schema:
    """The connection's schema. A key that may not read some of it is not wrong: it can sync the
    rest, and is told what it lacks.
    """
    about, granted = await client.about(), await client.scopes()
    records, warnings = {kind.name: kind.schema for kind in kinds}, list[str]()
    if granted is not None:
        for name in list(records):
            if lacking := _lacking(granted, _READS[name]):
                del records[name]
                warnings.append(f"{name} records cannot be read: the key lacks {lacking}.")
            elif lacking := _lacking(granted, _WRITES.get(name, ())):
                warnings.append(f"{name} records cannot be written: the key lacks {lacking}.")
    warnings += await _with_properties(client, config, records)
    return Schema(
        account=f"{config.base_url} project {about['id']} of {about['organization']}",
        version="1",
        records=records,
        text_format="plain",
        warnings=tuple(warnings),
    )


def _lacking(granted: frozenset[str], needed: Sequence[str]) -> str:
    """The scopes that are needed and not there; to write includes to read."""
    there = {"*", *granted, *(one.replace(":write", ":read") for one in granted)}
    return "" if "*" in granted else ", ".join(one for one in needed if one not in there)


async def _with_properties(
    client: Client, config: PostHogConfig, records: dict[str, RecordSchema]
) -> list[str]:
    """Add the properties that were met to groups and persons; what to warn about."""
    warnings, wanted = list[str](), config.scope.group_type
    try:
        types = await client.group_types() if GROUP in records else {}
        if wanted in types:
            found = await _properties(client, type=GROUP, group_type_index=types[wanted])
            records[GROUP] = _with(records[GROUP], found)
        elif GROUP in records:
            known = ", ".join(types) or "none yet"
            warnings.append(
                f"the project has no group type {wanted!r} (it has: {known}), so that there are "
                "no groups to sync; `scope: {group_type: …}` names another"
            )
        if PERSON in records:
            records[PERSON] = _with(records[PERSON], await _properties(client, type=PERSON))
    except AuthRequired as error:
        warnings.append(f"groups and persons cannot be synced with this key: {error}")
    return warnings


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
