"""Observations: kept until a decision took them into account, and handed out link by link."""

from __future__ import annotations

from dataclasses import replace

from syncline.store import observations
from syncline.store.rows import Observation
from syncline.store.store import Store
from tests.unit.store.samples import NOW, SYNC, seen


async def test_a_later_observation_of_a_record_replaces_the_earlier(store: Store) -> None:
    await store.write(observations.put, [seen("r1"), seen("r2")])
    later = seen("r1", fields={"subject": "Later"}, version=4, deleted=True, in_scope=False)
    await store.write(observations.put, [later])
    found = await store.read(observations.of_records, SYNC, "desk", ["r1", "r2", "r3"])
    assert found == {"r1": later, "r2": seen("r2")}


async def test_pages_of_pending_never_cut_a_link_in_two(store: Store) -> None:
    rows = [
        seen(f"{link_id}-{side}", side=side, link_id=link_id)
        for link_id in ("l1", "l2", "l3", "l4")
        for side in ("desk", "tracker", "crm")
    ]
    await store.write(observations.put, rows)
    pages: list[list[Observation]] = []
    while page := await store.read(
        observations.pending, SYNC, 4, pages[-1][-1].link_id if pages else None
    ):
        pages.append(page)
    shown = [one for page in pages for one in page]
    assert shown == sorted(rows, key=lambda one: (one.link_id, one.side))
    owners = [{one.link_id for one in page} for page in pages]
    assert sum(map(len, owners)) == len(set().union(*owners)) == 4


async def test_a_page_smaller_than_a_link_still_holds_the_whole_link(store: Store) -> None:
    sides = ("desk", "tracker", "crm")
    rows = [seen(side, side=side, link_id="l1") for side in sides]
    await store.write(observations.put, [*rows, seen("next", link_id="l2")])
    assert len(await store.read(observations.pending, SYNC, 1)) == 3


async def test_what_is_held_is_not_pending_until_it_is_released(store: Store) -> None:
    rows = [seen("r1", link_id="l1"), seen("r2", link_id="l2")]
    await store.write(observations.put, rows)
    await store.write(observations.hold, SYNC, [("desk", "r1"), ("desk", "r2")])
    assert await store.read(observations.pending, SYNC, 10) == []
    held = replace(rows[0], state="held")
    assert await store.read(observations.of_links, SYNC, ["l1"]) == {"l1": {"desk": held}}
    await store.write(observations.release_held, SYNC, ["l1", "nobody"])
    assert await store.read(observations.pending, SYNC, 10) == [rows[0]]


async def test_of_two_records_of_a_side_the_later_seen_speaks_for_the_link(store: Store) -> None:
    old = seen("a", link_id="l1", seen_at=NOW)
    new = seen("b", link_id="l1", seen_at=NOW.replace(hour=10))
    await store.write(observations.put, [new, old])
    assert await store.read(observations.of_links, SYNC, ["l1"]) == {"l1": {"desk": new}}


async def test_an_attached_record_becomes_work_of_its_link(store: Store) -> None:
    loose = seen("r1", state="unlinked", match_key="key")
    await store.write(observations.put, [loose])
    await store.write(observations.attach, SYNC, [("desk", "r1", "l1")])
    attached = replace(loose, state="new", link_id="l1")
    assert await store.read(observations.pending, SYNC, 10) == [attached]


async def test_a_decided_observation_is_gone_and_the_others_stay(store: Store) -> None:
    await store.write(observations.put, [seen("r1"), seen("r2"), seen("r1", side="tracker")])
    await store.write(observations.delete, SYNC, [("desk", "r1"), ("desk", "never seen")])
    assert set(await store.read(observations.of_records, SYNC, "desk", ["r1", "r2"])) == {"r2"}
    assert set(await store.read(observations.of_records, SYNC, "tracker", ["r1"])) == {"r1"}
