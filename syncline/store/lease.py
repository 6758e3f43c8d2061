"""Leases: at most one run works on a sync, and one that was overtaken stores nothing.

A lease is a row. Its holder signs it each second; whoever finds the last sign more than five
seconds old takes it over and raises the fencing token. Every commit of a run signs the row under
its own token in the same transaction (`Lease.check`), so a run that slept through its own end
finds out before it stores anything, whatever the clocks say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from sqlalchemy import select

from syncline.sdk import permit
from syncline.sdk.clock import Clock
from syncline.store.codec import moment, stamp
from syncline.store.errors import LeaseHeld, LeaseLost, StoreUnavailable
from syncline.store.sql import Query, Tx, upsert
from syncline.store.sql import update as updating
from syncline.store.store import Store
from syncline.store.tables import lease

BEAT = 1.0
"""Seconds between two signs of life."""

PATIENCE = timedelta(seconds=5)
"""A holder without a sign for longer than this is taken for dead."""

_make = upsert(lease, ("sync",), keep=("holder", "token", "since", "last_sign"))
_held = Query(
    select(lease.c.holder, lease.c.token, lease.c.since, lease.c.last_sign).with_for_update(),
    ("sync",),
)
_grant = updating(lease, ("holder", "token", "since", "last_sign"), ("sync",))
_MINE = ("sync", "token", "holder")
_sign = updating(lease, ("last_sign",), _MINE)
_release = updating(lease, ("holder",), _MINE)


class Lease:
    """One run's hold on a sync (or on one partition of it, under a name of its own).

    `before`: the last sign of life of whoever held it before.
    """

    def __init__(
        self, store: Store, sync: str, holder: str, taken: tuple[int, datetime | None], clock: Clock
    ) -> None:
        self.sync = sync
        self.holder = holder
        self.token, self.before = taken
        self.lost = False
        self._store = store
        self._clock = clock
        self._signed = clock.now(), clock.monotonic()

    @classmethod
    async def acquire(cls, store: Store, sync: str, holder: str, clock: Clock) -> Lease:
        """Take the lease: free, released, or left by a holder that gave no sign for 5 seconds.

        `holder` names this run to people: host, process, run. Raises LeaseHeld.
        """
        taken = await store.write(_take, sync, holder, clock)
        return cls(store, sync, holder, taken, clock)

    def check(self, tx: Tx) -> None:
        """Prove within a transaction that the lease is held, and sign it. Raises LeaseLost.

        The row stays locked until the transaction ends, so nobody can take over in between.
        """
        if _sign.run(tx, [(stamp(self._clock.now()), self.sync, self.token, self.holder)]) != 1:
            self.lost = True
            raise LeaseLost(self.sync, self.holder)

    async def confirm(self) -> None:
        """Return while the last sign is fresh; else give one first. Raises LeaseLost.

        Asked before each request that changes a tool: a run that slept sends nothing once another
        has taken its place. Both clocks count, since one of them stands still while a machine
        sleeps and the other may be set.
        """
        while not self._fresh():
            await self.renew()

    def _fresh(self) -> bool:
        at, count = self._signed
        apart = abs(self._clock.now() - at)
        return max(apart, timedelta(seconds=self._clock.monotonic() - count)) < PATIENCE / 2

    async def renew(self) -> None:
        """Give a sign of life. Raises LeaseLost."""
        at = self._clock.now(), self._clock.monotonic()
        await self._store.write(self.check)
        self._signed = at

    async def release(self) -> None:
        """Give the lease back; harmless when it was lost."""
        await self._store.write(_release.run, [(None, self.sync, self.token, self.holder)])

    @asynccontextmanager
    async def keep(self) -> AsyncIterator[Lease]:
        """Renew each second while the block runs. `lost` turns true when it was taken over."""
        heart = asyncio.create_task(self._beat())
        try:
            with permit.granted_by(self.confirm):
                yield self
        finally:
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart

    async def _beat(self) -> None:
        while not self.lost:
            await self._clock.sleep(BEAT)
            # A sign that could not be stored is no end: the next commit will tell.
            with suppress(LeaseLost, StoreUnavailable):
                await self.renew()


def _take(tx: Tx, sync: str, holder: str, clock: Clock) -> tuple[int, datetime | None]:
    _make.run(tx, [(sync, None, 0, None, None)])
    (row,) = _held.rows(tx, sync=sync)
    now = clock.now()
    if row.holder is not None and _alive(moment(row.last_sign), now):
        raise LeaseHeld(sync, row.holder, moment(row.since), moment(row.last_sign))
    token = int(row.token) + 1
    _grant.run(tx, [(holder, token, stamp(now), stamp(now), sync)])
    return token, moment(row.last_sign) if row.last_sign is not None else None


def _alive(last_sign: datetime, now: datetime) -> bool:
    """Whether a sign is recent. One from the future is as old as it is ahead: a holder whose clock
    ran fast and that died must not block the sync until the others' clocks get there."""
    return abs(now - last_sign) <= PATIENCE
