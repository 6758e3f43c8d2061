"""Where a value sits in a wire record: dotted paths, reading them, and patches made of them.

A path names keys from the outside in ("fields.summary"). Keys that themselves hold a dot are
written in a mapping file as a list, and inside Syncline with the dot escaped (`a\\.b`). What is
missing in a record reads as None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

_DOT = re.compile(r"(?<!\\)\.")
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def spelt(keys: Sequence[str]) -> str:
    """The path that names these keys."""
    return ".".join(key.replace(".", r"\.") for key in keys)


@lru_cache(maxsize=4096)
def keys(path: str) -> tuple[str, ...]:
    """The keys a path names, from the outside in."""
    return tuple(key.replace(r"\.", ".") for key in _DOT.split(path))


def value_at(wire: Mapping[str, Any], steps: Sequence[str]) -> Any:
    """The value under these keys, None if the record does not go so deep."""
    found: Any = wire
    for step in steps:
        if not isinstance(found, Mapping):
            return None
        found = found.get(step)
    return found


def patch(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, Any]:
    """The nested wire patch of the paths of `after` that differ from `before`.

    Without `before` the record is new: what is empty need not be said.
    """
    nested: dict[str, Any] = {}
    for path, value in after.items():
        if value in _EMPTY if before is None else (path in before and before[path] == value):
            continue
        *outer, last = keys(path)
        inner = nested
        for key in outer:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return nested


def without(wire: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """A copy of a nested patch that says nothing at these paths; what is emptied by that goes."""
    gone = {keys(path) for path in paths}

    def cut(inner: Mapping[str, Any], at: tuple[str, ...]) -> dict[str, Any]:
        kept = {}
        for key, value in inner.items():
            if (*at, key) in gone:
                continue
            if isinstance(value, Mapping) and not (value := cut(value, (*at, key))):
                continue
            kept[key] = value
        return kept

    return cut(wire, ())


def clash(a: str, b: str) -> bool:
    """Whether a write at one path also touches the other."""
    shorter, longer = sorted((keys(a), keys(b)), key=len)
    return longer[: len(shorter)] == shorter
