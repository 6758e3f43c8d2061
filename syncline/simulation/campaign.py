"""Many stories, one after the other or several at once, added up; can be stopped and resumed."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from syncline.simulation.draw import draw
from syncline.simulation.runner import Outcome, play
from syncline.simulation.shrink import shrink
from syncline.simulation.story import Story

CHUNK = 10
"""Seeds that a process is given at once."""

TWICE = 100
"""Every so many seeds are played twice: the same seed must give the same trace, byte for byte."""


FLOORS = {
    "answers": 150,
    "death: after": 100,
    "death: before": 100,
    "death: torn": 100,
    "edits": 5000,
    "edits by robots": 5,
    "fault: drop_after_apply": 60,
    "fault: drop_before": 60,
    "fault: listing_loses": 60,
    "fault: partial": 50,
    "fault: retry": 100,
    "fault: torn": 60,
    "groups that agree": 1000,
    "hub: archive": 1,
    "hub: comment": 300,
    "operators: adopt": 10,
    "operators: unlink": 20,
    "passes that died": 1000,
    "records: archive": 30,
    "records: delete": 30,
    "records: hide": 15,
    "records: leave": 20,
    "records: merge": 10,
    "records: restore": 5,
    "records: return": 5,
    "records: show": 5,
    "undos": 50,
}
"""How often things must happen in a thousand stories: about a third of what was seen. A swarm that
no longer meets a trouble would go on to find nothing wrong."""

SIMULATED = ("engine", "mapping", "schema", "sdk", "simulation", "store")
"""Packages whose code a story plays, or is made and judged by; but for the suite that connectors
are tested with."""


@cache
def code() -> str:
    """Names exactly the code that is simulated: what it came to says nothing of any other."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for package in SIMULATED:
        for path in sorted((root / package).rglob("*.py")):
            if "testing" in path.parts:
                continue
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(slots=True)
class Tally:
    """What seeds `first` up to `end` came to. `broken`: (seed, check, words), the first of each
    check of each seed."""

    first: int
    end: int
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def delivered(self) -> float:
        """The share of people's edits that arrived everywhere, or were replaced knowingly."""
        arrived, not_yet = self.counts["edits delivered"], self.counts["edits not delivered"]
        return arrived / (arrived + not_yet) if arrived + not_yet else 1.0

    def faults(self) -> dict[str, int]:
        """How often which fault struck."""
        return {
            name.removeprefix("fault: "): count
            for name, count in sorted(self.counts.items())
            if name.startswith("fault: ")
        }

    def rare(self) -> dict[str, tuple[int, int]]:
        """What happened less often than it must if these seeds are to prove anything: how often,
        and how often it must. Nothing is asked of a few seeds."""
        number = self.end - self.first
        if number < 1000:
            return {}
        wanted = {name: floor * number // 1000 for name, floor in FLOORS.items()}
        return {n: (self.counts[n], least) for n, least in wanted.items() if self.counts[n] < least}

    def add(self, other: Tally) -> None:
        """Put the next seeds to these."""
        self.end = other.end
        self.counts.update(other.counts)
        self.broken += other.broken

    def save(self, path: Path) -> None:
        """Keep it in a file, whole or not at all."""
        body = {
            "code": code(),
            "first": self.first,
            "end": self.end,
            "counts": self.counts,
            "broken": self.broken,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
        beside.replace(path)

    @classmethod
    def load(cls, path: Path) -> Tally:
        """Read what `save` kept. Raises ValueError where the file is none of those, or tells what
        other code came to."""
        try:
            body: dict[str, Any] = orjson.loads(path.read_bytes())
            if body["code"] != code():
                raise ValueError(f"{path} tells what other code came to ({body['code']})")
            broken = [(int(seed), str(check), str(words)) for seed, check, words in body["broken"]]
            return cls(int(body["first"]), int(body["end"]), Counter(body["counts"]), broken)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(f"{path} does not hold the state of a simulation") from error


def seeds(first: int, end: int, jobs: int) -> Iterator[Tally]:
    """Play the seeds from `first` up to `end`, and give the sum of each few, in order."""
    chunks = [(at, min(at + CHUNK, end)) for at in range(first, end, CHUNK)]
    if jobs == 1:
        yield from map(_played, chunks)
        return
    # Forked, a process starts in no time and with everything loaded.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=fork) as pool:
        waiting = [pool.submit(_played, chunk) for chunk in chunks[: 2 * jobs]]
        rest = iter(chunks[2 * jobs :])
        try:
            while waiting:
                yield waiting.pop(0).result()
                with suppress(StopIteration):
                    waiting.append(pool.submit(_played, next(rest)))
        finally:
            pool.shutdown(cancel_futures=True)


def _played(chunk: tuple[int, int]) -> Tally:
    tally = Tally(*chunk)
    # Stories leave little behind that refers to itself; looking for it takes a fifth of the time.
    gc.disable()
    try:
        _play(tally, chunk)
    finally:
        gc.enable()
        gc.collect()
    return tally


def _play(tally: Tally, chunk: tuple[int, int]) -> None:
    for seed in range(*chunk):
        outcome = play(draw(seed))
        tally.counts.update(outcome.counts)
        tally.broken += [(seed, check, words) for check, words in _first_of_each(outcome)]
        if seed % TWICE == 0 and play(draw(seed)).fingerprint != outcome.fingerprint:
            tally.broken.append((seed, "trace", "the same seed gave another trace"))


def _first_of_each(outcome: Outcome) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for check, words in outcome.wrong:
        found.setdefault(check, words)
    return list(found.items())


def shortest(seed: int, check: str) -> Story:
    """The story of a seed, as short as it can be while it still breaks `check`."""
    return shrink(draw(seed), check, lambda story: {name for name, _ in play(story).wrong})
