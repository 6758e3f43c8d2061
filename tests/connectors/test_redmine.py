"""The Redmine connector keeps the interface that all connectors keep."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.redmine import RedmineConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, opened

SHAPE = Shape(
    record="issue",
    title="subject",
    text="description",
    clearable="description",
    refused={"priority": "no such priority"},
    far_status=("status", "Closed"),
    volatile=frozenset({"updated_on"}),
)


class Conformance(ConnectorTests):
    shape = SHAPE
    story = "suite"

    @pytest.fixture
    async def connector(self, world: RedmineWorld) -> AsyncIterator[RedmineConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: RedmineWorld) -> AsyncIterator[RedmineConnector]:
        async with opened(world, "stranger") as connector:
            yield connector


class TestConformance(Recorded, Conformance):
    pass


class TestConformanceLive(Live, Conformance):
    pytestmark = live
