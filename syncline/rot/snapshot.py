"""What a connection said of itself at one moment, and what it says beyond its description.

A connector may have a method `details(record)`, for what `Schema` has no place for; all parts are
optional, and only the mapping-rot guard asks for them:

    {"fields": {path: id},                  the tool's own ids of fields and options, which stay
     "options": {path: {option: id}},       when a label is changed
     "kind": path,                          where a record says of which kind it is
     "required": {kind: [path]},            what a new record of a kind must have (an issue type)
     "moves": {kind: {state: [state]}}}     where each state leads; a state that nobody could be
                                            asked about is left out
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, runtime_checkable

from syncline.connecting import schema_of, schema_to_json
from syncline.sdk.connector import FieldSchema, Schema


@runtime_checkable
class TellsDetails(Protocol):
    """A connector that tells more than `describe` has a place for."""

    async def details(self, record: str) -> Mapping[str, Any]:
        """The details of one record type, as the module's text says."""
        ...


@dataclass(frozen=True, slots=True)
class Details:
    """What a connector tells of one record type; each part is empty where it does not tell."""

    fields: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kind: str = ""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    moves: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Details:
        """What a connector, or a stored snapshot, told."""
        moves = told.get("moves", {}).items()
        return cls(
            dict(told.get("fields", {})),
            {path: dict(ids) for path, ids in told.get("options", {}).items()},
            told.get("kind", ""),
            {kind: tuple(paths) for kind, paths in told.get("required", {}).items()},
            {kind: {s: tuple(to) for s, to in steps.items()} for kind, steps in moves},
        )


NOTHING = Details()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A connection as it described itself. `about` says which address and scope were asked."""

    taken_at: str
    about: str
    schema: Schema
    details: Mapping[str, Details] = field(default_factory=dict)

    def fields(self, record: str) -> Mapping[str, FieldSchema]:
        """The fields of a record type by path; none where the type is gone."""
        known = self.schema.records.get(record)
        return known.fields if known else {}

    def of(self, record: str) -> Details:
        """The details of a record type."""
        return self.details.get(record, NOTHING)

    def comparable(self, other: Snapshot) -> bool:
        """Whether both are of the same part of the same account."""
        return (self.about, self.schema.account) == (other.about, other.schema.account)

    def to_json(self) -> dict[str, Any]:
        """The snapshot as the store keeps it."""
        return {
            "taken_at": self.taken_at,
            "about": self.about,
            "schema": schema_to_json(self.schema),
            "details": {record: asdict(details) for record, details in self.details.items()},
        }

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Snapshot:
        """The inverse of `to_json`."""
        return cls(
            body["taken_at"],
            body["about"],
            schema_of(body["schema"]),
            {record: Details.of(told) for record, told in body["details"].items()},
        )
