"""Time as a port: whoever needs it is given a clock, so that a simulator can be one."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time, a monotonic count of seconds, and waiting."""

    def now(self) -> datetime:
        """The moment, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed point; never runs backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
