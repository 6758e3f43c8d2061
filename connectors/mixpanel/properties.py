"""A property's value as Mixpanel keeps it, and as the wire record shows it.

Mixpanel has no schema that would refuse a value: it looks at each and says what it is. A text is
cut at 255 bytes, a time is kept in UTC to the second, a number within a text is a text that no
report can sum. So the connection says what each property is, and what Mixpanel would bend is
refused before it is sent. (docs.mixpanel.com, "Supported Properties Data Type".)
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, TypeAlias

Type: TypeAlias = Literal["text", "number", "bool", "date", "datetime", "set"]

LONGEST: Final = 255
"""Bytes of a text, and of each text in a set."""

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)?")


def refused(type: Type, value: Any) -> str | None:
    """Why a value is not sent: Mixpanel would take it, and make something else of it."""
    if _empty(value):
        return None
    match type:
        case "number" if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{value!r} is no number; Mixpanel would keep it as another type"
        case "bool" if not isinstance(value, bool):
            return f"{value!r} is neither true nor false"
        case "date" if not _is(date, value) or len(value) != len("2026-01-05"):
            return f"{value!r} is not a day like 2026-01-05"
        case "datetime" if not _is(datetime, value):
            return f"{value!r} is not a time like 2026-01-05T09:00:00Z"
        case "text":
            return _too_long([value])
        case "set":
            return _too_long(value) if isinstance(value, list) else f"{value!r} is no list"
    return None


def sent(type: Type, value: Any) -> Any:
    """A value as it is sent; None for what is to be taken off the profile."""
    if _empty(value):
        return None
    if type == "datetime":
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return value


def shown(type: Type, value: Any) -> Any:
    """A value of a profile as the wire record shows it."""
    if _empty(value):
        return None
    return f"{value}Z" if type == "datetime" and kept(value) == value else value


def kept(value: Any) -> Any:
    """What Mixpanel keeps of a value: whatever looks like a time is one, to the second."""
    if isinstance(value, str) and (found := _MOMENT.fullmatch(value)):
        return found[1]
    return value


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def _is(kind: type[date], value: Any) -> bool:
    try:
        return bool(kind.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _too_long(texts: list[Any]) -> str | None:
    for text in texts:
        if not isinstance(text, str):
            return f"{text!r} is no text"
        if (size := len(text.encode())) > LONGEST:
            return f"a text of {size} bytes; Mixpanel keeps {LONGEST} and would cut it"
    return None
