"""Events counted by the values of a property, in buckets of days, the busiest values first.

Without a limit only sixty values are counted, and ten thousand at most. With `type=unique` a bucket
counts users; buckets are days, or `interval` days. (Mixpanel's OpenAPI file `query`.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.mixpanel.fake.errors import Refused
from connectors.mixpanel.fake.office import Row

USUAL, MOST = 60, 10_000

_ON = re.compile(r'properties\["([^"]+)"\]')


def segmentation(events: Iterable[Row], asked: Mapping[str, str]) -> Row:
    """The counts of one event."""
    first, last = (_day(asked, name) for name in ("from_date", "to_date"))
    on = _ON.fullmatch(asked.get("on", ""))
    if not asked.get("event") or not on:
        raise Refused(400, "event and on are required")
    days = int(asked.get("interval") or 1)
    starts = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, days)]
    seen: dict[str, dict[str, list[Any]]] = {}
    for event in events:
        day = datetime.fromtimestamp(int(event["properties"]["time"]), UTC).date()
        if event["event"] != asked["event"] or not first <= day <= last:
            continue
        bucket = starts[(day - first).days // days].isoformat()
        for value in _values(event["properties"].get(on[1], "undefined")):
            empty: dict[str, list[Any]] = {start.isoformat(): [] for start in starts}
            seen.setdefault(value, empty)[bucket].append(event["properties"].get("distinct_id"))
    unique = asked.get("type") == "unique"
    counts = {
        value: {at: len(set(who) if unique else who) for at, who in of_days.items()}
        for value, of_days in seen.items()
    }
    busiest = sorted(counts, key=lambda value: -sum(counts[value].values()))
    kept = busiest[: min(int(asked.get("limit") or USUAL), MOST)]
    series = [start.isoformat() for start in starts]
    data = {"series": series, "values": {value: counts[value] for value in kept}}
    return {"data": data, "legend_size": len(kept)}


def _values(value: Any) -> Iterator[str]:
    """An event may name several groups."""
    yield from map(str, value if isinstance(value, list) else [value])


def _day(asked: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(asked.get(name, ""))
    except ValueError:
        raise Refused(400, f"{name} must be in the format yyyy-mm-dd") from None
