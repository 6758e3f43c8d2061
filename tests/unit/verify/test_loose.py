"""Records that are missing, left over, or there twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syncline.engine.commands import unlink
from syncline.store import links
from syncline.store.findings import tombstones
from syncline.store.rows import Link, LinkSide
from syncline.store.sql import Tx
from syncline.verify.found import Duplicate, OneSided, Orphan
from tests.support.world import World
from tests.unit.verify.planted import links_of, pair, quiet, rest, verified


async def cut(world: World, link: Link) -> None:
    """Take a link out of the store, as a store restored from an old backup would lack it."""
    await world.store.write(links.delete, [link.id])


async def test_a_link_that_was_cut_leaves_two_orphans(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    a, b = pair(world, 1)
    link = next(one for one in await links_of(world) if one.sides["a"].record_id == a)
    await cut(world, link)
    found = await verified(world)
    assert found.orphans.kept == [
        Orphan("a", a, "unlinked", missing="b"),
        # The copy bears our marker, which names the link that is gone.
        Orphan("b", b, "marker", missing="a", link=link.id),
    ]
    assert found.agreement == 2 / 4


async def test_a_record_made_after_the_last_pass_is_no_orphan(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    world.clock.advance(600)
    world.tools["a"].create({"title": "New"})
    assert (await verified(world)).orphans.count == 0


async def test_where_nothing_is_made_a_record_without_a_link_is_no_orphan(tmp_path: Path) -> None:
    world = await World.make(tmp_path, a={}, b={}, create="never")
    world.tools["a"].create({"title": "Only here"})
    await rest(world)
    assert (await verified(world)).orphans.count == 0


async def test_a_link_without_the_record_that_a_side_should_have_made_is_an_orphan(
    tmp_path: Path,
) -> None:
    world = await quiet(tmp_path)
    a, b = pair(world)
    (link,) = (one for one in await links_of(world) if one.sides["a"].record_id == a)

    def forget(tx: Tx) -> None:
        sides = {"a": link.sides["a"]}
        links.update(tx, [Link(link.id, "s", "record", None, sides, link.fields)])

    await world.store.write(forget)
    world.tools["b"].delete(b)
    found = await verified(world)
    assert found.orphans.kept == [Orphan("a", a, "no_counterpart", "b", link.id)]


async def test_a_copied_record_with_a_copied_marker_is_a_duplicate(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    _, b = pair(world)
    tool = world.tools["b"]
    marker = tool.item(b).key
    clone = tool.create(tool.fields(b), key=marker)
    world.clock.advance(3600)
    found = await verified(world)
    assert found.duplicates.kept == [Duplicate("b", (b, clone), "marker", str(marker))]
    assert found.state == "attention"
    assert found.orphans.count == 0


async def test_equal_words_in_the_key_field_that_we_did_not_sign_are_no_duplicates(
    tmp_path: Path,
) -> None:
    world = await quiet(tmp_path)
    for _ in range(2):
        world.tools["b"].create({"title": "Mine"}, key="sl-id00002:b-0123456789abcdef")
    world.clock.advance(3600)
    assert (await verified(world)).duplicates.count == 0


async def test_two_records_that_name_the_same_counterpart_are_duplicates(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    a, b = pair(world)
    sides = {n: replace(s, references=("custom.about",)) for n, s in world.spec.sides.items()}
    world.change(sides=sides)
    tool, address = world.tools["b"], f"memory://a/{a}"
    tool.edit(b, {"custom": {"about": address}})
    other = tool.create({"title": "About the same", "custom": {"about": address}})
    tool.create({"title": "About nothing of ours", "custom": {"about": "memory://elsewhere/1"}})
    world.clock.advance(3600)
    found = await verified(world)
    assert found.duplicates.kept == [Duplicate("b", (b, other), "reference", address)]


async def test_a_record_in_two_links_is_a_duplicate(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    a, _ = pair(world)
    (mine,) = (one for one in await links_of(world) if one.sides["a"].record_id == a)

    def twice(tx: Tx) -> None:
        # The store refuses this by an index; what refuses may be broken too.
        tx.conn.exec_driver_sql("DROP INDEX link_side_record")
        links.insert(tx, [Link("again", "s", "record", None, {"a": LinkSide("a", a)}, {})])

    await world.store.write(twice)
    found = await verified(world)
    of = " ".join(sorted(["again", mine.id]))
    assert found.duplicates.kept == [Duplicate("a", (a,), "two_links", of)]


async def test_a_deleted_record_is_one_sided_until_a_pass_has_buried_it(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    a, b = pair(world)
    world.tools["b"].delete(b)
    found = await verified(world)
    (one,) = found.one_sided.kept
    assert (one.side, one.record, one.why, one.records) == ("b", b, "gone", {"a": a, "b": b})
    assert (found.deletions_unseen, found.agreement) == (1, 2 / 3)
    await world.sync(full=True)
    assert await world.store.read(tombstones.list, "s", "suspected")
    assert (await verified(world)).one_sided.count == 0
    await world.sync(full=True)
    assert await world.store.read(tombstones.list, "s", "confirmed")
    found = await verified(world)
    assert (found.one_sided.count, found.orphans.count, found.agreement) == (0, 0, 1.0)


async def test_records_that_were_cut_apart_are_no_orphans(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    link = (await links_of(world))[0]
    for side in ("a", "b"):
        link = await unlink(world.store, link, side, world.clock.now())
    await rest(world)
    found = await verified(world)
    assert (found.orphans.count, found.links.compared) == (0, 2)


async def test_a_record_that_is_hidden_from_us_is_one_sided_and_not_deleted(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    world.tools["b"].hide(pair(world)[1])
    found = await verified(world)
    assert [one.why for one in found.one_sided.kept] == ["hidden"]
    assert found.deletions_unseen == 0


async def test_a_merged_record_is_one_sided(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    world.tools["b"].merge(pair(world, 0)[1], pair(world, 1)[1])
    found = await verified(world)
    assert [(type(one), one.why) for one in found.one_sided.kept] == [(OneSided, "merged")]


async def test_a_link_whose_record_left_the_scope_is_neither_compared_nor_missing(
    tmp_path: Path,
) -> None:
    world = await quiet(tmp_path)
    a, b = pair(world)
    world.tools["a"].move(a, in_scope=False)
    assert (await verified(world)).out == 1
    await rest(world)
    world.tools["b"].edit(b, {"title": "On its own"})
    await rest(world)
    found = await verified(world)
    assert (found.out, found.links.compared, found.one_sided.count) == (1, 2, 0)


async def test_a_record_that_no_longer_fits_its_filter_is_out_of_scope(tmp_path: Path) -> None:
    world = await quiet(tmp_path)
    sides = dict(world.spec.sides)
    sides["a"] = replace(sides["a"], where=lambda values: values["title"] != "Ticket 1")
    world.change(sides=sides)
    found = await verified(world)
    assert (found.out, found.links.compared) == (1, 2)
