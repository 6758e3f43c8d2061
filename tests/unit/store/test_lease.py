"""One writer: a live holder keeps the others out, and a dead one that wakes up stores nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from syncline.simulation.clock import ManualClock, SkewedClock
from syncline.store import links
from syncline.store.errors import LeaseHeld, LeaseLost
from syncline.store.lease import Lease
from syncline.store.store import Store
from tests.unit.store.samples import SYNC, link


@pytest.fixture
async def other(url: str, store: Store, clock: ManualClock) -> AsyncIterator[Store]:
    """The same workspace, opened by another process as far as the database can tell."""
    async with await Store.open(url, "acme", clock) as opened:
        yield opened


class HeldClock(ManualClock):
    """A clock on which a sleeper waits until the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.wake = asyncio.Event()
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asleep.set()
        await self.wake.wait()
        self.wake.clear()
        self.advance(seconds)

    async def beat(self) -> None:
        """Let the sleeper go on, and come back when it sleeps again."""
        self.asleep.clear()
        self.wake.set()
        await self.asleep.wait()


async def test_a_live_holder_is_named_to_whoever_comes_second(
    store: Store, other: Store, clock: ManualClock
) -> None:
    since = clock.now()
    lease = await Lease.acquire(store, SYNC, "host-1 run 7", clock)
    clock.advance(3)
    await lease.renew()
    clock.advance(4)
    with pytest.raises(LeaseHeld) as caught:
        await Lease.acquire(other, SYNC, "host-2 run 8", clock)
    assert caught.value.holder == "host-1 run 7"
    assert caught.value.since == since
    assert caught.value.last_sign == since + timedelta(seconds=3)


async def test_a_holder_without_a_sign_for_five_seconds_is_replaced(
    store: Store, other: Store, clock: ManualClock
) -> None:
    first = await Lease.acquire(store, SYNC, "one", clock)
    clock.advance(5)
    with pytest.raises(LeaseHeld):
        await Lease.acquire(other, SYNC, "two", clock)
    clock.advance(0.001)
    second = await Lease.acquire(other, SYNC, "two", clock)
    assert second.token > first.token


async def test_a_zombie_cannot_commit(store: Store, other: Store, clock: ManualClock) -> None:
    zombie = await Lease.acquire(store, SYNC, "one", clock)
    clock.advance(6)
    heir = await Lease.acquire(other, SYNC, "two", clock)
    with pytest.raises(LeaseLost, match="one no longer holds escalations"):
        await store.commit(zombie, links.insert, [link()])
    assert zombie.lost
    assert await store.read(links.load, ["l1"]) == {}
    await other.commit(heir, links.insert, [link()])
    assert await store.read(links.load, ["l1"]) == {"l1": link()}


async def test_a_zombie_of_the_same_name_cannot_commit_either(
    store: Store, other: Store, clock: ManualClock
) -> None:
    zombie = await Lease.acquire(store, SYNC, "same", clock)
    clock.advance(6)
    await Lease.acquire(other, SYNC, "same", clock)
    with pytest.raises(LeaseLost):
        await store.commit(zombie, links.insert, [link()])


async def test_a_late_holder_that_nobody_replaced_goes_on(store: Store, clock: ManualClock) -> None:
    lease = await Lease.acquire(store, SYNC, "one", clock)
    clock.advance(60)
    await store.commit(lease, links.insert, [link()])
    assert await store.read(links.load, ["l1"]) == {"l1": link()}


async def test_a_commit_is_a_sign_of_life(store: Store, other: Store, clock: ManualClock) -> None:
    lease = await Lease.acquire(store, SYNC, "one", clock)
    clock.advance(4)
    await store.commit(lease, links.insert, [link()])
    clock.advance(4)
    with pytest.raises(LeaseHeld):
        await Lease.acquire(other, SYNC, "two", clock)


async def test_a_released_lease_is_free_at_once_and_useless_to_its_old_holder(
    store: Store, other: Store, clock: ManualClock
) -> None:
    first = await Lease.acquire(store, SYNC, "one", clock)
    await first.release()
    second = await Lease.acquire(other, SYNC, "two", clock)
    assert second.token > first.token
    with pytest.raises(LeaseLost):
        await first.renew()
    await first.release()
    await second.renew()


async def test_leases_of_different_syncs_and_workspaces_do_not_meet(
    url: str, store: Store, clock: ManualClock
) -> None:
    await Lease.acquire(store, SYNC, "one", clock)
    await Lease.acquire(store, "another", "two", clock)
    async with await Store.open(url, "globex", clock) as elsewhere:
        await Lease.acquire(elsewhere, SYNC, "three", clock)


async def test_a_dead_holder_whose_clock_ran_ahead_does_not_block_the_sync(
    store: Store, other: Store, clock: ManualClock
) -> None:
    ahead = SkewedClock(clock, timedelta(hours=1))
    await Lease.acquire(store, SYNC, "one", ahead)
    await Lease.acquire(other, SYNC, "two", clock)


async def test_of_many_that_come_at_once_exactly_one_gets_the_lease(
    store: Store, other: Store, clock: ManualClock
) -> None:
    tries = [Lease.acquire((store, other)[n % 2], SYNC, f"run {n}", clock) for n in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Lease) for result in results) == 1
    assert sum(isinstance(result, LeaseHeld) for result in results) == 7


async def test_a_kept_lease_outlives_its_patience(store: Store, other: Store) -> None:
    clock = HeldClock()
    lease = await Lease.acquire(store, SYNC, "one", clock)
    async with lease.keep():
        for _ in range(10):
            await clock.beat()
        with pytest.raises(LeaseHeld):
            await Lease.acquire(other, SYNC, "two", clock)
    await lease.renew()  # comes after a beat that was under way when the block ended
    clock.advance(6)
    await Lease.acquire(other, SYNC, "two", clock)


async def test_a_kept_lease_says_when_it_was_lost(store: Store, other: Store) -> None:
    clock = HeldClock()
    lease = await Lease.acquire(store, SYNC, "one", clock)
    async with lease.keep():
        await clock.asleep.wait()
        clock.advance(6)
        await Lease.acquire(other, SYNC, "two", clock)
        assert not lease.lost
        clock.wake.set()
        async with asyncio.timeout(5):
            while not lease.lost:
                await asyncio.sleep(0.01)
