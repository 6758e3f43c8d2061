"""A tool as small as can be: records by id in a file, and one trouble that strikes a run.

Each shelf gives its own ids. People change it through `Shelf`. Programs are given a `Troubled` one,
whose writes are counted over both shelves and all runs, and which does what `trouble.json` says at
the write of that number: ends the process before or after it is applied, or loses the answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SIDES = ("a", "b")
KILLED = 137


@dataclass(frozen=True)
class Trouble:
    """What goes wrong. `at`: from the first write on, counted from 1; `hidden`: names that the
    listings of b leave out; `run` numbers the runs, for a program that needs to know the time."""

    kind: str = "none"
    at: int = 0
    hidden: tuple[str, ...] = ()
    run: int = 0

    def write(self, folder: Path) -> None:
        """Let the next run in this folder have it."""
        (folder / "trouble.json").write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Trouble:
        said = json.loads((folder / "trouble.json").read_text())
        return cls(**said | {"hidden": tuple(said["hidden"])})


def writes(folder: Path) -> int:
    """How many writes programs have begun in this folder."""
    counted = folder / "writes"
    return int(counted.read_text()) if counted.exists() else 0


class Shelf:
    """One side. A record has `name`, which tells the judge what it is, `title`, which people edit,
    and `changed`, their time; `revision` counts the changes of the whole shelf."""

    def __init__(self, folder: Path, side: str) -> None:
        self.folder, self.side = folder, side
        self._file = folder / f"{side}.json"

    def records(self) -> dict[str, dict[str, Any]]:
        """All records by id."""
        records: dict[str, dict[str, Any]] = self._load()["records"]
        return records

    def listing(self) -> dict[str, dict[str, Any]]:
        """What is answered to "give me everything"."""
        return self.records()

    def revision(self) -> int:
        """The number of the last change."""
        return int(self._load()["revision"])

    def add(self, fields: Mapping[str, Any], id: str | None = None) -> str:
        """Make a record and give its id."""

        def apply(shelf: dict[str, Any]) -> str:
            made = id or f"{self.side}{shelf['revision']}"
            shelf["records"][made] = {**fields, "id": made, "revision": shelf["revision"]}
            return made

        return self._write(apply)

    def change(self, id: str, fields: Mapping[str, Any]) -> int:
        """Change fields of a record; gives its new revision."""

        def apply(shelf: dict[str, Any]) -> int:
            shelf["records"][id].update({**fields, "id": id, "revision": shelf["revision"]})
            return int(shelf["revision"])

        return self._write(apply)

    def remove(self, id: str) -> None:
        """Delete a record for good."""
        self._write(lambda shelf: shelf["records"].pop(id))

    def _write(self, apply: Callable[[dict[str, Any]], T]) -> T:
        shelf = self._load()
        shelf["revision"] += 1
        result = apply(shelf)
        self._file.write_text(json.dumps(shelf))
        return result

    def _load(self) -> dict[str, Any]:
        if not self._file.exists():
            return {"revision": 0, "records": {}}
        shelf: dict[str, Any] = json.loads(self._file.read_text())
        return shelf


class Troubled(Shelf):
    """The same shelf, as a program finds it."""

    def __init__(self, folder: Path, side: str) -> None:
        super().__init__(folder, side)
        self._trouble = Trouble.read(folder)

    def listing(self) -> dict[str, dict[str, Any]]:
        hidden = self._trouble.hidden if self.side == "b" else ()
        return {id: one for id, one in self.records().items() if one["name"] not in hidden}

    def _write(self, apply: Callable[[dict[str, Any]], T]) -> T:
        number = writes(self.folder) + 1
        (self.folder / "writes").write_text(str(number))
        kind = self._trouble.kind if number == self._trouble.at else "none"
        if kind == "killed before":
            os._exit(KILLED)
        result = super()._write(apply)
        if kind == "killed after":
            os._exit(KILLED)
        if kind == "timeout after":
            raise TimeoutError("no answer came in time")
        return result
