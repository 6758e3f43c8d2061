"""Files in Odoo: on which message each hangs, and so who may see it.

The tests run on the server of `deployments.real` and on recordings of it; only the server has a
portal, which the last of them signs in to.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from typing import Any

import httpx
import pytest

from deployments.real.odoo import LIVE, Odoo
from syncline.sdk.connector import Attachment, NewAttachment, Result, Visibility
from syncline.sdk.errors import NotFound
from syncline.sdk.testing import Trouble
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld, opened

INTERNAL, PUBLIC = Visibility.INTERNAL, Visibility.PUBLIC


def new(id: str, name: str = "a.txt", visibility: Visibility = INTERNAL) -> NewAttachment:
    return NewAttachment(f"sl-{name}", id, name, name.encode(), "text/plain", visibility)


def file(model: str, id: str, name: str, **more: Any) -> dict[str, Any]:
    """What makes a file of a record."""
    content = b64encode(name.encode()).decode()
    return {"name": name, "datas": content, "res_model": model, "res_id": int(id), **more}


async def says(
    world: OdooWorld, id: str, files: list[int], *, internal: bool, who: str = "people"
) -> None:
    """Somebody writes on a task, with files that are there already."""
    await world.call(
        world.model,
        "message_post",
        who,
        ids=[int(id)],
        body="See the file.",
        message_type="comment",
        subtype_xmlid="mail.mt_note" if internal else "mail.mt_comment",
        attachment_ids=files,
    )


async def messages(world: OdooWorld, id: str) -> list[dict[str, Any]]:
    """What people see said of a record with files, the oldest first."""
    rows = await world.call(
        "mail.message",
        "search_read",
        domain=[
            ["model", "=", world.model],
            ["res_id", "=", int(id)],
            ["attachment_ids", "!=", False],
        ],
        fields=["subtype_id", "is_internal", "attachment_ids", "notification_ids"],
        order="id",
    )
    return list(rows)


def names(files: list[Attachment]) -> list[str]:
    return [one.name for one in files]


class Filed:
    story = "files"

    async def test_a_file_hangs_on_a_message_that_only_its_readers_see(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "with files"})
        handle, _ = await world.somebody()
        await world.call(world.model, "message_subscribe", ids=[int(id)], partner_ids=[int(handle)])
        async with opened(world) as connector:
            items = [new(id, "secret.txt"), new(id, "open.txt", PUBLIC)]
            told = await connector.attach("task", items)
        note, message = await messages(world, id)
        assert (note["subtype_id"][1], note["is_internal"]) == ("Note", True)
        assert (message["subtype_id"][1], message["is_internal"]) == ("Discussions", False)
        assert [[int(one.id or 0)] for one in told] == [
            one["attachment_ids"] for one in (note, message)
        ]
        # Nobody is mailed; and the portal's page of the task shows what Odoo has in this field.
        assert note["notification_ids"] == message["notification_ids"] == []
        assert (await world.show(id, "attachment_ids"))["attachment_ids"] == []

    async def test_who_may_see_a_file_is_told_by_all_of_its_messages(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "with files"})
        bare = await world.create({"name": "beside any message"})
        none = await world.create({"name": "without"})
        made = ("noted.txt", "said.txt", "both.txt", "alone.txt")
        noted, said, both, _ = await world.call(
            "ir.attachment", "create", vals_list=[file(world.model, id, name) for name in made]
        )
        (other,) = await world.call(
            "ir.attachment", "create", vals_list=[file(world.model, bare, "other.txt")]
        )
        await says(world, id, [noted, both], internal=True)
        await says(world, id, [said, both, other], internal=False)
        async with opened(world) as connector:
            await connector.attachments("task", [none])
            before = world.requests().read
            told = await connector.attachments("task", [bare, none, "no id"])
            assert world.requests().read == before + 2
            shown = (await connector.attachments("task", [id]))[id]
        assert names(list(told[bare])) == ["other.txt"] and not told[none] and not told["no id"]
        assert [(one.name, one.visibility, one.by_us) for one in shown] == [
            ("noted.txt", INTERNAL, False),
            ("said.txt", PUBLIC, False),
            ("both.txt", INTERNAL, False),
            ("alone.txt", INTERNAL, False),
            ("other.txt", PUBLIC, False),
        ]
        assert {one.record_id for one in shown} == {id}

    async def test_what_a_field_holds_and_what_is_only_a_link_are_no_files(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "a picture and a link"})
        (tag,) = await world.call(
            "ir.attachment",
            "create",
            vals_list=[file(world.model, id, "in a field", res_field="description")],
        )
        (link,) = await world.call(
            "ir.attachment",
            "create",
            vals_list=[
                {
                    "name": "a link",
                    "type": "url",
                    "url": "https://elsewhere.example/x",
                    "res_model": world.model,
                    "res_id": int(id),
                }
            ],
        )
        await says(world, id, [tag, link], internal=False)
        async with opened(world) as connector:
            assert not (await connector.attachments("task", [id]))[id]

    async def test_a_file_whose_answer_is_lost_is_there_once(self, world: OdooWorld) -> None:
        id = await world.create({"name": "with a file"})
        async with opened(world) as connector:
            await connector.attachments("task", [id])
            await world.trouble(Trouble.LOST_ANSWER)
            (lost,) = await connector.attach("task", [new(id)])
            assert lost.result is Result.AMBIGUOUS
            await world.recover()
            (again,) = await connector.attach("task", [new(id)])
            assert again.result is Result.APPLIED
            (shown,) = (await connector.attachments("task", [id]))[id]
        assert (shown.id, shown.by_us) == (again.id, True)
        assert len(await messages(world, id)) == 1

    async def test_a_key_that_somebody_else_wrote_makes_no_file_ours(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "with a file"})
        await world.call(
            "mail.message",
            "create",
            "ann",
            vals_list=[
                {
                    "model": world.model,
                    "res_id": int(id),
                    "message_type": "comment",
                    "message_id": "<syncline-sl-a.txt@syncline.invalid>",
                    "attachment_ids": [[0, 0, file(world.model, id, "theirs.txt")]],
                }
            ],
        )
        async with opened(world) as connector:
            (made,) = await connector.attach("task", [new(id)])
            theirs, ours = (await connector.attachments("task", [id]))[id]
        assert (theirs.name, theirs.by_us) == ("theirs.txt", False)
        assert (ours.name, ours.by_us, ours.id) == ("a.txt", True, made.id)

    async def test_a_file_keeps_its_bytes_and_is_never_more_than_text(
        self, world: OdooWorld
    ) -> None:
        id = await world.create({"name": "a large picture"})
        picture, page = png(2500, 2), b"<script>alert(1)</script>"
        async with opened(world, "people") as connector:
            await connector.attach(
                "task",
                [
                    NewAttachment("sl-1", id, "wide.png", picture, "image/png", INTERNAL),
                    NewAttachment("sl-2", id, "page\n\0.html", page, "text/html", INTERNAL),
                    NewAttachment("sl-3", id, "x", b"1", "text/plain\r\nX-Evil: 1", INTERNAL),
                ],
            )
            wide, html, odd = (await connector.attachments("task", [id]))[id]
            assert await connector.download("task", wide) == picture
            assert await connector.download("task", html) == page
        assert (html.name, html.content_type) == ("page .html", "text/plain")
        assert odd.content_type == "application/octet-stream"

    async def test_a_file_for_a_task_that_is_gone_hidden_or_not_ours_to_write_is_not_made(
        self, world: OdooWorld
    ) -> None:
        gone, hidden, kept = [await world.create({"name": n}) for n in ("gone", "hidden", "kept")]
        await world.delete(gone)
        await world.hide(hidden)
        (model,) = await world.call(
            "ir.model", "search_read", domain=[["model", "=", world.model]], fields=["id"]
        )
        only_read = {"name": "read only", "model_id": model["id"], "perm_read": False}
        domain = f"[('id', '!=', {kept})]"
        (rule,) = await world.call(
            "ir.rule", "create", vals_list=[{**only_read, "domain_force": domain}]
        )
        try:
            async with opened(world) as connector:
                told = await connector.attach("task", [new(id) for id in (gone, hidden, kept)])
                assert not (await connector.attachments("task", [kept]))[kept]
        finally:
            await world.call("ir.rule", "unlink", ids=[rule])
        assert [one.result for one in told] == [Result.GONE, Result.GONE, Result.REJECTED], told

    async def test_a_file_that_is_gone_says_so_when_it_is_read(self, world: OdooWorld) -> None:
        id = await world.create({"name": "with a file"})
        async with opened(world) as connector:
            await connector.attach("task", [new(id)])
            (shown,) = (await connector.attachments("task", [id]))[id]
            await world.call("ir.attachment", "unlink", ids=[int(shown.id)])
            with pytest.raises(NotFound, match=r"a\.txt.* is gone"):
                await connector.download("task", shown)


def png(width: int, height: int) -> bytes:
    """A picture, black, of so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(3 * width) for _ in range(height)))
    parts = chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class TestFiled(Recorded, Filed):
    pass


