"""The in-memory side keeps the connector interface, with every capability and with none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncline.sdk.connector import Capabilities
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import ConnectorTests
from syncline.simulation.connector import FULL, PLAIN, ManualClock, MemoryConnector, MemoryTool
from tests.sides.under_test import SHAPE, WRONG, ToolWorld


class TestMemorySide(ConnectorTests):
    shape = SHAPE
    capabilities: Capabilities = FULL
    lag = timedelta(0)

    @pytest.fixture
    def world(self) -> ToolWorld:
        clock = ManualClock()
        return ToolWorld(MemoryTool(clock, search_lag=self.lag), clock)

    @pytest.fixture
    def connector(self, world: ToolWorld) -> MemoryConnector:
        return MemoryConnector(world.tool, self.capabilities, Secret(world.tool.token))

    @pytest.fixture
    def stranger(self, world: ToolWorld) -> MemoryConnector:
        return MemoryConnector(world.tool, self.capabilities, Secret(WRONG))


class TestMemorySideThatCanDoNothingMore(TestMemorySide):
    capabilities = PLAIN


class TestMemorySideWhoseSearchesLag(TestMemorySide):
    lag = timedelta(seconds=90)
