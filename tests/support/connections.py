"""Every connector that there is, opened as an operator opens it: for tests of them all.

What a connection takes is its fake's word where it has one. Of the others it stands here; a test
that finds neither says so, so that a connector that is added is in by itself or asks to be.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from connectors.jira.fake.data_center import JiraDataCenterFake
from syncline.config import load
from syncline.config.secrets import connection_config
from syncline.observability import SystemClock
from syncline.registry import Registry, fakes
from syncline.sandbox import Company, Fake, Hooks, State, ToolClock
from syncline.sdk.clock import Clock
from syncline.sdk.connector import Connector
from syncline.simulation.clock import START

EVERY = Registry().names()
FAKED = sorted(fakes())

TEMPLATE, DATA_CENTER = "template", "jira_data_center"
OPENED = [*EVERY, DATA_CENTER, TEMPLATE]
PLAYED = [*FAKED, DATA_CENTER, TEMPLATE]
"""With what is no connector of its own: the other Jira, and what new connectors are made of."""

PLUGINS = ("connectors._template",)

WITHOUT_FAKE: Mapping[str, Mapping[str, Any]] = {
    "odoo": {"auth": {"api_key": "sandbox-odoo"}, "database": "acme"},
    "redmine": {"auth": {"api_key": "sandbox-redmine"}, "scope": {"project": "app"}},
    "request_tracker": {"auth": {"token": "sandbox-tracker"}, "scope": {"queue": "Support"}},
}


def fake_of(name: str, records: int = 0, seed: int = 1) -> Fake:
    """A connector's fake with so many cases, on a clock of its own."""
    played = JiraDataCenterFake if name == DATA_CENTER else _fake_class(name)
    made: Fake = played(State(), ToolClock(START), Hooks())
    made.seed(Company.made(seed, records))
    return made


def _fake_class(name: str) -> type[Fake]:
    found: type[Fake] = import_module(fakes(PLUGINS)[name]).fake
    return found


def connector_of(name: str) -> type[Connector]:
    """The class that is opened for one of `OPENED`."""
    return Registry(PLUGINS).get("jira" if name == DATA_CENTER else name)


def said(name: str) -> dict[str, Any]:
    """What a connection of this connector takes besides its address, as in `syncline.yaml`."""
    if name in PLAYED:
        return deepcopy(_of_fake(name))
    assert name in WITHOUT_FAKE, (
        f"{name} has no fake: say in tests/support/connections.py what a connection of it takes"
    )
    return dict(WITHOUT_FAKE[name])


@cache
def _of_fake(name: str) -> dict[str, Any]:
    return dict(fake_of(name).connection())


@asynccontextmanager
async def opened(
    folder: Path, name: str, base_url: str, clock: Clock | None = None, **more: Any
) -> AsyncIterator[Connector]:
    """The connector `name` on a connection of an operator's file; sends nothing yet."""
    connector = connector_of(name)
    keys = {
        "connector": connector.name,
        "base_url": base_url,
        "private_network": True,
        **said(name),
        **more,
    }
    keys = {key: value for key, value in keys.items() if value is not None}
    folder.mkdir(exist_ok=True)
    written = {"plugins": [*PLUGINS], "connections": {"tool": keys}}
    (folder / "syncline.yaml").write_text(yaml.safe_dump(written))
    config = connection_config(load(folder), "tool", connector.config_model)
    one = connector.open("tool", config, clock or SystemClock())
    try:
        yield one
    finally:
        await one.aclose()
