"""What a connection really is: the workspace, its ticket types and custom attributes, and what is
missing in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connectors.intercom.client import VERSION, Row
from connectors.intercom.config import REGIONS, IntercomConfig
from connectors.intercom.details import path_of
from connectors.intercom.kinds import KINDS, TICKET, Kind
from connectors.intercom.metadata import DESCRIPTION, LIST, TITLE, Metadata, TicketType
from connectors.intercom.wire import READ_ONLY
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import AuthRequired, Misconfigured

_CUSTOMER = "Customer"
_UNSEEN = "The app may not see {} records; they cannot be synced."
_KINDS = {"open": "bool", "shared": "bool", "created_at": "datetime", "updated_at": "datetime"}


async def describe(metadata: Metadata, config: IntercomConfig) -> Schema:
    """The real schema; raises Misconfigured for a wrong region, type or attribute."""
    metadata.forget()
    app = (await metadata.me())["app"]
    check_region(app["region"], config)
    records: dict[str, RecordSchema] = {}
    warnings: list[str] = []
    if config.scope.ticket_type:
        try:
            types = await metadata.in_scope()
        except AuthRequired:
            warnings.append(_UNSEEN.format(TICKET))
        else:
            _check_attributes(types, config)
            records[TICKET] = _schema(TICKET, _fields(types, config))
            warnings += _warnings(types, config)
    for kind in KINDS:
        attributes = await metadata.custom_attributes(kind.name)
        if attributes is None:
            warnings.append(_UNSEEN.format(kind.name))
            continue
        records[kind.name] = _schema(kind.name, _entry_fields(kind, attributes, config))
        names = {row["name"] for row in attributes}
        if config.link_attribute and config.link_attribute not in names:
            warnings.append(
                f"link_attribute: a {kind.name} has no custom attribute {config.link_attribute!r}, "
                "so no links are shown there; add a text attribute of that name in Intercom."
            )
    return Schema(app["id_code"], VERSION, records, "html", tuple(warnings))


def _schema(name: str, fields: Iterable[FieldSchema]) -> RecordSchema:
    return RecordSchema(name, {field.path: field for field in fields})


def check_region(region: str, config: IntercomConfig) -> None:
    """Raises Misconfigured where base_url is the API of another region than the workspace's."""
    if config.region not in (None, region):
        host = REGIONS.get(region, ("another address",))[0]
        raise Misconfigured(
            f"This workspace is in the region {region}, whose address is {host}, and base_url is "
            f"that of {config.region}. Nothing was synced; correct base_url."
        )


def _check_attributes(types: Sequence[TicketType], config: IntercomConfig) -> None:
    for key, name in (
        ("key_attribute", config.key_attribute),
        ("link_attribute", config.link_attribute),
    ):
        lacking = [one.name for one in types if name is not None and name not in one.attributes]
        if lacking:
            raise Misconfigured(
                f"{key}: tickets of type {', '.join(lacking)} have no attribute {name!r}. Nothing "
                "was synced; add a text attribute of that name to them in Intercom, not visible "
                "to contacts."
            )


def _warnings(types: Sequence[TicketType], config: IntercomConfig) -> Iterator[str]:
    if types[0].category == _CUSTOMER:
        yield (
            f"New tickets are of type {types[0].name}, which is a customer type: the contact can "
            "read their title and description."
        )
    if config.key_attribute is None:
        yield (
            "key_attribute is not set: when Intercom's answer to a create is lost, a person has to "
            "say whether the ticket was made."
        )


def _fields(types: Sequence[TicketType], config: IntercomConfig) -> Iterator[FieldSchema]:
    yield FieldSchema("title", "Title", "text", required=True)
    yield FieldSchema("description", "Description", "text")
    states = _each(label for one in types for label in one.states.values())
    yield FieldSchema("state", "State", "enum", options=states)
    names = tuple(one.name for one in types)
    yield FieldSchema("type", "Ticket type", "enum", options=names, create_only=True)
    yield FieldSchema("assignee", "Assignee", "person")
    yield FieldSchema("requester", "Requester", "person", create_only=True)
    for path in READ_ONLY:
        label = path.replace("_", " ").capitalize()
        yield FieldSchema(path, label, _KINDS.get(path, "text"), read_only=True)
    if config.link_attribute:
        yield FieldSchema("reference", config.link_attribute, "text")
    own = {TITLE, DESCRIPTION, config.key_attribute, config.link_attribute}
    for name in _each(name for one in types for name in one.attributes if name not in own):
        found = [one.attributes[name] for one in types if name in one.attributes]
        labels = _each(label for one in found for label in one.options.values())
        yield FieldSchema(
            path_of(name),
            name,
            found[0].type,
            options=labels if found[0].type == LIST else None,
            required=all(one.required for one in found),
        )


def _entry_fields(
    kind: Kind, attributes: Sequence[Row], config: IntercomConfig
) -> Iterator[FieldSchema]:
    for path, type in (kind.written | kind.computed).items():
        label = path.replace("_", " ").capitalize()
        yield FieldSchema(path, label, type, read_only=path in kind.computed)
    if config.link_attribute:
        yield FieldSchema("reference", config.link_attribute, "text")
    for row in attributes:
        if row["name"] != config.link_attribute:
            options = tuple(row.get("options") or ())
            yield FieldSchema(
                f"attributes.{row['name']}",
                row["label"],
                row["data_type"],
                options=options or None,
                read_only=not row["api_writable"],
            )


def _each(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
