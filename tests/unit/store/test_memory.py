"""What a workspace remembers around its links: cursors, people, connections, runs, small state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncline.store import connections, cursors, people, runs, state
from syncline.store.connections import ConnectionRow
from syncline.store.cursors import Cursor
from syncline.store.errors import NotOne
from syncline.store.rows import PersonRow
from syncline.store.store import Store
from tests.unit.store.samples import NOW, SYNC, run


async def test_a_cursor_moves_and_is_dropped(store: Store) -> None:
    await store.write(cursors.save, SYNC, "desk", "1", "f1")
    await store.write(cursors.save, SYNC, "desk", "2", "f2")
    await store.write(cursors.save, SYNC, "tracker", None, "f1")
    known = {"desk": Cursor("2", "f2"), "tracker": Cursor(None, "f1")}
    assert await store.read(cursors.load, SYNC) == known
    await store.write(cursors.drop, SYNC, ["desk"])
    assert set(await store.read(cursors.load, SYNC)) == {"tracker"}
    await store.write(cursors.save, "another", "desk", "9", "f")
    await store.write(cursors.drop, SYNC)
    assert await store.read(cursors.load, SYNC) == {}
    assert await store.read(cursors.load, "another") == {"desk": Cursor("9", "f")}


async def test_people_are_found_by_handle_and_several_may_share_an_e_mail(store: Store) -> None:
    ann = PersonRow("desk", "ann", "ann@example.com", "Ann")
    old = PersonRow("desk", "ann-old", "ann@example.com", "Ann", active=False)
    bot = PersonRow("desk", "bot", None, "Bot")
    await store.write(people.put, [old, replace(ann, name="?"), bot])
    await store.write(people.put, [ann, PersonRow("tracker", "ann", "ann@example.com", "A.")])
    assert await store.read(people.of_connection, "desk") == {
        "ann": ann,
        "ann-old": old,
        "bot": bot,
    }
    assert await store.read(people.of_connection, "desk", ["bot", "nobody"]) == {"bot": bot}


async def test_a_connection_is_remembered_piece_by_piece(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    assert await store.read(connections.get, "desk") is None
    await store.write(connections.put, "desk", NOW, connector="zendesk", account="acme/7")
    await store.write(connections.put, "desk", NOW, schema={"fields": []})
    await store.write(connections.put, "desk", later, health={"ok": False, "reason": "401"})
    expected = ConnectionRow(
        "desk", "zendesk", "acme/7", {"fields": []}, NOW, {"ok": False, "reason": "401"}, later
    )
    assert await store.read(connections.get, "desk") == expected
    await store.write(connections.put, "crm", NOW)
    assert await store.read(connections.list) == [ConnectionRow("crm"), expected]


async def test_a_run_is_listed_newest_first_with_how_it_ended(store: Store) -> None:
    rows = [run(f"run{n}", started_at=NOW + timedelta(minutes=n)) for n in range(3)]
    for one in [*rows, run("other", sync="another")]:
        await store.write(runs.start, one)
    done = replace(
        rows[1],
        state="done",
        finished_at=NOW + timedelta(minutes=5),
        counts={"updated": 2},
        requests={"desk": {"read": 1, "write": 0}},
        report={"notes": []},
    )
    await store.write(runs.finish, done)
    assert await store.read(runs.list, SYNC) == [rows[2], done, rows[0]]
    assert await store.read(runs.list, None, 1) == [rows[2]]
    assert await store.read(runs.last, SYNC) == rows[2]
    assert await store.read(runs.last, "never run") is None
    assert await store.read(runs.get, "run1") == done
    assert await store.read(runs.get, "no") is None
    with pytest.raises(NotOne):
        await store.read(runs.get, "run")


async def test_what_only_looked_or_moved_a_few_is_no_pass(store: Store) -> None:
    kinds = [("sync", "done"), ("sync", "refused"), ("plan", "done"), ("verify", "attention")]
    rows = [
        run(f"r{n}", kind=kind, state=state, started_at=NOW + timedelta(minutes=n))
        for n, (kind, state) in enumerate([*kinds, ("verify", "failed")])
    ]
    few = NOW + timedelta(minutes=9)
    rows.append(run("few", state="done", started_at=few, report={"partial": True}))
    assert await store.read(runs.last_pass, SYNC) is None
    assert await store.read(runs.last_verify, SYNC) is None
    for one in rows:
        await store.write(runs.start, one)
    assert await store.read(runs.last_pass, SYNC) == rows[0]
    assert await store.read(runs.last_verify, SYNC) == rows[3]


async def test_a_sync_remembers_small_things_and_its_fingerprint(store: Store) -> None:
    assert await store.read(state.get, SYNC, "accounts") is None
    await store.write(state.put, SYNC, "accounts", {"desk": "acme/7"})
    await store.write(state.put, SYNC, "accounts", {"desk": "acme/8"})
    assert await store.read(state.get, SYNC, "accounts") == {"desk": "acme/8"}
    assert await store.read(state.fingerprint, SYNC) is None
    await store.write(state.put, SYNC, "fingerprint", "abc")
    assert await store.read(state.fingerprint, SYNC) == "abc"
    assert await store.read(state.fingerprint, "another") is None
