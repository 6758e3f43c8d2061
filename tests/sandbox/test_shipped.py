"""Every mapping that ships fits the fake of its tool, as `syncline check` sees it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncline.mapping.load import ToolMapping, builtin
from syncline.registry import fakes
from syncline.sandbox import running
from tests.support.commands import main


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A connection to each fake, by its tool's name."""
    started = running.start(fakes(), tmp_path / "sandbox", seed=5, records=20)
    try:
        yield {
            one.tool: {"connector": one.tool, **{k: v for k, v in one.about.items() if k != "pid"}}
            for one in started
        }
    finally:
        running.end([one.process for one in started])


def shipped(tools: Mapping[str, Any]) -> Mapping[str, dict[str, ToolMapping]]:
    """The mappings that ship for these tools, by entity and tool."""
    found: dict[str, dict[str, ToolMapping]] = defaultdict(dict)
    for tool in tools:
        for file in resources.files("mappings").joinpath(tool).iterdir():
            entity = file.name.removesuffix(".yaml")
            found[entity][tool] = builtin(tool, entity)
    return found


def sync_of(entity: str, mappings: Mapping[str, ToolMapping]) -> dict[str, Any]:
    """A sync of all tools that have an entity, with every field that two of them have and one of
    them can be written."""
    having = Counter(name for one in mappings.values() for name in one.fields)
    writable = {n for one in mappings.values() for n, f in one.fields.items() if not f.read_only}
    fields: dict[str, Any] = {
        name: {} for name, count in having.items() if count > 1 and name in writable
    }
    sides = {tool: {"record": one.record} for tool, one in mappings.items()}
    return {"entity": entity, "sides": sides, "fields": fields}


def test_every_shipped_mapping_fits_the_fake_of_its_tool(
    connections: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entities = shipped(connections)
    assert set(connections) == {tool for tools in entities.values() for tool in tools}
    syncs = {name: sync_of(name, tools) for name, tools in entities.items() if len(tools) > 1}
    assert len(syncs) > 4
    said = {"workspace": "all", "connections": connections, "syncs": syncs}
    (tmp_path / "syncline.yaml").write_text(yaml.safe_dump(said), "utf-8")
    monkeypatch.chdir(tmp_path)
    code = main(["check", "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one for one in told["problems"] if one.get("level") != "warning"] == []
    assert code == 0
