"""Whole syncs: a desk in memory on one side, a real Odoo or a recording of one on the other."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import resources
from typing import Any

from connectors.odoo import OdooConnector
from syncline.engine.spec import CommentPolicy, SideSpec, Sync
from syncline.sdk.connector import Visibility
from syncline.sdk.testing import Trouble
from syncline.simulation.connector import FULL, MAPPING, MemoryConnector, MemoryTool
from syncline.simulation.syncs import compiled
from syncline.store.store import Store
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld, opened
from tests.support.world import StillClock, World

TICKET = (resources.files("mappings") / "odoo" / "ticket.yaml").read_text("utf-8")


class Clock(StillClock):
    """The engine's clock, which takes the connector's along."""

    def __init__(self, odoo: OdooWorld) -> None:
        super().__init__()
        self._odoo = odoo

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._odoo.clock.advance(seconds)


class Office(World):
    """A desk and Odoo, in one sync of tickets."""

    odoo: OdooWorld
    connector: OdooConnector
    desk: MemoryTool

    @classmethod
    @asynccontextmanager
    async def opened(cls, odoo: OdooWorld) -> AsyncIterator[Office]:
        office = cls()
        office.odoo = odoo
        office.clock = Clock(odoo)
        office.desk = MemoryTool(office.clock, name="desk", id_prefix="DESK-", text_format="html")
        office.tools = {"desk": office.desk}
        async with opened(odoo) as office.connector:
            office.connectors = {
                "desk": MemoryConnector(office.desk, FULL),
                "odoo": office.connector,  # type: ignore[dict-item]  # the engine takes any
            }
            specs = {
                "desk": SideSpec("desk", office.desk.record, "html", create="when_missing"),
                "odoo": SideSpec("odoo", "task", "html", create="when_missing"),
            }
            office.spec = Sync(
                name="s",
                entity="ticket",
                sides=specs,
                units=compiled(specs, {"desk": MAPPING, "odoo": TICKET}, {}, {}),
                match=("reference", "marker"),
                comments=CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL)),
                fingerprint="f1",
            )
            async with await Store.open(
                "sqlite://", "w", office.clock, inline=True
            ) as office.store:
                yield office

    async def quiet(self) -> None:
        """Pass until nothing is written any more, with all that Odoo has to tell told."""
        await self.odoo.settle()
        await self.settled()

    async def tasks(self) -> list[dict[str, Any]]:
        """What Odoo's people see in the project, oldest first."""
        rows = await self.odoo.call(
            "project.task",
            "search_read",
            domain=[["project_id", "=", self.odoo.projects["App"]]],
            fields=["name", "description", "priority", "state", "stage_id", "date_deadline"],
            order="id",
        )
        return list(rows)

    async def task(self) -> dict[str, Any]:
        (one,) = await self.tasks()
        return one


