"""Records that an undone run had made, where their tool or a person stands in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncline.engine.commands import unlink
from syncline.engine.removal import Created
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.sdk.errors import Retriable
from syncline.simulation.connector import FULL
from syncline.simulation.tool import BOT
from syncline.store import intents, links
from tests.support.world import World
from tests.unit.engine.pairs import link_of, places


async def made() -> tuple[World, str, str]:
    """A record of a, the run that copied it to b, and the copy."""
    world = await World.make(a={}, b={})
    world.a.create({"title": "One"})
    run = (await world.sync()).run
    (copy,) = world.b.items
    return world, run, copy


async def taken_away(world: World, run: str) -> Created:
    """What an undo that is to delete what the run made came to."""
    (one,) = (await world.undo(run, created="delete")).created
    return one


async def test_a_record_whose_tool_cannot_be_asked_stays_linked_and_goes_with_a_later_undo() -> (
    None
):
    world, run, copy = await made()
    world.b.faults.add("comments", "down")
    one = await taken_away(world, run)
    assert (one.fate, one.reason) == ("kept", "b could not be asked")
    assert places(await link_of(world, "b", copy)) == {"a": "A-1", "b": copy}
    assert (await taken_away(world, run)).fate == "deleted"
    assert copy not in world.b.items


async def test_a_record_that_an_operator_unlinked_is_theirs() -> None:
    world, run, copy = await made()
    await unlink(world.store, await link_of(world, "b", copy), "b", world.clock.now())
    one = await taken_away(world, run)
    assert (one.fate, one.reason) == ("kept", "it was unlinked since")
    assert copy in world.b.items


async def test_a_record_that_is_gone_by_now_needs_no_taking_away() -> None:
    world, run, copy = await made()
    world.b.archive(copy)
    one = await taken_away(world, run)
    assert (one.fate, one.reason) == ("kept", "it is gone")


@pytest.mark.parametrize("how", ["error", "retry", "reject", "drop_before"])
async def test_a_record_that_its_tool_does_not_remove_is_cut_off_and_told(how: str) -> None:
    world, run, copy = await made()

    def restarts(_: object) -> None:
        raise Retriable("b is being restarted; nothing was changed.")

    world.b.faults.add("remove", restarts if how == "error" else how)
    one = await taken_away(world, run)
    assert one.fate == "unlinked"
    assert one.reason
    assert copy in world.b.items
    assert not await world.store.read(intents.open, "s")
    noted = await world.store.read(intents.of_links, [one.link], ("applied", "superseded"))
    (asked,) = (note for note in noted[one.link] if note.kind == "remove")
    assert (asked.state, asked.reason) == ("superseded", one.reason)
    await world.settled()
    assert len(world.records("b")) == 1
    link = (await world.store.read(links.load, [one.link]))[one.link]
    assert link.sides["b"].state == "cut"
    assert (await taken_away(world, run)).fate == "deleted"
    assert copy not in world.b.items
    assert len(world.records("a")) == 1


@pytest.mark.parametrize("history", [True, False])
async def test_a_record_in_which_somebody_changed_what_is_not_synced_is_kept(history: bool) -> None:
    world = await World.make(a={}, b={}, capabilities={"b": replace(FULL, history=history)})
    world.a.create({"title": "One"})
    run = (await world.sync()).run
    (copy,) = world.b.items
    world.b.edit(copy, {"estimate": "two days"})
    one = await taken_away(world, run)
    assert (one.fate, one.reason) == ("kept", "somebody has worked on it since")
    assert copy in world.b.items


async def test_what_was_taken_away_is_counted() -> None:
    world, run, copy = await made()
    undone = await world.undo(run, created="delete")
    assert undone.report.counts["deleted"] == 1
    assert copy not in world.b.items


async def test_comments_that_a_run_copied_are_no_records_that_it_made() -> None:
    world = await World.make(a={}, b={}, comments=CommentPolicy((Visibility.INTERNAL,)))
    world.a.comment(world.a.create({"title": "One"}), "<p>look</p>")
    run = (await world.sync()).run
    (copy,) = world.b.items
    assert [comment.author.handle for comment in world.b.item(copy).comments] == [BOT]
    assert [(one.side, one.record) for one in (await world.undo(run)).created] == [("b", copy)]
