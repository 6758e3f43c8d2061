"""Units: what the sides' mappings have in common, cut into what is decided together.

A field is synced if at least two sides map it. Fields that say one `group`, on any side, are one
unit everywhere, because a write of one may move the other (a status and its resolution). Fields
that can be written at a common path must be in one group.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from syncline.mapping import paths
from syncline.mapping.codecs import EnumCodec
from syncline.mapping.lens import FieldLens, GroupLens, UnitLens
from syncline.mapping.load import ToolMapping
from syncline.mapping.source import MappingError
from syncline.schema import kinds
from syncline.schema.kinds import Kind


@dataclass(frozen=True, slots=True)
class Unit:
    """A field, or a group of fields, with the lens of each side that maps it."""

    name: str
    fields: tuple[str, ...]
    kind: Kind
    lenses: Mapping[str, UnitLens]


def units(mappings: Mapping[str, ToolMapping]) -> list[Unit]:
    """The units of a sync between these sides, in the order of the first side's file.

    MappingError if two sides disagree about a field's kind or group, or fields overlap unsaid.
    """
    sides = {name: sum(name in m.fields for m in mappings.values()) for name in _names(mappings)}
    shared = [name for name, count in sides.items() if count >= 2]
    groups = _groups(mappings)
    _check_overlaps(mappings, shared, groups)
    members: dict[str, list[str]] = {}
    for name in shared:
        members.setdefault(groups.get(name, name), []).append(name)
    return [_unit(name, tuple(fields), mappings) for name, fields in members.items()]


def fingerprint(mapping: ToolMapping) -> str:
    """Changes exactly when what the mapping says about values does; the same on every machine."""
    body = json.dumps(_plain(mapping.said), sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _plain(said: Any) -> Any:
    """JSON that keeps the order of lists, the types of scalars, and keys that are no text."""
    if isinstance(said, Mapping):
        return {json.dumps(key): _plain(value) for key, value in said.items()}
    return [_plain(one) for one in said] if isinstance(said, list) else said


def _names(mappings: Mapping[str, ToolMapping]) -> list[str]:
    return list(dict.fromkeys(name for m in mappings.values() for name in m.fields))


def _groups(mappings: Mapping[str, ToolMapping]) -> dict[str, str]:
    """The group of each field that has one, whichever side said so."""
    groups: dict[str, str] = {}
    for mapping in mappings.values():
        for name, group in mapping.groups.items():
            if groups.setdefault(name, group) != group:
                raise MappingError(
                    f"{name} is in group {group} here and in {groups[name]} on another side",
                    mapping.origin,
                )
    return groups


def _check_overlaps(
    mappings: Mapping[str, ToolMapping], shared: list[str], groups: Mapping[str, str]
) -> None:
    for mapping in mappings.values():
        lenses = [mapping.fields[name] for name in shared if name in mapping.fields]
        for one, other in combinations([lens for lens in lenses if not lens.read_only], 2):
            touching = [(a, b) for a in one.paths for b in other.paths if paths.clash(a, b)]
            if not touching:
                continue
            together = one.name in groups and groups[one.name] == groups.get(other.name)
            if not together:
                raise MappingError(
                    f"{one.name} and {other.name} are both written at {touching[0][0]}; "
                    "give both the same `group`",
                    mapping.origin,
                )
            tables = isinstance(one.codec, EnumCodec) and isinstance(other.codec, EnumCodec)
            if not tables or one.paths != other.paths:
                raise MappingError(
                    f"{one.name} and {other.name} cannot share {touching[0][0]}: only fields with "
                    "an `enum`, at exactly the same path, can",
                    mapping.origin,
                )


def _unit(name: str, fields: tuple[str, ...], mappings: Mapping[str, ToolMapping]) -> Unit:
    """The unit; a group of which only one field is synced is that field."""
    lenses: dict[str, UnitLens] = {}
    if len(fields) == 1:
        field = fields[0]
        lenses.update((s, m.fields[field]) for s, m in mappings.items() if field in m.fields)
        return Unit(field, fields, _kind(field, mappings), lenses)
    kind = kinds.Group({field: _kind(field, mappings) for field in fields})
    for side, mapping in mappings.items():
        mine = tuple(mapping.fields[field] for field in fields if field in mapping.fields)
        if mine:
            _check_group(name, mine, mapping)
            lenses[side] = GroupLens(mine, kind)
    return Unit(name, fields, kind, lenses)


def _check_group(name: str, lenses: tuple[FieldLens, ...], mapping: ToolMapping) -> None:
    if len({(lens.read_only, lens.create_only) for lens in lenses}) > 1:
        raise MappingError(
            f"the fields of group {name} must be read_only, or create_only, all or none",
            mapping.origin,
        )


def _kind(field: str, mappings: Mapping[str, ToolMapping]) -> Kind:
    """The field's kind, the same on every side; an extension's enum has every side's options."""
    found = [m.fields[field].kind for m in mappings.values() if field in m.fields]
    inner = [kind.inner for kind in found if isinstance(kind, kinds.Extension)]
    if not inner:
        return found[0]
    if len({kind.name for kind in inner}) > 1:
        names = " and ".join(sorted({kind.name for kind in inner}))
        raise MappingError(f"{field} is of kind {names} on different sides; make them the same")
    options = [one for kind in inner if isinstance(kind, kinds.Enum) for one in kind.options]
    if options:
        return kinds.Extension(kinds.Enum(dict.fromkeys(options)))
    return found[0]
