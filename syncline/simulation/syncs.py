"""The sync of a simulation, as the configuration's defaults would make it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from syncline.engine.spec import Mode, Policy, SideSpec, Unit
from syncline.mapping.load import load_mapping
from syncline.mapping.units import units

MERGES = ("labels", "body")

_loaded = lru_cache(64)(load_mapping)


def compiled(
    sides: Mapping[str, SideSpec],
    mappings: Mapping[str, str],
    policies: Mapping[str, Policy],
    modes: Mapping[tuple[str, str], Mode],
) -> dict[str, Unit]:
    """The units of a sync over in-memory sides, with the defaults of the configuration."""
    loaded = {name: _loaded(mappings[name]) for name in sides}
    found = {}
    for unit in units(loaded):
        default = Policy("merge") if unit.name in MERGES else Policy("ask")
        found[unit.name] = Unit(
            unit.name,
            unit.fields,
            unit.kind,
            unit.lenses,
            {
                side: modes.get((unit.name, side), "source" if lens.read_only else "both")
                for side, lens in unit.lenses.items()
            },
            policies.get(unit.name, default),
        )
    return found
