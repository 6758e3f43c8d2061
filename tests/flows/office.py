"""A small company for the flow tests: two tools over HTTP on loopback, and its configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from syncline.observability import SystemClock
from syncline.simulation.connector import MAPPING, MemoryTool
from tests.sides.feed_app import feed_app
from tests.sides.paged import paged_app
from tests.sides.serving import served

CONNECTORS = {"desk": "feed", "tracker": "paged"}
VARIABLES = {"desk": "OFFICE_DESK_TOKEN", "tracker": "OFFICE_TRACKER_TOKEN"}


@dataclass
class Office:
    """People work at the `desk` and at the `tracker`; `folder` holds syncline.yaml."""

    folder: Path
    desk: MemoryTool
    tracker: MemoryTool
    addresses: dict[str, str]

    def configure(self, *syncs: str, every: str = "10h", desk_token: str = "") -> None:
        """Write the configuration with these syncs between the two tools."""
        write(self.folder, self.addresses, *syncs, every=every, desk_token=desk_token)


def write(
    folder: Path,
    addresses: Mapping[str, str],
    *syncs: str,
    every: str = "10h",
    desk_token: str = "",
) -> None:
    """A configuration with these syncs between tools at these addresses."""
    tokens = {name: f"${{env:{variable}}}" for name, variable in VARIABLES.items()}
    if desk_token:
        tokens["desk"] = desk_token
    text = {
        "workspace": "office",
        "plugins": [f"tests.flows.plugins.{connector}" for connector in CONNECTORS.values()],
        "connections": {
            name: {
                "connector": connector,
                "base_url": addresses[name],
                "auth": {"token": tokens[name]},
                "private_network": True,
            }
            for name, connector in CONNECTORS.items()
        },
        "syncs": {
            name: {
                "entity": "ticket",
                "sides": {side: {"create": "when_missing"} for side in CONNECTORS},
                "links": "off",
                "schedule": {"every": every},
            }
            for name in syncs
        },
    }
    (folder / "syncline.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")


@asynccontextmanager
async def office(folder: Path, tokens: Mapping[str, str]) -> AsyncIterator[Office]:
    """Both tools, serving; `tokens` are their credentials by the name of the connection."""
    clock = SystemClock()
    desk = MemoryTool(clock, name="desk", id_prefix="DESK-", token=tokens["desk"])
    tracker = MemoryTool(clock, name="tracker", id_prefix="APP-", token=tokens["tracker"])
    for name in VARIABLES:
        where = folder / "mappings" / name
        where.mkdir(parents=True)
        (where / "ticket.yaml").write_text(MAPPING, encoding="utf-8")
    async with served(feed_app(desk)) as one, served(paged_app(tracker)) as other:
        yield Office(folder, desk, tracker, {"desk": one, "tracker": other})
