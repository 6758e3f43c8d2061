"""One run of Syncline between two shelves: the hub as commands and flows open it, from a
`syncline.yaml`, with its store in SQLite; the run is a full one, which also looks for deletions.

Runs are five minutes apart, as they are by default when deployed: the clock is put on, and nobody
waits.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from syncline.engine.passes import Options
from syncline.hub import open_hub
from syncline.observability import SystemClock
from tests.anchors import connector
from tests.anchors.shelf import SIDES, Trouble

EVERY = timedelta(minutes=5)
SYNC = "shelves"

for _module in ("syncline.checking", "syncline.connecting", "syncline.running"):
    import_module(_module)  # which the hub does when first asked: once, and not in every run


class Clock(SystemClock):
    """Real time, put on by so much."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()


def configured(folder: Path, key_field: str | None) -> Path:
    """The configuration, written where there is none yet."""
    path = folder / "syncline.yaml"
    if not path.exists():
        own = folder / "mappings" / "shelf" / "ticket.yaml"
        own.parent.mkdir(parents=True)
        own.write_text(connector.MAPPING)
        path.write_text(yaml.safe_dump(_configuration(folder, key_field)))
    return path


def _configuration(folder: Path, key_field: str | None) -> dict[str, Any]:
    connections = {
        side: {
            "connector": "shelf",
            "base_url": "https://shelf.example",
            "auth": {},
            "scope": {"folder": str(folder), "side": side},
        }
        | ({"key_field": key_field} if key_field else {})
        for side in SIDES
    }
    sync = {
        "entity": "ticket",
        "sides": {side: {"create": "when_missing"} for side in SIDES},
        "deletes": {"propagate": "delete"},
        "links": "off",
    }
    return {
        "workspace": "anchors",
        "plugins": ["tests.anchors.connector"],
        "connections": connections,
        "syncs": {SYNC: sync},
    }


async def _run(folder: Path, key_field: str | None) -> None:
    clock = Clock(Trouble.read(folder).run * EVERY)
    async with open_hub(configured(folder, key_field), clock=clock) as hub:
        report = await hub.run(SYNC, Options(full=True))
    left = report.counts["parked"] + report.counts["conflicts"]
    (folder / "waiting").write_text(str(left))
    print(report)


def main(folder: Path, key_field: str | None = "key") -> None:
    asyncio.run(_run(folder, key_field))
