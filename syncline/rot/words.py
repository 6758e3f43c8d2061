"""Findings about one mapping, with the syncs and the line filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from syncline.mapping.lens import FieldLens
from syncline.rot.found import Edit, Finding, Kind, Shown, Swap, Use


@dataclass(frozen=True, slots=True)
class Told:
    """Makes the findings of one use of a mapping."""

    use: Use

    def __call__(
        self,
        kind: Kind,
        what: str,
        until: str,
        do: str,
        *,
        lens: FieldLens | None = None,
        where: str = "",
        shown: Shown = (),
        edits: tuple[Edit | Swap, ...] = (),
    ) -> Finding:
        use = self.use
        named = use.users(lens.name) if lens else tuple(one.sync for one in use.syncs)
        at = where or (use.line("fields", lens.name) if lens else use.file)
        name = lens.name if lens else ""
        return Finding(
            use.connection, kind, what, until, do, named, use.file, at, name, shown, edits
        )


def syncs(names: Iterable[Any]) -> str:
    """Names in a sentence."""
    *most, last = [str(name) for name in names]
    return f"{', '.join(most)} and {last}" if most else last
