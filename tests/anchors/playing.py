"""Playing the story with one program: at every write, with every trouble, and over bad listings.

What is told of a program are sums over the points at which it was tried.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.anchors.shelf import SIDES, Shelf, Trouble, writes
from tests.anchors.story import (
    REMOVED,
    WANTED,
    WRITES,
    Look,
    Verdict,
    begin,
    edit,
    edit_at_once,
    judge,
    look,
    overwritten,
)

ROOT = Path(__file__).parents[2]

KINDS = ("killed before", "killed after", "timeout after")
HIDDEN = (2, 9, 10)
ALL = range(1, WRITES + 1)
CLEAN_RUNS = 3


class Program:
    """A program that runs in folders; `python` is the interpreter that has it."""

    def __init__(self, python: Path, module: str) -> None:
        self.module = module
        self._warm = subprocess.Popen(
            [str(python), "-m", "tests.anchors.warm", module],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},  # the order of a set decides what is hit
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path) -> int:
        """One run; its exit status."""
        assert self._warm.stdin and self._warm.stdout
        self._warm.stdin.write(f"{folder}\n")
        self._warm.stdin.flush()
        answer = self._warm.stdout.readline()
        if not answer:
            raise SystemExit("a program could not be started; its error stands above")
        return int(answer)

    def stop(self) -> None:
        self._warm.communicate()


@contextmanager
def started(python: Path, module: str) -> Iterator[Program]:
    """The program until the end of the block."""
    program = Program(python, module)
    try:
        yield program
    finally:
        program.stop()


@dataclass(frozen=True)
class Cell:
    """What became of the same trouble at so many points; `waiting`: what a program that can tell
    told that it had left to a person."""

    verdicts: Sequence[Verdict]
    waiting: int

    @property
    def points(self) -> int:
        return len(self.verdicts)

    @property
    def damaged(self) -> int:
        return sum(verdict.damaged for verdict in self.verdicts)

    def sum(self, what: str) -> int:
        return sum(getattr(verdict, what) for verdict in self.verdicts)


@dataclass(frozen=True)
class Played:
    """A program's line of the table: by kind of trouble, by how many records were hidden, and how
    many of two edits of one field were written over."""

    at_writes: Mapping[str, Cell]
    listings: Mapping[int, Cell]
    overwritten: int


def play(program: Program, folder: Path, at: Sequence[int] = ALL) -> Played:
    """The table for one program, in a folder of its own; `at`: the writes that meet trouble."""
    four, ten = Stage(program, folder / "four", 4), Stage(program, folder / "ten", 10)
    edit(four.here)
    four.keep()
    four.expect_everything_done()
    return Played(
        {kind: at_writes(four, kind, at) for kind in KINDS},
        {count: over_a_listing(ten, count) for count in HIDDEN},
        over_one_field(ten),
    )


def at_writes(stage: Stage, kind: str, which: Sequence[int]) -> Cell:
    """Trouble at the first write, at the second, …; each time from the same beginning."""
    verdicts, waiting = [], 0
    for at in which:
        stage.begin_again()
        for _ in range(CLEAN_RUNS):  # a deletion may take a program more than one run
            if writes(stage.here) < at:
                stage.run(kind, at)
        if writes(stage.here) < at:
            raise stage.failed(f"never made write {at}")
        verdicts.append(stage.after_clean_runs(WANTED, REMOVED))
        waiting += stage.waiting()
    return Cell(verdicts, waiting)


def over_a_listing(stage: Stage, count: int) -> Cell:
    """One run in which b does not list `count` of its ten records, then runs in which it does."""
    stage.begin_again()
    stage.run(hidden=[f"n{number}" for number in range(10 - count, 10)])
    return Cell([stage.after_clean_runs({})], stage.waiting())


def over_one_field(stage: Stage) -> int:
    """Nothing goes wrong, but two people edit the same field, each on one side."""
    stage.begin_again()
    edit_at_once(stage.here)
    stage.after_clean_runs({})
    return overwritten(stage.here)


class Stage:
    """Two shelves that a program has brought in step, as often as they are wanted."""

    def __init__(self, program: Program, folder: Path, records: int) -> None:
        self.program = program
        self.here, self._kept = folder / "here", folder / "kept"
        self.here.mkdir(parents=True)
        begin(self.here, records)
        self.looks: list[Look] = []
        for _ in range(2):
            self.run()
        if [len(Shelf(self.here, side).records()) for side in SIDES] != [records, records]:
            raise self.failed("does not bring two shelves in step")
        (self.here / "writes").unlink()
        self.keep()

    def keep(self) -> None:
        """Begin from what is here now."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.here, self._kept)

    def begin_again(self) -> None:
        """Everything as it was kept, also what the program remembers."""
        shutil.rmtree(self.here)
        shutil.copytree(self._kept, self.here)
        self.looks = [look(self.here)]

    def run(self, kind: str = "none", at: int = 0, hidden: Sequence[str] = ()) -> None:
        """One run, with a trouble."""
        counted = self.here / "runs"
        number = int(counted.read_text()) + 1 if counted.exists() else 1
        counted.write_text(str(number))
        Trouble(kind, at, tuple(hidden), number).write(self.here)
        self.program.run(self.here)
        self.looks.append(look(self.here))

    def after_clean_runs(self, wanted: Mapping[str, str], removed: str | None = None) -> Verdict:
        """What is wrong when nothing has gone wrong for a while."""
        for _ in range(CLEAN_RUNS):
            self.run()
        return judge(self.here, self.looks, wanted, removed)

    def expect_everything_done(self) -> None:
        """Without trouble every program does everything, with as many writes as all the others."""
        self.begin_again()
        if self.after_clean_runs(WANTED, REMOVED).damaged or writes(self.here) != WRITES:
            raise self.failed("fails without any trouble")

    def waiting(self) -> int:
        """What the program's last run told that it leaves to a person, where it tells."""
        told = self.here / "waiting"
        return int(told.read_text()) if told.exists() else 0

    def failed(self, what: str) -> SystemExit:
        """The end of the measurement, with what the program said."""
        said = (self.here / "said").read_text()[-2000:]
        return SystemExit(f"{self.program.module} {what}; nothing was measured. It said:\n{said}")
