"""Links: what goes in comes out, and a record is in one link of a sync at most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncline.store import links, lookup
from syncline.store.errors import NotOne, StoreIntegrity
from syncline.store.rows import Link, LinkSide
from syncline.store.store import Store
from tests.unit.store.samples import SYNC, link, moved


async def test_links_are_found_by_id_by_record_and_by_address(store: Store) -> None:
    await store.write(links.insert, [link("l1"), link("l2"), link("l3", sync="another")])
    assert await store.read(links.load, ["l2", "l1", "nobody"]) == {
        "l1": link("l1"),
        "l2": link("l2"),
    }
    wanted = ["l1-desk", "l2-desk", "l3-desk", "l1-tracker"]
    found = await store.read(links.find, SYNC, "desk", wanted)
    assert found == {"l1-desk": "l1", "l2-desk": "l2"}
    by_url = await store.read(links.by_url, SYNC, ["https://desk.example/l1", "https://no.example"])
    assert by_url == {"https://desk.example/l1": link("l1")}


async def test_more_ids_than_a_statement_takes_variables_are_no_problem(store: Store) -> None:
    await store.write(links.insert, [link(f"l{n}") for n in range(1500)])
    many = [f"l{n}" for n in range(70_000)]
    assert len(await store.read(links.load, many)) == 1500
    found = await store.read(links.find, SYNC, "desk", [f"{id_}-desk" for id_ in many])
    assert len(found) == 1500


async def test_an_update_changes_fields_and_only_the_sides_that_differ(store: Store) -> None:
    await store.write(links.insert, [link("l1"), link("l2")])
    changed = moved(link("l1"), "tracker", version=8, state="out")
    changed = replace(changed, fields={"title": {"value": "New"}}, revision=1, dirty=True)
    await store.write(links.update, [changed])
    assert await store.read(links.load, ["l1", "l2"]) == {"l1": changed, "l2": link("l2")}


async def test_a_side_may_join_and_leave_a_link(store: Store) -> None:
    await store.write(links.insert, [link("l1")])
    wider = replace(link("l1"), sides={**link("l1").sides, "crm": LinkSide("crm", "c1")})
    await store.write(links.update, [wider])
    assert await store.read(links.load, ["l1"]) == {"l1": wider}
    narrower = replace(wider, sides={"crm": wider.sides["crm"]})
    await store.write(links.update, [narrower])
    assert await store.read(links.load, ["l1"]) == {"l1": narrower}


async def test_a_record_cannot_be_in_two_links_of_a_sync(store: Store) -> None:
    await store.write(links.insert, [link("l1"), link("other", sync="another")])
    thief = moved(link("l2"), "desk", record_id="l1-desk")
    with pytest.raises(StoreIntegrity, match="undone"):
        await store.write(links.insert, [link("l9"), thief])
    assert set(await store.read(links.load, ["l1", "l2", "l9"])) == {"l1"}
    elsewhere = moved(link("l3", sync="another"), "desk", record_id="l1-desk")
    await store.write(links.insert, [elsewhere])


@pytest.mark.parametrize("state", ["cut", "gone"])
async def test_a_record_cut_from_its_link_may_join_another(store: Store, state: str) -> None:
    await store.write(links.insert, [moved(link("l1"), "desk", state=state)])
    await store.write(links.insert, [moved(link("l2"), "desk", record_id="l1-desk")])
    assert await store.read(links.find, SYNC, "desk", ["l1-desk"]) == {"l1-desk": "l2"}
    assert "l1-desk" not in await store.read(links.versions, SYNC, "nobody")


async def test_a_record_moves_from_one_link_to_another_within_a_batch(store: Store) -> None:
    await store.write(links.insert, [link("l1"), link("l2")])
    first = moved(link("l1"), "desk", record_id="l2-desk")
    second = moved(link("l2"), "desk", record_id="l1-desk")
    await store.write(links.update, [first, second])
    assert await store.read(links.load, ["l1", "l2"]) == {"l1": first, "l2": second}


async def test_a_link_that_is_gone_is_not_updated_in_silence(store: Store) -> None:
    await store.write(links.insert, [link("l1")])
    with pytest.raises(StoreIntegrity, match="no longer there"):
        await store.write(links.update, [link("l1", revision=5), link("l2")])
    assert await store.read(links.load, ["l1"]) == {"l1": link("l1")}


async def test_pages_of_links_show_each_once(store: Store) -> None:
    ids = [f"l{n:03}" for n in range(25)]
    await store.write(links.insert, [link(i, dirty=int(i[1:]) % 2 == 0) for i in ids])
    await store.write(links.insert, [link("note", kind="comment", parent="l001", dirty=True)])
    assert [one.id for one in await _pages(store, links.page)] == ids
    dirty = [one.id for one in await _pages(store, links.dirty)]
    assert dirty == [*ids[::2], "note"]


async def _pages(store: Store, reader: object) -> list[Link]:
    found: list[Link] = []
    while page := await store.read(reader, SYNC, found[-1].id if found else None, 4):  # type: ignore[arg-type]
        found += page
    return found


async def test_the_beginning_of_an_id_has_to_fit_one_link_or_be_the_whole_id(
    store: Store,
) -> None:
    await store.write(links.insert, [link("abc"), link("abcd"), link("abx")])
    assert await store.read(lookup.by_id, SYNC, "abx") == "abx"
    assert await store.read(lookup.by_id, SYNC, "abc") == "abc"
    assert await store.read(lookup.by_id, SYNC, "no") is None
    with pytest.raises(NotOne, match="'ab' fits several: abc, abcd, abx"):
        await store.read(lookup.by_id, SYNC, "ab")


async def test_comments_are_found_by_their_parents(store: Store) -> None:
    notes = [link(f"n{n}", kind="comment", parent="l1") for n in range(3)]
    await store.write(links.insert, [link("l1"), link("l2"), *notes])
    assert await store.read(links.children, ["l1", "l2"]) == {"l1": notes}


async def test_versions_of_a_side_come_in_pages_for_a_census(store: Store) -> None:
    rows = [moved(link(f"l{n}"), "desk", version=n or None) for n in range(7)]
    await store.write(links.insert, [*rows, moved(link("l7"), "desk", state="gone")])
    known = {f"l{n}-desk": n or None for n in range(7)}
    assert await store.read(links.versions, SYNC, "desk") == known
    paged: dict[str, int | None] = {}
    while page := await store.read(links.versions, SYNC, "desk", max(paged, default=None), 3):
        assert len(page) <= 3
        paged |= page
    assert paged == known


async def test_counts_follow_every_insert_update_and_delete(store: Store) -> None:
    rows = [link("l1"), link("l2", dirty=True), link("l3", agreed=True)]
    await store.write(links.insert, [*rows, link("n1", kind="comment", parent="l1")])
    assert await store.read(links.count, SYNC) == {"links": 3, "agreed": 1, "dirty": 1}
    await store.write(links.update, [link("l2", agreed=True)])
    assert await store.read(links.count, SYNC) == {"links": 3, "agreed": 2, "dirty": 0}
    await store.write(links.delete, ["l2", "l3", "nobody"])
    assert await store.read(links.count, SYNC) == {"links": 1, "agreed": 0, "dirty": 0}
    assert await store.read(links.count, SYNC, "comment") == {"links": 1, "agreed": 0, "dirty": 0}
    assert await store.read(links.count, "another") == {"links": 0, "agreed": 0, "dirty": 0}


async def test_a_deleted_link_takes_its_sides_with_it(store: Store) -> None:
    await store.write(links.insert, [link("l1")])
    await store.write(links.delete, ["l1"])
    assert await store.read(links.find, SYNC, "desk", ["l1-desk"]) == {}
    await store.write(links.insert, [moved(link("l2"), "desk", record_id="l1-desk")])
