"""Planted bugs: each is put into a copy of the code, and the tests that it names have to notice.

`tests/mutants.toml` says what each bug is. A bug is *killed* when every test it names fails; it
*survives* when one passes; it is *stale* when it can no longer be planted or its tests do not run.

    make mutants                                  # all of them, as a table
    .venv/bin/python -m tests.mutants guard-off   # those whose id contains a word
"""

from __future__ import annotations

import atexit
import compileall
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tests.planted import PATIENCE

ROOT = Path(__file__).parents[1]
LIST = ROOT / "tests" / "mutants.toml"

PACKAGES = ("syncline", "connectors", "mappings", "flows", "deployments")
"""What a planted bug may be in; the rest of a copy is the project itself."""

WHERE = re.compile(r"^(\S+\.py:\d+)(?::| in )", re.MULTILINE)


class Stale(Exception):
    """A bug that cannot be planted, or tests that do not run with it; says why."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug: `old`, which stands once in `file`, becomes `new`.

    `bug` says it in words, `breaks` which promises it breaks; `killed_by` are the tests that fail.
    """

    id: str
    bug: str
    breaks: tuple[str, ...]
    file: str
    old: str
    new: str
    killed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a planted bug, and how that is known: tests, lines, what they said."""

    state: Literal["killed", "survived", "stale"]
    told: tuple[str, ...]


def load() -> list[Mutant]:
    """The planted bugs, in the order of the list."""
    found = tomllib.loads(LIST.read_text(encoding="utf-8"))["mutant"]
    return [
        Mutant(**{k: tuple(v) if isinstance(v, list) else v for k, v in one.items()})
        for one in found
    ]


def judge(mutant: Mutant) -> Verdict:
    """Plant one bug and run its tests."""
    try:
        with planted(mutant) as folder:
            failed, passed = run(folder, mutant.killed_by)
    except Stale as error:
        return Verdict("stale", (str(error),))
    if passed:
        return Verdict("survived", tuple(f"{test} passes all the same" for test in passed))
    return Verdict("killed", tuple(failed))


@cache
def base() -> Path:
    """A compiled copy of what bugs are planted in, and the tests: made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="syncline-planted-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tests").symlink_to(ROOT / "tests")
    for name in PACKAGES:
        # With what is compiled already, but for what is just being written.
        unfinished = shutil.ignore_patterns("*.pyc.*")
        shutil.copytree(ROOT / name, folder / name, ignore=unfinished)
        compileall.compile_dir(folder / name, quiet=2)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@contextmanager
def planted(mutant: Mutant) -> Iterator[Path]:
    """A copy of the project with the bug in it, as long as the block runs."""
    source = patched(mutant)
    package = Path(mutant.file).parts[0]
    with tempfile.TemporaryDirectory(prefix="syncline-planted-") as name:
        folder = Path(name)
        for other in (*PACKAGES, "tests", "pyproject.toml"):
            if other != package:
                (folder / other).symlink_to(base() / other)
        shutil.copytree(base() / package, folder / package, copy_function=os.link)
        file = folder / mutant.file
        file.unlink()
        file.write_text(source, encoding="utf-8")
        # Compiled code is known by a second and a size, which a planted bug may share.
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            compiled.unlink()
        yield folder


def patched(mutant: Mutant) -> str:
    """The file's source with the bug in it. Raises Stale."""
    if Path(mutant.file).parts[0] not in PACKAGES:
        raise Stale(f"{mutant.file} is not in {', '.join(PACKAGES)}")
    try:
        source = (ROOT / mutant.file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Stale(f"there is no {mutant.file} any more") from None
    if (count := source.count(mutant.old)) != 1:
        raise Stale(f"`old` stands {count} times in {mutant.file}, and has to stand there once")
    source = source.replace(mutant.old, mutant.new)
    try:
        compile(source, mutant.file, "exec")
    except SyntaxError as error:
        raise Stale(f"{mutant.file} does not compile with `new`: {error}") from None
    return source


def run(folder: Path, tests: Sequence[str]) -> tuple[list[str], list[str]]:
    """Run tests in a copy: those that failed, with the line and the words, and those that passed.

    A test of many cases failed when one of them did. Raises Stale.
    """
    report, said = folder / "report.xml", folder / "said"
    for old in (report, said):
        old.unlink(missing_ok=True)
    (folder / "wanted").write_text("\n".join(tests), encoding="utf-8")
    warm = _warm()
    assert warm.stdin and warm.stdout
    warm.stdin.write(f"{folder}\n")
    warm.stdin.flush()
    code = int(warm.stdout.readline())
    if code == -signal.SIGALRM:
        raise Stale(f"its tests do not end within {PATIENCE} seconds")
    if code not in (0, 1):
        raise Stale(f"its tests do not run: {said.read_text(encoding='utf-8')[-600:]}")
    return _read(report, tests)


_of_thread = threading.local()


def _warm() -> subprocess.Popen[str]:
    """What runs tests for this thread, each time in a process of its own that starts at once."""
    if not hasattr(_of_thread, "warm"):
        ours = ("PYTEST_", "SYNCLINE_", "PYTHON")
        _of_thread.warm = subprocess.Popen(
            [sys.executable, "-m", "tests.anchors.warm", "tests.planted"],
            cwd=base(),
            env={k: v for k, v in os.environ.items() if not k.startswith(ours)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(_of_thread.warm.communicate)
    warm: subprocess.Popen[str] = _of_thread.warm
    return warm


def _read(report: Path, tests: Sequence[str]) -> tuple[list[str], list[str]]:
    cases = [(_name(case), case) for case in ET.parse(report).iter("testcase")]
    failed, passed = [], []
    for test in tests:
        path, _, name = test.partition("::")
        wanted = f"{path.removesuffix('.py').replace('/', '.')}.{name.replace('::', '.')}"
        mine = [c for found, c in cases if found == wanted or found.startswith(f"{wanted}[")]
        for case in mine:
            if case.find("error") is not None or case.find("skipped") is not None:
                raise Stale(f"{test} did not run: {ET.tostring(case, 'unicode')[-600:]}")
        said = [failure for c in mine if (failure := c.find("failure")) is not None]
        if said:
            failed.append(f"{name} at {_line(said[0])}")
        else:
            passed.append(test)
    return failed, passed


def _name(case: ET.Element) -> str:
    return f"{case.get('classname')}.{case.get('name')}"


def _line(failure: ET.Element) -> str:
    """Where a test failed, and the first line of what it said."""
    places = WHERE.findall(failure.text or "")
    mine = [place for place in places if place.startswith("tests/")] or places
    said = (failure.get("message") or "").splitlines()[:1]
    return f"{mine[-1] if mine else '?'}: {''.join(said)[:110]}"


def main(words: Sequence[str]) -> int:
    """Judge the bugs whose ids contain one of the words (all without words) and print a table."""
    wanted = [m for m in load() if not words or any(word in m.id for word in words)]
    lost = 0
    base()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for mutant, verdict in zip(wanted, pool.map(judge, wanted), strict=True):
            lost += verdict.state != "killed"
            print(f"{verdict.state:9} {mutant.id:44} breaks {', '.join(mutant.breaks)}")
            for line in verdict.told:
                print(f"{'':9} {line}")
    print(f"{len(wanted) - lost} of {len(wanted)} planted bugs killed")
    return 1 if lost or not wanted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
