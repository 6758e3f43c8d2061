"""One Prefect server for all flow tests, started as `syncline up` starts it.

The environment is set before anything imports Prefect: no server of the developer's own is talked
to, nothing is written into a home, and nobody is told that tests run.
"""

from __future__ import annotations

import os
import tempfile

os.environ.pop("PREFECT_API_URL", None)
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="syncline-prefect-")

import gc  # noqa: E402
import secrets  # noqa: E402
from collections.abc import AsyncIterator, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
import pytest_asyncio  # noqa: E402

from deployments.local import free_port, server  # noqa: E402
from tests.flows.office import VARIABLES, Office, office  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, int]]:
    """The home and the port of a server that starts nothing by itself."""
    home, port = tmp_path_factory.mktemp("prefect"), free_port(0)
    async with server(home, port, schedules=False):
        yield home, port


@pytest.fixture
def prefect(prefect_home: tuple[Path, int]) -> Iterator[Path]:
    """The client talks to the tests' server; gives its home."""
    from deployments.up import talking_to

    home, port = prefect_home
    with talking_to(port):
        yield home
    gc.collect()  # what Prefect left open is blamed on this test, which expects it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Prefect does not close the client with which it asks for the server's result storage."""
    left_open = (
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    )
    for item in items:
        if item.get_closest_marker("prefect"):
            item.add_marker(pytest.mark.filterwarnings(left_open))


@pytest_asyncio.fixture
async def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """Two tools with credentials of their own, known to this process and its children."""
    tokens = {name: f"{name}-{secrets.token_hex(12)}" for name in VARIABLES}
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, tokens[name])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    folder = tmp_path / "configuration"
    folder.mkdir()
    async with office(folder, tokens) as one:
        one.configure("escalations")
        yield one
