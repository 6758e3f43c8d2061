from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from syncline.sandbox import Hooks, State, ToolClock, serving
from tests.unit.sandbox.notes import TOKEN, Notes


@pytest.fixture
def notes() -> Notes:
    """A tool without notes, whose clock stands still."""
    return Notes(State(), ToolClock(datetime(2026, 5, 4, 12, tzinfo=UTC)), Hooks())


@pytest.fixture
async def client(notes: Notes) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served tool, with its credentials."""
    async with (
        serving(notes) as url,
        httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=5
        ) as client,
    ):
        yield client
