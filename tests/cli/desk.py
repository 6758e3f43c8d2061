"""An operator's desk: a folder with a configuration, two tools in memory, and the command line.

desk = Desk(tmp_path, monkeypatch, capsys)
answer = desk.run("sync", "main", "--json")
assert answer.code == 0
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from syncline.observability import SystemClock
from syncline.simulation.connector import MAPPING, MemoryTool, publish
from tests.support.commands import main


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on the last line of standard output."""
        found: dict[str, Any] = orjson.loads(self.out.splitlines()[-1])
        return found


class Desk:
    """Two tools, `a` and `b`, and `syncline.yaml` in a folder that is the current one."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self._capsys = capsys
        self.a = MemoryTool(
            SystemClock(), name=f"a-{folder.name}", id_prefix="A-", token="token-a-1"
        )
        self.b = MemoryTool(
            SystemClock(), name=f"b-{folder.name}", id_prefix="B-", token="token-b-1"
        )
        monkeypatch.chdir(folder)
        monkeypatch.setenv("TOKEN_A", self.a.token)
        monkeypatch.setenv("TOKEN_B", self.b.token)
        monkeypatch.delenv("SYNCLINE_CONFIG", raising=False)
        self.config: dict[str, Any] = {
            "workspace": "acme",
            "plugins": ["tests.cli.plugin"],
            "connections": {name: self._connection(name) for name in ("a", "b")},
            "syncs": {
                "main": {
                    "entity": "ticket",
                    "sides": {
                        "a": {"create": "when_missing"},
                        "b": {"create": "when_missing"},
                    },
                }
            },
        }
        self.mapping(MAPPING)
        self.write()

    def _connection(self, name: str) -> dict[str, Any]:
        tool: MemoryTool = getattr(self, name)
        return {
            "connector": "memory",
            "base_url": publish(tool),
            "auth": {"token": f"${{env:TOKEN_{name.upper()}}}"},
        }

    def mapping(self, text: str, side: str = "memory") -> None:
        """Write the operator's own mapping, for all connections of the tool or for one."""
        path = self.folder / "mappings" / side / "ticket.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write(self) -> None:
        """Write the configuration as it is now."""
        (self.folder / "syncline.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False))

    def env(self, name: str, value: str | None) -> None:
        """Set or take away a variable of the environment."""
        if value is None:
            self._patch.delenv(name, raising=False)
        else:
            self._patch.setenv(name, value)

    def types(self, *lines: str) -> None:
        """Sit somebody at a terminal who will type these lines."""
        self._patch.setattr("sys.stdin", Terminal("".join(f"{line}\n" for line in lines)))

    def run(self, *arguments: str) -> Answer:
        """Run a command through the real entry point."""
        self._capsys.readouterr()
        code = main(arguments)
        said = self._capsys.readouterr()
        return Answer(code, said.out, said.err)

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed and give its object."""
        answer = self.run(*arguments, "--json")
        assert answer.code == 0, answer.out + answer.err
        return answer.json

    def linked(self, **fields: Any) -> tuple[str, str]:
        """A record of `a` with its copy in `b`."""
        before = set(self.b.items)
        id_ = self.a.create({"title": "Printer on fire", **fields})
        assert self.run("sync", "main").code == 0
        (copy,) = set(self.b.items) - before
        return id_, copy

    def clash(self) -> tuple[str, str]:
        """A linked pair whose titles were changed on both sides."""
        one, other = self.linked()
        self.a.edit(one, {"title": "From A"})
        self.b.edit(other, {"title": "From B"})
        assert self.run("sync", "main").code == 3
        return one, other
