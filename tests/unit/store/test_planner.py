"""SQLite finds records by their index, however many are asked for and however few it has seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncline.simulation.clock import ManualClock
from syncline.store import intents, links, matching, observations, people
from syncline.store.findings import conflicts, deviations, parked, tombstones
from syncline.store.sql import Tx
from syncline.store.store import Store
from tests.unit.store.samples import SYNC
from tests.unit.store.watching import sent

MANY = [f"id{n}" for n in range(500)]


def plans(tx: Tx, work: Callable[[Tx], object]) -> list[str]:
    """How SQLite means to find what `work` asks for: one line a table it reads."""
    lines: list[str] = []
    for sql, parameters in sent(tx, work):
        plan = tx.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(parameters))
        lines += [row[3] for row in plan]
    return lines


LOOKUPS: dict[str, tuple[Callable[[Tx], object], str]] = {
    "links": (lambda tx: links.load(tx, MANY), "id=?"),
    "links of records": (lambda tx: links.find(tx, SYNC, "desk", MANY), "record_id=?"),
    "links by address": (lambda tx: links.by_url(tx, SYNC, MANY), "url=?"),
    "comments": (lambda tx: links.children(tx, MANY), "parent=?"),
    "undecided": (lambda tx: observations.of_links(tx, SYNC, MANY), "link_id=?"),
    "held": (lambda tx: observations.release_held(tx, SYNC, MANY), "link_id=?"),
    "observations": (lambda tx: observations.of_records(tx, SYNC, "desk", MANY), "record_id=?"),
    "matches": (lambda tx: matching.by_key(tx, SYNC, MANY), "match_key=?"),
    "addresses": (lambda tx: matching.by_url(tx, SYNC, MANY), "url=?"),
    "intents": (lambda tx: intents.of_links(tx, MANY, ["open"]), "link_id=?"),
    "conflicts": (lambda tx: conflicts.of_links(tx, MANY), "link_id=?"),
    "parked": (lambda tx: parked.of_links(tx, MANY), "link_id=?"),
    "deviations": (lambda tx: deviations.of_links(tx, MANY), "link_id=?"),
    "tombstones": (lambda tx: tombstones.of_links(tx, MANY), "link_id=?"),
    "dead records": (lambda tx: tombstones.of_records(tx, SYNC, "desk", MANY), "record_id=?"),
    "handles": (lambda tx: people.of_connection(tx, "desk", MANY), "handle=?"),
}


BESIDE = ("USE TEMP", "LIST SUBQUERY", "SCAN json_each")
"""Sorting what was found, and unpacking what is asked for."""


@pytest.mark.parametrize("name", LOOKUPS)
async def test_many_are_looked_up_one_by_one_and_never_by_reading_the_table(
    clock: ManualClock, name: str
) -> None:
    work, column = LOOKUPS[name]
    async with await Store.open("sqlite://", "acme", clock, inline=True) as store:
        lines = [line for line in await store.read(plans, work) if not line.startswith(BESIDE)]
    assert lines
    assert all(column in line for line in lines), lines


def _idle(tx: Tx) -> None:
    """Everything a pass asks that has nothing to do."""
    links.dirty(tx, SYNC, None, 100)
    links.count(tx, SYNC)
    observations.pending(tx, SYNC, 100)
    matching.fresh(tx, SYNC, None, 100)
    matching.changed(tx, SYNC)
    matching.deleted(tx, SYNC)
    intents.open(tx, SYNC)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_an_idle_pass_reads_only_indexes_of_what_is_left_to_do(
    url: str, clock: ManualClock
) -> None:
    async with await Store.open(url, "acme", clock):
        pass
    async with await Store.open(url, "acme", clock) as store:
        lines = await store.read(plans, _idle)
    used = [line.split("INDEX ")[1].split(" ")[0] for line in lines if "INDEX " in line]
    assert used == [
        "link_dirty",
        "sqlite_autoindex_link_total_1",
        "link_differs",
        "link_undelivered",
        "observation_linked",
        "observation_loose",
        "observation_linked",
        "observation_linked",
        "intent_open",
    ]
    assert not any("SCAN" in line for line in lines)
