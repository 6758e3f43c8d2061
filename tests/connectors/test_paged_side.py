"""A page-numbered REST tool without bulk calls keeps the connector interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from syncline.sdk.testing import ConnectorTests
from tests.sides.memory import ManualClock, MemoryTool
from tests.sides.paged import PagedConnector, paged_app
from tests.sides.serving import served
from tests.sides.under_test import SHAPE, WRONG, HttpWorld, opened


class TestPagedSide(ConnectorTests):
    shape = SHAPE
    lag = timedelta(0)

    @pytest.fixture
    async def world(self) -> AsyncIterator[HttpWorld]:
        clock = ManualClock()
        tool = MemoryTool(clock, name="paged", id_prefix="", search_lag=self.lag)
        async with served(paged_app(tool)) as address:
            yield HttpWorld(tool, clock, address)

    @pytest.fixture
    async def connector(self, world: HttpWorld) -> AsyncIterator[PagedConnector]:
        async with opened(PagedConnector, world, world.tool.token) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: HttpWorld) -> AsyncIterator[PagedConnector]:
        async with opened(PagedConnector, world, WRONG) as connector:
            yield connector


class TestPagedSideWhoseSearchesLag(TestPagedSide):
    lag = timedelta(seconds=90)
