"""The Zendesk connector keeps the interface that all connectors keep, on the fake over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import escape, unescape
from typing import Any

import pytest

from connectors.zendesk import ZendeskConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.zendesk.world import NOTES, ZendeskWorld, living, opened

SHAPE = Shape(
    record="ticket",
    title="subject",
    text="description",
    clearable=f"custom_fields.{NOTES}",
    refused={"priority": "no such priority"},
    far_status=("status", "solved"),
    volatile=frozenset({"updated_at"}),
    many=1005,
)


class TestZendesk(ConnectorTests):
    shape = SHAPE

    def written(self, text: str) -> str:
        return "\n".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))

    def read(self, value: Any) -> str:
        return unescape("\n\n".join(re.findall(r"<p>(.*?)</p>", str(value), re.DOTALL)))

    @pytest.fixture
    async def world(self) -> AsyncIterator[ZendeskWorld]:
        async with living() as world:
            yield world

    @pytest.fixture
    async def connector(self, world: ZendeskWorld) -> AsyncIterator[ZendeskConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: ZendeskWorld) -> AsyncIterator[ZendeskConnector]:
        async with opened(world, secret="not-the-secret-of-this-client") as connector:
            yield connector
