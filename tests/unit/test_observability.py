"""The process's own clock keeps the promises of the port."""

from __future__ import annotations

from datetime import UTC, timedelta

from syncline.observability import SystemClock, new_id
from syncline.sdk.clock import Clock


async def test_the_system_clock_is_aware_and_never_runs_backwards() -> None:
    clock: Clock = SystemClock()
    before, started = clock.now(), clock.monotonic()
    await clock.sleep(0.01)
    assert before.tzinfo is UTC
    assert clock.now() - before >= timedelta(milliseconds=5)
    assert clock.monotonic() - started >= 0.009


def test_identifiers_do_not_repeat() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
    assert len(new_id()) == 32
