"""A tool merges two records into one: what becomes of their links and counterparts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from syncline.engine.commands import adopt
from syncline.engine.identity import lineage
from syncline.engine.spec import CommentPolicy
from syncline.sdk.connector import Visibility
from syncline.simulation.connector import PLAIN
from syncline.store import journal, links, lookup
from syncline.store.findings import conflicts, parked, tombstones
from tests.support.world import World
from tests.unit.engine.pairs import link_of, noticed, pairs, places

EVERYTHING = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "same")


def merge(world: World, side: str, id_: str, into: str, told: bool) -> None:
    """A person merges two records; `told`: listings still name the one that was merged."""
    world.clock.advance(60)
    world.tools[side].merge(id_, into)
    if not told:
        world.tools[side].move(id_, in_scope=False)


@pytest.mark.parametrize("told", [True, False])
async def test_two_linked_records_that_a_tool_merges_are_one_link_with_both_histories(
    told: bool,
) -> None:
    world = await pairs(2)
    first, second = await link_of(world, "a", "A-1"), await link_of(world, "a", "A-2")
    world.a.edit("A-1", {"title": "Written before the merge"})
    await world.settled()
    merge(world, "a", "A-1", "A-2", told)
    await noticed(world)
    kept, ended = await link_of(world, "a", "A-2"), await link_of(world, "b", "B-1")
    assert (kept.id, places(kept)) == (second.id, {"a": "A-2", "b": "B-2"})
    assert (ended.id, places(ended)) == (first.id, {"b": "B-1"})
    story = await world.store.read(journal.of_field, lineage(kept), "title")
    assert "Written before the merge" in [hop.after for hop in story]
    (buried,) = await world.store.read(tombstones.list, "s", "confirmed")
    assert (buried.record_id, buried.reason, buried.evidence[:15]) == (
        "A-1",
        "merged",
        "merged into A-2",
    )


@pytest.mark.parametrize("told", [True, False])
async def test_the_counterpart_of_a_merged_record_is_left_alone_and_nothing_is_made_anew(
    told: bool,
) -> None:
    world = await pairs(2, match=("reference", "marker", ("title",)))
    merge(world, "a", "A-1", "A-2", told)
    await noticed(world)
    before = world.b.fields("B-1")
    world.b.edit("B-1", {"priority": "high"})
    world.a.edit("A-2", {"title": "Ticket 1"})
    await noticed(world)
    assert (sorted(world.a.items), sorted(world.b.items)) == (["A-1", "A-2"], ["B-1", "B-2"])
    assert world.b.fields("B-1") == {**before, "priority": "high"}
    assert world.b.fields("B-2")["title"] == "Ticket 1"
    assert world.b.fields("B-2")["priority"] == "low"


async def test_closing_by_a_merge_does_not_travel_to_the_counterpart() -> None:
    """A tool may close the record that it merges; that is no edit of anybody's."""
    world = await pairs(2)
    world.clock.advance(60)
    world.a.merge("A-1", "A-2")
    world.a.edit("A-1", {"status": "done"})
    await noticed(world)
    assert world.b.fields("B-1")["status"] == "todo"


async def test_what_a_merged_record_never_got_is_kept_as_a_conflict_that_names_both() -> None:
    world = await pairs(2)
    world.b.edit("B-1", {"title": "Only here"})
    merge(world, "a", "A-1", "A-2", told=True)
    report = await world.sync()
    assert report.state == "attention"
    (kept,) = await world.store.read(conflicts.list, "s")
    holder, answers = kept.candidates
    assert kept.kind == "merged"
    assert (holder["side"], holder["value"], holder["edits"]) == (
        "b",
        "B-1",
        {"title": "Only here"},
    )
    assert (answers["side"], answers["value"]) == ("a", "A-2")
    await world.settled()
    assert world.a.fields("A-2")["title"] == "Ticket 2"


async def test_a_value_that_the_merged_record_had_not_taken_is_kept_too() -> None:
    world = await pairs(2)
    world.b.edit("B-1", {"title": "Only here"})
    world.a.faults.add(method="update", action="retry", times=1)
    await world.sync()
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    (kept,) = await world.store.read(conflicts.list, "s")
    assert kept.candidates[0]["edits"] == {"title": "Only here"}


async def test_a_merge_without_a_loose_edit_asks_nobody_and_says_who_lost_its_partner() -> None:
    world = await pairs(2)
    merge(world, "a", "A-1", "A-2", told=True)
    report = await world.sync()
    assert not await world.store.read(conflicts.list, "s")
    (note,) = report.notes
    assert "A-1 was merged into A-2" in note and "b:B-1 stays as it is" in note


