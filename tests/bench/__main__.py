"""Run the benchmark and write its page."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import httpx

from deployments.real.servers import available
from tests.bench import recovery, report, requests, servers
from tests.bench.program import HOUR, Program, running
from tests.bench.report import Measure, Result
from tests.bench.steps import Step, steps


def measures(which: str, records: int, passes: Sequence[Step]) -> list[Measure]:
    """Run every step with the floor or the engine on tools that nobody else has touched."""
    with (
        tempfile.TemporaryDirectory() as workdir,
        running("tests.bench.tools", str(records)) as tools,
    ):
        addresses = tools.answer()
        arguments = (which, workdir, json.dumps(addresses))
        with running("tests.bench.worker", *arguments) as worker:
            return [_measure(worker, addresses["steering"], step) for step in passes]


def _measure(worker: Program, steering: str, step: Step) -> Measure:
    if step.edits:
        httpx.post(f"{steering}/edit", params={"n": step.edits}, timeout=600)
    httpx.post(f"{steering}/advance", params={"n": HOUR})
    taken, counts = [], {}
    for _ in range(step.repeat):
        httpx.post(f"{steering}/counts")
        taken.append(worker.ask())
        counts = httpx.post(f"{steering}/counts").json()
    differing = httpx.post(f"{steering}/differing", timeout=600).json()
    if differing:
        raise SystemExit(f"after {step.name}, {differing} records differ: nothing to measure")
    return Measure(counts, *(median(t[name] for t in taken) for name in ("cpu", "wall", "memory")))


def least(runs: Sequence[Sequence[Measure]]) -> list[Measure]:
    """Step by step the run that took the least: what else the machine did only ever adds."""
    return [
        replace(
            same[-1],
            cpu=min(one.cpu for one in same),
            wall=min(one.wall for one in same),
            memory=max(one.memory for one in same),
        )
        for same in zip(*runs, strict=True)
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--records", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--floor-only", action="store_true")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--cases", type=int, default=500, help="of each connector's fake")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    results: list[Result] = []
    for records in chosen.records:
        passes = steps(records)
        floors, engines = [], []
        for _ in range(chosen.rounds):  # in turns, as the machine is not always equally quick
            floors.append(measures("floor", records, passes))
            if not chosen.floor_only:
                engines.append(measures("engine", records, passes))
        floor = least(floors)
        engine = least(engines) if engines else [None] * len(passes)
        results += [
            Result(records, step, low, high)
            for step, low, high in zip(passes, floor, engine, strict=True)
        ]
    report.show(results)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    before = chosen.out.read_text("utf-8") if chosen.out.is_file() else ""
    page = report.page(results)
    if chosen.kills:
        page += "\n" + recovery.section(10_000, chosen.kills)
    page += "\n" + requests.section(chosen.cases)
    if available("request_tracker", "redmine", "odoo"):
        page += "\n" + servers.section(records=200)
    elif kept := servers.known_section(before):
        page += f"\n{kept}"
    chosen.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
