"""The part of the suite about what hangs on records: history, comments, files, links; and secrets.

Each test puts a claim of `Capabilities` to the proof. Where nothing is claimed it asks that the
connector says so in the words of the interface instead of raising or pretending.
"""

from __future__ import annotations

import io
import logging
import traceback
from hashlib import sha256

import pytest

from syncline.sdk.connector import (
    CommentEdit,
    Connector,
    Create,
    LinkCard,
    NewAttachment,
    NewComment,
    Result,
    Visibility,
)
from syncline.sdk.errors import AuthRequired
from syncline.sdk.testing.base import LONG_AGO, SuiteBase, results
from syncline.sdk.testing.tool import ToolUnderTest

FILE = bytes(range(256)) * 16


class ExtrasTests(SuiteBase):
    """A claim holds, and what is not claimed is refused politely."""

    async def test_the_history_names_who_changed_what(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "zero")
        await world.edit(id, self.titled("one"))
        await world.settle()
        await self.patch(connector, id, self.titled("two"), self.titled("one"))
        changes = (await connector.history(record, [id], LONG_AGO))[id]
        if not connector.capabilities_of(record).history:
            assert not changes
            return
        titles = [change for change in changes if change.path == self.shape.title]
        assert [(c.before, c.after, c.by_us) for c in titles] == [
            ("zero", "one", False),
            ("one", "two", True),
        ]
        assert titles[0].by.handle != titles[1].by.handle
        assert all(change.at.tzinfo is not None for change in changes)
        later = (await connector.history(record, [id], titles[1].at))[id]
        assert titles[1] in later
        assert titles[0] not in later

    async def test_comments_keep_their_words_order_and_visibility(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "talked about")
        claimed = connector.capabilities_of(record).visibilities
        items = [NewComment(f"key-{v}", id, self.written(f"for {v} 🚀"), v) for v in Visibility]
        outcomes = await connector.comment(record, items)
        expected = [Result.APPLIED if v in claimed else Result.REJECTED for v in Visibility]
        assert results(outcomes) == expected
        if claimed:
            await world.comment(id, self.written("a person's word"), claimed[0])
        shown = (await connector.comments(record, [id]))[id]
        written = [(f"for {v} 🚀", v, True) for v in Visibility if v in claimed]
        persons = [("a person's word", claimed[0], False)] if claimed else []
        assert [(self.read(c.body), c.visibility, c.by_us) for c in shown] == written + persons
        applied = [outcome.id for outcome in outcomes if outcome.result is Result.APPLIED]
        assert [comment.id for comment in shown[: len(applied)]] == applied

    async def test_a_comment_is_edited_where_that_is_claimed(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        claims = connector.capabilities_of(record)
        (id,) = await self.person_makes(world, "talked about")
        visibility = claims.visibilities[0] if claims.visibilities else Visibility.INTERNAL
        (made,) = await connector.comment(
            record, [NewComment("key-c", id, self.written("first words"), visibility)]
        )
        shown = {c.id: c for c in (await connector.comments(record, [id]))[id]}
        old = shown[made.id].body if made.id else self.written("first words")
        edit = CommentEdit(made.id or "none", id, self.written("better words"), old, visibility)
        (outcome,) = await connector.edit_comments(record, [edit])
        after = {c.id: c for c in (await connector.comments(record, [id]))[id]}
        if not claims.edits_comments:
            assert outcome.result is Result.REJECTED
            assert after == shown
            return
        assert outcome.result is Result.APPLIED
        assert self.read(after[edit.id].body) == "better words"
        assert after[edit.id].visibility is visibility

    async def test_a_file_comes_back_byte_for_byte(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "with a file")
        item = NewAttachment(
            "key-f", id, "größe.bin", FILE, "application/octet-stream", Visibility.INTERNAL
        )
        (outcome,) = await connector.attach(record, [item])
        files = (await connector.attachments(record, [id]))[id]
        if not connector.capabilities_of(record).attachments:
            assert outcome.result is Result.REJECTED
            assert not files
            return
        (file,) = files
        assert outcome.result is Result.APPLIED
        assert (file.name, file.size, file.by_us) == ("größe.bin", len(FILE), True)
        assert file.sha256 in (None, sha256(FILE).hexdigest())
        assert await connector.download(record, file) == FILE

    async def test_a_link_shown_twice_is_one_and_can_be_taken_off(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "linked")
        card = LinkCard(id, "other", "OTH-7", "The other one", "https://other.example/OTH-7")
        if not connector.capabilities_of(record).shows_links:
            assert results(await connector.show_links(record, [card])) == [Result.REJECTED]
            return
        for _ in range(2):
            assert results(await connector.show_links(record, [card])) == [Result.APPLIED]
        assert list(await world.links_shown(id)) == [card.url]
        assert results(await connector.show_links(record, [], gone=[card])) == [Result.APPLIED]
        assert list(await world.links_shown(id)) == []

    async def test_nothing_but_the_write_methods_writes(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        (id,) = await self.person_makes(world, "only read")
        before = await self.now(connector, id)
        writes = world.requests().write
        await connector.describe()
        await self.told(connector)
        await self.census(connector)
        await connector.history(record, [id], LONG_AGO)
        await connector.comments(record, [id])
        await connector.attachments(record, [id])
        await self.found(connector, "key-none", self.shape.sample("none"))
        assert world.requests().write == writes
        assert await self.now(connector, id) == before

    async def test_every_request_is_counted(
        self, connector: Connector, world: ToolUnderTest, record: str
    ) -> None:
        seen, told = world.requests(), connector.requests()
        await self.told(connector)
        await connector.create(record, [Create("key-n", self.shape.sample("counted"))])
        for kind, before, now in zip(("read", "write"), seen, world.requests(), strict=True):
            assert now > before
            assert connector.requests()[kind] - told[kind] == now - before

    async def test_no_secret_shows_in_text_log_or_error(
        self,
        connector: Connector,
        stranger: Connector,
        world: ToolUnderTest,
        record: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        assert world.secrets, "a connection without a secret cannot prove that it keeps one"
        caplog.set_level(logging.DEBUG)
        seen = io.StringIO()
        await connector.describe()
        await connector.create(record, [Create("key-s", self.shape.sample("secret keeper"))])
        for who in (connector, stranger):
            seen.write(f"{who!r} {who}")
        with pytest.raises(AuthRequired) as refused:
            await stranger.describe()
        error: BaseException | None = refused.value
        while error is not None:
            seen.write(f"{error!r} {error}")
            error = error.__cause__ or error.__context__
        seen.write("".join(traceback.format_exception(refused.value)))
        seen.write(caplog.text)
        for secret in world.secrets:
            assert secret not in seen.getvalue()
