"""Versions of the tables: which one a database has, and how it gets to ours.

Alembic does the work, from the scripts in `migrations/`, in one transaction: a process killed in
the middle leaves the old version. It is imported only when there is something to do, because
opening an up-to-date store must cost a command nothing.
"""

from __future__ import annotations

import threading

from sqlalchemy import Connection, column, select, table, text

from syncline.store import planner
from syncline.store.errors import StoreTooNew

HEAD = "0002"
"""The revision this code reads and writes; the newest script in `migrations/versions`."""

_LOCK = 0x53594E43
"""The advisory lock that two processes migrating one PostgreSQL database meet at."""


_one_at_a_time = threading.Lock()
"""Alembic keeps the migration that is running in module globals."""


def revision(connection: Connection) -> str | None:
    """The revision of the database, None for an empty one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    version = connection.scalar(select(column("version_num")).select_from(table("alembic_version")))
    return None if version is None else str(version)


def upgrade(connection: Connection, place: str) -> None:
    """Bring the database to `HEAD` within the running transaction.

    Raises StoreTooNew where its revision is none of ours; it is then left as it is.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = revision(connection)
    if found == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "syncline.store:migrations")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreTooNew(
            f"The store at {place} was written by a newer Syncline (its tables are at revision "
            f"{found}, this version knows up to {HEAD}). Nothing was read or changed; upgrade "
            "Syncline here, or name another store."
        )
    with _one_at_a_time:
        command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        planner.describe(connection)
