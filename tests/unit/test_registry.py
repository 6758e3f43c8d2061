"""Connectors by name: the shipped ones, the plugins, and nothing else."""

from __future__ import annotations

import pytest

from syncline.config import ConfigError
from syncline.registry import Registry
from syncline.simulation.connector import MemoryConnector


def test_a_shipped_connector_is_found_by_its_folder() -> None:
    assert Registry().get("redmine").name == "redmine"


def test_a_plugin_is_found_by_the_name_its_connector_has() -> None:
    registry = Registry(["tests.cli.plugin"])
    assert registry.get("memory") is MemoryConnector
    assert {"memory", "redmine"} <= set(registry.names())


def test_an_unknown_connector_gets_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean `redmine`"):
        Registry().get("redmin")


@pytest.mark.parametrize("name", ["../redmine", "redmine.wire", "_template", "os"])
def test_a_name_imports_nothing_but_a_connectors_folder(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no connector"):
        Registry().get(name)


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("json", "has no `connector` that is a Connector class"),
        ("no_such_module_anywhere", "cannot be imported"),
        ("os; import this", "is no name of a module"),
    ],
)
def test_a_plugin_that_is_none_is_told(module: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Registry([module]).names()
