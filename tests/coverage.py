"""How much of the engine, the store and the SDK the gate's plain tests run, branch by branch, and
how many lines of each connector.

`tests/coverage.toml` quotes each line that they do not run, or do not leave in every direction, and
gives the reason. An uncovered line without a reason is a mistake; so is a reason whose line is
covered, or gone.

    make coverage                                   # measure, then judge
    .venv/bin/python -m tests.coverage REPORT.json  # judge what was measured before
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIST = ROOT / "tests" / "coverage.toml"
REPORT = ROOT / ".coverage.json"
"""What the last `make coverage` measured."""

PACKAGES = ("syncline/engine", "syncline/store", "syncline/sdk")
CONNECTORS = "connectors"
LEAST = 95.0
"""Per cent of a package's branches, and of its lines, before any excuse; of a connector's lines."""


@dataclass(frozen=True, slots=True)
class Excused:
    """Lines that the tests leave out, as they stand once in `file`, and why; where `python` names a
    release, its tracing alone says so."""

    file: str
    lines: str
    reason: str
    python: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One file: the first lines of its statements, which of them never ran, which were never left
    in some direction, and how many branches were taken of how many."""

    statements: frozenset[int]
    never_run: frozenset[int]
    never_left: Mapping[int, str]
    taken: int
    branches: int

    @property
    def uncovered(self) -> dict[int, str]:
        """What is missing, by line."""
        return {**self.never_left, **dict.fromkeys(self.never_run, "never runs")}


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a package ran, in per cent."""

    lines: float
    branches: float


def load() -> list[Excused]:
    """The excused lines, in the order of the list."""
    found = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return [Excused(**one) for one in found.get("excused", ())]


def measured(report: Mapping[str, Any]) -> dict[str, Measured]:
    """The files of the three packages in a JSON report of coverage.py."""
    return {
        name: _file(found)
        for name, found in report["files"].items()
        if name.startswith(tuple(f"{package}/" for package in PACKAGES))
    }


def _file(found: Mapping[str, Any]) -> Measured:
    ways: dict[int, list[str]] = {}
    for start, end in found["missing_branches"]:
        ways.setdefault(start, []).append(f"to line {end}" if end > 0 else "out of its block")
    return Measured(
        statements=frozenset([*found["executed_lines"], *found["missing_lines"]]),
        never_run=frozenset(found["missing_lines"]),
        never_left={line: f"never goes {' nor '.join(to)}" for line, to in ways.items()},
        taken=found["summary"]["covered_branches"],
        branches=found["summary"]["num_branches"],
    )


def share(files: Mapping[str, Measured], package: str) -> Share:
    """How much of a package ran."""
    mine = [file for name, file in files.items() if name.startswith(f"{package}/")]
    lines = sum(len(file.statements) for file in mine)
    ran = lines - sum(len(file.never_run) for file in mine)
    taken, branches = sum(file.taken for file in mine), sum(file.branches for file in mine)
    return Share(100 * ran / (lines or 1), 100 * taken / (branches or 1))


def of_connectors(report: Mapping[str, Any]) -> dict[str, float]:
    """The per cent of each connector's lines that ran, without its fake."""
    ran: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for name, found in report["files"].items():
        top, *inner = Path(name).parts
        if top == CONNECTORS and len(inner) > 1 and not inner[1].startswith("fake"):
            ran[inner[0]] += found["summary"]["covered_lines"]
            lines[inner[0]] += found["summary"]["num_statements"]
    return {name: 100 * ran[name] / (lines[name] or 1) for name in sorted(lines)}


def complaints(
    files: Mapping[str, Measured], excused: Sequence[Excused], sources: Mapping[str, str]
) -> Iterator[str]:
    """What is wrong with a measurement, a line each; nothing where it is as it should be."""
    for package in PACKAGES:
        found = share(files, package)
        if min(found.lines, found.branches) < LEAST:
            yield f"{package}: less than {LEAST:.0f} % of its lines or branches run"
    known: set[tuple[str, int]] = set()
    for one in excused:
        source = sources.get(one.file, "")
        if (count := source.count(one.lines)) != 1:
            yield f"{one.file}: lines excused stand {count} times there, not once:\n{one.lines}"
            continue
        file, text = files[one.file], source.splitlines()
        for line in sorted(_numbers(source, one.lines) & file.statements):
            known.add((one.file, line))
            if line not in file.uncovered and one.python in ("", platform.python_version()):
                yield f"{one.file}:{line} is excused, and covered: {text[line - 1].strip()}"
    for name, file in sorted(files.items()):
        for line, what in sorted(file.uncovered.items()):
            if (name, line) not in known:
                text = sources[name].splitlines()
                yield f"{name}:{line} {what}, without a reason: {text[line - 1].strip()}"


def _numbers(source: str, lines: str) -> set[int]:
    first = source[: source.index(lines)].count("\n") + 1
    return set(range(first, first + len(lines.splitlines())))


def measure() -> dict[str, Any]:
    """Run the gate's plain tests, and the processes they start, and return what ran."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "not real and not prefect"]
    # Planted bugs are tried in copies of the code, which say nothing of the code itself.
    command += ["--ignore=tests/test_mutants.py"]
    command += [f"--cov={package.replace('/', '.')}" for package in (*PACKAGES, CONNECTORS)]
    command += ["--cov-branch", f"--cov-report=json:{REPORT}"]
    with tempfile.TemporaryDirectory(prefix="syncline-coverage-") as folder:
        data = {"COVERAGE_FILE": f"{folder}/data"}
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **data})
    if done.returncode:
        sys.exit("a test fails, so what was measured says nothing; mend it first")
    return dict(json.loads(REPORT.read_text(encoding="utf-8")))


def main(reports: Sequence[str]) -> int:
    """Measure, or read a report, and print each package's share and what is wrong."""
    report = json.loads(Path(reports[0]).read_text(encoding="utf-8")) if reports else measure()
    files = measured(report)
    for package in PACKAGES:
        found = share(files, package)
        print(f"{package:16} lines {found.lines:6.2f} %   branches {found.branches:6.2f} %")
    excused = load()
    sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in files}
    wrong = list(complaints(files, excused, sources))
    for name, lines in of_connectors(report).items():
        print(f"{CONNECTORS}/{name:25} lines {lines:6.2f} %")
        if lines < LEAST:
            wrong.append(f"{CONNECTORS}/{name}: less than {LEAST:.0f} % of its lines run")
    for line in wrong:
        print(line)
    print(f"{len(excused)} places excused, {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
