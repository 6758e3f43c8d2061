"""The shared suite on a real Request Tracker, and on what one said where none can be installed.

`make real` runs the classes whose names end in `Live`, on the server of `deployments.real`. Record
anew when the connector sends something else than before:

    SYNCLINE_RECORD=1 python -m pytest tests/connectors -k "request_tracker and Live"
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import escape, unescape
from typing import Any

import pytest

from connectors.request_tracker import RequestTrackerConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.request_tracker_stage import Live, Recorded, live, server
from tests.connectors.request_tracker_world import RequestTrackerWorld, opened

__all__ = ["server"]

SHAPE = Shape(
    record="ticket",
    title="Subject",
    text="Content",
    clearable="CustomFields.Labels",
    refused={"Status": "no such status"},
    far_status=("Status", "resolved"),
    volatile=frozenset({"LastUpdated"}),
)


class Conformance(ConnectorTests):
    shape = SHAPE
    story = "suite"

    def written(self, text: str) -> str:
        return "\n".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))

    def read(self, value: Any) -> str:
        parts = str(value).removeprefix("<p>").removesuffix("</p>").split("</p>\n<p>")
        return unescape("\n\n".join(parts))

    @pytest.fixture
    async def connector(self, world: RequestTrackerWorld) -> AsyncIterator[RequestTrackerConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: RequestTrackerWorld) -> AsyncIterator[RequestTrackerConnector]:
        async with opened(world, "stranger") as connector:
            yield connector


class TestConformance(Recorded, Conformance):
    pass


class TestConformanceLive(Live, Conformance):
    pytestmark = live
