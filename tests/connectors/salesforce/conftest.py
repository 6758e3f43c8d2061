"""An empty org and a connector to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.salesforce import SalesforceConnector
from tests.connectors.salesforce.world import SalesforceWorld, living, opened


@pytest.fixture
async def world() -> AsyncIterator[SalesforceWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def crm(world: SalesforceWorld) -> AsyncIterator[SalesforceConnector]:
    async with opened(world) as connector:
        yield connector
