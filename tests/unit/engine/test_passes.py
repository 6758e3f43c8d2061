"""Whole passes between tools in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncline.engine.commands import adopt
from syncline.engine.spec import CommentPolicy, Policy
from syncline.sdk.connector import Visibility
from syncline.sdk.errors import Ambiguous
from syncline.simulation.connector import FULL, PLAIN
from syncline.simulation.tool import BOT, FIELDS, FieldRule
from syncline.store import runs
from syncline.store.findings import conflicts, deviations
from syncline.store.rows import Run
from tests.support.world import World


async def test_a_new_record_appears_on_the_other_side(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    world.a.create({"title": "Printer on fire", "body": "<p>Help</p>", "labels": ["x"]})
    report = await world.sync()
    assert report.counts["created"] == 1
    (copy,) = world.records("b")
    assert (copy["title"], copy["body"], copy["labels"]) == (
        "Printer on fire",
        "<p>Help</p>",
        ["x"],
    )


async def test_edits_travel_both_ways_and_then_nothing_is_written(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One", "priority": "low"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(id_, {"title": "Two"})
    world.b.edit(other, {"priority": "high"})
    report = await world.sync()
    assert report.counts["updated"] == 2
    assert world.a.fields(id_)["priority"] == "high"
    assert world.b.fields(other)["title"] == "Two"
    before = world.writes()
    await world.sync()
    assert world.writes() == before


async def test_an_idle_pass_reads_once_a_side_and_writes_nothing(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    for n in range(30):
        world.a.create({"title": f"Ticket {n}"})
    await world.settled()
    await world.sync()
    reads, writes = world.reads(), world.writes()
    await world.sync()
    assert {s: n - reads[s] for s, n in world.reads().items()} == {"a": 1, "b": 1}
    assert world.writes() == writes


async def test_a_pass_that_was_killed_is_said_to_have_crashed_by_the_next_one(
    tmp_path: Path,
) -> None:
    world = await World.make(tmp_path, a={}, b={})
    for number, kind in enumerate(("sync", "plan")):
        killed = Run(f"killed-{number}", "s", kind, "running", world.clock.now())
        await world.store.write(runs.start, killed)
        world.clock.advance(60)
        await world.sync()
    states = {run.id: run.state for run in await world.store.read(runs.list, "s")}
    assert states.pop("killed-0") == states.pop("killed-1") == "crashed"
    assert set(states.values()) == {"done"}


async def test_concurrent_edits_ask_and_the_answer_is_delivered(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(id_, {"title": "From A", "priority": "low"})
    world.b.edit(other, {"title": "From B"})
    report = await world.sync()
    assert report.state == "attention"
    assert report.counts["conflicts"] == 1
    assert world.b.fields(other)["priority"] == "low"
    assert (world.a.fields(id_)["title"], world.b.fields(other)["title"]) == ("From A", "From B")
    await world.sync()
    (conflict,) = await world.store.read(conflicts.list, "s")
    assert {c["value"] for c in conflict.candidates} == {"From A", "From B"}
    await answer(world, conflict, "From B")
    await world.settled()
    assert world.a.fields(id_)["title"] == "From B"
    assert not await world.store.read(conflicts.list, "s")


async def answer(world: World, conflict, value) -> None:
    from syncline.engine.commands import answer_conflict

    assert await answer_conflict(world.store, conflict.id, conflict.digest, value)


async def test_an_answer_is_refused_when_an_edit_has_arrived_since(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(id_, {"title": "From A"})
    world.b.edit(other, {"title": "From B"})
    await world.sync()
    (conflict,) = await world.store.read(conflicts.list, "s")
    await answer(world, conflict, "From B")
    world.a.edit(id_, {"title": "From A again"})
    await world.sync()
    assert world.a.fields(id_)["title"] == "From A again"
    (shown,) = await world.store.read(conflicts.list, "s")
    assert {c["value"] for c in shown.candidates} == {"From A again", "From B"}
    assert shown.state == "open"


@pytest.mark.parametrize("action", ["drop_before", "drop_after_apply"])
async def test_a_lost_reply_to_a_create_makes_one_record(tmp_path: Path, action: str) -> None:
    world = await World.make(tmp_path, a={}, b={})
    world.a.create({"title": "One"})
    world.b.faults.add(method="create", action=action, times=1)
    await world.sync()
    await world.settled()
    assert len(world.records("b")) == 1


@pytest.mark.parametrize("action", ["drop_before", "drop_after_apply"])
@pytest.mark.parametrize("plain", [False, True])
async def test_a_lost_reply_to_an_update_loses_no_edit(
    tmp_path: Path, action: str, plain: bool
) -> None:
    can = {"b": PLAIN} if plain else {}
    world = await World.make(tmp_path, a={}, b={}, capabilities=can)
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(id_, {"title": "Two"})
    world.b.faults.add(method="update", action=action, times=1)
    await world.sync()
    await world.settled()
    assert world.b.fields(other)["title"] == "Two"
    assert world.a.fields(id_)["title"] == "Two"


async def test_existing_records_are_matched_by_title(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={}, match=(("title",),))
    for n in range(5):
        world.a.create({"title": f"Ticket {n}"})
        world.b.create({"title": f"ticket  {n} ", "priority": "low"})
    report = await world.sync()
    assert len(world.records("a")) == len(world.records("b")) == 5
    assert report.links == 5
    assert {r["priority"] for r in world.records("a")} == {"low"}


async def test_comments_are_copied_with_their_author_and_never_turn_public(tmp_path: Path) -> None:
    everything = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "same")
    world = await World.make(tmp_path, a={}, b={"text_format": "markdown"}, comments=everything)
    world.a.add_person("ann", "ann@example.test", "Ann Lee")
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.a.comment(id_, "<p>Secret <b>plan</b></p>", Visibility.INTERNAL, by="ann")
    world.a.comment(id_, "<p>Hello</p>", Visibility.PUBLIC, by="ann")
    report = await world.sync()
    assert report.counts["commented"] == 2
    copies = [(c.visibility, c.body) for c in world.b.item(other).comments]
    assert copies == [
        (Visibility.INTERNAL, "**Ann Lee** wrote in a:\n\nSecret **plan**"),
        (Visibility.PUBLIC, "**Ann Lee** wrote in a:\n\nHello"),
    ]
    await world.settled()
    assert len(world.a.item(id_).comments) == 2


async def test_a_deleted_record_cuts_the_link_and_stays_deleted(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    world.a.delete(id_)
    await world.sync(full=True)
    await world.sync()
    await world.settled()
    assert len(world.records("b")) == 1
    assert len(world.records("a")) == 0


async def test_policy_newest_takes_the_later_edit_by_the_tools_history(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={}, policies={"title": Policy("newest")})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.b.edit(other, {"title": "Earlier"})
    world.clock.advance(60)
    world.a.edit(id_, {"title": "Later"})
    await world.settled()
    assert world.b.fields(other)["title"] == "Later"
    kept = await world.store.read(conflicts.get, "")
    assert kept is not None and kept.state == "resolved"
    assert [(c["side"], c["value"]) for c in kept.candidates] == [("b", "Earlier")]


@pytest.mark.parametrize("away", ["nobody", "c"])
async def test_a_comment_is_not_missed_when_a_pass_dies_before_it_reads_comments(
    monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    """Nor if the tool that has it is out of reach in the next pass."""
    everything = CommentPolicy((Visibility.PUBLIC, Visibility.INTERNAL), "internal")
    world = await World.make(a={}, b={}, c={}, comments=everything)
    world.c.create({"title": "One"})
    await world.settled()
    world.clock.advance(3600)
    await world.settled()
    world.c.comment("C-1", "<p>Hello</p>", Visibility.PUBLIC, by="ann")

    class Died(BaseException):
        pass

    async def dies(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("syncline.engine.passes.Children.carry_out", dies)
        with pytest.raises(Died):
            await world.sync()
    world.clock.advance(3600)
    if away == "c":
        world.c.faults.add("changes", "down")
        assert list((await world.sync()).stopped) == ["c"]
        world.clock.advance(3600)
    await world.settled()
    for side in ("a", "b"):
        (said,) = world.tools[side].item(f"{side.upper()}-1").comments
        assert said.body == "<p><strong>ann</strong> wrote in c:</p>\n<p>Hello</p>"


async def test_a_record_restored_after_its_deletion_is_not_copied_again(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    world.a.archive(id_)
    await world.sync()
    await world.settled()
    world.a.restore(id_)
    await world.settled()
    assert len(world.records("b")) == 1


async def test_a_record_that_is_gone_when_it_is_written_is_not_written_for_ever(
    tmp_path: Path,
) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.b.delete(other)
    world.a.edit(id_, {"title": "Two"})
    await world.sync()
    await world.sync()
    before = world.writes()
    await world.sync()
    assert world.writes() == before
    assert len(world.records("b")) == 0


async def test_a_status_left_half_way_is_no_edit_and_is_carried_on(tmp_path: Path) -> None:
    ways = {None: ["todo"], "todo": ["in_progress"], "in_progress": ["done"], "done": []}
    world = await World.make(tmp_path, a={}, b={"workflow": ways})
    id_ = world.a.create({"title": "One", "status": "todo"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(id_, {"status": "done"})

    def stops_half_way(_: object) -> None:
        world.b.edit(other, {"status": "in_progress"}, by=BOT)
        raise Ambiguous("the connection was lost on the way to done")

    world.b.faults.add(method="update", action=stops_half_way, times=1, when="before")
    await world.sync()
    assert world.b.fields(other)["status"] == "in_progress"
    await world.settled()
    assert world.b.fields(other)["status"] == "done"
    assert world.a.fields(id_)["status"] == "done"


async def test_a_side_that_asks_gets_a_record_only_when_a_person_wants_it(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={}, create="ask")
    id_ = world.a.create({"title": "One"})
    report = await world.sync()
    assert report.state == "attention"
    (question,) = await world.store.read(conflicts.list, "s")
    assert (question.kind, question.candidates[0]["value"]) == ("create", id_)
    await world.sync()
    assert not world.records("b")
    await adopt(world.store, "s", [("a", id_)], "wanted", world.clock.now())
    await world.settled()
    assert [record["title"] for record in world.records("b")] == ["One"]
    assert not await world.store.read(conflicts.list, "s")


async def test_an_edit_taken_back_before_anybody_decided_on_it_never_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(id_, {"title": "Oops"})

    class Died(BaseException):
        pass

    async def dies(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("syncline.engine.passes.Pass.judge", dies)
        with pytest.raises(Died):
            await world.sync()
    world.clock.advance(60)
    world.a.edit(id_, {"title": "One"})
    await world.settled()
    assert (world.a.fields(id_)["title"], world.b.fields(other)["title"]) == ("One", "One")


async def test_a_conflict_ends_when_one_side_takes_its_edit_back(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    id_ = world.a.create({"title": "One"})
    await world.settled()
    (other,) = world.b.items
    world.a.edit(id_, {"title": "From A"})
    world.b.edit(other, {"title": "From B"})
    await world.sync()
    world.b.edit(other, {"title": "One"})
    await world.settled()
    assert world.b.fields(other)["title"] == "From A"
    assert not await world.store.read(conflicts.list, "s")


async def test_records_told_again_for_their_comments_are_no_mass_change(tmp_path: Path) -> None:
    everything = CommentPolicy((Visibility.PUBLIC,), "internal")
    world = await World.make(tmp_path, a={}, b={}, comments=everything)
    for n in range(30):
        world.a.create({"title": f"Ticket {n}"})
    await world.sync()
    report = await world.sync()
    assert report.refused == ()


async def test_an_unknown_person_stays_parked_until_somebody_changes_it(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    world.a.create({"title": "One", "assignee": "nobody-knows"})
    report = await world.sync()
    assert report.counts["parked"] == 1
    assert report.state == "attention"
    assert (await world.sync()).counts["parked"] == 1


async def test_each_item_of_a_batch_has_its_own_outcome(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={})
    ids = [world.a.create({"title": f"Ticket {n}"}) for n in range(3)]
    await world.settled()
    for id_ in ids:
        world.a.edit(id_, {"priority": "high"})
    world.b.faults.add(method="update", action="partial:1", times=1)
    report = await world.sync()
    assert (report.counts["updated"], report.counts["retried"]) == (1, 2)
    assert [fields["priority"] for fields in world.records("b")].count("high") == 1
    await world.settled()
    assert [fields["priority"] for fields in world.records("b")] == ["high"] * 3


async def test_a_label_put_beside_ours_before_it_is_read_again_is_an_edit() -> None:
    """Without a history nothing tells so but what is shown: all that was sent, and more."""
    silent = replace(FULL, answers_writes=False, history=False)
    world = await World.make(a={}, b={}, capabilities={"b": silent})
    world.a.create({"title": "Printer"})
    await world.settled()

    def meanwhile(_: object) -> None:
        world.b.edit("B-1", {"labels": ["ours", "theirs"]})

    world.a.edit("A-1", {"labels": ["ours"]})
    world.b.faults.add("fetch", meanwhile)
    await world.settled()
    assert sorted(world.a.fields("A-1")["labels"]) == ["ours", "theirs"]
    assert sorted(world.b.fields("B-1")["labels"]) == ["ours", "theirs"]


async def test_what_was_done_is_told_whole_when_a_pass_takes_several_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("syncline.engine.passes.BATCH", 1)
    world = await World.make(a={}, b={})
    for title in ("One", "Two", "Three"):
        world.a.create({"title": title})
    await world.settled()
    for number in (1, 2, 3):
        world.a.edit(f"A-{number}", {"priority": "high"})
    report = await world.sync()
    assert sorted(one.record or "" for one in report.actions) == ["B-1", "B-2", "B-3"]


async def test_each_of_a_batch_that_its_tool_made_something_else_of_is_told() -> None:
    shouts = {**FIELDS, "title": FieldRule(required=True, cut=8)}
    world = await World.make(a={}, b={"fields": shouts})
    for number in range(3):
        world.a.create({"title": f"Printer {number}"})
    await world.settled()
    told = await world.store.read(deviations.list, "s")
    assert {(one.value, one.shown["title"]) for one in told} == {
        (f"Printer {number}", "Printer ") for number in range(3)
    }
