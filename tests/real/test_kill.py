"""`kill -9` at any moment, while the wire loses replies: nothing twice, nothing lost.

Each round, people make and edit some fifty records on both sides, a `syncline sync` is killed at a
moment that the round's seed chooses, and then it runs again until there is nothing to do. A ledger
of unique texts says what must be there, once. To repeat a round, put its seed alone into ROUNDS.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.real.forked import Forked
from tests.real.world import SIDES, SYNC, World

pytestmark = pytest.mark.real

ROUNDS = range(22)
WITH_COMMENTS = range(100, 104)
WITHOUT_KEYS = range(200, 204)
MADE = {"desk": 4, "tracker": 4}
EDITED = {False: {"desk": 28, "tracker": 10}, True: {"desk": 12, "tracker": 6}}
"""Edits of a round: fewer where comments are copied, each of which costs a request more."""
COMMENTED = 3
GUARDS = {"max_changed_percent": 100, "max_writes_per_hour": 100}
"""People here type more in an hour than they do in a week."""
LOST = 0.1
"""How many of the replies to writes never arrive."""
WRITES = {
    "desk": r"^/REST/2\.0/(ticket/|tickets/bulk)",
    "tracker": r"^/issues(/\d+)?\.json",
}
MOMENTS = {False: 60, True: 90}
"""Requests of a pass over a round's records, without and with comments: the kill comes after one of
them."""


@dataclass
class Ledger:
    """What people wrote last: the title of each record, by its ids, and comments by record."""

    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    comments: dict[tuple[str, str], list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def forked() -> Iterator[Forked]:
    server = Forked()
    yield server
    server.stop()


class Rounds:
    """The rounds of one test, over records that stay from one to the next."""

    def __init__(
        self, world: World, forked: Forked, *, keys: bool = True, comments: bool = False
    ) -> None:
        self.world, self.forked, self.keys, self.comments = world, forked, keys, comments
        self.ledger = Ledger()
        self.out = world.folder / "out.json"
        self.killed = 0
        self.parked = 0

    def prepare(self) -> None:
        def settings(told: dict[str, Any]) -> None:
            # Every record may change at once here.
            told["syncs"][SYNC]["guards"] = GUARDS
            if not self.comments:
                del told["syncs"][SYNC]["comments"]
                told["syncs"][SYNC]["links"] = "off"
            for connection in told["connections"].values():
                if not self.keys:
                    del connection["key_field"]

        self.world.configure(settings)
        self.make("first", EDITED[self.comments])
        self.until_quiet()
        self.check()

    def one(self, seed: int) -> None:
        dice = random.Random(seed)
        mark = f"r{seed}"
        self.act(mark, dice)
        for side in SIDES:
            proxy = self.world.proxy(side)
            proxy.clear()
            for method in ("POST", "PUT"):
                proxy.fault(
                    "drop_after_apply",
                    method=method,
                    path=WRITES[side],
                    times=None,
                    rate=LOST,
                )
        moment, delay = dice.randrange(1, MOMENTS[self.comments]), dice.random() * 0.05
        print(f"seed {seed}: kill {delay * 1000:.0f} ms after request {moment}", end="")
        self.kill(moment, delay)
        if dice.random() < 0.5:
            self.heal()
        self.until_quiet()
        self.check()

    # What people do.

    def act(self, mark: str, dice: random.Random) -> None:
        known = sorted(self.ledger.titles)
        number = EDITED[self.comments]["desk"]
        chosen = dice.sample(known, sum(EDITED[self.comments].values()))
        said = dice.sample(known, 2 * COMMENTED) if self.comments else []
        at_desk, at_tracker = chosen[:number], chosen[number:]
        with ThreadPoolExecutor() as both:
            waiting = [
                both.submit(self.edit_desk, mark, at_desk, said[:COMMENTED]),
                both.submit(self.edit_tracker, mark, at_tracker, said[COMMENTED:]),
            ]
            for one in waiting:
                one.result()
        self.make(mark, MADE)

    def edit_desk(self, mark: str, ids: list[tuple[str, str]], said: list[tuple[str, str]]) -> None:
        for pair in ids:
            self.ledger.titles[pair] = f"{mark} desk edited {pair[0]}"
        edits = [{"id": int(pair[0]), "Subject": self.ledger.titles[pair]} for pair in ids]
        self.world.ann.api.call("PUT", "/tickets/bulk", edits)
        for pair in said:
            text = f"{mark} said at desk {pair[0]}"
            self.world.ann.say(pair[0], f"<p>{text}</p>", public=False)
            self.ledger.comments.setdefault(pair, []).append(text)

    def edit_tracker(
        self, mark: str, ids: list[tuple[str, str]], said: list[tuple[str, str]]
    ) -> None:
        for pair in ids:
            self.ledger.titles[pair] = f"{mark} tracker edited {pair[1]}"
            self.world.bob.edit(pair[1], subject=self.ledger.titles[pair])
        for pair in said:
            text = f"{mark} said in tracker {pair[1]}"
            self.world.bob.note(pair[1], text, private=True)
            self.ledger.comments.setdefault(pair, []).append(text)

    def make(self, mark: str, numbers: dict[str, int]) -> None:
        """New records; their titles are in `self.fresh` until both sides have them."""
        desk = [
            {
                "Queue": "Support",
                "Subject": f"{mark} desk made {number}",
                "Content": f"<p>{mark} desk body {number}</p>",
                "ContentType": "text/html",
            }
            for number in range(numbers["desk"])
        ]
        self.world.ann.api.call("POST", "/tickets/bulk", desk)
        tracker = [f"{mark} tracker made {number}" for number in range(numbers["tracker"])]
        for title in tracker:
            self.world.bob.create(title, f"{title}, in words")
        self.fresh = [str(one["Subject"]) for one in desk] + tracker

    # What happens to Syncline.

    def start(self) -> int:
        argv = ["sync", SYNC, "--config", str(self.world.config), "--json"]
        return self.forked.start(argv, self.world.secrets, self.out)

    def kill(self, moment: int, delay: float) -> None:
        """A pass that is killed, unless it ends before."""
        proxies = [self.world.proxy(side) for side in SIDES]
        pid = self.start()
        while sum(len(proxy.requests) for proxy in proxies) < moment and _lives(pid):
            time.sleep(0.002)
        time.sleep(delay)
        if _lives(pid):
            os.kill(pid, signal.SIGKILL)
        code = self.forked.wait()
        self.killed += code == -signal.SIGKILL
        print(f", {'ended' if code >= 0 else 'killed'}", end="")
        self.age_lease()

    def age_lease(self) -> None:
        """Let the five seconds pass for which a dead run's lease is honoured."""
        past = (datetime.now(UTC) - timedelta(seconds=6)).isoformat()
        with closing(sqlite3.connect(self.world.folder / ".syncline" / "state.db")) as store, store:
            store.execute("update lease set last_sign = ? where holder is not null", (past,))

    def heal(self) -> None:
        for side in SIDES:
            self.world.proxy(side).heal()

    def until_quiet(self) -> None:
        """Passes until one has left nothing to do; with comments, until one has written nothing."""
        for number in range(8):
            before = self.writes()
            self.start()
            code = self.forked.wait()
            quiet = self.writes() == before if self.comments else code == 0 and self.agreed()
            if code in (0, 3) and not self.open_intents() and (quiet or code == 3):
                print(f", quiet after {number + 1} passes")
                break
            self.heal()
            # A lost create counts as never sent ten seconds after its run, and passes are quick.
            time.sleep(3 if self.open_intents() else 0.4)
        else:
            raise AssertionError(f"not quiet after 8 passes: {self.out.read_text()}")
        self.settle_what_waits(code)

    def settle_what_waits(self, code: int) -> None:
        """With keys nothing may wait for a person; without them only lost creates may."""
        if code == 0:
            return
        waiting = self.world.parked()
        assert not self.keys, (waiting, self.world.conflicts())
        assert self.world.conflicts() == []
        assert {one["action"] for one in waiting} == {"create"}, waiting
        self.parked += len(waiting)

    def writes(self) -> int:
        return sum(self.world.proxy(side).writes for side in SIDES)

    def agreed(self) -> bool:
        report = json.loads(self.out.read_text().splitlines()[-1])
        return bool(report["links"] == report["agreed"])

    def open_intents(self) -> int:
        with closing(sqlite3.connect(self.world.folder / ".syncline" / "state.db")) as store:
            found = store.execute("select count(*) from intent where state = 'open'")
            return int(found.fetchone()[0])

    # What there must be.

    def check(self) -> None:
        desk = self.titles_at_desk()
        tracker = self.titles_in_tracker()
        twice = [
            t for t, n in (Counter(desk.values()) | Counter(tracker.values())).items() if n > 1
        ]
        assert twice == [], "made twice"
        assert sorted(desk.values()) == sorted(tracker.values())
        for (ticket, issue), title in self.ledger.titles.items():
            assert (desk.pop(ticket), tracker.pop(issue)) == (title, title), "an edit was lost"
        assert sorted(desk.values()) == sorted(self.fresh), "a record was lost"
        issues = {title: issue for issue, title in tracker.items()}
        self.ledger.titles.update({(t, issues[title]): title for t, title in desk.items()})
        self.fresh = []
        self.check_comments()

    def check_comments(self) -> None:
        for (ticket, issue), texts in self.ledger.comments.items():
            here = [text for _, _, text in self.world.ann.texts(ticket)]
            there = [text for _, _, text in self.world.bob.notes(issue)]
            for text in texts:
                found = [sum(text in one for one in side) for side in (here, there)]
                assert found == [1, 1], f"{text!r} is there {found} times"
        self.ledger.comments.clear()

    def titles_at_desk(self) -> dict[str, str]:
        found: dict[str, str] = {}
        path = "/tickets?query=id%20%3E%200&fields=Subject&orderby=id&per_page=100&page="
        page: list[Any] = [None] * 100
        while len(page) == 100:
            page = self.world.ann.api.call("GET", f"{path}{len(found) // 100 + 1}")["items"]
            found |= {str(one["id"]): one["Subject"] for one in page}
        return found

    def titles_in_tracker(self) -> dict[str, str]:
        found: dict[str, str] = {}
        page: list[Any] = [None] * 100
        while len(page) == 100:
            path = f"/issues.json?status_id=*&sort=id&limit=100&offset={len(found)}"
            page = self.world.bob.api.call("GET", path)["issues"]
            found |= {str(one["id"]): one["subject"] for one in page}
        return found


def _lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_killed_pass_makes_no_record_twice_and_loses_no_edit(
    world: World, forked: Forked
) -> None:
    rounds = Rounds(world, forked)
    rounds.prepare()
    for seed in ROUNDS:
        rounds.one(seed)
    assert rounds.killed >= len(ROUNDS) // 2
    before = rounds.writes()
    world.syncline("sync", SYNC)
    assert rounds.writes() == before


def test_a_killed_pass_makes_no_comment_twice_and_loses_none(world: World, forked: Forked) -> None:
    rounds = Rounds(world, forked, comments=True)
    rounds.prepare()
    for seed in WITH_COMMENTS:
        rounds.one(seed)
    assert rounds.killed >= len(WITH_COMMENTS) // 2


def test_without_a_place_for_keys_a_lost_create_is_found_or_parked_but_never_repeated(
    world: World, forked: Forked
) -> None:
    rounds = Rounds(world, forked, keys=False)
    rounds.prepare()
    for seed in WITHOUT_KEYS:
        rounds.one(seed)
