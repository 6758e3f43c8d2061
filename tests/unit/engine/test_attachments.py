"""Files of linked records, copied between tools: each once and whole, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import FULL
from syncline.store import intents
from syncline.store.findings import parked
from tests.support.world import World

EVERYTHING = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "same")
NO_FILES = replace(FULL, attachments=False)


async def linked(**options: Any) -> tuple[World, str, str]:
    """Two tools that keep one record in step, with everything that hangs on it."""
    world = await World.make(a={}, b={}, comments=EVERYTHING, **options)
    one = world.a.create({"title": "Printer on fire"})
    await world.settled()
    (other,) = world.b.items
    return world, one, other


def files(world: World, side: str, id_: str) -> list[tuple[str, bytes]]:
    return [(file.name, content) for file, content in world.tools[side].item(id_).files]


async def test_a_file_is_copied_once_and_whole_in_both_directions() -> None:
    world, one, other = await linked()
    world.a.attach(one, "smoke.png", b"\x89PNG \x00\xff", "image/png", Visibility.PUBLIC)
    world.b.attach(other, "log.txt", b"fire", visibility=Visibility.INTERNAL)
    report = await world.sync()
    assert report.counts["attached"] == 2
    await world.settled()
    both = {("smoke.png", b"\x89PNG \x00\xff"), ("log.txt", b"fire")}
    for side, id_ in (("a", one), ("b", other)):
        assert sorted(files(world, side, id_)) == sorted(both)
    copied = {file.name: file for file, _ in world.b.item(other).files}["smoke.png"]
    assert (copied.content_type, copied.visibility) == ("image/png", Visibility.PUBLIC)


async def test_a_file_that_cannot_be_downloaded_now_is_copied_later() -> None:
    world, one, other = await linked()
    world.a.attach(one, "log.txt", b"fire")
    world.a.faults.add("download", "down")
    await world.sync()
    assert files(world, "b", other) == []
    assert not await world.store.read(parked.list, "s")
    await world.settled()
    assert files(world, "b", other) == [("log.txt", b"fire")]


async def test_a_file_that_is_gone_before_it_was_copied_is_told_and_not_asked_for_again() -> None:
    world, one, other = await linked()
    world.a.attach(one, "log.txt", b"fire")
    world.a.faults.add("download", "down")
    await world.sync()
    world.a.item(one).files.clear()
    await world.settled()
    (told,) = await world.store.read(parked.list, "s")
    assert (told.side, told.action, told.reason) == ("b", "create", "log.txt is gone from a")
    assert files(world, "b", other) == []


@pytest.mark.parametrize("lost", ["drop_before", "drop_after_apply"])
async def test_a_lost_answer_to_a_copy_makes_one_file(lost: str) -> None:
    world, one, other = await linked()
    world.a.attach(one, "log.txt", b"fire")
    world.b.faults.add("attach", lost)
    await world.sync()
    assert len(await world.store.read(intents.open, "s")) == 1
    await world.settled()
    assert files(world, "b", other) == [("log.txt", b"fire")]
    assert files(world, "a", one) == [("log.txt", b"fire")]
    assert not await world.store.read(intents.open, "s")


async def test_files_of_one_name_and_size_whose_answers_were_lost_are_not_taken_for_one() -> None:
    world, one, other = await linked()
    world.a.attach(one, "log.txt", b"fire")
    world.a.attach(one, "log.txt", b"wire")
    world.b.faults.add("attach", "drop_after_apply", times=2)
    await world.sync()
    await world.settled()
    assert sorted(files(world, "b", other)) == [("log.txt", b"fire"), ("log.txt", b"wire")]
    assert len(files(world, "a", one)) == 2


async def test_a_tool_without_files_gets_the_comments_and_no_file_waits_for_a_person() -> None:
    world, one, other = await linked(capabilities={"b": NO_FILES})
    world.a.attach(one, "log.txt", b"fire")
    world.a.comment(one, "<p>See the log</p>")
    (report,) = (await world.settled())[-1:]
    assert report.state == "done"
    assert files(world, "b", other) == []
    assert len(world.b.item(other).comments) == 1


async def test_a_lost_copy_waits_while_the_tool_takes_no_files_and_is_made_once_afterwards() -> (
    None
):
    world, one, other = await linked()
    world.a.attach(one, "log.txt", b"fire")
    world.b.faults.add("attach", "drop_after_apply")
    await world.sync()
    world.connectors["b"].capabilities = NO_FILES
    await world.settled()
    assert len(await world.store.read(intents.open, "s")) == 1
    world.connectors["b"].capabilities = FULL
    await world.settled()
    assert files(world, "b", other) == [("log.txt", b"fire")]
    assert not await world.store.read(intents.open, "s")
