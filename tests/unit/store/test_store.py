"""The store itself: whole transactions or none, one thread, many processes, clear refusals."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from syncline.simulation.clock import ManualClock
from syncline.store import cursors, journal, links, observations
from syncline.store.errors import StoreError, StoreIntegrity, StoreLocked, StoreUnavailable
from syncline.store.lease import Lease
from syncline.store.sql import Tx
from syncline.store.store import Store
from tests.unit.store.samples import SYNC, entry, link, seen


def _insert_and_fail(tx: Tx) -> None:
    links.insert(tx, [link()])
    raise RuntimeError("a mistake of the caller")


async def test_a_step_that_fails_stores_nothing_and_the_next_one_works(store: Store) -> None:
    with pytest.raises(RuntimeError, match="a mistake of the caller"):
        await store.write(_insert_and_fail)
    assert await store.read(links.load, ["l1"]) == {}
    await store.write(links.insert, [link()])
    assert await store.read(links.load, ["l1"]) == {"l1": link()}


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await store.read(links.insert, [link()])
    assert await store.read(links.count, SYNC) == {"links": 0, "agreed": 0, "dirty": 0}


async def test_what_is_written_past_the_store_while_it_reads_is_not_kept(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with await Store.open(f"sqlite:///{tmp_path}/state.db", "acme", clock) as store:
        await store.write(links.insert, [link()])
        await store.read(lambda tx: tx.cursor().execute("DELETE FROM link"))
        assert set(await store.read(links.load, ["l1"])) == {"l1"}


async def test_transactions_run_in_one_thread_that_is_not_the_event_loops(store: Store) -> None:
    threads = await asyncio.gather(*(store.read(_thread) for _ in range(20)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


def _thread(_tx: Tx) -> int:
    return threading.get_ident()


async def test_an_inline_store_runs_in_the_callers_thread(clock: ManualClock) -> None:
    async with await Store.open("sqlite://", "acme", clock, inline=True) as store:
        assert await store.read(_thread) == threading.get_ident()
        await store.write(links.insert, [link()])
        assert await store.read(links.load, ["l1"]) == {"l1": link()}


async def test_the_event_loop_runs_on_while_the_database_works(store: Store) -> None:
    started, finish = threading.Event(), threading.Event()

    def slow(_tx: Tx) -> str:
        started.set()
        assert finish.wait(10)
        return "done"

    work = asyncio.create_task(store.write(slow))
    while not started.is_set():
        await asyncio.sleep(0.001)
    finish.set()
    assert await work == "done"


async def test_a_step_whose_caller_was_cancelled_is_still_whole(store: Store) -> None:
    started, finish = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        links.insert(tx, [link("l1")])
        started.set()
        assert finish.wait(10)
        links.insert(tx, [link("l2")])

    work = asyncio.create_task(store.write(slow))
    while not started.is_set():
        await asyncio.sleep(0.001)
    work.cancel()
    finish.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert set(await store.read(links.load, ["l1", "l2"])) == {"l1", "l2"}


async def test_cursors_and_what_they_cover_are_stored_together_or_not_at_all(store: Store) -> None:
    def page(tx: Tx, cursor: str, fail: bool) -> None:
        observations.put(tx, [seen(cursor)])
        cursors.save(tx, SYNC, "desk", cursor, "fp")
        if fail:
            raise RuntimeError("killed")

    await store.write(page, "one", False)
    with pytest.raises(RuntimeError):
        await store.write(page, "two", True)
    assert (await store.read(cursors.load, SYNC))["desk"].value == "one"
    assert set(await store.read(observations.of_records, SYNC, "desk", ["one", "two"])) == {"one"}


async def test_a_locked_file_names_the_file_the_holder_and_what_to_do(
    tmp_path: Path, clock: ManualClock
) -> None:
    file = tmp_path / "state.db"
    async with await Store.open(f"sqlite:///{file}?timeout=0.05", "acme", clock) as store:
        await Lease.acquire(store, SYNC, "host-1 run 7", clock)
        blocker = sqlite3.connect(file, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked) as caught:
            await store.write(links.insert, [link()])
        message = str(caught.value)
        assert str(file) in message and "host-1 run 7" in message and "try again" in message
        assert await store.read(links.load, ["l1"]) == {}
        blocker.execute("ROLLBACK")
        blocker.close()
        await store.write(links.insert, [link()])
        assert set(await store.read(links.load, ["l1"])) == {"l1"}


async def test_a_reader_is_not_kept_waiting_by_a_writer(tmp_path: Path, clock: ManualClock) -> None:
    file = tmp_path / "state.db"
    async with await Store.open(f"sqlite:///{file}?timeout=0.05", "acme", clock) as store:
        await store.write(links.insert, [link()])
        blocker = sqlite3.connect(file, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        blocker.execute("DELETE FROM link")
        assert set(await store.read(links.load, ["l1"])) == {"l1"}
        blocker.execute("ROLLBACK")
        blocker.close()


@pytest.mark.parametrize(
    "url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
async def test_a_lost_connection_is_said_and_then_made_anew(store: Store) -> None:
    await store.write(links.insert, [link()])
    with pytest.raises(StoreUnavailable, match="cannot be used: terminating connection"):
        await store.write(_cut_own_connection)
    assert set(await store.read(links.load, ["l1"])) == {"l1"}


def _cut_own_connection(tx: Tx) -> None:
    tx.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_a_mistake_in_a_statement_is_not_told_as_a_store_out_of_reach(store: Store) -> None:
    with pytest.raises(Exception, match="nowhere") as caught:
        await store.read(lambda tx: tx.cursor().execute("SELECT * FROM nowhere"))
    assert not isinstance(caught.value, StoreError)
    assert await store.read(links.load, ["l1"]) == {}


async def test_errors_do_not_show_what_was_to_be_stored(store: Store) -> None:
    await store.write(links.insert, [link()])
    secret = link("l2", fields={"title": {"value": "a customer's words"}})
    stolen = {**secret.sides, "desk": link().sides["desk"]}
    with pytest.raises(StoreIntegrity) as caught:
        await store.write(links.insert, [link("l2", fields=secret.fields, sides=stolen)])
    assert "customer" not in str(caught.value)
    assert "customer" not in str(caught.value.__cause__)


_WRITER = """
import asyncio, sys
from syncline.observability import SystemClock
from syncline.store import journal, links
from syncline.store.store import Store
from tests.unit.store.samples import entry, link

