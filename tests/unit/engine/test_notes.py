"""A field that a tool takes at creation only: a later edit elsewhere is said there in a note."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.report import actions_of
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import MAPPING
from syncline.simulation.tool import FIELDS, FieldRule
from syncline.store.findings import deviations, parked
from tests.support.world import World

FIXED = MAPPING.replace("body: {path: body}", "body: {path: body, create_only: true}")
EVERYTHING = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "internal")


async def desk(note: bool = True, **options: Any) -> World:
    """One linked record; side a takes the body at creation only."""
    rules = {**FIELDS, "body": FieldRule("rich_text", create_only=True)}
    markdown = MAPPING.replace("text: html", "text: markdown")
    world = await World.make(
        mappings={"a": FIXED, "b": markdown, "c": markdown},
        a={"fields": rules},
        b={"text_format": "markdown"},
        **options,
    )
    if note:
        units = dict(world.spec.units)
        units["body"] = replace(units["body"], on_uneditable="note")
        world.change(units=units)
    world.a.create({"title": "Printer", "body": "<p>It burns.</p>"})
    await world.settled()
    return world


def notes(world: World) -> list[tuple[Visibility, str]]:
    return [(comment.visibility, comment.body) for comment in world.a.item("A-1").comments]


async def test_without_being_told_an_edit_is_parked_and_no_note_is_made() -> None:
    world = await desk(note=False)
    world.b.edit("B-1", {"body": "It is **out**."})
    await world.settled()
    (row,) = await world.store.read(parked.list, "s")
    assert (row.side, row.field) == ("a", "body")
    assert not notes(world)


@pytest.mark.parametrize("comments", [None, EVERYTHING])
async def test_a_later_edit_is_said_in_an_internal_note_once(
    comments: CommentPolicy | None,
) -> None:
    world = await desk(comments=comments)
    world.b.edit("B-1", {"body": "It is **out**."})
    report = await world.sync()
    assert report.counts["commented"] == 1
    await world.settled()
    await world.sync(full=True)
    assert notes(world) == [
        (
            Visibility.INTERNAL,
            "<p><strong>Somebody who edited the body</strong> wrote in b:</p>\n"
            "<p>It is <strong>out</strong>.</p>",
        )
    ]
    assert world.a.fields("A-1")["body"] == "<p>It burns.</p>"
    assert not world.b.item("B-1").comments
    assert not await world.store.read(parked.list, "s")
    (told,) = await world.store.read(deviations.list, "s")
    assert (told.side, told.field, told.value["source"]) == ("a", "body", "It is **out**.")


async def test_each_value_is_said_once_and_what_the_field_shows_is_not_said_at_all() -> None:
    world = await desk()
    for text in ("It is out.", "It burns again.", "It is out.", "It burns."):
        world.b.edit("B-1", {"body": text})
        await world.settled()
    assert [body.rpartition("\n")[2] for _, body in notes(world)] == [
        "<p>It is out.</p>",
        "<p>It burns again.</p>",
    ]
    assert not await world.store.read(deviations.list, "s")


@pytest.mark.parametrize("action", ["drop_before", "drop_after_apply", "retry"])
async def test_a_note_whose_answer_is_lost_is_made_once(action: str) -> None:
    world = await desk()
    world.b.edit("B-1", {"body": "It is out."})
    world.a.faults.add(method="comment", action=action, times=1)
    await world.sync()
    await world.settled()
    world.clock.advance(60)
    await world.settled()
    assert len(notes(world)) == 1


async def test_a_pass_that_dies_before_it_makes_the_note_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await desk()
    world.b.edit("B-1", {"body": "It is out."})

    class Died(BaseException):
        pass

    async def dies(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("syncline.engine.passes.Children.notes", dies)
        with pytest.raises(Died):
            await world.sync()
    assert not notes(world)
    await world.settled()
    assert len(notes(world)) == 1


async def test_a_plan_tells_of_the_note_and_makes_none() -> None:
    world = await desk()
    world.b.edit("B-1", {"body": "It is out.", "title": "Fire"})
    (plan,) = await world.preview()
    assert [note.unit for note in plan.notes] == ["body"]
    assert [write.side for write in plan.writes] == ["a"]
    assert not notes(world)
    told = actions_of(world.spec, replace(plan, writes=()), None)  # type: ignore[arg-type]
    assert [(one.side, one.kind, one.record, one.field) for one in told] == [
        ("a", "note", "A-1", "body")
    ]


async def test_other_fields_are_written_as_ever() -> None:
    world = await desk()
    world.b.edit("B-1", {"body": "It is out.", "title": "Fire"})
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Fire"


async def test_a_value_that_is_taken_out_altogether_has_nothing_to_say_and_is_parked() -> None:
    world = await desk()
    world.b.edit("B-1", {"body": None})
    await world.settled()
    assert not notes(world)
    (row,) = await world.store.read(parked.list, "s")
    assert row.field == "body"


async def test_a_field_that_is_no_text_is_said_in_words() -> None:
    fixed = MAPPING.replace("labels: {path: labels}", "labels: {path: labels, create_only: true}")
    world = await World.make(mappings={"a": fixed}, a={}, b={})
    units = dict(world.spec.units)
    units["labels"] = replace(units["labels"], on_uneditable="note")
    world.change(units=units)
    world.a.create({"title": "Printer", "labels": ["x"]})
    await world.settled()
    world.b.edit("B-1", {"labels": ["x", "y"]})
    await world.settled()
    ((_, body),) = notes(world)
    assert "Somebody who edited the labels" in body and "x" in body and "y" in body


async def test_a_note_says_in_which_tool_the_field_was_edited() -> None:
    world = await desk()
    world.b.edit("B-1", {"body": "It is **out**."})
    await world.settled()
    ((_, body),) = notes(world)
    assert "wrote in b:" in body


async def test_a_note_names_the_tool_of_its_own_field_and_no_other() -> None:
    world = await desk(c={"text_format": "markdown"})
    world.tools["c"].edit("C-1", {"title": "Printer, third floor"})
    world.b.edit("B-1", {"body": "It is **out**."})
    await world.settled()
    ((_, body),) = notes(world)
    assert "wrote in b:" in body


async def test_a_plain_text_is_said_as_it_is() -> None:
    fixed = MAPPING.replace("title: {path: title}", "title: {path: title, create_only: true}")
    world = await World.make(mappings={"a": fixed}, a={}, b={})
    units = dict(world.spec.units)
    units["title"] = replace(units["title"], on_uneditable="note")
    world.change(units=units)
    world.a.create({"title": "Printer"})
    await world.settled()
    world.b.edit("B-1", {"title": 'Printer "Zwölf"'})
    await world.settled()
    ((_, body),) = notes(world)
    assert body.endswith('<p>Printer "Zwölf"</p>')
