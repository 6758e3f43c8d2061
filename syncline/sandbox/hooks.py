"""Webhooks from a fake: signed by it, delivered from here, to this machine only.

Deliveries misbehave on demand: late, twice, newest first, or not at all. Which are dropped is
counted, not drawn, so that a test gets the same each time.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from syncline.sandbox.loopback import host_of, is_loopback

FIRST_PAUSE = 0.2
TIMEOUT = 10.0
GATHERING = 0.3
SPACING = 0.05
"""Seconds between deliveries whose order matters: each has a connection of its own."""


@dataclass(slots=True)
class Delivery:
    """One message on its way. `status` is the receiver's last answer, 0 for none."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    attempt_limit: int
    attempts: int = 0
    status: int = 0
    dropped: bool = False

    def shown(self) -> dict[str, Any]:
        """As `GET /_sandbox/webhooks` tells it."""
        told = {"url": self.url, "attempts": self.attempts, "status": self.status}
        return {**told, "dropped": self.dropped}


@dataclass(slots=True)
class Misbehaviour:
    """How deliveries go wrong: `delay` in seconds, `drop` in percent."""

    delay: float = 0
    twice: bool = False
    shuffle: bool = False
    drop: float = 0


@dataclass(slots=True)
class Hooks:
    """What is to be delivered; nothing leaves until `run` runs."""

    misbehaviour: Misbehaviour = field(default_factory=Misbehaviour)
    deliveries: list[Delivery] = field(default_factory=list)
    _waiting: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    _counted: int = 0

    def send(
        self, url: str, body: bytes, headers: Mapping[str, str], *, attempt_limit: int = 5
    ) -> None:
        """Deliver in the background, again after a failure until the limit."""
        if not is_loopback(host_of(url)):
            print(  # noqa: T201
                f"No webhook to {url}: a sandbox sends to this machine only.", file=sys.stderr
            )
            return
        delivery = Delivery(url, body, dict(headers), attempt_limit)
        self.deliveries.append(delivery)
        self._waiting.put_nowait(delivery)

    async def run(self) -> None:
        """Deliver until cancelled."""
        # No authority certifies a receiver on this machine, and to load them all takes longer than
        # all else at the start of a fake.
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=TIMEOUT, verify=nobody) as client,
            asyncio.TaskGroup() as group,
        ):
            while True:
                for place, delivery in enumerate(await self._due()):
                    self._counted += 1
                    if self._lost():
                        delivery.dropped = True
                        continue
                    delay = self.misbehaviour.delay + place * SPACING
                    for _ in range(2 if self.misbehaviour.twice else 1):
                        group.create_task(_deliver(client, delivery, delay))

    async def _due(self) -> list[Delivery]:
        """What is to leave next: one, or while shuffling all that came in a moment, reversed."""
        due = [await self._waiting.get()]
        if self.misbehaviour.shuffle:
            await asyncio.sleep(GATHERING)
            while not self._waiting.empty():
                due.insert(0, self._waiting.get_nowait())
        return due

    def _lost(self) -> bool:
        percent = self.misbehaviour.drop
        return self._counted * percent // 100 > (self._counted - 1) * percent // 100


async def _deliver(client: httpx.AsyncClient, delivery: Delivery, delay: float) -> None:
    await asyncio.sleep(delay)
    pause = FIRST_PAUSE
    for attempt in range(delivery.attempt_limit):
        if attempt:
            await asyncio.sleep(pause)
            pause *= 2
        delivery.attempts += 1
        try:
            answered = await client.post(
                delivery.url, content=delivery.body, headers=dict(delivery.headers)
            )
        except httpx.HTTPError:
            delivery.status = 0
            continue
        delivery.status = answered.status_code
        if answered.is_success:
            return
