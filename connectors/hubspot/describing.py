"""What the connection really is: account, record types, properties, and what to warn about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.hubspot.client import Row
from connectors.hubspot.config import HubSpotConfig
from connectors.hubspot.journal import Journal
from connectors.hubspot.kinds import CONTACT, KINDS, Kind
from connectors.hubspot.metadata import Metadata, Pipeline
from connectors.hubspot.subscriptions import missing_subscriptions
from connectors.hubspot.wire import MERGED, NAME, REFERENCE
from connectors.hubspot.writing import no_key
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import AuthRequired, Misconfigured

LONGEST = 65_536
_PERSON = "hubspot_owner_id"
# What a record type needs of a private app (developers.hubspot.com, "Scopes").
_SCOPES = {"ticket": "tickets"}


async def describe(metadata: Metadata, config: HubSpotConfig, journal: Journal | None) -> Schema:
    """The schema as it is now, of the record types that the token may read; raises AuthRequired
    or Misconfigured with what to do."""
    metadata.forget()
    account = await metadata.account()
    granted = frozenset((await metadata.app()).get("scopes") or ())
    kinds = [kind for kind in KINDS.values() if _scope(kind, "read") in granted]
    if not kinds:
        raise AuthRequired(
            "The private app may read no record type. Nothing was read; give it the scopes "
            "`tickets`, or crm.objects.companies.read and the like, in HubSpot under Private Apps."
        )
    records: dict[str, RecordSchema] = {}
    warnings: list[str] = []
    for kind in kinds:
        own = await metadata.properties(kind)
        pipelines, meant = await metadata.pipelines(kind), await metadata.meant(kind)
        _check_link(kind, own, config)
        labels = tuple(one.label for one in pipelines.values())
        stages = tuple(sorted({name for one in meant.values() for name in one.stages.values()}))
        fields = {one.path: one for one in _fields(kind, own, labels, stages, config)}
        records[kind.name] = RecordSchema(kind.name, fields)
        warnings += _warnings(kind, own, granted, config)
    if not [kind for kind in KINDS.values() if kind.pipeline and kind not in kinds]:
        # Of a record type that may not be read, nobody knows the pipelines.
        _check_scope([await metadata.pipelines(kind) for kind in kinds], config)
    if journal is not None:
        await journal.try_out()
        warnings += await missing_subscriptions(journal, metadata, kinds)
    return Schema(
        account=f"HubSpot account {account['portalId']}",
        version=config.api_version,
        records=records,
        text_format="html",
        warnings=tuple(warnings),
    )


def _scope(kind: Kind, right: str) -> str:
    return _SCOPES.get(kind.name, f"crm.objects.{kind.object}.{right}")


def _fields(
    kind: Kind,
    own: Mapping[str, Row],
    pipelines: tuple[str, ...],
    stages: tuple[str, ...],
    config: HubSpotConfig,
) -> Iterator[FieldSchema]:
    hidden = (config.key_property, config.link_property, MERGED)
    for name, row in own.items():
        if name in hidden or not _is_read(kind, name, row):
            continue
        options = tuple(str(one["value"]) for one in row.get("options") or ()) or None
        if name == kind.pipeline:
            options = pipelines
        elif name == kind.stage:
            options = stages
        yield FieldSchema(
            name,
            str(row["label"]),
            "user" if name == _PERSON else str(row["type"]),
            options=None if name == _PERSON else options,
            required=name == kind.title,
            read_only=name != kind.company
            and bool((row.get("modificationMetadata") or {}).get("readOnlyValue")),
            max_length=LONGEST if row["type"] == "string" else None,
        )
    if kind is CONTACT:
        yield FieldSchema(NAME, "First and last name", "string")
    if config.link_property:
        yield FieldSchema(REFERENCE, str(own[config.link_property]["label"]), "string")


def _is_read(kind: Kind, name: str, row: Row) -> bool:
    fixed = (*kind.properties, *kind.computed, kind.company, kind.modified, "createdate")
    return name in fixed or not row.get("hubspotDefined")


def _check_link(kind: Kind, own: Mapping[str, Row], config: HubSpotConfig) -> None:
    name = config.link_property
    if name is not None and (own.get(name) or {}).get("type") != "string":
        raise Misconfigured(
            f"link_property: {kind.object} have no text property {name}. Add it in HubSpot under "
            "Properties, by its internal name, or leave link_property out."
        )


def _check_scope(there: list[Mapping[str, Pipeline]], config: HubSpotConfig) -> None:
    labels = sorted({one.label for some in there for one in some.values()})
    for name in config.scope.pipeline:
        if name not in labels:
            raise Misconfigured(
                f"scope: HubSpot has no pipeline {name!r}; there are: {', '.join(labels)}. Nothing"
                " was read; correct it."
            )


def _warnings(
    kind: Kind, own: Mapping[str, Row], granted: frozenset[str], config: HubSpotConfig
) -> Iterator[str]:
    if not (own.get(config.key_property) or {}).get("hasUniqueValue"):
        yield no_key(kind, config.key_property)
    if _scope(kind, "write") not in granted:
        yield f"The private app may not write {kind.object}: it lacks {_scope(kind, 'write')}."
