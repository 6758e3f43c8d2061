"""The connector on a real Request Tracker, and on what one said where none can be installed.

`make real` runs the classes whose names end in `Live`, on the server of `deployments.real`. With
`SYNCLINE_RECORD=1` each of their tests also writes what was said to `recordings/request_tracker/`,
from which all others answer. Record anew when the connector sends something else than before:

    SYNCLINE_RECORD=1 python -m pytest tests/connectors/test_request_tracker.py -k Live
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from connectors.request_tracker import RequestTrackerConnector
from deployments.real.request_tracker import RequestTracker
from deployments.real.servers import available
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.request_tracker_world import (
    RECORDED_TOKENS,
    RequestTrackerWorld,
    StrictTracker,
    opened,
    prepare,
    stage,
    tokens_of,
)
from tests.support.recorded import load

RECORDINGS = Path(__file__).parent / "recordings" / "request_tracker"
RECORDING = os.environ.get("SYNCLINE_RECORD") == "1"

SHAPE = Shape(
    record="ticket",
    title="Subject",
    text="Content",
    clearable="CustomFields.Labels",
    refused={"Status": "no such status"},
    far_status=("Status", "resolved"),
    volatile=frozenset({"LastUpdated"}),
)

live = [
    pytest.mark.real,
    pytest.mark.skipif(
        not available("request_tracker"), reason="Debian's request-tracker5 is not installed"
    ),
]


def recording_of(request: pytest.FixtureRequest) -> Path:
    """One file a test; live and recorded classes share it."""
    name = f"{request.cls.story}-{request.node.name}".replace("[", "-").rstrip("]")
    return RECORDINGS / f"{name.replace(' ', '_')}.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RequestTracker]:
    """One server for all live tests."""
    server = StrictTracker(tmp_path_factory.mktemp("rt"))
    server.start()
    yield server
    server.stop()


class Recorded:
    """Worlds that answer from recordings, and fail on whatever was never recorded."""

    @pytest.fixture
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[RequestTrackerWorld]:
        played = stage(RECORDED_TOKENS, kept=load(recording_of(request)))
        async with played.serving():
            world = RequestTrackerWorld(played, RECORDED_TOKENS, live=False)
            yield world
            await world.aclose()
        assert not played.unknown


class Live:
    """Worlds on a running server, reset for each test."""

    @pytest.fixture
    async def world(
        self, request: pytest.FixtureRequest, server: RequestTracker
    ) -> AsyncIterator[RequestTrackerWorld]:
        prepare(server)
        tokens = tokens_of(server)
        played = stage(tokens, upstream=server.connection()["base_url"])
        async with played.serving():
            world = RequestTrackerWorld(played, tokens, live=True)
            yield world
            await world.aclose()
        if RECORDING:
            played.save(recording_of(request))


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
