"""Every mapping that ships keeps the laws, on a thousand made-up records a field (G7).

SYNCLINE_LAWS=20000 tries so many.
"""

from __future__ import annotations

import os
from importlib import resources
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from syncline.mapping.explain import explain
from syncline.mapping.laws import try_mapping
from syncline.mapping.load import builtin, load_mapping
from syncline.mapping.units import fingerprint, units

EXAMPLES = int(os.environ.get("SYNCLINE_LAWS", "1000"))

SHIPPED = sorted(
    (folder.name, file.name.removesuffix(".yaml"))
    for folder in resources.files("mappings").iterdir()
    if folder.is_dir() and not folder.name.startswith("_")
    for file in folder.iterdir()
    if file.name.endswith(".yaml")
)


def test_mappings_ship() -> None:
    assert ("redmine", "ticket") in SHIPPED


@pytest.mark.parametrize(("tool", "entity"), SHIPPED)
def test_a_shipped_mapping_keeps_the_laws(tool: str, entity: str) -> None:
    breaches = try_mapping(builtin(tool, entity), Random(24), examples=EXAMPLES)
    assert not breaches, "\n".join(map(str, breaches))


def test_the_mapping_that_new_connectors_begin_with_keeps_the_laws() -> None:
    template = Path(str(resources.files("mappings").joinpath("_template", "ticket.yaml")))
    breaches = try_mapping(load_mapping(template), Random(24), examples=EXAMPLES)
    assert not breaches, "\n".join(map(str, breaches))


@pytest.mark.parametrize(("tool", "entity"), SHIPPED)
def test_a_shipped_mapping_speaks_of_its_own_entity_and_can_be_shown(
    tool: str, entity: str
) -> None:
    mapping = builtin(tool, entity)
    assert mapping.entity == entity
    assert [row.field for row in explain(mapping)] == list(mapping.fields)
    assert fingerprint(mapping) == fingerprint(builtin(tool, entity))


@pytest.mark.parametrize(
    ("one", "other"),
    [(a, b) for a, b in combinations(SHIPPED, 2) if a[1] == b[1]],
    ids=str,
)
def test_any_two_shipped_mappings_of_an_entity_can_be_synced(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    mappings = {tool: builtin(tool, entity) for tool, entity in (one, other)}
    found = units(mappings)
    assert found
    assert all(set(unit.lenses) == set(mappings) for unit in found)
