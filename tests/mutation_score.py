"""How many small changes of the engine its own tests notice: a mutation score, by a sample.

mutmut makes some fifteen thousand mutants of `syncline/engine`; trying all takes a day. A few
hundred, drawn by a seed, give the share within two or three per cent. Each is judged by the tests
of the engine and of the command line and by a hundred stories, not by the gate's other tests: the
gate's share is no lower.

    make mutation-score                                  # 400 mutants: half an hour of two cores
    .venv/bin/python -m tests.mutation_score --sample 100 --seed 7

It measures what is committed, in a copy under `.mutation/`, and ends with each mutant that nobody
noticed. Many of them change nothing that anybody sees: a message's wording, a default that is never
used. Each of the others asks for a test.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from math import sqrt
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".mutation"
ENGINE = "syncline/engine"
TESTS = ("tests/unit/engine", "tests/unit/simulation/test_stories.py", "tests/cli")
SLOW = ("test_creating", "test_deploying", "test_webhooks")
"""Of the command line, what waits for processes and servers, and asks little of the engine."""

NEEDED = ("connectors", "mappings", "flows", "deployments", "tests", "docs", "pyproject.toml")

SMALLEST = "syncline.engine.planned.*"
"""A few mutants, tried first: mutmut tells what there is only once it has run."""


MEMORY = 2 * 1024**3
"""Bytes for each mutant: one that collects without end fails, and starves nobody."""


def prepared() -> Path:
    """A copy of what is committed, in which mutmut knows what to do."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(FOLDER)], check=True)
    told = {
        "source_paths": ["syncline"],
        "only_mutate": [f"{ENGINE}/*"],
        "also_copy": NEEDED,
        "pytest_add_cli_args_test_selection": TESTS,
        "pytest_add_cli_args": [
            *("-p", "no:cacheprovider", "--no-cov"),
            *(f"--deselect=tests/cli/{name}.py" for name in SLOW),
        ],
    }
    lines = [f"{key}=\n    " + "\n    ".join(values) for key, values in told.items()]
    (FOLDER / "setup.cfg").write_text("[mutmut]\n" + "\n".join(lines) + "\n", "utf-8")
    return FOLDER


def mutmut(*arguments: str, quiet: bool = False) -> str:
    """Run mutmut in the copy; its words where `quiet`."""
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    output = subprocess.PIPE if quiet else None
    done = subprocess.run(command, cwd=FOLDER, check=True, text=True, stdout=output)
    return done.stdout or ""


def exit_codes() -> dict[str, int | None]:
    """Every mutant that there is: 0 where all its tests passed, None where it was not tried."""
    found: dict[str, int | None] = {}
    for file in sorted((FOLDER / "mutants" / ENGINE).glob("*.meta")):
        found |= json.loads(file.read_text("utf-8"))["exit_code_by_key"]
    return found


def told(sample: Sequence[str], codes: dict[str, int | None], seed: int) -> Iterable[str]:
    """The score in words, then the mutants that nobody noticed."""
    alive = [name for name in sample if codes[name] == 0]
    for name in alive:
        yield f"\n{name}"
        lines = mutmut("show", name, quiet=True).splitlines()
        yield from (s for s in lines if s[:1] in ("+", "-") and s[:3] not in ("+++", "---"))
    share = 1 - len(alive) / len(sample)
    error = 196 * sqrt(share * (1 - share) / len(sample))
    yield (
        f"\n{len(sample) - len(alive)} of {len(sample)} mutants killed: {100 * share:.1f} % "
        f"(± {error:.1f}; {len(codes):,} there are, seed {seed})"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    prepared()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    mutmut("run", SMALLEST)
    names = sorted(exit_codes())
    sample = Random(asked.seed).sample(names, asked.sample)
    mutmut("run", *sample)
    print("\n".join(told(sample, exit_codes(), asked.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
