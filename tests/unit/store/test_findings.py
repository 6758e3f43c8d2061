"""Conflicts, parked actions, deviations and tombstones: kept until somebody settles them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncline.store.errors import NotOne
from syncline.store.findings import conflicts, deviations, parked, tombstones
from syncline.store.store import Store
from tests.unit.store.samples import NOW, SYNC, conflict, deviation, tombstone
from tests.unit.store.samples import parked as parked_row

LATER = NOW + timedelta(hours=1)


async def test_an_answer_counts_only_for_the_candidates_it_was_given_to(store: Store) -> None:
    await store.write(conflicts.put, [conflict()])
    edited = conflict(digest="digest-2", created_at=LATER)
    await store.write(conflicts.put, [edited])
    assert not await store.write(conflicts.answer, "c1", "digest-1", {"value": "One"})
    known = replace(edited, created_at=NOW)
    assert await store.read(conflicts.list, SYNC) == [known]
    assert await store.write(conflicts.answer, "c1", "digest-2", {"value": None})
    answered = replace(known, state="answered", answer={"value": None})
    assert await store.read(conflicts.of_links, ["l1"]) == {"l1": [answered]}


async def test_a_resolved_conflict_waits_no_longer_and_can_still_be_read(store: Store) -> None:
    match = conflict("c2", link_id=None, kind="match", created_at=LATER)
    await store.write(conflicts.put, [conflict("c1"), match, conflict("c3", sync="another")])
    assert await store.read(conflicts.count, SYNC) == 2
    await store.write(conflicts.resolve, ["c1"])
    assert await store.read(conflicts.list, SYNC) == [match]
    assert [one.id for one in await store.read(conflicts.list)] == ["c3", "c2"]
    assert await store.read(conflicts.get, "c1") == conflict("c1", state="resolved")
    assert not await store.write(conflicts.answer, "c1", "digest-1", {"value": "One"})
    assert await store.read(conflicts.of_links, ["l1", "l2"]) == {
        "l1": [conflict("c3", sync="another")]
    }


async def test_the_beginning_of_an_id_is_enough_while_it_fits_one(store: Store) -> None:
    await store.write(conflicts.put, [conflict("ab1"), conflict("ab2"), conflict("ab")])
    assert await store.read(conflicts.get, "ab2") == conflict("ab2")
    assert await store.read(conflicts.get, "ab") == conflict("ab")
    assert await store.read(conflicts.get, "%") is None
    with pytest.raises(NotOne, match="ab, ab1, ab2"):
        await store.read(conflicts.get, "a")


async def test_parking_the_same_action_again_keeps_its_id_and_its_age(store: Store) -> None:
    await store.write(parked.put, [parked_row("p1"), parked_row("p2", field="assignee")])
    again = parked_row("p9", reason="still no such status", digest="d", created_at=LATER)
    await store.write(parked.put, [again])
    known = replace(again, id="p1", created_at=NOW)
    found = [known, parked_row("p2", field="assignee")]
    assert await store.read(parked.of_links, ["l1"]) == {"l1": found}
    assert await store.read(parked.list) == found
    await store.write(parked.clear, ["p1"])
    assert await store.read(parked.list, SYNC) == found[1:]
    assert await store.read(parked.count, SYNC) == 1


async def test_a_deviation_is_one_a_field_of_a_side(store: Store) -> None:
    await store.write(deviations.put, [deviation(), deviation(side="desk")])
    newer = deviation(value="Another", shown={"summary": "Anoth"})
    await store.write(deviations.put, [newer])
    assert await store.read(deviations.of_links, ["l1"]) == {"l1": [deviation(side="desk"), newer]}
    assert await store.read(deviations.count, SYNC) == 2
    await store.write(deviations.clear, [("l1", "desk", "title")])
    assert await store.read(deviations.list, SYNC) == [newer]


async def test_a_tombstone_is_confirmed_without_forgetting_when_it_began(store: Store) -> None:
    await store.write(tombstones.put, [tombstone(), tombstone(record_id="2")])
    sure = tombstone(state="confirmed", first_seen_at=LATER, confirmed_at=LATER)
    await store.write(tombstones.put, [sure])
    known = replace(sure, first_seen_at=NOW)
    assert await store.read(tombstones.list, SYNC, "confirmed") == [known]
    assert await store.read(tombstones.of_links, ["l1"]) == {
        "l1": [known, tombstone(record_id="2")]
    }


async def test_an_adopted_record_has_no_tombstone_in_any_link(store: Store) -> None:
    unlinked = tombstone(link_id="l2", reason="unlinked")
    others = [tombstone(record_id="2"), tombstone(side="tracker")]
    await store.write(tombstones.put, [tombstone(), unlinked, *others])
    dead = await store.read(tombstones.of_records, SYNC, "desk", ["1", "3"])
    assert dead == {"1": [tombstone(), unlinked]}
    await store.write(tombstones.lift, [(SYNC, "desk", "1")])
    assert await store.read(tombstones.list, SYNC) == others
