"""An open store, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from syncline.simulation.clock import ManualClock
from syncline.store.store import Store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """An open store of the workspace `acme`."""
    async with await Store.open(url, "acme", clock) as opened:
        yield opened
