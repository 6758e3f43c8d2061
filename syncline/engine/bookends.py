"""What a pass asks of the store at its beginning and its end: one transaction for each question,
because a pass that finds nothing to do consists of little else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncline.engine.spec import Sync
from syncline.store import connections, links, matching, people, runs, state
from syncline.store.findings import conflicts, parked
from syncline.store.rows import PersonRow, Run
from syncline.store.sql import Tx


@dataclass(frozen=True, slots=True)
class Begun:
    """What a pass knows when it begins."""

    people: Mapping[str, Mapping[str, PersonRow]]
    fingerprint: str | None
    links: int


def begin(tx: Tx, sync: Sync, run: Run, before: datetime | None) -> Begun:
    """Note the run, and that the one before it died if it never ended; say what is known.

    `before`: the last sign of whoever worked before.
    """
    runs.crashed(tx, sync.name, before)
    runs.start(tx, run)
    return Begun(
        {side: people.of_connection(tx, side) for side in sync.sides},
        state.fingerprint(tx, sync.name),
        links.total(tx, sync.name),
    )


def to_judge(tx: Tx, sync: str) -> tuple[int, dict[str, int]]:
    """How many links there are, and how many of their records show something new, by side."""
    return links.total(tx, sync), matching.changed(tx, sync)


def identity(tx: Tx, sync: Sync) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the sync ran on when it last went through, and what it runs on now: its configuration
    and the account behind each connection, as last described."""
    known = {name: state.get(tx, sync.name, name) for name in ("fingerprint", "accounts")}
    now = {"fingerprint": sync.fingerprint, "accounts": accounts(tx, list(sync.sides))}
    return known, now


def accounts(tx: Tx, names: Sequence[str]) -> dict[str, str]:
    """The account behind each of these connections, as last described."""
    return {
        row.name: row.account
        for row in connections.list(tx)
        if row.name in names and row.account is not None
    }


def know_identity(tx: Tx, sync: Sync, now: Mapping[str, Any]) -> None:
    """Keep what the sync ran on, for `identity`."""
    for name, value in now.items():
        state.put(tx, sync.name, name, value)


def came_to(tx: Tx, sync: str) -> tuple[dict[str, int], dict[str, int]]:
    """How many links there are and agree, and how much waits for people."""
    waiting = {"conflicts": conflicts.count(tx, sync), "parked": parked.count(tx, sync)}
    return links.count(tx, sync), waiting
