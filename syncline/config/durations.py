"""Lengths of time as operators write them: `30s`, `5m`, `24h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
PATTERN = rf"^{_FORM.pattern}$"


def duration(value: Any) -> Any:
    """The length of time that a text names. ValueError says how to write one."""
    if isinstance(value, timedelta):
        return value
    found = _FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no length of time; write it like 30s, 5m, 24h or 7d")
    try:
        return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    except OverflowError:
        raise ValueError(f"{value!r} is too long; write it like 30s, 5m, 24h or 7d") from None


def positive(value: Any) -> Any:
    """As `duration`, and longer than nothing."""
    length = duration(value)
    if length <= timedelta(0):
        raise ValueError(f"{value!r} is no time at all; write it like 30s, 5m, 24h or 7d")
    return length


def written(length: timedelta) -> str:
    """A length of time as an operator writes it: whole, in the largest unit that allows it."""
    for unit, seconds in reversed(_SECONDS.items()):
        if not length % timedelta(seconds=seconds):
            return f"{length // timedelta(seconds=seconds)}{unit}"
    return f"{length / timedelta(milliseconds=1)}ms"


Every = Annotated[
    timedelta,
    BeforeValidator(positive),
    PlainSerializer(written),
    WithJsonSchema({"type": "string", "pattern": PATTERN}),
]
"""A length of time longer than none."""
