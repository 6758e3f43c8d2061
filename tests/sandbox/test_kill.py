"""`kill -9` at any moment, while both tools lose answers: nothing twice, nothing lost.

Each round people make and edit records in both tools, which then begin to misbehave; a `syncline
sync` is killed at a moment that the round's seed chooses, the faults end, and it runs again until
there is nothing to do. A ledger of titles says what must be there, once. SYNCLINE_KILLS says how
many rounds there are on each database, and then SYNCLINE_FIRST_KILL which seed is the first.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.real.forked import Forked
from tests.sandbox.two_tools import SIDES, SYNC, TwoTools, two_tools

GATE = {"sqlite": range(3), "postgresql": range(1, 2)}
"""The rounds that the gate has time for; the one on PostgreSQL is killed in the middle."""
KILLS = os.environ.get("SYNCLINE_KILLS")
FIRST = int(os.environ.get("SYNCLINE_FIRST_KILL", "0"))
RECORDS = 30
EDITED = 12
LONGEST = 1.5
"""Seconds after its start by which a pass is killed; most have ended by then."""

EVERYWHERE = {
    "entity": "ticket",
    "sides": {
        "support": {"record": "ticket", "create": "when_missing"},
        "tracker": {"record": "issue", "create": "when_missing", "defaults": {"type": "bug"}},
    },
    "match": ["marker", {"fields": ["title"]}],
    "fields": {
        "title": {},
        "body": {"sides": {"support": "source"}},
        "type": {"authority": "tracker"},
        "status": {"authority": "tracker"},
        "labels": {},
    },
    "links": "off",
    "guards": {"max_changed_percent": 100, "max_writes_per_hour": 100},
}
WRITES = {
    "support": [("POST", "/api/v2/tickets"), ("PUT", "/api/v2/tickets")],
    "tracker": [("POST", "/rest/api/3/issue"), ("PUT", "/rest/api/3/issue")],
}
AFTER = ("drop_after_apply", "status_after_apply:500", "status_after_apply:502")
BEFORE = ("drop_before", "status:503", "rate_limit:1", "partial:1", "lag:60")


@pytest.fixture(scope="module")
def forked() -> Iterator[Forked]:
    server = Forked()
    yield server
    server.stop()


def connected(store: str) -> Any:
    """Syncline's store, past Syncline."""
    path = store.removeprefix("sqlite:///")
    return psycopg.connect(store) if path == store else sqlite3.connect(path)


