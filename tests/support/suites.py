"""Where the shared suite is run: which connector, on what, with which record type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from syncline.sdk.testing import ConnectorTests, Shape
from tests.support.connections import DATA_CENTER, OPENED, connector_of

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Suite:
    """A class of tests/connectors that runs the suite. `ground` is a word of the manifests."""

    connector: str
    ground: str
    tests: type[ConnectorTests]

    @property
    def shape(self) -> Shape:
        return self.tests.shape

    def written(self, text: str) -> str:
        """Plain text as it is written into the tool's long texts."""
        return self.tests().written(text)

    @property
    def told(self) -> tuple[str, str, str]:
        return self.connector, self.ground, self.shape.record


@cache
def suites() -> tuple[Suite, ...]:
    """Every class that runs the suite on a shipped connector, and the template's."""
    return tuple(_suites())


@cache
def suites_of(name: str) -> dict[str, Suite]:
    """A suite for each record type of one of `OPENED`: where things are in its records."""
    return {one.shape.record: one for one in suites() if _opened_as(one) == name}


def _opened_as(suite: Suite) -> str:
    return DATA_CENTER if "DataCenter" in suite.tests.__name__ else suite.connector


def _suites() -> Iterator[Suite]:
    known = {connector: connector.name for connector in map(connector_of, OPENED)}
    for path in sorted((ROOT / "tests/connectors").rglob("test_*.py")):
        if "Shape(" not in path.read_text("utf-8"):
            continue
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for name, found in vars(module).items():
            if _runs(module, name, found) and (connector := known.get(_connector(found))):
                yield Suite(connector, _ground(found), found)


def _runs(module: ModuleType, name: str, found: Any) -> bool:
    return (
        isinstance(found, type)
        and issubclass(found, ConnectorTests)
        and found.__module__ == module.__name__
        and name.startswith("Test")
        and getattr(found, "__test__", True)
    )


def _connector(suite: type[ConnectorTests]) -> Any:
    """The class of what its fixture `connector` gives, by the fixture's annotation."""
    owner = next(c for c in suite.__mro__ if "connector" in vars(c))
    fixture = vars(owner)["connector"]
    told = getattr(fixture, "__wrapped__", fixture).__annotations__["return"]
    return vars(import_module(owner.__module__))[re.findall(r"\w+", told)[-1]]


def _ground(suite: type[ConnectorTests]) -> str:
    marks = getattr(suite, "pytestmark", [])
    if any(mark.name == "real" for mark in (marks if isinstance(marks, list) else [marks])):
        return "real_server"
    return "recorded" if any(c.__name__ == "Recorded" for c in suite.__mro__) else "fake"
