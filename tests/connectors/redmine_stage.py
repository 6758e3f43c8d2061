"""Where the tests of the Redmine connector play: on a real server, or on a recording of one.

`make real` runs the classes whose names end in `Live`, on the server of `deployments.real`. With
`SYNCLINE_RECORD=1` each of their tests also writes what was said to `recordings/redmine/`, from
which all others answer. Record anew when the connector sends something else than before:

    SYNCLINE_RECORD=1 python -m pytest tests/connectors -k "redmine and Live"
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from deployments.real.redmine import Redmine
from deployments.real.servers import available
from tests.connectors.redmine_world import RECORDED_KEYS, RedmineWorld, keys_of, prepare, stage
from tests.support.recorded import load

RECORDINGS = Path(__file__).parent / "recordings" / "redmine"
RECORDING = os.environ.get("SYNCLINE_RECORD") == "1"

live = [
    pytest.mark.real,
    pytest.mark.skipif(not available("redmine"), reason="Debian's redmine is not installed"),
]


def recording_of(request: pytest.FixtureRequest) -> Path:
    """One file a test; live and recorded classes share it."""
    name = f"{request.cls.story}-{request.node.name}".replace("[", "-").rstrip("]")
    return RECORDINGS / f"{name.replace(' ', '_')}.json"


class Recorded:
    """Worlds that answer from recordings, and fail on whatever was never recorded."""

    kind: ClassVar[type[RedmineWorld]] = RedmineWorld

    @pytest.fixture
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[RedmineWorld]:
        played = stage(RECORDED_KEYS, kept=load(recording_of(request)))
        async with played.serving():
            world = self.kind(played, RECORDED_KEYS)
            yield world
            await world.aclose()
        assert not played.unknown, played.unknown


class Live:
    """Worlds on a running server, reset for each test."""

    kind: ClassVar[type[RedmineWorld]] = RedmineWorld

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redmine]:
        """Seeded once a session, running once a class."""
        server = Redmine(tmp_path_factory.getbasetemp() / "servers")
        server.start()
        yield server
        server.stop()

    @pytest.fixture
    async def world(
        self, request: pytest.FixtureRequest, server: Redmine
    ) -> AsyncIterator[RedmineWorld]:
        prepare(server)
        self.kind.arrange(server)
        keys = keys_of(server)
        played = stage(keys, upstream=server.connection()["base_url"])
        async with played.serving():
            world = self.kind(played, keys, server)
            yield world
            await world.aclose()
        if RECORDING:
            played.save(recording_of(request))
