"""Comments and their copies: edits on either end, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from syncline.engine.commands import adopt, unlink
from syncline.engine.spec import CommentPolicy
from syncline.schema.text import adf_source
from syncline.sdk.connector import Comment, NewComment, Outcome, Visibility
from syncline.simulation.connector import FULL, MemoryConnector
from syncline.simulation.tool import BOT
from syncline.store import intents
from syncline.store.findings import conflicts, deviations, parked
from tests.support.world import World
from tests.unit.engine.pairs import link_of, pairs

EVERYTHING = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "same")
HOT = {"type": "paragraph", "content": [{"type": "text", "text": "Is it hot?"}]}
LINE = "<p><strong>ann</strong> wrote in a:</p>\n"


async def linked(**options: Any) -> tuple[World, str, str]:
    """Two tools that keep one record in step, with everything that hangs on it."""
    world = await World.make(**{"a": {}, "b": {}, "comments": EVERYTHING, **options})
    one = world.a.create({"title": "Printer on fire"})
    await world.settled()
    (other,) = world.b.items
    return world, one, other


async def copied() -> tuple[World, str, str]:
    """A comment of ann's in a, and its copy in b."""
    world, one, other = await linked()
    world.a.comment(one, "<p>Is it hot?</p>")
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>Is it hot?</p>"]
    return world, one, other


def said(world: World, side: str, id_: str) -> list[str]:
    return [comment.body for comment in world.tools[side].item(id_).comments]


def edit(world: World, side: str, id_: str, body: str) -> None:
    tool = world.tools[side]
    tool.edit_comment(id_, tool.item(id_).comments[0].id, body)


def let_through(_: object) -> None:
    """A call of the tool at which nothing happens yet."""


async def test_an_edited_comment_is_edited_where_it_was_copied_to() -> None:
    world, one, other = await copied()
    edit(world, "a", one, "<p>It is hot!</p>")
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>It is hot!</p>"]
    assert said(world, "a", one) == ["<p>It is hot!</p>"]


async def test_an_edit_of_a_copy_reaches_the_original_without_the_line_above_it() -> None:
    world, one, other = await copied()
    edit(world, "b", other, f"{LINE}<p>It is cold.</p>")
    await world.settled()
    assert said(world, "a", one) == ["<p>It is cold.</p>"]
    assert said(world, "b", other) == [f"{LINE}<p>It is cold.</p>"]


async def test_two_edits_of_one_comment_wait_for_a_person_and_neither_is_lost() -> None:
    world, one, other = await copied()
    edit(world, "a", one, "<p>It is hot!</p>")
    edit(world, "b", other, f"{LINE}<p>It is cold.</p>")
    await world.settled()
    (asked,) = await world.store.read(conflicts.list, "s")
    assert (asked.kind, asked.field) == ("field", "body")
    assert said(world, "a", one) == ["<p>It is hot!</p>"]
    assert said(world, "b", other) == [f"{LINE}<p>It is cold.</p>"]


async def test_a_comment_that_is_edited_just_before_ours_arrives_is_not_written_over() -> None:
    world, one, other = await copied()
    edit(world, "a", one, "<p>It is hot!</p>")

    def cold(_: object) -> None:
        edit(world, "b", other, f"{LINE}<p>It is cold.</p>")

    world.b.faults.add("edit_comments", cold)
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>It is cold.</p>"]
    assert len(await world.store.read(conflicts.list, "s")) == 1


async def test_a_comment_that_moved_since_the_plan_was_made_is_not_written_over() -> None:
    world, one, other = await copied()
    edit(world, "a", one, "<p>It is hot!</p>")

    def cold(_: object) -> None:  # after b was read for the plan, before it is read to be written
        edit(world, "b", other, f"{LINE}<p>It is cold.</p>")

    world.b.faults.add("comments", let_through)
    world.b.faults.add("comments", cold)
    await world.sync()
    await world.sync()
    assert said(world, "b", other) == [f"{LINE}<p>It is cold.</p>"]
    assert len(await world.store.read(conflicts.list, "s")) == 1


@pytest.mark.parametrize("lost", ["drop_before", "drop_after_apply"])
async def test_a_lost_answer_to_an_edit_of_a_comment_ends_with_the_edit_in_place(lost: str) -> None:
    world, one, other = await copied()
    edit(world, "a", one, "<p>It is hot!</p>")
    world.b.faults.add("edit_comments", lost)
    await world.sync()
    assert len(await world.store.read(intents.open, "s")) == 1
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>It is hot!</p>"]
    assert said(world, "a", one) == ["<p>It is hot!</p>"]
    assert not await world.store.read(intents.open, "s")


async def test_a_copy_that_somebody_deleted_is_not_made_again_for_an_edit() -> None:
    world, one, other = await copied()
    world.b.item(other).comments.clear()
    edit(world, "a", one, "<p>It is hot!</p>")
    await world.settled()
    assert said(world, "b", other) == []
    assert said(world, "a", one) == ["<p>It is hot!</p>"]


