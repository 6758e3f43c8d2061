"""The requests of every connector with a fake, beside the least there could be.

`python -m tests.bench.requests` runs it alone and writes its part of docs/benchmarks.md. It counts,
and takes no times, so it may run on a machine that has other work.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.bench.report import replaced
from tests.support.connections import FAKED
from tests.support.twins import Sent, entity_of, twins

BEGIN, END = "<!-- requests of every connector -->", "<!-- end of the requests -->"
TEXT = """\
## Requests of every connector

Two of the same tool, as its fake, kept in step by title; people rename records in both. What was
sent stands in the fakes' own logs, of both sides together. The *bound* is a page of changes, the
writes in bulk, a read by id before them where the tool has no compare-and-set and after them where
it does not answer with the record (a job of Zendesk's, all of Mixpanel's), and a poll for each job
(`tests/support/twins.py`). Logging in is not counted.
`tests/sandbox/test_every_connector.py` holds an unchanged pass to its bound.

"""
HEAD = (
    *("connector", "entity", "links", "unchanged (bound)", "writes"),
    *("1 % changed on each side (bound)", "of bound (goal)", "pass after it (bound)"),
)


async def row(name: str, cases: int) -> tuple[str, ...]:
    """One connector's line of the table."""
    entity = entity_of(name)
    with tempfile.TemporaryDirectory() as folder:
        async with twins(Path(folder), name, entity, cases) as pair:
            report = await pair.later()
            await pair.later()
            await pair.later()
            unchanged = _both(await pair.sent())
            for side in pair.fakes:
                pair.edit(side, max(1, report.links // 100))
            await pair.later()
            changed = _both(await pair.sent())
            await pair.later()
            echo = _both(await pair.sent())
    return (
        *(pair.offer.title, entity, f"{report.links:,}", _beside(unchanged), str(unchanged.writes)),
        *(_beside(changed), f"{changed.work / changed.bound:.2f} (≤ 1.2)", _beside(echo)),
    )


def _both(sent: dict[str, Sent]) -> Sent:
    a, b = sent.values()
    return Sent(a.work + b.work, a.session + b.session, a.writes + b.writes, a.bound + b.bound)


def _beside(sent: Sent) -> str:
    return f"{sent.work} ({sent.bound})"


def section(cases: int) -> str:
    """The part of the page, measured now; printed line by line as it comes."""
    lines = [f"| {' | '.join(line)} |" for line in (HEAD, ["---"] * len(HEAD))]
    print(*lines, sep="\n")
    for name in FAKED:
        lines.append(f"| {' | '.join(asyncio.run(row(name, cases)))} |")
        print(lines[-1], flush=True)
    return f"{BEGIN}\n{TEXT}" + "\n".join(lines) + f"\n{END}\n"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.requests")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    page = chosen.out.read_text("utf-8") if chosen.out.is_file() else ""
    chosen.out.write_text(replaced(page, section(chosen.cases), BEGIN, END), encoding="utf-8")


if __name__ == "__main__":
    main()
