"""How soon there is work done again after a pass was killed among many links.

`python -m tests.bench.recovery` runs it alone and writes its part of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from syncline.store.lease import PATIENCE
from tests.bench.program import HOUR, Program, running
from tests.bench.report import replaced
from tests.bench.steps import WRITES

BEGIN, END = "<!-- recovery -->", "<!-- end of recovery -->"
GOAL = 5.0
"""Seconds from the start of the next process to its first write."""

TEXT = """\
## After a kill

{records:,} records are linked. {edits} are edited on each side, and the process is ended by
`kill -9` when its pass has sent {writes} writes; {kills} times. From the start of the next process,
imports included, to its first write it took **{most} s** at most ({judged}), {least} s at least. It
can start once the dead run's lease is free, {lease} s after its last sign of life. After one pass
more all records were the same on both sides.
"""

EDITS = 200
LEAST_WRITES = 20
POLL = 0.02


class Steering:
    """The tools, as the benchmark moves them."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = httpx.Client(timeout=600)
        self.sent: Counter[str] = Counter()

    def tell(self, act: str, number: int = 0) -> Any:
        return self._client.post(f"{self._address}/{act}", params={"n": number}).json()

    def writes(self) -> int:
        """Write requests since `sent` was cleared."""
        for kinds in self.tell("counts").values():
            self.sent.update(kinds)
        return sum(self.sent[kind] for kind in WRITES)

    def wait_for_writes(self, number: int) -> None:
        while self.writes() < number:
            time.sleep(POLL)


def recoveries(records: int, kills: int) -> list[float]:
    """Seconds from the start of each process that follows a killed one to its first write."""
    taken = []
    with (
        tempfile.TemporaryDirectory() as workdir,
        running("tests.bench.tools", str(records)) as tools,
    ):
        addresses = tools.answer()
        tell = Steering(addresses["steering"])
        worker = _worker(workdir, addresses)
        worker.ask()
        for _ in range(kills):
            tell.tell("edit", EDITS)
            tell.tell("advance", HOUR)
            tell.writes()
            tell.sent.clear()
            worker.begin()
            tell.wait_for_writes(LEAST_WRITES)
            worker.kill()
            time.sleep(PATIENCE.total_seconds() + 1)
            tell.writes()
            tell.sent.clear()
            started = time.perf_counter()
            worker = _worker(workdir, addresses)
            worker.begin()
            tell.wait_for_writes(1)
            taken.append(time.perf_counter() - started)
            worker.answer()
            tell.tell("advance", HOUR)
            worker.ask()
            if differing := tell.tell("differing"):
                raise SystemExit(f"{differing} records differ after a kill and two passes")
        worker.stop()
    return taken


def _worker(workdir: str, addresses: Any) -> Program:
    return Program("tests.bench.worker", "engine", workdir, json.dumps(addresses))


def section(records: int, kills: int) -> str:
    """The part of the page, measured now."""
    taken = recoveries(records, kills)
    judged = "≤" if max(taken) <= GOAL else "missed"
    told = TEXT.format(
        records=records,
        kills=kills,
        edits=EDITS,
        writes=LEAST_WRITES,
        most=f"{max(taken):.1f}",
        least=f"{min(taken):.1f}",
        judged=f"{judged} {GOAL:.0f}",
        lease=f"{PATIENCE.total_seconds():.0f}",
    )
    return f"{BEGIN}\n{told}{END}\n"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recovery")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    part = section(chosen.records, chosen.kills)
    print(part)
    page = chosen.out.read_text("utf-8") if chosen.out.is_file() else ""
    chosen.out.write_text(replaced(page, part, BEGIN, END), encoding="utf-8")


if __name__ == "__main__":
    main()
