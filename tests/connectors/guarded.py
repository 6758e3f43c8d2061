"""The mapping-rot guard over a tracker that is a real server or a recording of one.

The hub is a real one, between the tracker and a desk in memory. An administrator changes something
in the tracker, and the operator asks what that means and applies the patches.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from syncline.engine.report import Report
from syncline.hub import open_hub
from syncline.rot.found import Finding, Kind
from syncline.rot.guard import Rot
from syncline.simulation.clock import ManualClock
from syncline.simulation.connector import MAPPING, MemoryTool, publish

SYNC = "all"


class Guarded:
    """A folder with the configuration of one sync, and the desk. Every question is a process."""

    def __init__(
        self,
        folder: Path,
        clock: ManualClock,
        connection: Mapping[str, Any],
        secret: tuple[str, str],
        added: str = "",
        path: str = "",
    ) -> None:
        """`secret`: what the tracker's connection calls its secret, and the secret. `added`: a
        field that the operator added to the mappings, and its path in the tracker."""
        self.folder = folder
        self.clock = clock
        self.desk = MemoryTool(clock, name=f"desk-{folder.name}")
        self._write("desk", MAPPING + added.format(path="custom.added"))
        if added:
            tool = added.format(path=path)
            self._write("tracker", f"extends: builtin\nentity: ticket\nfields:\n{tool}")
        tracker = {"private_network": True, **connection, "auth": _kept(folder, *secret)}
        auth = _kept(folder, "token", self.desk.token)
        desk = {"connector": "memory", "base_url": publish(self.desk), "auth": auth}
        body = {
            "plugins": ["tests.cli.plugin"],
            "connections": {"tracker": tracker, "desk": desk},
            "syncs": {
                SYNC: {
                    "entity": "ticket",
                    "sides": {side: {"create": "when_missing"} for side in ("tracker", "desk")},
                    "links": "off",
                }
            },
        }
        (folder / "syncline.yaml").write_text(yaml.safe_dump(body), "utf-8")

    def _write(self, side: str, mapping: str) -> None:
        file = self.folder / "mappings" / side / "ticket.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(mapping, "utf-8")

    async def ask(self, *, accept: bool = False) -> Rot:
        """What the operator is told; `accept`: it is taken as it is."""
        async with open_hub(self.folder, clock=self.clock) as hub:
            rot = await hub.rot(fresh=True, accept=accept)
        assert rot.unread == {}
        return rot

    async def sync(self) -> Report:
        async with open_hub(self.folder, clock=self.clock) as hub:
            return await hub.run(SYNC)

    def patch(self, rot: Rot) -> str:
        """Apply every diff that was told, as an operator does; what they change."""
        for diff in rot.patches.values():
            subprocess.run(
                ["patch", "-p1"], input=diff, text=True, cwd=self.folder, check=True,
                capture_output=True,
            )  # fmt: skip
        lines = "\n".join(rot.patches.values()).splitlines()
        return "\n".join(one for one in lines if one[:1] in "+-" and one[:3] not in ("+++", "---"))


def _kept(folder: Path, name: str, secret: str) -> dict[str, str]:
    file = folder / f"{name}-{len(secret)}"
    file.write_text(secret, "utf-8")
    return {name: f"${{file:{file}}}"}


def only(rot: Rot, kind: Kind) -> Finding:
    """The one finding of a kind."""
    (found,) = [one for one in rot.findings if one.kind == kind]
    return found
