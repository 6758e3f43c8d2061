"""Two workspaces in one database never see each other, however alike their ids are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from syncline.simulation.clock import ManualClock
from syncline.store import (
    connections,
    cursors,
    inbox,
    intents,
    journal,
    links,
    lookup,
    matching,
    observations,
    people,
    runs,
    state,
    workspaces,
)
from syncline.store.findings import conflicts, deviations, parked, tombstones
from syncline.store.rows import PersonRow
from syncline.store.sql import Query, Tx
from syncline.store.store import Store
from syncline.store.tables import link, link_side
from tests.unit.store import samples
from tests.unit.store.samples import NOW, SYNC
from tests.unit.store.watching import sent


def fill(tx: Tx, mark: str) -> None:
    """One row of everything; ids are the same in every workspace, `mark` is not."""
    links.insert(tx, [samples.link(fields={"mark": mark}, dirty=True)])
    links.insert(tx, [samples.link("note", kind="comment", parent="l1", fields={"mark": mark})])
    observations.put(tx, [samples.seen("r1", link_id="l1", fields={"mark": mark})])
    loose = samples.seen("r2", state="unlinked", match_key="k", url="u", fields={"mark": mark})
    observations.put(tx, [loose, replace(loose, record_id="r3", state="new")])
    cursors.save(tx, SYNC, "desk", mark, mark)
    intents.insert(tx, [samples.intent(reason=mark)])
    journal.append(tx, [samples.entry(rule=mark)])
    conflicts.put(tx, [samples.conflict(digest=mark)])
    parked.put(tx, [samples.parked(reason=mark)])
    deviations.put(tx, [samples.deviation(reason=mark)])
    tombstones.put(tx, [samples.tombstone(evidence=mark)])
    people.put(tx, [PersonRow("desk", "ann", "ann@example.com", mark)])
    connections.put(tx, "desk", NOW, account=mark)
    runs.start(tx, samples.run(kind=mark))
    state.put(tx, SYNC, "key", mark)
    inbox.put(tx, "desk", "d1", [("ticket", mark)], NOW)
    inbox.put(tx, mark, "d1", [("ticket", "1")], NOW)
    workspaces.ensure(tx, mark.encode(), NOW)


def everything(tx: Tx) -> dict[str, Any]:
    """What every query function answers."""
    return {
        "load": links.load(tx, ["l1"]),
        "find": links.find(tx, SYNC, "desk", ["l1-desk"]),
        "by_url": links.by_url(tx, SYNC, ["https://desk.example/l1"]),
        "dirty": links.dirty(tx, SYNC, None, 10),
        "page": links.page(tx, SYNC, None, 10),
        "children": links.children(tx, ["l1"]),
        "versions": links.versions(tx, SYNC, "desk"),
        "count": links.count(tx, SYNC),
        "pending": observations.pending(tx, SYNC, 10),
        "of_links": observations.of_links(tx, SYNC, ["l1"]),
        "of_records": observations.of_records(tx, SYNC, "desk", ["r1"]),
        "fresh": matching.fresh(tx, SYNC, None, 10),
        "matches": matching.by_key(tx, SYNC, ["k"]),
        "addresses": matching.by_url(tx, SYNC, ["u"]),
        "changed": matching.changed(tx, SYNC),
        "cursors": cursors.load(tx, SYNC),
        "open": intents.open(tx, SYNC),
        "intents": intents.of_links(tx, ["l1"], ["open", "applied"]),
        "intent": intents.load(tx, ["i1"]),
        "story": journal.of_link(tx, "l1"),
        "edits": journal.newest_edits(tx, SYNC, NOW, 10),
        "made": journal.of_kinds(tx, ["l1"], ["edit", "create"]),
        "hops": (journal.of_run(tx, "run1"), journal.links_of_run(tx, "run1")),
        "told": (journal.of_links(tx, ["l1"]), journal.of_field(tx, ["l1"], "title")),
        "written": journal.writes(tx, ["l1"], NOW),
        "conflicts": (
            conflicts.list(tx),
            conflicts.every(tx),
            conflicts.of_link(tx, "l1"),
            conflicts.of_links(tx, ["l1"]),
            conflicts.get(tx, "c"),
        ),
        "asked": conflicts.count(tx, SYNC),
        "parked": (parked.list(tx), parked.of_links(tx, ["l1"]), parked.count(tx, SYNC)),
        "deviations": (deviations.list(tx, SYNC), deviations.of_links(tx, ["l1"])),
        "deviating": deviations.count(tx, SYNC),
        "tombstones": (tombstones.list(tx, SYNC), tombstones.of_links(tx, ["l1"])),
        "dead": tombstones.of_records(tx, SYNC, "desk", ["1"]),
        "people": people.of_connection(tx, "desk"),
        "connections": (connections.list(tx), connections.get(tx, "desk")),
        "runs": (runs.list(tx), runs.last(tx, SYNC), runs.get(tx, "run")),
        "runs by id": runs.load(tx, ["run1"]),
        "seen by name": observations.by_name(tx, SYNC, "desk", "r2"),
        "passes": (runs.last_pass(tx, SYNC), runs.last_verify(tx, SYNC)),
        "state": state.get(tx, SYNC, "key"),
        "waiting": inbox.waiting(tx),
        "secret": workspaces.secret(tx),
        "named": (lookup.by_id(tx, SYNC, "l"), lookup.by_name(tx, SYNC, "desk", "l1-desk")),
        "alike": lookup.names(tx, SYNC, "desk", "l1"),
        "returning": matching.returning(tx, SYNC),
    }


def empty(tx: Tx) -> None:
    """Change, then take away, what a workspace has, in every way there is."""
    links.update(tx, [samples.link(fields={"mark": "changed"})])
    links.delete(tx, ["l1", "note"])
    observations.attach(tx, SYNC, [("desk", "r2", "l9")])
    observations.hold(tx, SYNC, [("desk", "r1")])
    observations.release_held(tx, SYNC, ["l1"])
    matching.leave(tx, SYNC, [("desk", "r3", "other")])
    observations.delete(tx, SYNC, [("desk", f"r{n}") for n in range(4)])
    cursors.drop(tx, SYNC)
    intents.close(tx, [("i1", "applied", "changed")], NOW)
    conflicts.answer(tx, "c1", "acme", {"value": "changed"})
    conflicts.resolve(tx, ["c1"])
    parked.clear(tx, ["p1"])
    deviations.clear(tx, [("l1", "tracker", "title")])
    tombstones.lift(tx, [(SYNC, "desk", "1")])
    people.put(tx, [PersonRow("desk", "ann", None, "changed", False)])
    connections.put(tx, "desk", NOW, account="changed", health={"ok": False})
    runs.finish(tx, samples.run(state="failed"))
    state.put(tx, SYNC, "key", "changed")
    journal.append(tx, [samples.entry(rule="changed")])
    inbox.forget(tx, NOW + timedelta(days=1))


async def test_a_workspace_sees_and_changes_only_its_own_rows(
    url: str, store: Store, clock: ManualClock
) -> None:
    async with await Store.open(url, "globex", clock) as other:
        nothing = await other.read(everything)
        await store.write(fill, "acme")
        assert await other.read(everything) == nothing
        await other.write(fill, "globex")
        theirs, ours = await other.read(everything), await store.read(everything)
        assert "acme" not in repr(theirs) and "globex" in repr(theirs)
        assert "globex" not in repr(ours)
        await store.write(empty)
        assert await other.read(everything) == theirs
        assert await store.read(everything) != ours


async def test_no_statement_forgets_the_workspace(store: Store) -> None:
    statements = await store.write(sent, lambda tx: fill(tx, "acme"))
    statements += await store.write(sent, everything)
    statements += await store.write(sent, empty)
    assert len(statements) > 80
    for sql, _ in statements:
        head = "(workspace" if sql.startswith("INSERT") else "workspace = "
        assert head in sql, sql


def test_a_query_of_two_tables_is_refused_as_it_would_reach_the_rows_of_others() -> None:
    with pytest.raises(ValueError, match="too many values"):
        Query(select(link.c.id, link_side.c.side))


async def test_the_first_secret_of_a_workspace_stays(store: Store) -> None:
    assert await store.read(workspaces.secret) is None
    assert await store.write(workspaces.ensure, b"first \x00\xff", NOW) == b"first \x00\xff"
    assert await store.write(workspaces.ensure, b"second", NOW) == b"first \x00\xff"
    assert await store.read(workspaces.secret) == b"first \x00\xff"