async def test_where_comments_cannot_be_edited_the_copy_stays_and_a_person_is_told() -> None:
    fixed = replace(FULL, edits_comments=False)
    world, one, other = await linked(capabilities={"b": fixed})
    world.a.comment(one, "<p>Is it hot?</p>")
    await world.settled()
    edit(world, "a", one, "<p>It is hot!</p>")
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>Is it hot?</p>"]
    (told,) = await world.store.read(parked.list, "s")
    assert told.side == "b"
    assert told.reason == "body cannot be edited there after creation"


async def test_a_comment_that_cannot_be_read_does_not_hide_the_lost_one_beside_it() -> None:
    public = CommentPolicy((Visibility.PUBLIC,), "same")
    world, one, other = await linked(b={"text_format": "adf"}, comments=public)
    world.b.comment(other, "no document at all", Visibility.INTERNAL, by=BOT)
    world.a.comment(one, "<p>Is it hot?</p>", Visibility.PUBLIC)
    world.b.faults.add("comment", "drop_after_apply")
    await world.sync()
    await world.settled()
    assert len(said(world, "b", other)) == 2
    assert not await world.store.read(intents.open, "s")
    assert said(world, "a", one) == ["<p>Is it hot?</p>"]


@pytest.mark.parametrize("read", ["comments", "attachments"])
async def test_where_comments_cannot_be_read_now_they_are_copied_by_a_later_pass(
    read: str,
) -> None:
    world, one, other = await linked()
    world.a.comment(one, "<p>Is it hot?</p>")
    world.b.faults.add(read, "down")
    report = await world.sync()
    assert list(report.stopped) == ["b"]
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>Is it hot?</p>"]


async def test_a_tool_that_makes_something_else_of_a_comment_is_told_once_and_not_fought() -> None:
    world, one, other = await linked()
    world.a.comment(one, "<p>Is it hot?</p>")

    def censored(_: object) -> None:
        edit(world, "b", other, f"{LINE}<p>Is it ***?</p>")

    world.b.faults.add("comment", censored, when="after")
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>Is it ***?</p>"]
    assert said(world, "a", one) == ["<p>Is it hot?</p>"]
    assert await world.store.read(deviations.count, "s") == 1
    assert world.b.log.count("edit_comments") == 0


# What was said before a sync began, and where.


async def matched() -> tuple[World, str, str]:
    """Records of two tools that are to be linked by their titles, with comments of their own."""
    match = ("reference", "marker", ("title",))
    world = await World.make(a={}, b={"text_format": "markdown"}, comments=EVERYTHING, match=match)
    record = {"title": "Printer on fire"}
    return world, world.a.create(record), world.b.create(record)


async def test_what_both_tools_say_already_is_one_comment_and_copied_nowhere() -> None:
    world, one, other = await matched()
    world.a.comment(one, "<p>Is it <b>hot</b>?</p>")
    world.b.comment(other, "Is it **hot**?")
    await world.settled()
    assert said(world, "a", one) == ["<p>Is it <b>hot</b>?</p>"]
    assert said(world, "b", other) == ["Is it **hot**?"]


async def test_of_two_comments_that_say_the_same_each_has_one_counterpart() -> None:
    world, one, other = await matched()
    for _ in range(2):
        world.a.comment(one, "<p>Again.</p>")
    world.b.comment(other, "Again.")
    await world.settled()
    assert len(said(world, "a", one)) == 2
    assert sorted(said(world, "b", other)) == ["**ann** wrote in a:\n\nAgain.", "Again."]


async def test_a_copy_that_an_earlier_hub_made_is_not_copied_back() -> None:
    world, one, other = await matched()
    world.b.comment(other, "**ann** wrote in a:\n\nIs it hot?", by=BOT)
    await world.settled()
    assert said(world, "a", one) == []


@pytest.mark.parametrize(("internal", "shown"), [(True, 1), (False, 0)])
async def test_an_internal_comment_is_not_said_where_all_comments_are_public(
    internal: bool, shown: int
) -> None:
    kinds = (Visibility.PUBLIC, Visibility.INTERNAL) if internal else (Visibility.PUBLIC,)
    world, one, other = await linked(capabilities={"b": replace(FULL, visibilities=kinds)})
    world.a.comment(one, "<p>Do not tell them.</p>", Visibility.INTERNAL)
    await world.settled()
    assert len(said(world, "b", other)) == shown
    edit(world, "a", one, "<p>Do not tell them!</p>")
    await world.settled()
    assert len(said(world, "b", other)) == shown


async def test_an_edit_of_a_comment_that_both_tools_had_arrives() -> None:
    world, one, other = await matched()
    world.a.comment(one, "<p>Is it hot?</p>")
    world.b.comment(other, "Is it hot?")
    await world.settled()
    edit(world, "a", one, "<p>It is cold.</p>")
    await world.settled()
    assert said(world, "b", other) == ["It is cold."]
    assert said(world, "a", one) == ["<p>It is cold.</p>"]


