"""What the connection really is: org, objects, fields, and what to warn about."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.salesforce.auth import SignIn
from connectors.salesforce.client import VERSION, Client
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.metadata import Described, Field, Metadata
from connectors.salesforce.objects import KINDS
from connectors.salesforce.wire import DOMAIN, OWNER, RECORD_TYPE, REFERENCE
from connectors.salesforce.writing import check_key_field
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import Misconfigured

_TYPES = {
    "picklist": "option", "multipicklist": "list", "reference": "record", "boolean": "bool",
    "date": "date", "datetime": "datetime", "int": "number", "double": "number",
    "currency": "number", "percent": "number",
}  # fmt: skip
_LINKABLE = ("string", "textarea")
_WARN_FROM = 0.8


async def describe(
    client: Client, metadata: Metadata, sign_in: SignIn, config: SalesforceConfig
) -> Schema:
    """The schema as it is now; raises AuthRequired or Misconfigured with what to do.

    Objects that the integration user cannot see are left out and warned of.
    """
    metadata.forget()
    who = await sign_in.identity(client.transport)
    found: list[Described] = []
    warnings: list[str] = []
    for kind in KINDS.values():
        try:
            found.append(await metadata.of(kind))
        except Misconfigured as error:
            warnings.append(str(error))
    for described in found:
        metadata.scope(described)
        warnings += _warnings(described, config)
    if not found:
        raise Misconfigured(" ".join(warnings))
    _check_link_field(found, config)
    if client.usage and client.usage[0] > _WARN_FROM * client.usage[1]:
        used, allowed = client.usage
        warnings.append(f"{used} of the org's {allowed} API requests a day are used.")
    return Schema(
        account=f"{urlsplit(config.web_url).netloc} org {who.org} user {who.user}",
        version=VERSION,
        records={one.kind.name: _schema(one, config) for one in found},
        text_format="plain",
        warnings=tuple(warnings),
    )


def _schema(described: Described, config: SalesforceConfig) -> RecordSchema:
    fields = {one.path: one for one in _fields(described, config)}
    return RecordSchema(described.kind.name, fields)


def _fields(described: Described, config: SalesforceConfig) -> Iterator[FieldSchema]:
    for field in described.shown(config):
        yield FieldSchema(
            path=field.name,
            label=field.label,
            type=_TYPES.get(field.type, "text"),
            options=field.options,
            required=field.required,
            read_only=not (field.createable or field.updateable) and not _is_name(described, field),
            create_only=field.createable and not field.updateable,
            max_length=field.length or None,
        )
    if (owner := described.fields.get("OwnerId")) is not None:
        yield FieldSchema(OWNER, "Owner", "user", read_only=not owner.updateable)
    if described.record_types:
        names = tuple(sorted(described.record_types.values()))
        yield FieldSchema(RECORD_TYPE, "Record Type", "option", options=names)
    if described.kind.name == "Account" and "Website" in described.fields:
        yield FieldSchema(DOMAIN, "Website's host", "text")
    if (link := described.fields.get(config.link_field or "")) is not None:
        yield FieldSchema(REFERENCE, link.label, "text")


def _is_name(described: Described, field: Field) -> bool:
    """A contact's name is written as first and last name."""
    return described.kind.name == "Contact" and field.name == "Name"


def _warnings(described: Described, config: SalesforceConfig) -> Iterator[str]:
    kind = described.kind.name
    if hidden := [name for name in described.kind.fields if name not in described.fields]:
        yield (
            f"{kind}: field-level security hides {', '.join(hidden)} from the integration user; "
            "they are neither read nor written."
        )
    wanted = config.custom_fields.get(kind, ())
    if unknown := [name for name in wanted if name not in described.fields]:
        yield f"custom_fields: {kind} has no {', '.join(unknown)} that this user can see."
    read = {field.name for field in described.shown(config)} | {config.key_field}
    if unmet := [f.name for f in described.fields.values() if f.required and f.name not in read]:
        yield (
            f"{kind}: a new record must have {', '.join(unmet)}, which this connection does not "
            "read; name what is missing in custom_fields, map it and give it a default."
        )
    if not (described.createable and described.updateable):
        yield f"{kind}: the integration user may not create and edit records."
    try:
        check_key_field(described, config)
    except Misconfigured as error:
        yield f"{error} Until then no {kind} can be made."


def _check_link_field(found: list[Described], config: SalesforceConfig) -> None:
    name = config.link_field
    if name is None or any(
        name in one.fields and one.fields[name].type in _LINKABLE for one in found
    ):
        return
    raise Misconfigured(
        f"link_field: no object has a text field {name} that the integration user can see. Add it "
        "under Object Manager, or leave link_field out."
    )
