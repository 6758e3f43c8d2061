"""Where tests of the Request Tracker connector play: on a recording, or live on a real server.

With `SYNCLINE_RECORD=1` each live test also writes what was said to `recordings/request_tracker/`,
from which the recorded ones answer.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deployments.real.servers import available
from tests.connectors.request_tracker_world import (
    RECORDED_TOKENS,
    RequestTrackerWorld,
    StrictTracker,
    prepare,
    stage,
    tokens_of,
)
from tests.support.recorded import load

RECORDINGS = Path(__file__).parent / "recordings" / "request_tracker"
RECORDING = os.environ.get("SYNCLINE_RECORD") == "1"

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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StrictTracker]:
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
            world = RequestTrackerWorld(played, RECORDED_TOKENS)
            yield world
            await world.aclose()
        assert not played.unknown, played.unknown


class Live:
    """Worlds on a running server, reset for each test."""

    @pytest.fixture
    async def world(
        self, request: pytest.FixtureRequest, server: StrictTracker
    ) -> AsyncIterator[RequestTrackerWorld]:
        prepare(server)
        tokens = tokens_of(server)
        played = stage(tokens, upstream=server.connection()["base_url"])
        async with played.serving():
            world = RequestTrackerWorld(played, tokens, server)
            yield world
            await world.aclose()
        if RECORDING:
            played.save(recording_of(request))