async def test_an_edit_of_a_comment_that_an_earlier_hub_copied_keeps_the_line_above_the_copy() -> (
    None
):
    world, one, other = await matched()
    world.a.comment(one, "<p>Is it hot?</p>")
    world.b.comment(other, "**ann** wrote in a:\n\nIs it hot?", by=BOT)
    await world.settled()
    edit(world, "a", one, "<p>It is cold.</p>")
    await world.settled()
    assert said(world, "b", other) == ["**ann** wrote in a:\n\nIt is cold."]


async def test_a_comment_that_cannot_be_read_is_told_and_copied_when_it_can() -> None:
    world, one, other = await linked(b={"text_format": "adf"})
    world.b.comment(other, "no document at all")
    await world.settled()
    assert said(world, "a", one) == []
    (told,) = await world.store.read(parked.list, "s")
    assert (told.side, told.action) == ("b", "read")
    edit(world, "b", other, adf_source({"type": "doc", "version": 1, "content": [HOT]}) or "")
    await world.settled()
    assert said(world, "a", one) == ["<p><strong>ann</strong> wrote in b:</p>\n<p>Is it hot?</p>"]
    assert not await world.store.read(parked.list, "s")


async def test_comments_of_a_record_that_is_tied_to_another_are_copied_once_and_to_nobody() -> None:
    """They are older than the tie; the link that the record was in has them no more."""
    world = await pairs(2, comments=EVERYTHING)
    world.a.comment("A-1", "<p>Is it hot?</p>", Visibility.PUBLIC)
    await world.settled()
    for id_ in ("A-1", "A-2"):
        await unlink(world.store, await link_of(world, "a", id_), "a", world.clock.now())
    await adopt(world.store, "s", [("a", "A-1"), ("b", "B-2")], "unused", world.clock.now())
    await world.settled()
    copied = [[c.visibility for c in world.b.item(id_).comments] for id_ in ("B-1", "B-2")]
    assert copied == [[Visibility.PUBLIC], [Visibility.INTERNAL]]
    world.b.comment("B-2", "<p>It is.</p>", Visibility.PUBLIC)
    await world.settled()
    assert [c.visibility for c in world.a.item("A-1").comments] == [Visibility.PUBLIC] * 2


async def test_comments_that_the_sync_does_not_copy_stay_where_they_are() -> None:
    world, one, other = await linked(comments=CommentPolicy((Visibility.PUBLIC,), "same"))
    world.a.comment(one, "<p>Between us.</p>", Visibility.INTERNAL)
    world.a.comment(one, "<p>Is it hot?</p>", Visibility.PUBLIC)
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>Is it hot?</p>"]


class Keyed(MemoryConnector):
    """A tool that keeps the key that a comment was made with, and tidies what is said."""

    keys: ClassVar[list[str]] = []

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        self.keys += [item.key for item in items]
        tidy = [replace(item, body=f"<div>{item.body}</div>") for item in items]
        return await super().comment(record, tidy)

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        found = await super().comments(record, ids)
        keys = iter(self.keys)
        return {
            id_: [replace(one, key=next(keys)) if one.by_us else one for one in comments]
            for id_, comments in found.items()
        }


async def test_a_comment_whose_answer_was_lost_is_known_by_its_key_whatever_it_says() -> None:
    world, one, other = await linked()
    world.connectors["b"] = keyed = Keyed(world.b, FULL)
    keyed.keys.clear()
    for text in ("<p>Is it hot?</p>", "<p>Is it cold?</p>"):
        world.a.comment(one, text)
        world.b.faults.add("comment", "drop_after_apply")
        await world.sync()
        await world.settled()
    assert ["hot" in one for one in said(world, "b", other)] == [True, False]
    assert len({*keyed.keys}) == len(keyed.keys) == 2
    assert await world.store.read(intents.open, "s") == []
    assert await world.store.read(parked.list, "s") == []


async def test_what_a_person_writes_under_such_a_line_is_theirs_and_copied_whole() -> None:
    world, one, other = await linked()
    forwarded = "<p><strong>bob</strong> wrote in mail:</p>\n<p>Is it hot?</p>"
    world.a.comment(one, forwarded)
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}{forwarded}"]


async def test_a_lost_comment_is_not_taken_for_one_beside_it_that_says_the_same() -> None:
    keyless = replace(FULL, find_by_key=False)
    world, one, other = await linked(capabilities={"b": keyless})
    world.a.comment(one, "<p>+1</p>")
    await world.settled()
    world.a.comment(one, "<p>+1</p>")
    world.b.faults.add("comment", "drop_before")
    await world.sync()
    world.clock.advance(3600)
    await world.settled()
    assert said(world, "b", other) == [f"{LINE}<p>+1</p>"] * 2