async def test_a_merge_on_the_other_side_too_closes_the_second_link_silently() -> None:
    world = await pairs(2)
    world.b.edit("B-1", {"title": "Only here"})
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    merge(world, "b", "B-1", "B-2", told=True)
    report = await world.sync()
    await world.settled()
    assert (report.state, report.notes) == ("done", ())
    assert not await world.store.read(conflicts.list, "s")
    (link,) = [link for link in await world.store.read(links.page, "s", None, 9) if places(link)]
    assert places(link) == {"a": "A-2", "b": "B-2"}


async def test_merges_on_both_sides_in_one_pass_leave_one_link_and_no_question() -> None:
    world = await pairs(2)
    world.b.edit("B-1", {"title": "Only here"})
    merge(world, "a", "A-1", "A-2", told=True)
    merge(world, "b", "B-1", "B-2", told=True)
    await world.settled()
    assert not await world.store.read(conflicts.list, "s")
    world.a.edit("A-2", {"title": "One ticket"})
    await world.settled()
    assert world.b.fields("B-2")["title"] == "One ticket"


@pytest.mark.parametrize("told", [True, False])
async def test_a_record_without_a_link_takes_the_place_of_the_one_merged_into_it(
    told: bool,
) -> None:
    world = await pairs(1, create="never", match=(("title",),))
    world.b.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    link = await link_of(world, "a", "A-1")
    world.a.create({"title": "Called in twice", "status": "todo", "priority": "low"})
    await world.settled()
    merge(world, "a", "A-1", "A-2", told)
    await noticed(world)
    after = await link_of(world, "a", "A-2")
    assert (after.id, places(after)) == (link.id, {"a": "A-2", "b": "B-1"})
    assert world.b.fields("B-1")["title"] == "Called in twice"
    world.b.edit("B-1", {"priority": "high"})
    await world.settled()
    assert world.a.fields("A-2")["priority"] == "high"
    assert world.a.fields("A-1")["priority"] == "low"
    assert await world.store.read(lookup.by_name, "s", "a", "A-1") == [link.id]


async def test_an_edit_that_waited_for_the_merged_record_meets_what_the_other_shows() -> None:
    world = await pairs(1, create="never", match=(("title",),))
    world.b.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    world.a.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    world.b.edit("B-1", {"priority": "high", "title": "Edited meanwhile"})
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    assert world.a.fields("A-2")["priority"] == "high"
    assert world.a.fields("A-2")["title"] == "Edited meanwhile"


async def test_comments_of_a_merged_record_are_copied_once_where_the_tool_moves_them() -> None:
    world = await pairs(1, create="never", match=(("title",),), comments=EVERYTHING)
    world.b.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    world.a.comment("A-1", "<p>Hello</p>", Visibility.PUBLIC)
    await world.settled()
    world.a.create({"title": "Called in twice"})
    world.a.comment("A-2", "<p>Older than the link</p>", Visibility.PUBLIC)
    await world.settled()
    merge(world, "a", "A-1", "A-2", told=True)
    world.a.items["A-2"].comments += world.a.items["A-1"].comments
    # The tool numbers comments without regard to records, and shows those of both here now.
    both = world.a.items["A-2"].comments
    assert len({comment.id for comment in both}) == 2
    await world.settled()
    bodies = [(c.visibility, c.body.rpartition("\n")[2]) for c in world.b.item("B-1").comments]
    assert bodies == [
        (Visibility.PUBLIC, "<p>Hello</p>"),
        (Visibility.INTERNAL, "<p>Older than the link</p>"),
    ]


async def test_what_only_the_merged_record_was_linked_with_goes_to_the_link_that_lacks_it() -> None:
    world = await pairs(1)
    world.b.faults.add(method="create", action="retry", times=2)
    world.a.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.sync()
    second = await link_of(world, "a", "A-2")
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    link = await link_of(world, "b", "B-1")
    assert (link.id, places(link)) == (second.id, {"a": "A-2", "b": "B-1"})
    assert list(world.b.items) == ["B-1"]


async def test_three_sides_keep_the_two_that_are_left_in_step() -> None:
    world = await pairs(2, c={})
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    world.b.edit("B-1", {"title": "Still together"})
    await world.settled()
    assert world.c.fields("C-1")["title"] == "Still together"
    assert world.a.fields("A-2")["title"] == "Ticket 2"
    assert len(world.c.items) == 2


async def test_a_chain_of_merges_is_followed_to_the_record_that_answers_for_all() -> None:
    world = await pairs(3)
    merge(world, "a", "A-1", "A-2", told=True)
    merge(world, "a", "A-2", "A-3", told=True)
    await world.settled()
    last = await link_of(world, "a", "A-3")
    assert len(lineage(last)) == 3
    assert places(last) == {"a": "A-3", "b": "B-3"}


async def test_a_merge_into_a_record_that_nobody_may_see_ends_the_link_and_keeps_the_edit() -> None:
    world = await pairs(1)
    world.a.create({"title": "Secret"})
    world.a.hide("A-2")
    world.b.edit("B-1", {"title": "Only here"})
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"b": "B-1"}
    (kept,) = await world.store.read(conflicts.list, "s")
    assert kept.candidates[0]["edits"] == {"title": "Only here"}


