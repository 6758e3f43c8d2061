"""The Jira connector keeps the interface that all connectors keep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.jira import JiraConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.jira.world import (
    WRONG_TOKEN,
    DataCenterWorld,
    JiraWorld,
    opened,
    plain,
    written,
)


class TestJira(ConnectorTests):
    shape = Shape(
        record="issue",
        title="summary",
        text="description",
        clearable="custom_fields.Support key",
        refused={"priority": "no such priority"},
        far_status=("status", "Done"),
        base={"issuetype": "Bug"},
        longest=32_000,
        volatile=frozenset({"updated"}),
    )
    exempt = {
        "test_fetch_tells_hidden_from_gone": (
            "Jira answers 404 with the same words for an issue that is gone and one that is hidden"
        ),
    }

    @pytest.fixture
    async def world(self) -> AsyncIterator[JiraWorld]:
        async with JiraWorld.serving() as found:
            await found.bugs_on_their_way()
            yield found

    @pytest.fixture
    async def connector(self, world: JiraWorld) -> AsyncIterator[JiraConnector]:
        async with opened(world) as found:
            yield found

    @pytest.fixture
    async def stranger(self, world: JiraWorld) -> AsyncIterator[JiraConnector]:
        async with opened(world, WRONG_TOKEN) as found:
            yield found

    def written(self, text: str) -> str:
        return written(text)

    def read(self, value: Any) -> str:
        return plain(value)


class TestJiraDataCenter(TestJira):
    @pytest.fixture
    async def world(self) -> AsyncIterator[JiraWorld]:
        async with DataCenterWorld.serving() as found:
            await found.bugs_on_their_way()
            yield found

    def written(self, text: str) -> str:
        return text

    def read(self, value: Any) -> str:
        return value or ""