def work(tx):
    links.insert(tx, [link(f"l{n}") for n in range(3000)])
    journal.append(tx, [entry()])
    print("half way", flush=True)
    sys.stdin.readline()

async def main():
    store = await Store.open(sys.argv[1], "acme", SystemClock())
    await store.write(links.insert, [link("before")])
    await store.write(work)

asyncio.run(main())
"""


async def test_a_process_killed_in_a_transaction_leaves_nothing_half_written(
    url: str, clock: ManualClock
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    with process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"half way\n"
        os.kill(process.pid, signal.SIGKILL)
    async with await Store.open(url, "acme", clock) as store:
        assert await store.read(links.count, SYNC) == {"links": 1, "agreed": 0, "dirty": 0}
        assert set(await store.read(links.load, ["before", "l1", "l2999"])) == {"before"}
        assert await store.read(journal.of_run, "run1") == []
        await store.write(journal.append, [entry()])


_COUNTER = """
import asyncio, sys
from syncline.observability import SystemClock
from syncline.store import state
from syncline.store.store import Store

def add(tx):
    state.put(tx, "s", "n", (state.get(tx, "s", "n") or 0) + 1)

async def main():
    store = await Store.open(sys.argv[1], "acme", SystemClock())
    for _ in range(50):
        await store.write(add)
    await store.aclose()

asyncio.run(main())
"""


async def test_two_processes_open_one_new_file_and_lose_none_of_each_others_writes(
    tmp_path: Path, clock: ManualClock
) -> None:
    from syncline.store import state

    url = f"sqlite:///{tmp_path}/state.db"
    command = [sys.executable, "-c", _COUNTER, url]
    both = [subprocess.Popen(command, cwd=Path(__file__).parents[3]) for _ in range(2)]
    for process in both:
        assert await asyncio.to_thread(process.wait) == 0
    async with await Store.open(url, "acme", clock) as store:
        assert await store.read(state.get, "s", "n") == 100


async def test_a_new_file_that_another_process_is_making_is_waited_for(
    tmp_path: Path, clock: ManualClock
) -> None:
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    async with await Store.open(f"sqlite:///{tmp_path}/state.db", "acme", clock) as store:
        await store.write(links.insert, [link()])
    release.join()
    other.close()


async def test_a_new_file_that_another_process_does_not_let_go_is_refused(
    tmp_path: Path, clock: ManualClock
) -> None:
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked, match="another process has been writing"):
        await Store.open(f"sqlite:///{tmp_path}/state.db?timeout=0.1", "acme", clock)
    other.close()


async def test_a_file_that_may_only_be_read_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    sqlite3.connect(tmp_path / "state.db").execute("CREATE TABLE theirs (id)").connection.close()
    url = f"sqlite:///file:{tmp_path}/state.db?mode=ro&uri=true"
    with pytest.raises(StoreUnavailable, match="cannot be used: attempt to write a readonly"):
        await Store.open(url, "acme", clock)