async def test_a_merge_met_while_writing_is_not_written_over() -> None:
    """The tool merges the record between the reading and the write."""
    world = await pairs(2, capabilities={"a": PLAIN})
    world.b.edit("B-1", {"title": "Only here"})

    def merged_meanwhile(_: object) -> None:
        world.a.merge("A-1", "A-2")

    world.a.faults.add(method="fetch", action=merged_meanwhile, times=1)
    await world.sync()
    await world.settled()
    assert world.a.fields("A-1")["title"] == "Ticket 1"
    assert places(await link_of(world, "a", "A-2")) == {"a": "A-2", "b": "B-2"}
    (kept,) = await world.store.read(conflicts.list, "s")
    assert (kept.kind, kept.candidates[0]["edits"]) == ("merged", {"title": "Only here"})


async def test_a_write_that_was_lost_before_the_merge_does_not_bring_the_old_record_back() -> None:
    world = await pairs(1, create="never", match=(("title",),))
    world.b.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    world.a.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    world.b.edit("B-1", {"priority": "high"})
    world.a.faults.add(method="update", action="drop_before", times=1)
    await world.sync()
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1"}
    assert world.a.fields("A-2")["priority"] == "high"
    assert not await world.store.read(parked.list, "s")


async def test_a_record_that_lost_its_partner_to_a_merge_can_be_adopted() -> None:
    world = await pairs(2)
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    world.a.create({"title": "A new partner"})
    world.change(match=("reference", "marker"))
    link = await adopt(world.store, "s", [("b", "B-1"), ("a", "A-3")], "unused", world.clock.now())
    await world.settled()
    assert places(await link_of(world, "a", "A-3")) == {"a": "A-3", "b": "B-1"}
    assert (await link_of(world, "b", "B-1")).id == link.id


async def test_many_merges_at_once_are_refused_like_many_deletions() -> None:
    world = await World.make(a={}, b={})
    for n in range(30):
        world.a.create({"title": f"Ticket {n}"})
    await world.settled()
    world.clock.advance(60)
    for id_ in list(world.a.items)[:6]:
        world.a.merge(id_, "A-30")
    report = await world.sync()
    assert [line.partition(":")[0] for line in report.refused] == ["deletes"]
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-1", "b": "B-1"}
    await world.sync(force=("deletes",))
    assert places(await link_of(world, "b", "B-1")) == {"b": "B-1"}


async def test_what_the_merged_record_would_not_show_is_sent_to_the_one_that_answers() -> None:
    world = await pairs(1)

    def fixed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"priority": "low"} if after["title"] == "Ticket 1" else {}

    world.a.automations.append(fixed)
    world.b.edit("B-1", {"priority": "high"})
    await world.settled()
    assert world.a.fields("A-1")["priority"] == "low"
    world.a.create({"title": "Ticket 2", "status": "todo", "priority": "low"})
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    assert places(await link_of(world, "b", "B-1")) == {"a": "A-2", "b": "B-1"}
    assert world.a.fields("A-2")["priority"] == "high"


async def test_what_the_merged_record_would_never_have_got_asks_nobody() -> None:
    world = await pairs(2, modes={("title", "a"): "source"})
    world.b.edit("B-1", {"title": "Only ever here"})
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    assert not await world.store.read(conflicts.list, "s")
    assert world.b.fields("B-1")["title"] == "Only ever here"


async def test_an_edit_that_the_mapping_cannot_read_is_kept_in_the_tools_own_words() -> None:
    world = await pairs(2)
    world.b.edit("B-1", {"priority": "p7"})
    merge(world, "a", "A-1", "A-2", told=True)
    await world.settled()
    (kept,) = await world.store.read(conflicts.list, "s")
    assert kept.candidates[0]["edits"] == {"priority": {"priority": "p7"}}


async def test_merges_are_counted_and_the_note_names_the_other_records_alone() -> None:
    world = await pairs(3)
    merge(world, "a", "A-1", "A-2", told=True)
    merge(world, "a", "A-2", "A-3", told=True)
    report = await world.sync()
    assert report.counts["merged"] == 2
    assert any("which is linked with b:B-3;" in note for note in report.notes)


async def test_the_link_has_the_address_of_the_record_that_answers() -> None:
    world = await pairs(1, create="never", match=(("title",),))
    world.b.create({"title": "Ticket 1", "status": "todo", "priority": "low"})
    await world.settled()
    world.a.create({"title": "Called in twice"})
    await world.settled()
    merge(world, "a", "A-1", "A-2", told=True)
    await noticed(world)
    at = (await link_of(world, "a", "A-2")).sides["a"]
    assert (at.record_id, at.url) == ("A-2", "memory://a/A-2")
