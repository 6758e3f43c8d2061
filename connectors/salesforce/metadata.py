"""What a connection has to know of an object before it can show a record: its fields.

Salesforce describes each object as the integration user sees it: a field that field-level security
hides is not there at all, and one that may only be read says so. A description is read at its first
use and kept; a query that names a field which is gone by now has it read once more.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from connectors.salesforce.client import Client, Row, Stale
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.objects import Kind
from syncline.sdk.errors import ConnectorError, Misconfigured, NotFound

T = TypeVar("T")

# Types whose values are no plain text, number, time or list.
_UNREAD = frozenset(("address", "location", "base64", "anyType", "complexvalue"))
_TECHNICAL = ("Id", "SystemModstamp", "CreatedDate", "IsDeleted")
_USEFUL = ("MasterRecordId", "OwnerId", "RecordTypeId")


@dataclass(frozen=True, slots=True)
class Field:
    """A field as Salesforce describes it to this user. `options` of a picklist are active;
    `required`: a new record is refused without it."""

    name: str
    label: str
    type: str
    length: int
    options: tuple[str, ...] | None
    required: bool
    createable: bool
    updateable: bool
    custom: bool
    unique_key: bool

    @classmethod
    def of(cls, row: Row) -> Field:
        """A field of a description."""
        values = row.get("picklistValues") or ()
        options = tuple(str(one["value"]) for one in values if one.get("active", True))
        return cls(
            name=str(row["name"]),
            label=str(row.get("label") or row["name"]),
            type=str(row["type"]),
            length=int(row.get("length") or 0),
            options=options if row["type"] in ("picklist", "multipicklist") else None,
            # A truth value is false by itself, and Salesforce fills in others.
            required=bool(row.get("createable"))
            and not (row.get("nillable", True) or row.get("defaultedOnCreate"))
            and row["type"] != "boolean",
            createable=bool(row.get("createable")),
            updateable=bool(row.get("updateable")),
            custom=bool(row.get("custom")),
            unique_key=bool(row.get("externalId")) and bool(row.get("unique")),
        )


@dataclass(frozen=True, slots=True)
class Described:
    """An object: its fields by name, and its record types' developer names by id."""

    kind: Kind
    fields: Mapping[str, Field]
    record_types: Mapping[str, str]
    createable: bool
    updateable: bool

    def shown(self, config: SalesforceConfig) -> list[Field]:
        """The fields that a record shows under their own names."""
        wanted = config.custom_fields.get(self.kind.name)
        kept = (config.key_field, config.link_field)
        standard = [self.fields[one] for one in self.kind.fields if one in self.fields]
        custom = [
            field
            for name, field in sorted(self.fields.items())
            if field.custom
            and field.type not in _UNREAD
            and name not in kept
            and (wanted is None or name in wanted)
        ]
        return [*standard, *custom]

    def asked(self, config: SalesforceConfig) -> list[str]:
        """The names of all fields that a record is made of."""
        own = (config.key_field, config.link_field or "", *_USEFUL)
        more = [name for name in own if name in self.fields]
        names = (*_TECHNICAL, *(field.name for field in self.shown(config)), *more)
        return list(dict.fromkeys(names))

    def record_type_id(self, name: str) -> str | None:
        """The id of a record type by its developer name."""
        return next((id for id, one in self.record_types.items() if one == name), None)


class Metadata:
    """The objects of one connection."""

    def __init__(self, client: Client, config: SalesforceConfig) -> None:
        self._client = client
        self._config = config
        self._known: dict[str, Described] = {}
        # Whoever asks for what is being read already waits for it.
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def forget(self) -> None:
        """Read everything anew at its next use."""
        self._known.clear()

    async def of(self, kind: Kind) -> Described:
        """An object as it is; raises Misconfigured where this user cannot see it."""
        async with self._reading[kind.name]:
            if kind.name not in self._known:
                self._known[kind.name] = await self._read(kind)
            return self._known[kind.name]

    async def fresh(self, kind: Kind, ask: Callable[[Described], Awaitable[T]]) -> T:
        """What `ask` gives, with another description where a field of this one is gone."""
        try:
            return await ask(await self.of(kind))
        except Stale as error:
            self.outdated(kind, error)
            return await ask(await self.of(kind))

    def outdated(self, kind: Kind, error: ConnectorError) -> bool:
        """Whether an error says that the description is; then it is read anew at its next use."""
        stale = isinstance(error, Stale)
        if stale:
            self._known.pop(kind.name, None)
        return stale

    def scope(self, described: Described) -> frozenset[str] | None:
        """The ids of the scope's record types, None for the whole object; raises Misconfigured."""
        names = self._config.scope.record_types.get(described.kind.name)
        if not names:
            return None
        found = set()
        for name in names:
            id = described.record_type_id(name)
            if id is None:
                there = ", ".join(sorted(described.record_types.values())) or "none"
                raise Misconfigured(
                    f"scope: {described.kind.name} has no record type {name!r} that the "
                    f"integration user may use; there are: {there}. Nothing was read."
                )
            found.add(id)
        return frozenset(found)

    async def _read(self, kind: Kind) -> Described:
        try:
            told = (await self._client.call("GET", f"/sobjects/{kind.name}/describe")).json()
        except (NotFound, Stale) as error:
            raise Misconfigured(
                f"{kind.name} cannot be seen by the integration user: {error} Give it the rights "
                "by a permission set."
            ) from error
        types = [one for one in told.get("recordTypeInfos") or () if not one.get("master")]
        return Described(
            kind=kind,
            fields={str(row["name"]): Field.of(row) for row in told["fields"]},
            record_types={
                str(one["recordTypeId"]): str(one["developerName"])
                for one in types
                if one.get("available", True)
            },
            createable=bool(told.get("createable")),
            updateable=bool(told.get("updateable")),
        )
