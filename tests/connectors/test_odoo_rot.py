"""The mapping-rot guard and Odoo: an administrator changes something, and it is told with what
comes of it and, where there is one answer, a patch that mends the mapping.

The tests run on the server of `deployments.real` and on recordings of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncline.hub import Hub, open_hub
from syncline.rot.found import Finding
from syncline.rot.guard import Rot
from syncline.simulation.connector import MAPPING, MemoryTool, publish
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import LIVE, OdooWorld, opened

STATUS = """\
  status:
    path: status
    enum: {first: todo, second: done}
"""
MAPPINGS = {
    "ticket": MAPPING,
    "customer_request": MAPPING[: MAPPING.index("  status")] + STATUS,
    "roadmap_item": MAPPING[: MAPPING.index("  status")] + STATUS,
}
STATES = {"customer_request": ("new", "shipped"), "roadmap_item": ("planned", "shipped")}


class Guarded:
    """A hub of a desk in memory and Odoo, whose snapshots are taken."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub = hub
        self.folder = folder

    async def looks(self) -> Rot:
        """What the guard says when every tool is asked now."""
        found = await self.hub.rot(fresh=True)
        assert not found.unread, found.unread
        return found

    async def only(self) -> tuple[Finding, Rot]:
        """The one thing that changed."""
        rot = await self.looks()
        assert len(rot.findings) == 1, rot.findings
        return rot.findings[0], rot

    async def mended(self, rot: Rot, **defaults: Any) -> Any:
        """The mapping after the one patch, with which nothing is found any more."""
        ((file, diff),) = rot.patches.items()
        subprocess.run(
            ["patch", "-p1"], input=diff, text=True, cwd=self.folder, check=True,
            capture_output=True,
        )  # fmt: skip
        written = self.folder / "syncline.yaml"
        config = yaml.safe_load(written.read_text("utf-8"))
        config["syncs"]["main"]["sides"]["office"]["defaults"] = defaults
        written.write_text(yaml.safe_dump(config), "utf-8")
        async with open_hub(self.folder, clock=self.hub.clock) as again:
            assert (await again.rot(fresh=True)).findings == []
        return yaml.safe_load((self.folder / file).read_text("utf-8"))["fields"]


@asynccontextmanager
async def guarded(
    world: OdooWorld, folder: Path, monkeypatch: pytest.MonkeyPatch, entity: str = "ticket"
) -> AsyncIterator[Guarded]:
    desk = MemoryTool(world.clock, name=f"desk-{folder.name}", text_format="html")
    monkeypatch.setenv("DESK", desk.token)
    monkeypatch.setenv("ODOO", world.keys["hub"])
    text = MAPPINGS[entity].replace("entity: ticket", f"entity: {entity}")
    for shared, state in zip(("first", "second"), STATES.get(entity, ()), strict=False):
        text = text.replace(shared, state)
    mapping = folder / "mappings" / "desk" / f"{entity}.yaml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text(text, "utf-8")
    body = {
        "plugins": ["tests.cli.plugin"],
        "connections": {
            "desk": {
                "connector": "memory",
                "base_url": publish(desk),
                "auth": {"token": "${env:DESK}"},
            },
            "office": {
                "connector": "odoo",
                "base_url": world.stage.base_url,
                "private_network": True,
                "database": LIVE,
                "auth": {"api_key": "${env:ODOO}"},
                "scope": {"project": "App"},
                "key_field": "x_syncline_key",
                "limits": {"concurrent": 1},
            },
        },
        "syncs": {
            "main": {
                "entity": entity,
                "sides": {side: {"create": "when_missing"} for side in ("desk", "office")},
            }
        },
    }
    (folder / "syncline.yaml").write_text(yaml.safe_dump(body), "utf-8")
    async with open_hub(folder, clock=world.clock) as hub:
        one = Guarded(hub, folder)
        assert (await one.looks()).taken == ["desk", "office"]
        yield one


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, pytest.MonkeyPatch]:
    return tmp_path, monkeypatch


