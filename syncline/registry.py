"""Connectors by name: the ones that ship, and the operator's own plugins.

A shipped connector is a folder `connectors/NAME/` whose package has `connector`, a class; a plugin
is a module with the same attribute, allowed by the configuration's `plugins`. Nothing is imported
before it is asked for, and nothing else ever is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module, resources
from importlib.util import find_spec
from typing import Any

from syncline.config.problems import ConfigError, Problem, did_you_mean
from syncline.sdk.connector import Connector

PACKAGE = "connectors"
OWN = "one of your own is named under `plugins`"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Registry:
    """Finds connector classes. `plugins` are the modules the configuration allows."""

    def __init__(self, plugins: Sequence[str] = ()) -> None:
        self._plugins = tuple(plugins)
        self._found: dict[str, type[Connector]] = {}
        self._plugged: dict[str, type[Connector]] | None = None

    def names(self) -> list[str]:
        """Every connector there is, by name. Imports the plugins, but no shipped connector."""
        shipped = {entry.name for entry in resources.files(PACKAGE).iterdir() if _shipped(entry)}
        return sorted(shipped | self._plugs().keys())

    def get(self, name: str, where: str = "connector") -> type[Connector]:
        """The connector of this name. ConfigError, with the nearest names, where there is none."""
        if name not in self._found:
            self._found[name] = self._find(name, where)
        return self._found[name]

    def _find(self, name: str, where: str) -> type[Connector]:
        plugged = self._plugs().get(name)
        if plugged is not None:
            return plugged
        if _NAME.fullmatch(name) and _shipped(resources.files(PACKAGE).joinpath(name)):
            return _connector(f"{PACKAGE}.{name}")
        hint = did_you_mean(name, self.names())
        raise ConfigError([Problem(where, f"there is no connector `{name}`", f"{hint} ({OWN})")])

    def _plugs(self) -> dict[str, type[Connector]]:
        if self._plugged is None:
            found = [_connector(module) for module in self._plugins]
            self._plugged = {connector.name: connector for connector in found}
        return self._plugged


def fakes(plugins: Sequence[str] = ()) -> dict[str, str]:
    """The modules of the connectors' fakes, by tool: `fake.py` or a package `fake` of each."""
    tools = sorted(entry.name for entry in resources.files(PACKAGE).iterdir() if _shipped(entry))
    shipped = {name: f"{PACKAGE}.{name}.fake" for name in tools if _has_fake(name)}
    plugged = {_connector(module).name: f"{module}.fake" for module in plugins}
    return shipped | {name: module for name, module in plugged.items() if _is_module(module)}


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # what it would be in is no package
        return False


def _has_fake(name: str) -> bool:
    folder = resources.files(PACKAGE).joinpath(name)
    return any(folder.joinpath(*path).is_file() for path in (["fake.py"], ["fake", "__init__.py"]))


def _shipped(entry: Any) -> bool:
    return bool(
        _NAME.fullmatch(entry.name) and entry.is_dir() and entry.joinpath("__init__.py").is_file()
    )


def _connector(module: str) -> type[Connector]:
    if not _MODULE.fullmatch(module):
        raise _unusable(module, "is no name of a module")
    try:
        found = getattr(import_module(module), "connector", None)
    except ImportError as error:
        raise _unusable(module, f"cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Connector)):
        raise _unusable(module, "has no `connector` that is a Connector class")
    return found


def _unusable(module: str, what: str) -> ConfigError:
    return ConfigError([Problem(f"plugins {module}", what, "correct the name, or install it")])
