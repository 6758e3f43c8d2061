"""How results reach people and programs: short tables, one JSON object, progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import typer

if TYPE_CHECKING:
    from syncline.hub import Progress


class Wrong(Exception):
    """What was asked for cannot be: says why, and what to write instead. Nothing was done."""


class Failed(Exception):
    """What could not be done, and what the operator can do about it."""


class Output:
    """Where a command's result goes. With `as_json` people's text is left out."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def result(self, body: Mapping[str, Any]) -> None:
        """The result for programs: one object, on the last line."""
        if self.as_json:
            typer.echo(orjson.dumps(body, default=_plain).decode())

    def say(self, *lines: str) -> None:
        """Text for people."""
        if not self.as_json:
            for line in lines:
                typer.echo(clean(line))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table for people; cells are shown as they are, without terminal codes."""
        if self.as_json:
            return
        cells = [[clean(cell) for cell in row] for row in rows]
        if not sys.stdout.isatty():
            # A row is a line, for grep; and nothing waits for a library that draws.
            widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
            for row in ([*columns], *cells):
                padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                typer.echo("  ".join(padded).rstrip())
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in cells:
            table.add_row(*map(Text, row))
        Console(highlight=False).print(table)

    @contextmanager
    def progress(self, what: str) -> Iterator[Progress]:
        """Tells on stderr how far a pass is, where somebody is there to see it."""
        if self.as_json or not sys.stderr.isatty():
            yield lambda step, done: None
            return
        from rich.console import Console

        with Console(stderr=True).status(f"{what}: reading the configuration") as status:

            def moved(step: str, done: int) -> None:
                status.update(f"{what}: {step}" + (f", {done} links" if done else ""))

            yield moved

    def confirm(self, question: str, yes: bool) -> None:
        """Ask before something irrevocable. Without a terminal only `--yes` is an answer."""
        if yes:
            return
        if self.as_json or not sys.stdin.isatty():
            raise Wrong(f"{question} Nothing was done; add --yes to say so.")
        if not typer.confirm(question, err=True):
            typer.echo("Nothing was done.", err=True)
            raise typer.Exit(1)


def clean(value: Any) -> str:
    """A value as one line of text that no terminal obeys: tools' texts are other people's."""
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 conflict`, `2 conflicts`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def records(sides: Mapping[str, str]) -> str:
    """The records of a link, for people."""
    return "  ".join(f"{side}:{record}" for side, record in sides.items())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
