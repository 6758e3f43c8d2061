"""How much each group uses the product: events that name it, counted by Mixpanel.

One question counts an event for all groups at once. It is asked for whole days, the last of them
yesterday, and kept for an hour: a project has few questions, and what is read twice within a pass
is to be the same both times. (Mixpanel's OpenAPI file `query`, `segmentation`.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from connectors.mixpanel.client import HOUR, Client, Row
from connectors.mixpanel.config import Metric
from connectors.mixpanel.kinds import path_of
from syncline.sdk.clock import Clock
from syncline.sdk.connector import FieldSchema

MOST: Final = 10_000
"""Groups that one answer counts, the busiest first; without a limit Mixpanel counts sixty."""


class Usage:
    """What the connection's metrics say of each group."""

    def __init__(
        self, client: Client, clock: Clock, key: str, zone: str, metrics: Mapping[str, Metric]
    ) -> None:
        self._client, self._clock = client, clock
        self._on = f"properties[{orjson.dumps(key).decode()}]"
        self._zone, self._metrics = ZoneInfo(zone), metrics
        self._asking = asyncio.Lock()
        self._asked = float("-inf")
        self._counts: Mapping[str, Mapping[str, float]] = {}

    @property
    def fields(self) -> Sequence[FieldSchema]:
        """The fields of the wire record."""
        return [
            FieldSchema(f"usage.{path_of(name)}", metric.event, "number", read_only=True)
            for name, metric in self._metrics.items()
        ]

    async def ask(self) -> None:
        """Have the counts of this hour."""
        async with self._asking:
            now = self._clock.monotonic()
            if now - self._asked >= HOUR:
                self._counts = {
                    name: await self._count(metric) for name, metric in self._metrics.items()
                }
                self._asked = now

    def of(self, group: str) -> Row:
        """Each metric of one group; unknown where the answer had no room for it."""
        return {
            name: counts.get(group, 0 if len(counts) < MOST else None)
            for name, counts in self._counts.items()
        }

    async def _count(self, metric: Metric) -> Mapping[str, float]:
        today = self._clock.now().astimezone(self._zone).date()
        question: dict[str, Any] = {
            "event": metric.event,
            "from_date": (today - timedelta(days=metric.days)).isoformat(),
            "to_date": (today - timedelta(days=1)).isoformat(),
            "on": self._on,
            "limit": MOST,
        }
        if metric.count == "users":
            # One bucket for all days: somebody who came on two of them is one user.
            question |= {"type": "unique", "interval": metric.days}
        else:
            question |= {"type": "general", "unit": "day"}
        answer = await self._client.query("GET", "segmentation", question)
        values = answer["data"]["values"]
        return {group: sum(of_days.values()) for group, of_days in values.items()}
