"""A tool with a change feed and bulk calls keeps the connector interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from syncline.sdk.connector import Create, Result
from syncline.sdk.testing import ConnectorTests
from syncline.simulation.connector import ManualClock, MemoryTool
from tests.sides.feed import FeedConnector
from tests.sides.feed_app import feed_app
from tests.sides.serving import served
from tests.sides.under_test import SHAPE, WRONG, HttpWorld, opened


class TestFeedSide(ConnectorTests):
    shape = SHAPE
    lag = timedelta(0)

    @pytest.fixture
    async def world(self) -> AsyncIterator[HttpWorld]:
        clock = ManualClock()
        tool = MemoryTool(clock, name="feed", id_prefix="F", search_lag=self.lag)
        async with served(feed_app(tool)) as address:
            yield HttpWorld(tool, clock, address)

    @pytest.fixture
    async def connector(self, world: HttpWorld) -> AsyncIterator[FeedConnector]:
        async with opened(FeedConnector, world, world.tool.token) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: HttpWorld) -> AsyncIterator[FeedConnector]:
        async with opened(FeedConnector, world, WRONG) as connector:
            yield connector


class TestFeedSideWhoseSearchesLag(TestFeedSide):
    lag = timedelta(seconds=90)


async def test_the_same_batch_sent_twice_makes_each_record_once() -> None:
    clock = ManualClock()
    tool = MemoryTool(clock, name="feed", id_prefix="F")
    async with served(feed_app(tool)) as address:
        world = HttpWorld(tool, clock, address)
        async with opened(FeedConnector, world, tool.token) as connector:
            items = [Create(f"key-{n}", SHAPE.sample(f"record {n}")) for n in range(3)]
            tool.faults.add("create", "torn:2")
            lost = await connector.create("ticket", items)
            again = await connector.create("ticket", items)
    assert {outcome.result for outcome in lost} == {Result.AMBIGUOUS}
    assert [outcome.id for outcome in again] == list(tool.items) == ["F1", "F2", "F3"]