class Rounds:
    """The rounds, over records that stay from one to the next."""

    def __init__(self, tools: TwoTools, forked: Forked, store: str) -> None:
        self.tools, self.forked, self.store = tools, forked, store
        self.out = tools.folder / "out.json"
        self.titles: dict[tuple[str, str], str] = {}
        self.fresh: list[str] = []
        self.killed = 0

    def one(self, seed: int) -> None:
        dice = random.Random(seed)
        self.people(seed, dice)
        self.tools.later(90)
        faults = self.faults(dice)
        moment = dice.uniform(0.05, LONGEST)
        print(f"seed {seed}: kill after {moment:.2f} s with {faults}", end="")
        self.kill(moment)
        for side in SIDES:
            self.tools.ask(side, "DELETE", "/_sandbox/faults")
        self.until_quiet()
        self.check()

    def people(self, seed: int, dice: random.Random) -> None:
        """Edits of records, each in one tool, and some that are new."""
        chosen = dice.sample(sorted(self.titles), min(EDITED, len(self.titles)))
        for number, pair in enumerate(chosen):
            side = ("support", "tracker")[number % 2]
            self.titles[pair] = f"round {seed} in {side}: {number}"
            self.tools.retitle(side, pair[number % 2], self.titles[pair])
        for number in range(5):
            for side, record, name in (
                ("support", "ticket", "subject"),
                ("tracker", "issue", "summary"),
            ):
                title = f"round {seed} made in {side}: {number}"
                more = {"field:issuetype": "Bug"} if side == "tracker" else {}
                typed = {"person": "Leila Haddad", f"field:{name}": title, **more}
                self.tools.ask(side, "POST", f"/new/{record}", data=typed)
                self.fresh.append(title)

    def faults(self, dice: random.Random) -> list[str]:
        told = []
        for side in SIDES:
            for method, path in WRITES[side]:
                for action in (dice.choice(AFTER), dice.choice(BEFORE)):
                    fault = {"method": method, "path": path, "action": action}
                    times = dice.randrange(1, 4)
                    self.tools.ask(side, "POST", "/_sandbox/faults", json=fault | {"times": times})
                    told.append(f"{side} {method} {action}")
        return told

    # What happens to Syncline.

    def start(self) -> int:
        argv = ["sync", SYNC, "--config", str(self.tools.folder / "syncline.yaml"), "--json"]
        return self.forked.start(argv, {}, self.out)

    def kill(self, moment: float) -> None:
        pid = self.start()
        time.sleep(moment)
        if Path(f"/proc/{pid}/stat").exists():
            os.kill(pid, signal.SIGKILL)
        code = self.forked.wait()
        self.killed += code == -signal.SIGKILL
        print(f", {'ended' if code >= 0 else 'killed'}", end="")
        # The five seconds for which a dead run's lease is honoured.
        past = (datetime.now(UTC) - timedelta(seconds=6)).isoformat()
        with closing(connected(self.store)) as store, store:
            store.execute(f"update lease set last_sign = '{past}' where holder is not null")

    def until_quiet(self) -> None:
        for number in range(8):
            self.tools.later(90)
            time.sleep(0.3)
            self.tools.forget()
            self.start()
            code = self.forked.wait()
            written = sum(self.tools.sent(side).writes for side in SIDES)
            waits = self.open_intents()
            if code == 0 and not written and not waits:
                print(f", quiet after {number + 1} passes")
                return
            if waits and not written:
                # A lost create counts as never sent ten seconds after its run, and these are quick.
                time.sleep(3)
        raise AssertionError(f"not quiet after 8 passes: {code} {self.out.read_text()}")

    def open_intents(self) -> int:
        return self.count("intent where state = 'open'")

    def count(self, rows: str) -> int:
        with closing(connected(self.store)) as store:
            return int(store.execute(f"select count(*) from {rows}").fetchone()[0])

    # What there must be.

    def check(self) -> None:
        desk = {str(t["id"]): t["subject"] for t in self.tools.tickets()}
        tracker = {i["id"]: i["fields"]["summary"] for i in self.tools.issues()}
        counted: Counter[Any] = Counter(desk.values()) | Counter(tracker.values())
        assert [title for title, number in counted.items() if number > 1] == [], "made twice"
        assert sorted(desk.values()) == sorted(tracker.values())
        for (ticket, issue), title in self.titles.items():
            assert (desk.pop(ticket), tracker.pop(issue)) == (title, title), "an edit was lost"
        assert sorted(desk.values()) == sorted(self.fresh), "a record was lost"
        issues = {title: issue for issue, title in tracker.items()}
        self.titles.update({(ticket, issues[title]): title for ticket, title in desk.items()})
        self.fresh = []
        assert self.count("run where state = 'running'") == 0, "a dead pass is said to run"


def test_a_killed_pass_makes_nothing_twice_and_loses_no_edit(
    tmp_path: Path, forked: Forked, url: str
) -> None:
    seeds = range(FIRST, FIRST + int(KILLS)) if KILLS else GATE[url.partition(":")[0]]
    with two_tools(tmp_path, 0, search_lag="2s", store=url, **EVERYWHERE) as tools:
        rounds = Rounds(tools, forked, url)
        for number in range(RECORDS // 10):
            rounds.people(-1 - number, random.Random(0))
        rounds.until_quiet()
        rounds.check()
        for seed in seeds:
            rounds.one(seed)
        assert rounds.killed >= len(seeds) // 3
        report = json.loads(rounds.out.read_text().splitlines()[-1])
        assert report["counts"]["parked"] == report["counts"]["conflicts"] == 0
