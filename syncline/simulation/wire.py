"""Helpers for wire records: JSON objects that are copied at every border, and patches of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def copied(value: Any) -> Any:
    """A copy that shares nothing with the original, so that nobody changes a record by accident."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def patched(fields: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` with every value of `patch` at its path; objects are merged, all else replaced."""
    result = dict(fields)
    for key, value in patch.items():
        old = result.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            result[key] = patched(old, value)
        else:
            result[key] = copied(value)
    return result


def leaves(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted path that holds something other than an object, with its value."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def shows(fields: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether `fields` holds `expected`'s value at each of its paths; absent and null are one."""
    now = dict(leaves(fields))
    return all(now.get(path) == value for path, value in leaves(expected))


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Every path whose value differs: path, value before, value after."""
    old, new = dict(leaves(before)), dict(leaves(after))
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield path, copied(old.get(path)), copied(new.get(path))


def nested(path: str, value: Any) -> dict[str, Any]:
    """The patch of one dotted path."""
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}
