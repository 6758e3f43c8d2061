"""The hub: what is asked of tools and when, whose mapping counts, and what is remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from syncline.config import ConfigError
from syncline.connecting import schema_of, schema_to_json
from syncline.hub import Hub, open_hub
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import AuthRequired, Retriable
from syncline.simulation.clock import ManualClock
from syncline.simulation.connector import MAPPING, MemoryTool, publish
from syncline.store import connections


class Office:
    """A configuration of two tools in a folder, and the clock that hub and tools share."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.tools = {name: MemoryTool(self.clock, name=f"{name}-{folder.name}") for name in "ab"}
        monkeypatch.setenv("TOKEN", self.tools["a"].token)
        self.mapping("memory", MAPPING)
        body = {
            "plugins": ["tests.cli.plugin"],
            "connections": {
                name: {
                    "connector": "memory",
                    "base_url": publish(tool),
                    "auth": {"token": "${env:TOKEN}"},
                }
                for name, tool in self.tools.items()
            },
            "syncs": {"main": {"entity": "ticket"}},
        }
        (folder / "syncline.yaml").write_text(yaml.safe_dump(body))

    def mapping(self, whose: str, text: str) -> None:
        path = self.folder / "mappings" / whose / "ticket.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @asynccontextmanager
    async def hub(self) -> AsyncIterator[Hub]:
        async with open_hub(self.folder, clock=self.clock) as hub:
            yield hub

    def described(self, name: str = "a") -> int:
        """How often a tool was asked what it is."""
        return sum(call.kind == "describe" for call in self.tools[name].log.calls)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


async def test_opening_asks_no_tool(office: Office) -> None:
    async with office.hub() as hub:
        assert hub.config.side_names("main") == ["a", "b"]
    assert office.described() == 0


async def test_a_tool_is_asked_what_it_is_once_a_day(office: Office) -> None:
    for _ in range(2):
        async with office.hub() as hub:
            await hub.sync("main")
            await hub.sync("main")
    assert office.described() == 1
    office.clock.advance(24 * 3600)
    async with office.hub() as hub:
        await hub.sync("main")
    assert office.described() == 2


async def test_another_secret_is_asked_at_once_and_the_old_answer_is_not_used(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.hub() as hub:
        await hub.sync("main")
    monkeypatch.setenv("TOKEN", "revoked-token")
    async with office.hub() as hub:
        with pytest.raises(AuthRequired):
            await hub.sync("main")


async def test_the_account_behind_a_connection_is_remembered(office: Office) -> None:
    async with office.hub() as hub:
        await hub.sync("main")
        row = await hub.store.read(connections.get, "a")
    assert row is not None
    assert row.account == office.tools["a"].name


async def test_what_a_tool_said_yesterday_serves_while_it_is_down(office: Office) -> None:
    async with office.hub() as hub:
        await hub.sync("main")
    office.clock.advance(25 * 3600)
    office.tools["a"].faults.add("*", "down", times=100)
    async with office.hub() as hub:
        assert (await hub.sync("main")).name == "main"


async def test_a_tool_that_never_answered_cannot_be_synced(office: Office) -> None:
    office.tools["a"].faults.add("*", "down", times=100)
    async with office.hub() as hub:
        with pytest.raises(Retriable):
            await hub.sync("main")


async def test_the_workspaces_secret_is_made_once(office: Office) -> None:
    async with office.hub() as hub:
        first = await hub.secret()
    async with office.hub() as hub:
        assert await hub.secret() == first
    assert len(first) == 32


async def test_a_connections_own_mapping_comes_before_its_tools(office: Office) -> None:
    office.mapping("b", MAPPING.replace("  labels: {path: labels}\n", ""))
    async with office.hub() as hub:
        sync = await hub.sync("main")
    assert "labels" not in sync.units
    assert "title" in sync.units


async def test_a_mapping_that_leads_out_of_the_folder_is_refused(
    office: Office, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "ticket.yaml"
    outside.write_text(MAPPING)
    path = office.folder / "mappings" / "b" / "ticket.yaml"
    path.parent.mkdir()
    path.symlink_to(outside)
    async with office.hub() as hub:
        with pytest.raises(ConfigError, match="leads out of the configuration's folder"):
            hub.mappings("main")


async def test_progress_tells_every_step_and_the_links_done(office: Office) -> None:
    office.tools["a"].create({"title": "One"})
    steps: list[tuple[str, int]] = []
    async with office.hub() as hub:
        await hub.run("main", progress=lambda step, done: steps.append((step, done)))
    assert [step for step, _ in steps][:3] == ["settle", "observe", "judge"]


def test_a_schema_survives_being_stored() -> None:
    field = FieldSchema("a.b", "A", "enum", ("x", "y"), True, False, True, 20)
    schema = Schema("acme", "9", {"t": RecordSchema("t", {"a.b": field})}, "html", ("careful",))
    assert schema_of(schema_to_json(schema)) == schema
