"""The process's own clock and its source of new identifiers.

Everything else is given a `Clock` (`syncline.sdk.clock`) and identifiers, so that a test or the
simulator can supply its own. This is the only module that asks the machine for either.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The machine's time, as a `syncline.sdk.clock.Clock`."""

    def now(self) -> datetime:
        """The moment, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed point; never runs backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let other work run for at least `seconds`."""
        await asyncio.sleep(seconds)


def new_id() -> str:
    """A fresh random identifier: 32 hexadecimal digits, unguessable."""
    return uuid.uuid4().hex
