"""A page-numbered REST tool without bulk calls keeps the connector interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from syncline.sdk.testing import ConnectorTests
from syncline.simulation.connector import ManualClock, MemoryTool
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


async def test_a_second_that_shrinks_while_it_is_read_is_read_again() -> None:
    clock = ManualClock()
    tool = MemoryTool(clock, name="paged", id_prefix="")
    async with served(paged_app(tool)) as address:
        world = HttpWorld(tool, clock, address)
        ids = {tool.create({"title": f"record {n}"}) for n in range(350)}
        clock.advance(60)
        async with opened(PagedConnector, world, tool.token) as connector:
            told: set[str] = set()
            edited = iter(sorted(ids, key=int))
            async for page in connector.changes("ticket", None):
                told |= {record.id for record in page.records}
                if len(told) in (200, 300):
                    clock.advance(1)
                    tool.edit(next(edited), {"title": "no longer in that second"})
            assert told == ids
