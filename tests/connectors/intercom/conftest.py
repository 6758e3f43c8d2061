"""An empty workspace and a connector in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.intercom import IntercomConnector
from tests.connectors.intercom.world import IntercomWorld, living, opened


@pytest.fixture
async def world() -> AsyncIterator[IntercomWorld]:
    async with living(IntercomWorld) as world:
        yield world


@pytest.fixture
async def connector(world: IntercomWorld) -> AsyncIterator[IntercomConnector]:
    async with opened(world) as connector:
        yield connector
