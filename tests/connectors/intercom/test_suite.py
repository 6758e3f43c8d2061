"""The Intercom connector keeps the interface that all connectors keep, on the fake over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.intercom import IntercomConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.intercom.world import NOTES, WRONG, IntercomWorld, living, opened

SHAPE = Shape(
    record="ticket",
    title="title",
    text="description",
    clearable=f"attributes.{NOTES}",
    refused={"state": "no such state"},
    far_status=("state", "Resolved"),
    volatile=frozenset({"updated_at"}),
    many=155,
)


class TestIntercom(ConnectorTests):
    shape = SHAPE
    exempt = {
        "test_fetch_tells_hidden_from_gone": "an app's token sees every ticket of its workspace",
    }

    def read(self, value: object) -> str:
        text = str(value)
        return text[3:-4] if text.startswith("<p>") and text.endswith("</p>") else text

    @pytest.fixture
    async def world(self) -> AsyncIterator[IntercomWorld]:
        async with living() as world:
            yield world

    @pytest.fixture
    async def connector(self, world: IntercomWorld) -> AsyncIterator[IntercomConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: IntercomWorld) -> AsyncIterator[IntercomConnector]:
        async with opened(world, token=WRONG) as connector:
            yield connector
