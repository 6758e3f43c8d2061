"""How values become columns: JSON as text, moments as text, words that every database takes.

JSON is written by orjson and kept as text on both databases, so that what was stored is what is
read, byte for byte: PostgreSQL's own JSON type would reject the zero character and reorder keys.
Moments are ISO 8601 in UTC with microseconds, all of one length, so that text order is time order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson


def dumps(value: Any) -> str:
    """JSON text of a value. Any mapping is an object; a lone surrogate survives, escaped."""
    try:
        return orjson.dumps(value, default=_plain).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, default=_plain, allow_nan=False)


def loads(text: str) -> Any:
    """The value of a JSON text written by `dumps`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def maybe(text: str | None) -> Any:
    """The value of a JSON text, None where there is none."""
    return None if text is None else loads(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


@lru_cache(1024)
def stamp(moment: datetime) -> str:
    """A moment as text in UTC. Raises ValueError where the time zone is missing."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; the store keeps moments in UTC")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def stamp_or_none(moment: datetime | None) -> str | None:
    """`stamp`, None for None."""
    return None if moment is None else stamp(moment)


def moment(text: str) -> datetime:
    """The aware moment of a text written by `stamp`."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """`moment`, None for None."""
    return None if text is None else datetime.fromisoformat(text)


def words(text: str) -> str:
    """Text that both databases take: PostgreSQL refuses the zero character, and neither takes a
    lone surrogate. Both come from tools' free text (names, reasons), where a mark says enough."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def words_or_none(text: str | None) -> str | None:
    """`words`, None for None."""
    return None if text is None else words(text)