class Synced:
    story = "sync"

    async def test_a_ticket_becomes_a_task_and_edits_travel_both_ways(
        self, world: OdooWorld
    ) -> None:
        async with Office.opened(world) as office:
            id = office.desk.create(
                {"title": "Cannot pay", "body": "<p>Press <b>Pay</b>.</p>", "status": "todo"}
            )
            await office.quiet()
            task = await office.task()
            assert (task["name"], task["stage_id"][1]) == ("Cannot pay", "To Do")
            assert "<b>Pay</b>" in task["description"] or "<strong>Pay" in task["description"]
            await world.edit(str(task["id"]), {"name": "Cannot pay by card", "state": "1_done"})
            office.desk.edit(id, {"priority": "high"})
            await office.quiet()
            shown = office.desk.fields(id)
            assert (shown["title"], shown["status"]) == ("Cannot pay by card", "done")
            assert (await office.task())["priority"] == "2"

    async def test_a_task_becomes_a_ticket(self, world: OdooWorld) -> None:
        async with Office.opened(world) as office:
            await world.create({"name": "Made here", "description": "<p>Long <i>story</i></p>"})
            await office.quiet()
            (ticket,) = office.records("desk")
            assert ticket["title"] == "Made here"
            assert "story" in ticket["body"]

    async def test_two_people_who_change_the_same_title_are_not_overwritten(
        self, world: OdooWorld
    ) -> None:
        async with Office.opened(world) as office:
            id = office.desk.create({"title": "Printer", "status": "todo"})
            await office.quiet()
            task = str((await office.task())["id"])
            await world.edit(task, {"name": "Printer burnt down"})
            office.desk.edit(id, {"title": "Printer: loose cable"})
            await world.settle()
            report = await office.sync()
            assert report.counts["conflicts"] == 1
            assert (await office.task())["name"] == "Printer burnt down"
            assert office.desk.fields(id)["title"] == "Printer: loose cable"

    async def test_a_task_that_is_deleted_is_not_made_again(self, world: OdooWorld) -> None:
        async with Office.opened(world) as office:
            id = office.desk.create({"title": "Short-lived", "status": "todo"})
            await office.quiet()
            await world.delete(str((await office.task())["id"]))
            await world.settle()
            await office.sync(full=True)
            report = await office.sync()
            assert report.counts["deleted"] == 1
            office.desk.edit(id, {"title": "Still here"})
            await office.quiet()
            assert await office.tasks() == []
            assert office.desk.fields(id)["title"] == "Still here"

    async def test_a_task_that_left_the_project_gets_no_edits_and_comes_back(
        self, world: OdooWorld
    ) -> None:
        async with Office.opened(world) as office:
            id = office.desk.create({"title": "Moving", "status": "todo"})
            await office.quiet()
            task = str((await office.task())["id"])
            await world.leave_scope(task)
            await office.quiet()
            office.desk.edit(id, {"title": "Edited meanwhile"})
            await office.quiet()
            assert (await world.show(task, "name"))["name"] == "Moving"
            assert await office.tasks() == []
            await world.edit(task, {"project_id": world.projects["App"]})
            await office.quiet()
            assert (await office.task())["name"] == "Edited meanwhile"

    async def test_comments_travel_both_ways_once_and_stay_internal(self, world: OdooWorld) -> None:
        async with Office.opened(world) as office:
            id = office.desk.create({"title": "Talked about", "status": "todo"})
            await office.quiet()
            task = str((await office.task())["id"])
            office.desk.comment(id, "<p>Third time this year.</p>", Visibility.INTERNAL)
            await world.comment(task, "<p>On it.</p>", Visibility.INTERNAL)
            await office.quiet()
            await office.quiet()
            here = (await office.connector.comments("task", [task]))[task]
            assert [c.visibility for c in here] == [Visibility.INTERNAL] * 2
            words = sorted(re.sub(r"<[^>]*>", "", c.body) for c in here)
            assert words[0] == "On it." and "Third time this year." in words[1]
            assert len(office.desk.item(id).comments) == 2

    async def test_files_travel_both_ways_once_and_keep_who_may_see_them(
        self, world: OdooWorld
    ) -> None:
        async with Office.opened(world) as office:
            as_they_are = replace(office.spec.comments, as_="same")
            office.spec = replace(office.spec, comments=as_they_are)
            id = office.desk.create({"title": "With files", "status": "todo"})
            await office.quiet()
            task = str((await office.task())["id"])
            office.desk.attach(id, "trace.txt", b"of the desk")
            office.desk.attach(id, "answer.txt", b"for all", visibility=Visibility.PUBLIC)
            for name, kind in (("cost.txt", "mail.mt_note"), ("offer.txt", "mail.mt_comment")):
                await world.attach(task, name, kind)
            await office.quiet()
            await office.quiet()
            there = (await office.connector.attachments("task", [task]))[task]
            shown = {one.name: (one.visibility, one.by_us) for one in there}
            assert shown == {
                "cost.txt": (Visibility.INTERNAL, False),
                "offer.txt": (Visibility.PUBLIC, False),
                "trace.txt": (Visibility.INTERNAL, True),
                "answer.txt": (Visibility.PUBLIC, True),
            }
            assert len(there) == len(office.desk.item(id).files) == 4
            here = {file.name: file.visibility for file, _ in office.desk.item(id).files}
            assert here == {name: visibility for name, (visibility, _) in shown.items()}

    async def test_a_file_whose_answer_is_lost_is_added_once(self, world: OdooWorld) -> None:
        async with Office.opened(world) as office:
            id = office.desk.create({"title": "With a file", "status": "todo"})
            await office.quiet()
            task = str((await office.task())["id"])
            office.desk.attach(id, "trace.txt", b"of the desk")
            await world.trouble(Trouble.LOST_ANSWER)
            await office.sync()
            await world.recover()
            await office.quiet()
            (one,) = (await office.connector.attachments("task", [task]))[task]
            assert (one.name, one.by_us) == ("trace.txt", True)
            assert len(office.desk.item(id).files) == 1

    async def test_a_create_whose_answer_is_lost_makes_one_task(self, world: OdooWorld) -> None:
        async with Office.opened(world) as office:
            await office.sync()
            await world.trouble(Trouble.LOST_ANSWER)
            office.desk.create({"title": "Only once", "status": "todo"})
            await office.sync()
            await world.recover()
            await office.quiet()
            assert (await office.task())["name"] == "Only once"

    async def test_an_unchanged_pass_is_one_request_and_an_edit_in_a_hundred_seven(
        self, world: OdooWorld
    ) -> None:
        async with Office.opened(world) as office:
            ids = [
                office.desk.create({"title": f"ticket {n}", "status": "todo"}) for n in range(100)
            ]
            await office.quiet()
            await office.quiet()
            await office.quiet()
            before = world.requests()
            report = await office.sync()
            assert world.requests() == (before.read + 1, before.write)
            assert not any(report.counts.get(n) for n in ("created", "updated", "conflicts"))

            office.desk.edit(ids[7], {"title": "one of a hundred"})
            before = world.requests()
            await office.sync()
            after = world.requests()
            # The changes, a look just before the write, the record after it, what is said, and two
            # for the files.
            assert (after.read - before.read, after.write - before.write) == (6, 1)


class TestSynced(Recorded, Synced):
    pass


class TestSyncedLive(Live, Synced):
    pytestmark = live
