"""S17 and S20 with a real Odoo: what people type is text there, and a key of ours that somebody
copied or made up ties nothing.

The engine writes and reads; the thief is a program with the hub's own account, whom nothing in Odoo
tells from the hub. tests/security tries the same with the tools that have a fake.
"""

from __future__ import annotations

import re
from html import escape, unescape

from syncline.engine.passes import signer
from syncline.sdk.connector import Create, CreateSearch, Found, Visibility
from syncline.sdk.testing.base import LONG_AGO
from syncline.store import links
from syncline.store.rows import Link
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld
from tests.connectors.test_odoo_sync import Office
from tests.security.test_every_text import HOSTILE

TEXTS = [*HOSTILE, "a line\nand another", "Bobby'); DROP TABLE project_task;--", "${object.name}"]
MARKUP = (
    "<p><a href='javascript:alert(1)'>x</a><script>alert(1)</script><img src=x onerror=alert(1)>"
    "<a class='o_mail_redirect' data-oe-model='res.partner' data-oe-id='3'>@Bob</a></p>"
)
ACTS = re.compile(r"<script|href=.?javascript|onerror|data-oe|@\w", re.IGNORECASE)
"""What would be more than text in Odoo: what a browser runs, and what notifies somebody."""


def words(body: str) -> str:
    """What people read of a rich text, or of a plain one, on one line."""
    plain = unescape(re.sub(r"<[^>]*>", " ", body))
    return " ".join(plain.replace("\N{WORD JOINER}", "").split())  # which parts an @ from a name


async def link_of(office: Office, side: str, id: str) -> Link:
    """The link that has a record."""
    found = await office.store.read(links.find, "s", side, [id])
    return (await office.store.read(links.load, found.values()))[found[id]]


def key_of(link: Link, side: str = "odoo", workspace: str = "w") -> str:
    """What the hub signs for a side of a link, or would in another workspace."""
    return signer(b"s" * 32, workspace)(f"{link.id}:{side}")


async def makes(office: Office, key: str, name: str) -> str:
    """The thief makes a task with a key."""
    (made,) = await office.connector.create("task", [Create(key, {"name": name})])
    assert made.id, made
    return made.id


class Hostile:
    story = "hostile"

    async def test_a_copy_of_a_task_with_its_key_is_a_task_of_its_own(
        self, world: OdooWorld
    ) -> None:
        async with Office.opened(world) as office:
            id = office.desk.create({"title": "Ours", "status": "todo"})
            await office.quiet()
            ours = str((await office.task())["id"])
            link = await link_of(office, "desk", id)
            key = key_of(link)
            assert (await world.show(ours, "x_syncline_key"))["x_syncline_key"] == key
            by_hub = await makes(office, key, "Copied by a program")
            by_people = await world.create({"name": "Copied by hand", "x_syncline_key": key})
            await office.quiet()
            assert (await link_of(office, "desk", id)).sides["odoo"].record_id == ours
            for copy in (by_hub, by_people):
                assert (await link_of(office, "odoo", copy)).id != link.id
            office.desk.edit(id, {"title": "Ours still"})
            await office.quiet()
            names = [task["name"] for task in await office.tasks()]
        assert names == ["Ours still", "Copied by a program", "Copied by hand"]

    async def test_only_a_key_that_we_signed_for_this_place_ties_a_task(
        self, world: OdooWorld
    ) -> None:
        async with Office.opened(world) as office:
            id = await waiting(office, world)
            link = await link_of(office, "desk", id)
            assert set(link.sides) == {"desk"}
            forged = {
                "altered": key_of(link)[:-1] + "x",
                "unsigned": f"sl-{link.id}:odoo-",
                "another side's": key_of(link, "desk"),
                "another workspace's": key_of(link, workspace="elsewhere"),
            }
            made = {why: await makes(office, key, why) for why, key in forged.items()}
            await office.quiet()
            assert set((await link_of(office, "desk", id)).sides) == {"desk"}
            for why, theirs in made.items():
                assert (await link_of(office, "odoo", theirs)).id != link.id, why
            genuine = await makes(office, key_of(link), "Waiting")
            await office.quiet()
            assert (await link_of(office, "desk", id)).sides["odoo"].record_id == genuine

    async def test_hostile_texts_arrive_as_text_and_touch_no_other_task(
        self, world: OdooWorld
    ) -> None:
        quiet = await world.create({"name": "Quiet", "description": "<p>As it was.</p>"})
        untouched = await world.show(quiet, "name", "description", "write_date", "state")
        async with Office.opened(world) as office:
            ids = [
                office.desk.create(
                    {
                        "title": text,
                        "body": f"<p>{escape(text)}</p>{MARKUP}",
                        "status": "todo",
                        "labels": [text],
                    }
                )  # fmt: skip
                for text in TEXTS
            ]
            await office.quiet()
            for id, text in zip(ids, TEXTS, strict=True):
                office.desk.comment(id, f"<p>{escape(text)}</p>{MARKUP}", Visibility.INTERNAL)
            await office.quiet()
            tasks = {task["name"]: task for task in await office.tasks()}
            assert tasks.keys() == {"Quiet", *TEXTS}
            for id, text in zip(ids, TEXTS, strict=True):
                task = tasks[text]
                assert words(task["description"]).startswith(words(escape(text)))
                assert not ACTS.search(task["description"])
                (said,) = (await office.connector.comments("task", [str(task["id"])]))[
                    str(task["id"])
                ]
                assert words(escape(text)) in words(said.body)
                assert not ACTS.search(said.body)
                assert (office.desk.fields(id)["title"], office.desk.fields(id)["labels"]) == (
                    text,
                    [text],
                )
        assert await world.show(quiet, "name", "description", "write_date", "state") == untouched

    async def test_hostile_texts_typed_in_odoo_arrive_as_text(self, world: OdooWorld) -> None:
        async with Office.opened(world) as office:
            for text in TEXTS:
                body = f"<p>{escape(text)}</p>{MARKUP}"
                await world.create({"name": text, "description": body})
            await office.quiet()
            there = {ticket["title"]: ticket for ticket in office.records("desk")}
        assert there.keys() == set(TEXTS)
        for text, ticket in there.items():
            assert words(ticket["body"]).startswith(words(escape(text)))
            assert not ACTS.search(ticket["body"])

    async def test_nothing_is_found_by_a_hostile_key_or_address(self, world: OdooWorld) -> None:
        await world.create({"name": "Quiet"})
        async with Office.opened(world) as office:
            searches = [CreateSearch(text, {"name": text}, LONG_AGO) for text in TEXTS]
            found = await office.connector.find("task", searches)
            people = await office.connector.find_people(TEXTS)
        assert {one.found for one in found} == {Found.NO}
        assert people == {}


async def waiting(office: Office, world: OdooWorld) -> str:
    """A ticket whose task Odoo refused to make; its id."""
    making = await world.rights("perm_create")
    await world.grant(making, perm_create=False)
    try:
        id = office.desk.create({"title": "Waiting", "status": "todo"})
        await office.quiet()
    finally:
        await world.grant(making, perm_create=True)
    return id


class TestHostile(Recorded, Hostile):
    pass


class TestHostileLive(Live, Hostile):
    pytestmark = live
