"""The benchmark's result as a Markdown page and as a table on the terminal."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.steps import FEW_CHANGED, SESSION, UNCHANGED, WRITES, Step


@dataclass(frozen=True, slots=True)
class Measure:
    """What one pass took: requests by tool and kind, and the process's own measures."""

    requests: Mapping[str, Mapping[str, int]]
    cpu: float
    wall: float
    memory: float

    @property
    def sent(self) -> int:
        """Requests without those that open the session."""
        kinds = (kinds.items() for kinds in self.requests.values())
        return sum(count for items in kinds for kind, count in items if kind not in SESSION)

    @property
    def session(self) -> int:
        return sum(sum(kinds.values()) for kinds in self.requests.values()) - self.sent

    @property
    def writes(self) -> int:
        kinds = (kinds.items() for kinds in self.requests.values())
        return sum(count for items in kinds for kind, count in items if kind in WRITES)


@dataclass(frozen=True, slots=True)
class Result:
    """One step at one size. `engine` is None where only the floor was run."""

    records: int
    step: Step
    floor: Measure
    engine: Measure | None


HEAD = (
    "records",
    "pass",
    "bound",
    "floor's requests",
    "engine's requests",
    "of bound (goal)",
    "writes",
    "floor CPU",
    "engine CPU",
    "of floor (goal)",
    "wall",
    "memory floor",
    "memory engine",
)


def row(result: Result) -> list[str]:
    """A line of the table."""
    step, floor, engine = result.step, result.floor, result.engine
    bound = sum(step.bound.values())
    line = [f"{result.records:,}", step.name, f"{bound:,}", f"{floor.sent:,}"]
    if engine is None:
        return [*line, "–", "–", "–", _seconds(floor.cpu), "–", "–", "–", _mb(floor.memory), "–"]
    session = f" + {engine.session}" if engine.session else ""
    return [
        *line,
        f"{engine.sent:,}{session}",
        _judged(engine.sent / bound, step.goal),
        _allowed(engine.writes, step.writes),
        _seconds(floor.cpu),
        _seconds(engine.cpu),
        _judged(engine.cpu / floor.cpu, step.cpu),
        _seconds(engine.wall),
        _mb(floor.memory),
        _mb(engine.memory),
    ]


def _judged(ratio: float, goal: float | None) -> str:
    if goal is None:
        return f"{ratio:.2f}"
    return f"{ratio:.2f} ({'≤' if ratio <= goal + 0.005 else 'missed'} {goal:g})"


def _allowed(writes: int, goal: int | None) -> str:
    if goal is None:
        return f"{writes:,}"
    return f"{writes:,} ({'≤' if writes <= goal else 'missed'} {goal})"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def _mb(value: float) -> str:
    return f"{value:.0f} MB"


def show(results: Sequence[Result]) -> None:
    """Print the table."""
    table = Table(*HEAD)
    for result in results:
        table.add_row(*row(result))
    Console(width=None if os.isatty(1) else 220).print(table)


def page(results: Sequence[Result]) -> str:
    """The Markdown page."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Two tools on loopback, in a process of their own whose work",
        "is not counted, hold records of about 4 KB. The *floor* is the least that a two-way sync",
        "must do, by hand (`tests/bench/floor.py`): it keeps no promise. The *bound* is the least",
        "number of requests that a pass can take (`tests/bench/steps.py`); `+` are requests that",
        "open the session (schema, people), which later passes do not repeat. Memory is the peak",
        "above what imports and open clients take. Floor and engine ran in turns, three times",
        "each: times are the least of them, as what else a machine does only adds. Ratios carry",
        "over.",
        "",
        *(f"- {name}: {value}" for name, value in machine().items()),
        "",
        f"| {' | '.join(HEAD)} |",
        f"|{'|'.join(' --- ' for _ in HEAD)}|",
        *(f"| {' | '.join(row(result))} |" for result in results),
        "",
    ]
    lines += [*(f"- {line}" for line in across(results)), ""]
    if any(result.engine is None for result in results):
        lines += ["The engine was not run: only the floor was measured.", ""]
    return "\n".join(lines)


def replaced(page: str, part: str, begin: str, end: str) -> str:
    """The page with its part between two marks replaced, or put at its end."""
    if begin in page:
        return re.sub(f"{begin}.*?{end}\n", lambda _: part, page, flags=re.DOTALL)
    return f"{page.rstrip()}\n\n{part}"


def across(results: Sequence[Result]) -> list[str]:
    """What only a comparison of two sizes tells: an unchanged pass and memory must not grow."""
    timed = {name: _by_size(results, name) for name in (UNCHANGED, FEW_CHANGED)}
    if len(timed[UNCHANGED]) < 2:
        return []
    (few, small), *_, (many, large) = timed[UNCHANGED]
    (_, less), *_, (_, more) = timed[FEW_CHANGED]
    peaks = {
        size: max(r.engine.memory for r in results if r.records == size and r.engine)
        for size in (few, many)
    }
    return [
        f"An unchanged pass over {many:,} records takes {_seconds(large.cpu)} of the processor, "
        f"over {few:,} {_seconds(small.cpu)} (goal 20 ms): "
        f"{_judged(large.cpu / small.cpu, 1.2)} times as much.",
        f"A pass with {FEW_CHANGED} takes {_seconds(more.cpu)} over {many:,} records, "
        f"{_seconds(less.cpu)} over {few:,}: {_judged(more.cpu / less.cpu, 1.2)} times as much.",
        f"Peak memory of the engine: {_mb(peaks[few])} at {few:,} records, {_mb(peaks[many])} at "
        f"{many:,} (goal 120 MB at 100,000).",
    ]


def _by_size(results: Sequence[Result], step: str) -> list[tuple[int, Measure]]:
    """What the engine took for one step, by the number of records."""
    return [(r.records, r.engine) for r in results if r.step.name == step and r.engine]


def machine() -> dict[str, str]:
    """What this was measured on, as the machine itself says."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    ram = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    git = ("git", "rev-parse", "--short", "HEAD")
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    packages = ("httpx", "orjson", "sqlalchemy", "pydantic")
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}",
        "processor": f"{cpu[1] if cpu else 'unknown'}, {os.cpu_count()} cores",
        "memory": f"{int(ram[1]) / 1024**2:.1f} GB" if ram else "unknown",
        "load when it ended": f"{os.getloadavg()[0]:.1f} over one minute",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "SQLite": sqlite3.sqlite_version,
        "packages": ", ".join(f"{name} {version(name)}" for name in packages),
    }
