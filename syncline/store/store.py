"""The store as the rest of Syncline sees it: transactions of one workspace, awaited.

One thread owns the connection and runs the transactions one after another, so the event loop never
waits on the database. What runs in a transaction is a plain function that takes a `Tx` first:

    store = await Store.open("sqlite:///.syncline/state.db", "acme", clock)
    found = await store.read(links.load, ids)
    await store.commit(lease, links.update, changed)

A transaction that was begun is finished even when the task awaiting it is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Concatenate, ParamSpec, Protocol, Self, TypeVar

from sqlalchemy import Connection

from syncline.sdk.clock import Clock
from syncline.store.database import Database
from syncline.store.sql import Tx

__all__ = ["Fence", "Store", "Tx"]

P = ParamSpec("P")
T = TypeVar("T")


class Fence(Protocol):
    """What `Store.commit` asks before it lets a transaction through: a lease."""

    def check(self, tx: Tx) -> None:
        """Raise LeaseLost unless the lease is still held, as seen by this very transaction."""
        ...


class Store:
    """The state of one workspace in a SQLite file or a PostgreSQL database."""

    def __init__(
        self, database: Database, workspace: str, clock: Clock, thread: ThreadPoolExecutor | None
    ) -> None:
        self.workspace = workspace
        self.clock = clock
        self._database = database
        self._thread = thread

    @classmethod
    async def open(cls, url: str, workspace: str, clock: Clock, *, inline: bool = False) -> Self:
        """Open the store, making its folder and tables where they are missing.

        `inline` runs every transaction in the caller's thread, for a deterministic simulator.
        Raises StoreUnavailable, StoreLocked or StoreTooNew; nothing is then changed.
        """
        thread = None if inline else ThreadPoolExecutor(1, thread_name_prefix="syncline-store")
        store = cls(Database(url), workspace, clock, thread)
        try:
            await store._in_thread(store._database.open)
        except BaseException:
            await store.aclose()
            raise
        return store

    async def read(
        self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`fn(tx, *args)` in a transaction that sees one moment and cannot write."""
        return await self._run(False, None, fn, *args, **kwargs)

    async def write(
        self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`fn(tx, *args)` in a write transaction without a lease: what people's commands do.

        On PostgreSQL others may write beside it: what it reads may have changed before it writes,
        so that what depends on a reading belongs under a lease, or in one statement.
        """
        return await self._run(True, None, fn, *args, **kwargs)

    async def commit(
        self,
        lease: Fence,
        fn: Callable[Concatenate[Tx, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`fn(tx, *args)` in a write transaction that first proves the lease is still held.

        Raises LeaseLost, and stores nothing, when another run has taken the sync over.
        """
        return await self._run(True, lease, fn, *args, **kwargs)

    async def aclose(self) -> None:
        """Close the connection and end the thread, after the transactions already asked for."""
        await self._in_thread(self._database.close)
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _run(
        self,
        write: bool,
        fence: Fence | None,
        fn: Callable[Concatenate[Tx, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def work(connection: Connection) -> T:
            tx = Tx(connection, self.workspace, write)
            if fence is not None:
                fence.check(tx)
            return fn(tx, *args, **kwargs)

        return await self._in_thread(lambda: self._database.run(work, write=write))

    async def _in_thread(self, job: Callable[[], T]) -> T:
        if self._thread is None:
            return job()
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)
