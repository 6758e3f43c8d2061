"""The inbox of webhooks: a delivery is kept once, per connection, until it is too old."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from syncline.sdk.webhook import REPLAY_WINDOW
from syncline.simulation.clock import ManualClock
from syncline.store import inbox
from syncline.store.inbox import KEPT, Waiting
from syncline.store.sql import Query, Tx
from syncline.store.store import Store
from syncline.store.tables import webhook_inbox
from tests.unit.store.samples import NOW

SEVEN, EIGHT = ("issue", "7"), ("issue", "8")
LATER = NOW + timedelta(minutes=1)


def kept(tx: Tx) -> list[tuple[str, ...]]:
    """Every row: connection, delivery, record type, id."""
    of = webhook_inbox.c
    query = Query(select(of.connection, of.delivery, of.record, of.record_id))
    return sorted(tuple(row) for row in query.rows(tx))


async def test_a_delivery_that_comes_again_is_kept_once_with_its_first_time(store: Store) -> None:
    assert await store.write(inbox.put, "jira", "d1", [SEVEN, EIGHT, SEVEN], NOW) == 2
    assert await store.write(inbox.put, "jira", "d1", [SEVEN, EIGHT], LATER) == 0
    assert await store.read(kept) == [("jira", "d1", *SEVEN), ("jira", "d1", *EIGHT)]
    assert await store.read(inbox.waiting) == {"jira": Waiting(2, NOW)}


async def test_two_stores_that_take_the_same_delivery_at_once_keep_it_once(
    url: str, store: Store, clock: ManualClock
) -> None:
    async with await Store.open(url, "acme", clock) as other:
        new = await asyncio.gather(
            *(one.write(inbox.put, "jira", "d1", [SEVEN], NOW) for one in (store, other) * 20)
        )
    assert sorted(new) == [0] * 39 + [1]


async def test_connections_with_the_same_ids_do_not_cross(store: Store) -> None:
    await store.write(inbox.put, "jira", "d1", [SEVEN], NOW)
    assert await store.write(inbox.put, "other", "d1", [SEVEN], LATER) == 1
    assert await store.read(inbox.waiting) == {"jira": Waiting(1, NOW), "other": Waiting(1, LATER)}


async def test_several_deliveries_about_one_record_are_one_record_that_waits(store: Store) -> None:
    await store.write(inbox.put, "jira", "d1", [SEVEN, EIGHT], NOW)
    await store.write(inbox.put, "jira", "d2", [SEVEN], LATER)
    assert await store.read(inbox.waiting) == {"jira": Waiting(2, LATER)}


async def test_a_delivery_that_hints_at_nothing_leaves_no_trace(store: Store) -> None:
    assert await store.write(inbox.put, "jira", "d1", [], NOW) == 0
    assert await store.read(kept) == []


async def test_what_is_too_old_is_forgotten_and_the_rest_stays(store: Store) -> None:
    await store.write(inbox.put, "jira", "d1", [SEVEN], NOW)
    await store.write(inbox.put, "jira", "d2", [EIGHT], LATER)
    assert await store.write(inbox.forget, LATER) == 1
    assert await store.read(kept) == [("jira", "d2", *EIGHT)]


def test_a_delivery_is_remembered_for_longer_than_its_signature_is_believed() -> None:
    assert KEPT > 2 * REPLAY_WINDOW