Place = tuple[Path, pytest.MonkeyPatch]


async def stage_named(world: OdooWorld, name: str) -> int:
    rows = await world.call(
        "project.task.type", "search_read", domain=[["name", "=", name]], fields=["name"]
    )
    return int(rows[0]["id"])


async def runs(world: OdooWorld, code: str) -> None:
    """An administrator runs a piece of Python inside Odoo."""
    (model,) = await world.call(
        "ir.model", "search_read", domain=[["model", "=", "res.partner"]], fields=["name"]
    )
    values = {"name": "once", "model_id": model["id"], "state": "code", "code": code}
    action = await world.call("ir.actions.server", "create", vals_list=[values])
    await world.call("ir.actions.server", "run", ids=action)
    await world.call("ir.actions.server", "unlink", ids=action)


class Rotting:
    story = "rot"

    async def test_nothing_changed_is_nothing_told_and_writes_nothing(
        self, world: OdooWorld, place: Place
    ) -> None:
        async with guarded(world, *place) as one:
            before = world.requests()
            rot = await one.looks()
            after = world.requests()
        assert (rot.findings, rot.patches) == ([], {})
        # A description, and two requests for the details of tasks.
        assert (after.read - before.read, after.write - before.write) == (20 + 2, 0)

    async def test_a_stage_under_another_name_is_known_by_its_id(
        self, world: OdooWorld, place: Place
    ) -> None:
        async with guarded(world, *place) as one:
            stage = await stage_named(world, "To Do")
            await world.call("project.task.type", "write", ids=[stage], vals={"name": "Someday"})
            told, rot = await one.only()
            assert (told.kind, told.field) == ("option_renamed", "status")
            assert f"'Someday' now (the tool's id {stage} is the same)" in told.what
            fields = await one.mended(rot)
        assert fields["status"]["enum"]["todo"] == ["Someday", "New", "Backlog"]

    async def test_a_stage_that_is_removed_is_told_and_taken_out_by_the_patch(
        self, world: OdooWorld, place: Place
    ) -> None:
        async with guarded(world, *place) as one:
            stage = await stage_named(world, "In Progress")
            await world.call("project.task.type", "unlink", ids=[stage])
            told, rot = await one.only()
            assert (told.kind, told.field) == ("option_removed", "status")
            assert "has no option 'In Progress' any more" in told.what
            assert "in_progress is written as 'Approved'" in told.do
            fields = await one.mended(rot)
        assert fields["status"]["enum"]["in_progress"] == "Approved"

    async def test_a_field_that_is_switched_off_is_told_and_taken_out_by_the_patch(
        self, world: OdooWorld, place: Place
    ) -> None:
        switched = await world.call(
            "ir.model.data",
            "search_read",
            domain=[
                ["name", "in", ["group_user", "group_project_stages"]],
                ["model", "=", "res.groups"],
            ],
            fields=["name", "res_id"],
        )
        groups = {row["name"]: row["res_id"] for row in switched}
        everybody, stages = [groups["group_user"]], groups["group_project_stages"]
        async with guarded(world, *place, "roadmap_item") as one:
            await world.call(
                "res.groups", "write", ids=everybody, vals={"implied_ids": [[3, stages]]}
            )
            try:
                told, rot = await one.only()
                assert (told.kind, told.field) == ("field_removed", "status")
                fields = await one.mended(rot)
            finally:
                await world.call(
                    "res.groups", "write", ids=everybody, vals={"implied_ids": [[4, stages]]}
                )
        assert fields == {"status": None}

    async def test_a_field_that_must_be_filled_now_is_told_with_the_default_it_needs(
        self, world: OdooWorld, place: Place
    ) -> None:
        # What fills itself, as a priority does, is nothing that somebody has to give.
        change = (
            "env.cr.execute('UPDATE ir_model_fields SET required = %s WHERE model = %s"
            " AND name IN %s', [{}, 'crm.lead', ('email_from', 'priority')])"
        )
        async with guarded(world, *place, "customer_request") as one:
            await runs(world, change.format(True))  # as an addon of somebody's does
            try:
                told, rot = await one.only()
                assert told.kind == "field_required"
                assert told.what == "office requires 'Email' (email) now"
                assert "`syncs.main.sides.office.defaults.email`" in told.do
                fields = await one.mended(rot, email="sales@example.test")
            finally:
                await runs(world, change.format(False))
        assert fields == {"email": {"kind": "text", "path": "email"}}

    async def test_a_field_of_somebodys_own_that_must_be_filled_is_told(
        self, world: OdooWorld, place: Place
    ) -> None:
        (model,) = await world.call(
            "ir.model", "search_read", domain=[["model", "=", "project.task"]], fields=["name"]
        )
        own = {"model_id": model["id"], "ttype": "char", "state": "manual", "required": True}
        async with guarded(world, *place) as one:
            made = await world.call(
                "ir.model.fields",
                "create",
                vals_list=[{**own, "name": "x_region", "field_description": "Region"}],
            )
            try:
                told, rot = await one.only()
                assert "no task without 'Region' (x_region)" in told.what
                assert not rot.patches
                default = {"field_id": made[0], "json_value": '"north"'}
                given = await world.call("ir.default", "create", vals_list=[default])
                assert (await one.looks()).findings == []
                await world.call("ir.default", "unlink", ids=given)
            finally:
                await world.call("ir.model.fields", "unlink", ids=made)

    async def test_ids_are_told_of_what_they_prove_and_to_who_may_read_them(
        self, world: OdooWorld
    ) -> None:
        twin = {"name": "To Do", "user_id": False, "project_ids": [[4, world.projects["App"]]]}
        await world.call("project.task.type", "create", vals_list=[twin])
        only = {"status": {"In Progress": str(await stage_named(world, "In Progress"))}}
        async with opened(world) as connector, opened(world, "ann") as anns:
            told = await connector.details("task")
            assert told["options"] == only
            assert {"name", "status", "labels"} <= told["fields"].keys()
            assert await anns.details("task") == {"options": only}

    async def test_rights_that_are_lost_are_told_with_what_they_were_good_for(
        self, world: OdooWorld, place: Place
    ) -> None:
        (history,) = await world.call(
            "res.groups",
            "search_read",
            domain=[["name", "=", "Reads the field history"]],
            fields=["user_ids"],
        )
        every, writing, making = [
            await world.rights(may) for may in ("perm_read", "perm_write", "perm_create")
        ]
        async with guarded(world, *place) as one:
            await world.call(
                "res.groups", "write", ids=[history["id"]], vals={"user_ids": [[6, 0, []]]}
            )
            try:
                told, _ = await one.only()
                assert told.kind == "rights" and "mail.tracking.value" in told.what
            finally:
                kept = {"user_ids": [[6, 0, history["user_ids"]]]}
                await world.call("res.groups", "write", ids=[history["id"]], vals=kept)
            await world.grant(making, perm_create=False)
            try:
                told, _ = await one.only()
                assert told.kind == "rights" and "may not make a task" in told.what
            finally:
                await world.grant(making, perm_create=True)
            await world.grant(writing, perm_write=False)
            try:
                rot = await one.looks()
                assert {told.kind for told in rot.findings} == {"field_locked"}
                assert "title" in {told.field for told in rot.findings}
                assert (await one.mended(rot))["title"] == {"read_only": True}
                await world.grant(every, perm_read=False)
                told, _ = await one.only()
                assert told.kind == "record_removed"
            finally:
                await world.grant(every, perm_read=True)
                await world.grant(writing, perm_write=True)


class TestRotting(Recorded, Rotting):
    pass


class TestRottingLive(Live, Rotting):
    pytestmark = live
