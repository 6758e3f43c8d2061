"""Verify finds what was planted in the tools behind the engine's back, and tells apart what is
known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from syncline.engine.spec import Policy
from syncline.sdk.connector import Page
from syncline.simulation.connector import FULL, MAPPING, PLAIN, MemoryConnector
from syncline.simulation.tool import FIELDS, FieldRule
from syncline.store import runs
from tests.support.world import World
from tests.unit.verify.planted import pair, quiet, rest, slip, verified


class Forgetful(MemoryConnector):
    """A tool whose change query forgets what it should tell, but never who asks for everything."""

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        async for page in super().changes(record, cursor):
            yield Page(page.records if cursor is None else [], page.cursor)


async def test_tools_in_step_agree_and_nothing_is_found(tmp_path: Path) -> None:
    found = await verified(await quiet(tmp_path))
    assert (found.agreement, found.state) == (1.0, "done")
    assert found.links.compared == found.links.agreeing == 3
    assert found.fields["title"].to_json() == {
        "compared": 3,
        "agreeing": 3,
        "differing": 0,
        "known": {},
    }
    assert not any(found.counts().values())


async def test_a_value_changed_without_a_version_is_a_disagreement(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    a, b = pair(world, 1)
    slip(world.tools["b"], b, priority="urgent")
    assert (await world.sync(full=True)).agreed == 3
    found = await verified(world)
    (one,) = found.disagreements.kept
    assert (one.field, one.records) == ("priority", {"a": a, "b": b})
    assert one.values == {"a": "low", "b": "urgent"}
    assert found.agreement == 2 / 3
    assert found.fields["priority"].differing == 1
    assert found.fields["title"].agreeing == 3


async def test_an_edit_after_the_last_pass_is_in_flight_and_no_disagreement(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    world.clock.advance(600)
    world.tools["a"].edit(pair(world)[0], {"title": "Edited a moment ago"})
    found = await verified(world)
    assert found.links.known == {"in_flight": 1}
    assert found.agreement == 1.0


async def test_an_edit_that_passes_overlooked_is_a_disagreement(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    world.connectors["a"] = Forgetful(world.tools["a"], FULL)
    a, b = pair(world)
    world.clock.advance(600)
    world.tools["a"].edit(a, {"title": "Nobody was told"})
    await rest(world)
    found = await verified(world)
    (one,) = found.disagreements.kept
    assert (one.field, one.values) == ("title", {"a": "Nobody was told", "b": "Ticket 0"})
    assert one.records == {"a": a, "b": b}


async def test_a_pass_of_a_few_links_has_not_seen_the_edits_of_the_others(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    world.clock.advance(600)
    world.tools["a"].edit(pair(world, 1)[0], {"title": "Edited a moment ago"})
    world.clock.advance(600)
    await world.sync(only=(f"a:{pair(world, 0)[0]}",))
    assert (await verified(world)).links.known == {"in_flight": 1}


async def test_a_tool_without_history_has_its_edits_in_flight_by_their_moment(
    tmp_path: Path,
) -> None:
    world = await quiet(tmp_path, capabilities={"a": PLAIN, "b": PLAIN})
    world.clock.advance(600)
    world.tools["a"].edit(pair(world, 0)[0], {"title": "Edited a moment ago"})
    slip(world.tools["b"], pair(world, 1)[1], title="Changed by nobody")
    found = await verified(world)
    assert found.links.known == {"in_flight": 1}
    assert [d.values["b"] for d in found.disagreements.kept] == ["Changed by nobody"]


async def test_what_waits_for_a_person_is_a_conflict_and_no_disagreement(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    a, b = pair(world)
    world.tools["a"].edit(a, {"title": "Ours"})
    world.tools["b"].edit(b, {"title": "Theirs"})
    await rest(world)
    found = await verified(world)
    assert found.links.known == found.fields["title"].known == {"conflict": 1}
    assert (found.agreement, found.state) == (1.0, "done")


async def test_a_deviation_is_known_only_while_both_sides_show_what_was_noted(
    tmp_path: Path,
) -> None:
    short = {**FIELDS, "title": FieldRule(required=True, cut=8)}
    world = await quiet(tmp_path, b={"fields": short})
    a, b = pair(world)
    world.tools["a"].edit(a, {"title": "Longer than eight"})
    await rest(world)
    assert world.tools["b"].fields(b)["title"] == "Longer t"
    assert (await verified(world)).links.known == {"deviation": 1}
    slip(world.tools["b"], b, title="Another")
    assert (await verified(world)).links.differing == 1
    slip(world.tools["b"], b, title="Longer t")
    slip(world.tools["a"], a, title="Lost edit")
    assert (await verified(world)).links.differing == 1


async def test_what_a_tool_fills_in_a_new_record_is_known(tmp_path: Path) -> None:
    world = await quiet(tmp_path)

    def fills(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        return {} if after.get("priority") else {"priority": "medium"}

    world.tools["b"].automations.append(fills)
    world.tools["a"].create({"title": "Nobody said how urgent"})
    await rest(world)
    assert [t.now.fields["priority"] for t in world.tools["b"].items.values()][-1] == "medium"
    found = await verified(world)
    assert (found.links.known, found.links.differing) == ({"default": 1}, 0)
    world.tools["b"].edit(list(world.tools["b"].items)[-1], {"priority": "high"})
    await rest(world)
    slip(world.tools["a"], list(world.tools["a"].items)[-1], priority=None)
    assert (await verified(world)).links.differing == 1


async def test_two_sides_may_deviate_from_what_a_third_shows(tmp_path: Path) -> None:
    short = {**FIELDS, "title": FieldRule(required=True, cut=8)}
    world = await quiet(tmp_path, b={"fields": short}, c={"fields": short})
    world.tools["a"].edit(pair(world)[0], {"title": "Longer than eight"})
    await rest(world)
    found = await verified(world)
    assert (found.links.known, found.links.differing) == ({"deviation": 1}, 0)


async def test_what_a_tool_refused_is_parked_and_no_disagreement(tmp_path: Path) -> None:
    short = {**FIELDS, "title": FieldRule(required=True, max_length=8)}
    world = await quiet(tmp_path, b={"fields": short})
    world.tools["a"].edit(pair(world)[0], {"title": "Longer than eight"})
    await rest(world)
    found = await verified(world)
    assert sum(found.links.known[reason] for reason in ("parked", "deviation")) == 1
    assert found.agreement == 1.0


async def test_a_value_nobody_can_read_is_named_with_the_reason(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    slip(world.tools["b"], pair(world)[1], priority="of no known kind")
    (one,) = (await verified(world)).disagreements.kept
    assert one.values == {"a": "low"}
    assert "of no known kind" in one.unreadable["b"]


async def test_drift_on_a_target_is_known_and_a_write_that_never_came_is_not(
    tmp_path: Path,
) -> None:
    world = await quiet(tmp_path, modes={("title", "a"): "source", ("title", "b"): "target"})
    world.tools["b"].edit(pair(world, 0)[1], {"title": "Typed where nobody listens"})
    await rest(world)
    assert (await verified(world)).links.known == {"target": 1}
    slip(world.tools["b"], pair(world, 1)[1], title="Never delivered")
    found = await verified(world)
    assert (found.links.known["target"], found.links.differing) == (1, 1)


async def test_a_source_keeps_its_own_and_yet_has_to_be_heard(tmp_path: Path) -> None:
    world = await quiet(tmp_path, modes={("title", "a"): "source"})
    world.tools["b"].edit(pair(world, 0)[1], {"title": "Never written back"})
    await rest(world)
    assert (await verified(world)).links.known == {"source": 1}
    slip(world.tools["a"], pair(world, 1)[0], title="Never heard")
    found = await verified(world)
    assert (found.links.known["source"], found.links.differing) == (1, 1)


async def test_records_that_differed_when_they_were_linked_may_go_on_where_one_is_a_source(
    tmp_path: Path,
) -> None:
    world = await World.make(
        tmp_path,
        a={},
        b={},
        create="never",
        modes={("priority", "a"): "source"},
        policies={"priority": Policy("authority", "b")},
        match=(("title",),),
    )
    for name, priority in (("a", "low"), ("b", "high")):
        world.tools[name].create({"title": "On both sides", "priority": priority})
    await rest(world)
    assert (await verified(world)).fields["priority"].known == {"source": 1}


async def test_a_value_that_a_side_has_no_word_for_agrees_with_its_nearest(tmp_path: Path) -> None:
    five = "enum: {urgent: [urgent], high: [high], medium: [medium], low: [low], none: [none]}"
    two = "enum: {high: [high], low: [low]}"
    nearest = "nearest: {urgent: high, medium: high, none: low}"
    coarse = MAPPING.replace(five, f"{two}\n    {nearest}")
    assert nearest in coarse
    world = await quiet(tmp_path, mappings={"b": coarse})
    a, b = pair(world)
    world.tools["a"].edit(a, {"priority": "urgent"})
    await rest(world)
    assert world.tools["b"].fields(b)["priority"] == "high"
    assert (await verified(world)).links.agreeing == 3
    slip(world.tools["b"], b, priority="low")
    (one,) = (await verified(world)).disagreements.kept
    assert one.values == {"a": "urgent", "b": "low"}


async def test_a_side_that_is_off_for_a_field_is_counted_apart(tmp_path: Path) -> None:
    modes = {("priority", "c"): "off"}
    world = await quiet(tmp_path, c={}, modes=modes)
    for id_ in world.tools["c"].items:
        slip(world.tools["c"], id_, priority="urgent")
    found = await verified(world)
    assert found.fields["priority"].known == {"off": 3}
    assert found.fields["title"].agreeing == 3
    assert found.agreement == 1.0


async def test_of_three_sides_the_one_that_differs_shows(tmp_path: Path) -> None:
    world = await quiet(tmp_path, c={})
    slip(world.tools["c"], next(iter(world.tools["c"].items)), priority="high")
    (one,) = (await verified(world)).disagreements.kept
    assert one.values == {"a": "low", "b": "low", "c": "high"}


async def test_what_a_mapping_declares_to_be_lost_is_no_difference(tmp_path: Path) -> None:
    world = await quiet(tmp_path, a={"text_format": "markdown"}, b={"text_format": "plain"})
    a, b = pair(world)
    world.tools["a"].edit(a, {"body": "Some **bold** words"})
    await rest(world)
    assert world.tools["b"].fields(b)["body"] == "Some bold words"
    assert (await verified(world)).links.agreeing == 3
    slip(world.tools["b"], b, body="Some other words")
    (one,) = (await verified(world)).disagreements.kept
    assert one.field == "body"


async def test_a_listing_that_is_behind_is_not_believed(tmp_path: Path) -> None:
    lag = timedelta(minutes=30)
    world = await World.make(tmp_path, a={"search_lag": lag}, b={})
    world.tools["a"].create({"title": "Ticket 0"})
    await rest(world)
    await rest(world)
    world.tools["b"].edit(next(iter(world.tools["b"].items)), {"title": "Edited in b"})
    await world.sync()
    world.clock.advance(600)
    await world.sync()
    found = await verified(world)
    assert found.links.agreeing == 1
    assert not found.disagreements.count


async def test_records_that_a_listing_leaves_out_are_read_by_id(tmp_path: Path) -> None:
    world = await quiet(tmp_path, records=10)
    world.tools["b"].faults.add("changes", "listing_loses:50")
    found = await verified(world)
    assert found.links.agreeing == 10
    assert (found.unlisted["b"], found.one_sided.count) == (5, 0)


async def test_a_side_that_cannot_be_read_is_a_failure_and_nothing_is_guessed(
    tmp_path: Path,
) -> None:
    world = await quiet(tmp_path)
    world.tools["b"].faults.add("*", "down", times=100)
    found = await verified(world)
    assert (found.state, list(found.stopped)) == ("failed", ["b"])
    assert found.links.compared == found.one_sided.count == found.orphans.count == 0
    assert await world.store.read(runs.last_verify, "s") is None


async def test_two_and_a_half_thousand_records_are_read_page_by_page(tmp_path: Path) -> None:
    world = await quiet(tmp_path, records=2500)
    slip(world.tools["b"], pair(world, 1777)[1], title="Changed by nobody")
    before = world.reads()
    steps: list[tuple[str, int]] = []
    found = await verified(world, progress=lambda step, done: steps.append((step, done)))
    assert (found.links.agreeing, found.links.differing) == (2499, 1)
    assert [done for step, done in steps if done] == [500, 1000, 1500, 2000, 2500]
    assert ("2500 records of a read", 0) in steps
    # 25 pages a side, and by id the one pair that differs.
    assert {s: n - before[s] for s, n in world.reads().items()} == {"a": 26, "b": 26}


async def test_what_it_came_to_is_kept_with_its_run(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    slip(world.tools["b"], pair(world)[1], title="Changed by nobody")
    found = await verified(world)
    kept = await world.store.read(runs.last_verify, "s")
    assert kept is not None and kept.report is not None
    assert (kept.id, kept.kind, kept.state) == (found.run, "verify", "attention")
    assert kept.report["agreement"] == 2 / 3
    last = await world.store.read(runs.last_pass, "s")
    assert last is not None and last.kind == "sync"
