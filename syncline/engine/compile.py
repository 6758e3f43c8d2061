"""From an operator's configuration and the sides' mappings to a `Sync` the engine can run.

Everything that can be wrong between the two is found here, before anything is read or sent, and is
reported together: fields that nobody maps, modes a tool cannot have, values that are no options.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from syncline.config import Config, ConfigError, Problem, did_you_mean
from syncline.engine.policies import modes, policy, uneditable
from syncline.engine.side import defaults, required, where
from syncline.engine.spec import (
    CommentPolicy,
    DeletePolicy,
    Guards,
    Mode,
    SideSpec,
    Sync,
    Unit,
)
from syncline.mapping import units as cut
from syncline.mapping.lens import FieldLens
from syncline.mapping.load import ToolMapping
from syncline.mapping.source import MappingError
from syncline.schema.entities import ENTITIES
from syncline.sdk.connector import Capabilities, Schema, Visibility


def compile_sync(
    config: Config,
    name: str,
    mappings: Mapping[str, ToolMapping],
    capabilities: Mapping[str, Capabilities],
    schemas: Mapping[str, Schema] | None = None,
) -> Sync:
    """The sync, ready to run. ConfigError lists everything that does not fit together.

    `schemas`, where the tools were asked, tell which fields a new record must have. Without all
    `capabilities` (no connection was opened) what depends on them is not judged.
    """
    check_sides(config, name)
    return _Compiler(config, name, mappings, capabilities, schemas or {}).compile()


def check_sides(config: Config, name: str) -> None:
    """ConfigError unless the sync exists, has two sides that are connections, and an entity."""
    if name not in config.syncs:
        where = config.places.of(("syncs",))
        hint = did_you_mean(name, config.syncs)
        raise ConfigError([Problem(where, f"there is no sync `{name}`", hint)])
    problems = []
    entity = config.syncs[name].entity
    if entity not in ENTITIES:
        where = config.places.of(("syncs", name, "entity"))
        hint = did_you_mean(entity, ENTITIES)
        problems.append(Problem(where, f"there is no entity `{entity}`", hint))
    sides = config.side_names(name)
    for side in sides:
        if side not in config.connections:
            where = config.places.of(("syncs", name, "sides", side))
            hint = did_you_mean(side, config.connections)
            problems.append(Problem(where, f"no connection is called `{side}`", hint))
    if len(sides) < 2:
        where = config.places.of(("syncs", name, "sides"))
        what = f"{name} has {len(sides)} side(s), and a sync needs two"
        problems.append(Problem(where, what, "name another connection under `sides`"))
    if problems:
        raise ConfigError(problems)


class _Compiler:
    """One sync being compiled; `problems` are those found so far."""

    def __init__(
        self,
        config: Config,
        name: str,
        mappings: Mapping[str, ToolMapping],
        capabilities: Mapping[str, Capabilities],
        schemas: Mapping[str, Schema],
    ) -> None:
        self.config = config
        self.name = name
        self.said = config.syncs[name]
        self.sides = config.side_names(name)
        self.only_read = {side for side in self.sides if config.connections[side].read_only}
        self.mappings = {
            side: mappings[side].only_read() if side in self.only_read else mappings[side]
            for side in self.sides
            if side in mappings
        }
        self.capabilities = {
            side: replace(can, deletes=(), shows_links=False, follow_ups=False)
            if side in self.only_read
            else can
            for side, can in capabilities.items()
        }
        self.schemas = schemas
        self.problems: list[Problem] = []

    def compile(self) -> Sync:
        self._check_mapped()
        fields = self._fields()
        units = {unit.name: self._unit(unit) for unit in self._cut(fields)}
        units |= self._extra_units({f for unit in units.values() for f in unit.fields})
        sides = {side: self._side(side, units) for side in self.sides}
        self._check_deletes()
        self._check_closed()
        self._done()
        said = self.said
        return Sync(
            name=self.name,
            entity=said.entity,
            sides=sides,
            units=units,
            match=said.match,
            comments=self._comments(),
            deletes=DeletePolicy(**said.deletes.model_dump()),
            guards=Guards(**said.guards.model_dump()),
            fingerprint=self._fingerprint(units),
        )

    def problem(self, path: Sequence[str], what: str, do: str = "") -> None:
        where = self.config.places.of(("syncs", self.name, *path))
        self.problems.append(Problem(where, what, do))

    def _done(self) -> None:
        if self.problems:
            raise ConfigError(self.problems)

    def _check_mapped(self) -> None:
        for side in self.sides:
            if side not in self.mappings:
                tool = self.config.connections[side].connector
                self.problem(
                    ("sides", side),
                    f"no mapping shows {tool}'s records as {self.said.entity}",
                    f"write one in mappings/{tool}/{self.said.entity}.yaml, or sync another entity",
                )
        if len(self.only_read) == len(self.sides):
            self.problem(
                ("sides",),
                "every side is `read_only`, so there is nothing to keep in step",
                "take `read_only` off one of the connections",
            )
        self._done()

    def _fields(self) -> list[str]:
        """The fields to sync: those named, else every one that two sides map and one can take."""
        by_field: dict[str, list[FieldLens]] = {}
        for mapping in self.mappings.values():
            for field, lens in mapping.fields.items():
                by_field.setdefault(field, []).append(lens)
        if self.said.fields is None:
            return [
                field
                for field, lenses in by_field.items()
                if len(lenses) > 1 and not all(lens.read_only for lens in lenses)
            ]
        for field in self.said.fields:
            lenses = by_field.get(field, [])
            at = ("fields", field)
            if not lenses:
                hint = did_you_mean(field, by_field)
                self.problem(at, f"no side maps a field `{field}`", hint)
            elif len(lenses) == 1:
                only = next(s for s, m in self.mappings.items() if field in m.fields)
                self.problem(at, f"only {only} maps `{field}`", "take it out, or map it elsewhere")
            elif all(lens.read_only for lens in lenses):
                self.problem(at, f"`{field}` is read-only on every side", "take it out")
        return [field for field in self.said.fields if len(by_field.get(field, ())) > 1]

    def _cut(self, fields: Sequence[str]) -> list[cut.Unit]:
        chosen = {
            side: replace(
                mapping,
                fields={f: lens for f, lens in mapping.fields.items() if f in fields},
                groups={f: group for f, group in mapping.groups.items() if f in fields},
            )
            for side, mapping in self.mappings.items()
        }
        try:
            return cut.units(chosen)
        except MappingError as error:
            raise ConfigError([*self.problems, _of_mapping(error)]) from None

    def _unit(self, unit: cut.Unit) -> Unit:
        said = {
            f: (self.said.fields or {})[f] for f in unit.fields if f in (self.said.fields or {})
        }
        return Unit(
            unit.name,
            unit.fields,
            unit.kind,
            unit.lenses,
            modes(unit, said, self.sides, self.problem),
            policy(unit, said, self.sides, self.problem),
            uneditable(unit, said, self.capabilities, self.problem),
        )

    def _extra_units(self, synced: set[str]) -> dict[str, Unit]:
        """Fields that are read for a filter or a match, or filled at creation, but not synced."""
        wanted: dict[str, dict[str, Mode]] = {}
        for rule in self.said.match:
            for field in rule if isinstance(rule, tuple) else ():
                self._matched(field, synced, wanted)
        for side in self.sides:
            said = self.config.side(self.name, side)
            for key, named in (("where", said.where), ("defaults", said.defaults)):
                for field in named:
                    if field not in self.mappings[side].fields:
                        hint = did_you_mean(field, self.mappings[side].fields)
                        self.problem(
                            ("sides", side, key, field), f"{side} maps no field `{field}`", hint
                        )
                    elif field not in synced:
                        # `source`: read and filled at creation, but no other side's business. It
                        # outweighs `off`, so defaults come last.
                        mode: Mode = "source" if key == "defaults" else "off"
                        wanted.setdefault(field, {})[side] = mode
        return {field: self._extra(field, found) for field, found in wanted.items()}

    def _matched(self, field: str, synced: set[str], wanted: dict[str, dict[str, Mode]]) -> None:
        sides = [side for side, mapping in self.mappings.items() if field in mapping.fields]
        if len(sides) < 2:
            known = {f for mapping in self.mappings.values() for f in mapping.fields}
            hint = did_you_mean(field, known - {field})
            self.problem(("match",), f"`{field}` is not mapped by two sides", hint)
        elif field not in synced:
            wanted.setdefault(field, {}).update(dict.fromkeys(sides, "off"))

    def _extra(self, field: str, found: Mapping[str, Mode]) -> Unit:
        if sum(mode == "source" for mode in found.values()) > 1:
            self.problem(
                ("fields",),
                f"`{field}` has defaults on several sides but is not synced",
                f"add `{field}:` here",
            )
        lenses = {side: self.mappings[side].fields[field] for side in found}
        kind = next(iter(lenses.values())).kind
        return Unit(field, (field,), kind, lenses, dict(found))

    def _side(self, side: str, units: Mapping[str, Unit]) -> SideSpec:
        said = self.config.side(self.name, side)
        mapping = self.mappings[side]
        schema = self.schemas.get(side)
        if said.record not in (None, mapping.record):
            self.problem(
                ("sides", side, "record"),
                f"the mapping {mapping.origin} is for records `{mapping.record}`, "
                f"not `{said.record}`",
                f"write `record: {mapping.record}`, or leave it out",
            )
        if side in self.only_read and said.create != "never":
            self.problem(
                ("sides", side, "create"),
                f"the connection {side} is `read_only`, so nothing is created there",
                "leave `create` out, or take `read_only` off the connection",
            )
        can_show = side in self.capabilities and self.capabilities[side].shows_links
        return SideSpec(
            name=side,
            record=mapping.record,
            text_format=(schema.text_format if schema else "") or mapping.text,
            create=said.create,
            where=where(side, said, mapping, self.problem),
            defaults=defaults(side, said, mapping, self.problem),
            required=required(side, units, mapping, schema),
            references=mapping.reference,
            cards=can_show and self.said.links == "show",
            on_closed=said.on_closed,
            read_only=side in self.only_read,
        )

    def _comments(self) -> CommentPolicy | None:
        said = self.said.comments
        if said is None:
            return None
        visible = tuple(Visibility(one) for one in said.visibility)
        return CommentPolicy(visible, said.as_, said.attachments)

    def _check_deletes(self) -> None:
        how = self.said.deletes.propagate
        known = all(side in self.capabilities for side in self.sides)
        can = {d for c in self.capabilities.values() for d in c.deletes}
        if known and how in ("archive", "delete") and how not in can:
            self.problem(
                ("deletes", "propagate"),
                f"no side of {self.name} can {how} records",
                f"they can {', '.join(sorted(can)) or 'neither archive nor delete'}; "
                "`unlink` works everywhere",
            )

    def _check_closed(self) -> None:
        for side, can in self.capabilities.items():
            follows = side in self.sides and self.config.side(self.name, side).on_closed
            if follows == "follow_up" and not can.follow_ups:
                tool = self.config.connections[side].connector
                self.problem(
                    ("sides", side, "on_closed"),
                    f"{tool} has no follow-ups to records that were closed for good",
                    "leave `on_closed` out: what such a record does not take is parked",
                )

    def _fingerprint(self, units: Mapping[str, Unit]) -> str:
        """Changes with whatever decides which values are where; not with limits or secrets."""
        body = {
            "entity": self.said.entity,
            "match": self.said.match,
            "sides": {
                side: {
                    "mapping": cut.fingerprint(self.mappings[side]),
                    "where": dict(self.config.side(self.name, side).where),
                    "scope": self.config.connections[side].scope,
                }
                for side in self.sides
            },
            "fields": {name: dict(unit.modes) for name, unit in units.items()},
        }
        packed = orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
        return hashlib.sha256(packed).hexdigest()[:16]


def _of_mapping(error: MappingError) -> Problem:
    where = error.origin or "mappings"
    return Problem(where if error.line is None else f"{where}:{error.line}", error.what)
