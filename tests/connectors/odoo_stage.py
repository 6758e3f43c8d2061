"""Where the tests of the Odoo connector play: on a real server, or on a recording of one.

The classes whose names end in `Live` run on the server of `deployments.real`, where Debian's
package was fetched (`python -m deployments.real.servers install odoo`). With `SYNCLINE_RECORD=1`
each of their tests also writes what was said to `recordings/odoo/`, from which all others answer.
Record anew when the connector sends something else than before:

    SYNCLINE_RECORD=1 python -m pytest tests/connectors -k "odoo and Live"
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deployments.real.odoo import Odoo
from deployments.real.servers import available
from tests.connectors.odoo_world import RECORDED_KEYS, OdooWorld, keys_of, prepare, stage
from tests.support.recorded import load

RECORDINGS = Path(__file__).parent / "recordings" / "odoo"
RECORDING = os.environ.get("SYNCLINE_RECORD") == "1"

live = [
    pytest.mark.real,
    pytest.mark.skipif(
        not available("odoo"),
        reason="Odoo is not there: python -m deployments.real.servers install odoo",
    ),
]


def recording_of(request: pytest.FixtureRequest) -> Path:
    """One file a test; live and recorded classes share it."""
    name = f"{request.cls.story}-{request.node.name}".replace("[", "-").rstrip("]")
    return RECORDINGS / f"{name.replace(' ', '_')}.json"


class Recorded:
    """Worlds that answer from recordings, and fail on whatever was never recorded."""

    kind = "task"

    @pytest.fixture
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[OdooWorld]:
        played = stage(RECORDED_KEYS, kept=load(recording_of(request)))
        async with played.serving():
            world = OdooWorld(played, RECORDED_KEYS, self.kind)
            await world.enter()
            yield world
            await world.aclose()
        assert not played.unknown, played.unknown


class Live:
    """Worlds on a running server, emptied for each test; one without a story is not recorded."""

    kind = "task"

    @pytest.fixture(scope="session")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odoo]:
        """Seeded and running once a session, or kept in SYNCLINE_TEST_SERVERS."""
        kept = os.environ.get("SYNCLINE_TEST_SERVERS")
        server = Odoo(Path(kept) if kept else tmp_path_factory.getbasetemp() / "servers")
        server.start()
        yield server
        if not kept:
            server.remove()

    @pytest.fixture
    async def world(self, request: pytest.FixtureRequest, server: Odoo) -> AsyncIterator[OdooWorld]:
        await prepare(server)
        keys = keys_of(server)
        played = stage(keys, upstream=server.connection()["base_url"])
        async with played.serving():
            world = OdooWorld(played, keys, self.kind, live=True)
            await world.enter()
            yield world
            await world.aclose()
        if RECORDING and request.cls.story:
            played.save(recording_of(request))
