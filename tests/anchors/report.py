"""The table as Markdown, put between two marks of docs/reliability.md; the rest is left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.anchors.client import Made
from tests.anchors.playing import CLEAN_RUNS, HIDDEN, KINDS, Cell, Played
from tests.anchors.story import WRITES
from tests.bench.report import machine

BEGIN = "<!-- begin: make anchors -->"
END = "<!-- end: make anchors -->"
NEW = f"# Reliability\n\n## Side by side\n\n{BEGIN}\n{END}\n"

COUNTED = {
    "duplicates": "duplicate",
    "undelivered": "edit not delivered",
    "lost": "edit lost",
    "kept": "deletion not carried over",
    "deleted": "record deleted that nobody deleted",
}


@dataclass(frozen=True)
class Line:
    """One program's line: what it is called, and what it came to."""

    name: str
    played: Played


def written(page: Path, text: str) -> None:
    """The page with this text between the marks."""
    found = page.read_text("utf-8") if page.exists() else NEW
    marks = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    if not marks.search(found):
        raise SystemExit(f"{page} has no line `{BEGIN}` before a line `{END}`; nothing was written")
    page.write_text(marks.sub(lambda _: f"{BEGIN}\n{text}\n{END}", found), "utf-8")


def part(lines: Sequence[Line], made: Made, versions: Mapping[str, str], seconds: float) -> str:
    """Everything between the marks."""
    return "\n".join(
        [
            STORY,
            *_table(HEAD, [_row(line) for line in lines]),
            "",
            *_waiting(lines),
            UNEQUAL,
            CREATES,
            *_table(CREATES_HEAD, _creates(made, versions["jira"])),
            "",
            *_measured(versions, seconds),
        ]
    )


STORY = f"""\
Written by `make anchors`, which measures all of it in one run (`tests/anchors/`).

Two tools, each a file of records. Four records are in step. People then change two, make three and
delete one, some here and some there: a program has to make {WRITES} writes. At each of them in
turn, from the same beginning, its process is ended just before the write, or just after it was
applied; or the write is applied and a time-out answers it. Then {CLEAN_RUNS} runs have no trouble.
In the listings' columns ten records are in step, and one tool leaves some of them out of one
listing. The judge is the same for all and looks only at what stands in the two tools: a point is
damaged when anything there is wrong. The last column: two people edit the same field, each in one
tool; how many of the two texts stand in neither tool afterwards.
"""

UNEQUAL = """\
What makes this unequal:

- vdirsyncer's records bear a UID that both sides share, and a side can be asked for it. That is the
  easier problem: a create sent twice is refused. It was made for calendars and address books, which
  are like that; trackers and desks are not.
- syncall and Syncline have to do with each tool's own ids. syncall writes down which records belong
  together when its process ends, and a process that is killed writes nothing down: that is its own
  way, not one of this harness. Syncline puts a key into what it makes and was given a field for it;
  its second line is without one.
- Syncline believes a deletion only when a later run sees it too, so its sixth write comes a run
  later. Runs are five minutes apart by its clock, as they are by default when deployed.
- Syncline was told to delete what people deleted; by default it only cuts the link.
- Where a tool raises an error, syncall's scripts and vdirsyncer's command tell it and go on, and so
  they do here. Both are run by the function that their commands call, Syncline by the hub that its
  command and its flows open.
- Where two people edit the same field, syncall was told that the newer record wins, Syncline and
  vdirsyncer nothing: both leave it to a person. vdirsyncer's `a wins` has a line of its own.
"""

CREATES = """\
One call that makes an issue, against the sandbox's Jira, which makes every issue that it is asked
for and cuts the connection before it answers:
"""
CREATES_HEAD = ("client", "issues made by one call", "found again afterwards")
HEAD = (
    "program",
    *(f"{kind.replace('timeout', 'time-out')}{' write' if 'before' in kind else ' it'}"
      for kind in KINDS),
    *(f"{count} of 10 not listed" for count in HIDDEN),
    "edits of one field lost",
)  # fmt: skip


def _row(line: Line) -> list[str]:
    played = line.played
    return [
        line.name,
        *(_points(played.at_writes[kind]) for kind in KINDS),
        *(_damage(played.listings[count]) or "0" for count in HIDDEN),
        str(played.overwritten),
    ]


def _points(cell: Cell) -> str:
    """As `3 of 6 damaged: 6 duplicates`."""
    damage = _damage(cell)
    return f"{cell.damaged} of {cell.points} damaged" + (f": {damage}" if damage else "")


def _damage(cell: Cell) -> str:
    counts = {words: cell.sum(what) for what, words in COUNTED.items()}
    return ", ".join(f"{n} {_plural(words, n)}" for words, n in counts.items() if n)


def _plural(words: str, number: int) -> str:
    noun, space, rest = words.partition(" ")
    return words if number == 1 else f"{noun}s{space}{rest}"


def _waiting(lines: Sequence[Line]) -> list[str]:
    """What a program left to a person and said so, which the judge cannot know."""
    told = {
        line.name: sum(cell.waiting for cell in line.played.at_writes.values()) for line in lines
    }
    return [
        f"{name}: what was not delivered is parked with its reason, for a person to say which "
        f"records belong together ({number} findings over all points).\n"
        for name, number in told.items()
        if number
    ]


def _creates(made: Made, package: str) -> list[list[str]]:
    return [
        [f"`jira` {package}, its defaults", str(made.package), "–"],
        ["Syncline's `jira` connector", str(made.connector), "yes" if made.found else "no"],
    ]


def _measured(versions: Mapping[str, str], seconds: float) -> list[str]:
    about = machine()
    return [
        f"- measured: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, in {seconds:.0f} s; "
        + about["measured"].rpartition(", ")[2],
        f"- processor: {about['processor']}; {about['system']}",
        "- released packages: " + ", ".join(f"{name} {v}" for name, v in versions.items()),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
