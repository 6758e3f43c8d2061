"""A long text that a side shows as it was decided is stored once.

The side a text was edited on shows exactly that text, and sides of the same format show it too: a
link would hold it two or three times. Writing links is most of what a first pass costs, and most
of what the store grows by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncline.store.codec import dumps, loads

LONG = 256
"""Characters from which on it is worth it."""

AS_DECIDED = "as_decided"
"""Where a stored unit names, for each side, the paths of its slice that hold the decided text."""


def pack(fields: Mapping[str, Any]) -> str:
    """JSON of a link's fields; `unpack` gives the same fields back."""
    lean: dict[str, Any] | None = None
    for name, unit in fields.items():
        value = unit.get("value") if type(unit) is dict else None
        text = value.get("source") if type(value) is dict else None
        if type(text) is str and len(text) >= LONG and "seen" in unit:
            lean = dict(fields) if lean is None else lean
            lean[name] = _lean(unit, text)
    return dumps(fields if lean is None else lean)


def unpack(packed: str) -> dict[str, Any]:
    """The fields of a JSON text written by `pack`."""
    fields: dict[str, Any] = loads(packed)
    for unit in fields.values():
        if type(unit) is dict and AS_DECIDED in unit:
            text = unit["value"]["source"]
            for side, paths in unit.pop(AS_DECIDED).items():
                unit["seen"][side].update(dict.fromkeys(paths, text))
    return fields


def _lean(unit: Mapping[str, Any], text: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    as_decided: dict[str, list[str]] = {}
    for side, slice_ in unit["seen"].items():
        if paths := [path for path, shown in slice_.items() if shown == text]:
            as_decided[side] = paths
            slice_ = {path: shown for path, shown in slice_.items() if path not in paths}
        seen[side] = slice_
    return {**unit, "seen": seen, AS_DECIDED: as_decided}