class TestFiledLive(Live, Filed):
    pytestmark = live


class TestPortalLive(Live):
    pytestmark = live
    story = ""  # sessions of a browser are not recorded

    async def test_a_follower_from_outside_reads_public_files_and_no_others(
        self, world: OdooWorld, server: Odoo
    ) -> None:
        id = await world.create({"name": "followed"})
        handle = await portal_user(world)
        await world.call(world.model, "message_subscribe", ids=[int(id)], partner_ids=[handle])
        async with opened(world) as connector:
            items = [new(id, "secret.txt"), new(id, "open.txt", PUBLIC)]
            told = await connector.attach("task", items)
        base_url = server.connection()["base_url"]
        async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=60) as portal:
            login = {"db": LIVE, "login": PORTAL, "password": PORTAL}
            signed_in = await portal.post("/web/session/authenticate", json={"params": login})
            assert "error" not in signed_in.json(), signed_in.text
            thread = {"thread_model": world.model, "thread_id": int(id)}
            for path in ("/mail/chatter_fetch", "/mail/thread/messages"):
                asked = {"params": {**thread, "fetch_params": {}}}
                shown = (await portal.post(path, json=asked)).text
                assert "open.txt" in shown and "secret.txt" not in shown
            answers = [await portal.get(f"/web/content/{one.id}") for one in told]
            assert [one.status_code for one in answers] == [404, 404]  # no id opens a file


PORTAL = "portia"


async def portal_user(world: OdooWorld) -> int:
    """The partner of somebody who is a customer and signs in to the portal."""
    groups = await world.call(
        "ir.model.data",
        "search_read",
        domain=[["module", "=", "base"], ["name", "=", "group_portal"]],
        fields=["res_id"],
    )
    known = [["login", "=", PORTAL]]
    ids = [row["id"] for row in await world.call("res.users", "search_read", domain=known)]
    ids = ids or await world.call(
        "res.users",
        "create",
        vals_list=[
            {
                "name": "Portia",
                "login": PORTAL,
                "password": PORTAL,
                "group_ids": [[6, 0, [groups[0]["res_id"]]]],
            }
        ],
        context={"no_reset_password": True},
    )
    (row,) = await world.call("res.users", "read", ids=ids, fields=["partner_id"])
    return int(row["partner_id"][0])
