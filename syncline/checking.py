"""`syncline check` and `syncline config lint`: what is wrong, before anything is synced.

Lint looks at files alone: the configuration, the mappings and their laws. Check looks at the real
tools as well: credentials, and every field and option that a mapping names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from syncline import endpoints
from syncline.config import Config, ConfigError, Problem, sandboxes
from syncline.config.secrets import check_shape
from syncline.engine.compile import check_sides, compile_sync
from syncline.mapping import check as against
from syncline.mapping.laws import try_mapping
from syncline.mapping.load import ToolMapping, builtin, load_mapping
from syncline.mapping.source import MappingError
from syncline.registry import Registry
from syncline.sdk.connector import Schema
from syncline.sdk.errors import ConnectorError, Misconfigured

if TYPE_CHECKING:
    from syncline.hub import Hub

SEED = 20_260
"""Mappings are tried on the same made-up records each time, so that a finding can be repeated."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `unreachable`: connections that could not be used; `warnings` stop
    nothing."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    unreachable: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems and not self.unreachable


def mapping_of(config: Config, side: str, entity: str) -> ToolMapping | None:
    """The mapping of a connection: `mappings/CONNECTION/` or `mappings/CONNECTOR/` beside the
    configuration, else the shipped one. None where there is none; ConfigError for a broken one."""
    tool = config.connections[side].connector
    try:
        if (path := own_mapping(config, side, entity)) is not None:
            return load_mapping(_inside(config, path), tool=tool)
        return builtin(tool, entity) if shipped_mapping(tool, entity).is_file() else None
    except MappingError as error:
        raise ConfigError([_of_mapping(error)]) from None


def own_mapping(config: Config, side: str, entity: str) -> Path | None:
    """The operator's own mapping file that a connection uses; None: the shipped one, if any."""
    for folder in (side, config.connections[side].connector):
        path = config.folder / "mappings" / folder / f"{entity}.yaml"
        if path.is_file():
            return path
    return None


def shipped_mapping(tool: str, entity: str) -> Traversable:
    """Where the mapping that ships with Syncline is, or would be."""
    return resources.files("mappings").joinpath(tool, f"{entity}.yaml")


def _inside(config: Config, path: Path) -> Path:
    if not path.resolve().is_relative_to(config.folder.resolve()):
        raise MappingError("leads out of the configuration's folder; copy it there", str(path))
    return path


def _of_mapping(error: MappingError) -> Problem:
    where = error.origin or "mappings"
    return Problem(where if error.line is None else f"{where}:{error.line}", error.what)


def check_unmixed(config: Config, registry: Registry, name: str) -> None:
    """ConfigError where a sync has sandboxes and real tools on its sides (S24)."""
    models = {}
    for side in config.side_names(name):
        where = config.places.of(("connections", side, "connector"))
        models[side] = registry.get(config.connections[side].connector, where).config_model
    sandboxes.check_unmixed(config, name, models)


def lint(config: Config) -> Checked:
    """What is wrong in the files; looks no secret up and asks no tool."""
    registry = Registry(config.plugins)
    problems = [*_shapes(config, registry)]
    warnings = [*_without_effect(config)]
    tried: set[str] = set()
    for name in config.syncs:
        try:
            mappings = _lint_sync(config, registry, name)
        except ConfigError as error:
            problems += error.problems
            continue
        for mapping in mappings:
            if mapping.origin not in tried:
                tried.add(mapping.origin)
                problems += _breaches(mapping)
    if not config.syncs:
        warnings.append(Problem(config.places.of(("syncs",)), "nothing is synced", "add a sync"))
    return Checked(tuple(dict.fromkeys(problems)), tuple(warnings))


def _shapes(config: Config, registry: Registry) -> Iterator[Problem]:
    for name, settings in config.connections.items():
        where = config.places.of(("connections", name, "connector"))
        try:
            connector = registry.get(settings.connector, where)
        except ConfigError as error:
            yield from error.problems
            continue
        yield from check_shape(config, name, connector.config_model)
        if endpoints.named(config, name) and connector.webhook is None:
            yield endpoints.in_vain(config, name)


def _without_effect(config: Config) -> Iterator[Problem]:
    yield from endpoints.without_effect(config)
    for name, said in config.syncs.items():
        if said.schedule.webhooks:
            yield Problem(
                config.places.of(("syncs", name, "schedule", "webhooks")),
                "webhooks are not acted on yet; changes are polled",
                "leave it out, or set `every` as short as you need",
            )


def _lint_sync(config: Config, registry: Registry, name: str) -> list[ToolMapping]:
    """The operator's own mappings of a sync: those that ship were tried before they did."""
    check_sides(config, name)
    check_unmixed(config, registry, name)
    entity = config.syncs[name].entity
    found = {side: mapping_of(config, side, entity) for side in config.side_names(name)}
    mappings = {side: mapping for side, mapping in found.items() if mapping is not None}
    compile_sync(config, name, mappings, {})
    return [one for side, one in mappings.items() if own_mapping(config, side, entity)]


def _breaches(mapping: ToolMapping) -> Iterator[Problem]:
    # The same made-up records each time: a finding must be repeatable.
    for breach in try_mapping(mapping, Random(SEED)):  # noqa: S311
        yield Problem(
            f"{mapping.origin} {breach.field}",
            f"breaks the law {breach.law}: {breach.what}",
            "see docs/architecture.md, Mappings",
        )


async def check(hub: Hub) -> Checked:
    """What is wrong in the files and in the real tools; changes nothing anywhere."""
    linted = lint(hub.config)
    problems, warnings = list(linted.problems), list(linted.warnings)
    unreachable: list[Problem] = []
    schemas: dict[str, Schema] = {}
    connections = await hub.connections()
    for name in hub.config.connections:
        where = hub.config.places.of(("connections", name))
        try:
            schemas[name] = await connections.schema(name, fresh=True)
        except ConfigError as error:
            problems += error.problems
        except Misconfigured as error:
            problems.append(Problem(where, str(error), "correct it and check again"))
        except ConnectorError as error:
            unreachable.append(Problem(where, str(error), "put it right and check again"))
        else:
            warnings += [Problem(where, warning) for warning in schemas[name].warnings]
    problems += hub.webhook_problems()
    for name in hub.config.syncs:
        found, doubts = _against_tools(hub, name, schemas)
        problems += found
        warnings += doubts
    return Checked(
        tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(warnings)), tuple(unreachable)
    )


def _against_tools(
    hub: Hub, name: str, schemas: dict[str, Schema]
) -> tuple[list[Problem], list[Problem]]:
    """Every mapped field and option held against the tools that answered."""
    try:
        check_sides(hub.config, name)
        mappings = hub.mappings(name)
    except ConfigError:
        return [], []  # lint has said it
    problems, warnings = [], []
    for side, mapping in mappings.items():
        if side not in schemas:
            continue
        said = hub.config.side(name, side)
        provided = None
        if said.create != "never":
            others = [m for s, m in mappings.items() if s != side]
            provided = {f for m in others for f in m.fields} | set(said.defaults)
        problems += [
            Problem(p.where, p.what, p.do) for p in against.check(mapping, schemas[side], provided)
        ]
        warnings += [Problem(p.where, p.what, p.do) for p in against.gaps(mapping, schemas[side])]
    return problems, warnings
