"""An empty account and a connector in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.zendesk import ZendeskConnector
from tests.connectors.zendesk.world import (
    ZendeskWorld,
    living,
    opened,
)


@pytest.fixture
async def world() -> AsyncIterator[ZendeskWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def zendesk(world: ZendeskWorld) -> AsyncIterator[ZendeskConnector]:
    async with opened(world) as connector:
        yield connector
