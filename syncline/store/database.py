"""One connection to the database, used by one thread, and what its errors mean.

SQLite runs in WAL mode with full synchronisation: an intent that was committed before a request
left is still there after a power cut. A write transaction takes the write lock at once (BEGIN
IMMEDIATE), so that it waits for another process at its beginning and never fails half way; a read
transaction sees one moment and cannot write.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    NullPool,
    create_engine,
    event,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from syncline.store import migrate
from syncline.store.errors import StoreError, StoreIntegrity, StoreLocked, StoreUnavailable
from syncline.store.tables import lease

T = TypeVar("T")

BUSY_SECONDS = 10
"""How long a transaction waits for another process's; `?timeout=` in a SQLite URL changes it."""

_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "40001")
_UNAVAILABLE = (
    *("SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOTADB"),
    *("SQLITE_PERM", "SQLITE_READONLY", "SQLITE_AUTH"),
    *("08", "28", "3D000", "53", "57P", "58", "XX"),
)

_BEGIN: Mapping[tuple[str, bool], Sequence[str]] = {
    ("sqlite", False): ("BEGIN",),
    ("sqlite", True): ("BEGIN IMMEDIATE",),
    ("postgresql", False): ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
    ("postgresql", True): (),
}
"""How a transaction that reads (False) or writes (True) begins, beside what the drivers do."""


class Database:
    """The connection. Every method must be called from the one thread that owns it."""

    def __init__(self, url: str) -> None:
        self._url = _parse(url)
        self._connection: Connection | None = None
        self._engine = self._make_engine()
        self._driver = self._engine.dialect.loaded_dbapi

    @property
    def place(self) -> str:
        """Where the database is, for messages: never a password."""
        if self._url.get_backend_name() == "sqlite":
            return self._url.database or "memory"
        return self._url.render_as_string(hide_password=True)

    def open(self) -> None:
        """Connect, make what is missing (folder, tables) and bring the tables up to date."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            folder = Path(self._url.database).parent
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailable(
                    f"The folder {folder} of the store cannot be made ({error.strerror}). Nothing "
                    "was started; make it, or name another one under `store:`."
                ) from error
        found = self.run(migrate.revision, write=False)
        if found != migrate.HEAD:
            self.run(lambda connection: migrate.upgrade(connection, self.place), write=True)

    def run(self, work: Callable[[Connection], T], *, write: bool) -> T:
        """Run `work` in one transaction: all of it is stored, or nothing is and an error says why.

        Errors of the database become those of `errors.py`; whatever else `work` raises passes.
        """
        with self._translated():
            connection = self._connected()
            with connection.begin() as transaction:
                try:
                    cursor = connection.connection.cursor()
                    for statement in _BEGIN[connection.dialect.name, write]:
                        cursor.execute(statement)
                    result = work(connection)
                except self._driver.Error as error:
                    # SQLAlchemy sees for itself only what breaks in statements of its own.
                    if connection.dialect.is_disconnect(error, connection.connection, None):
                        connection.invalidate(error)
                    raise
                if not write:
                    # Not by `query_only`, which makes SQLite prepare every statement anew.
                    transaction.rollback()
            return result

    def image(self) -> bytes:
        """A SQLite database as it stands, byte for byte, for `restore`."""
        return bytes(self._sqlite().serialize())

    def restore(self, image: bytes) -> None:
        """Turn a SQLite database in memory into the one an image was taken of."""
        self._sqlite().deserialize(image)

    def _sqlite(self) -> sqlite3.Connection:
        driver = self._connected().connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def close(self) -> None:
        """Give the connection back; a later `run` opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _make_engine(self) -> Engine:
        sqlite = self._url.get_backend_name() == "sqlite"
        engine = create_engine(
            self._url if not sqlite else self._url.update_query_dict(_timeout(self._url)),
            paramstyle="qmark" if sqlite else "format",
            poolclass=NullPool,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_sqlite if sqlite else _prepare_postgresql)
        return engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, self._driver.Error) as error:
            known = self._meaning(error.orig if isinstance(error, DBAPIError) else error)
            if known is None:
                raise
            raise known from error

    def _meaning(self, cause: BaseException | None) -> StoreError | None:
        """What a driver's error means to the caller; None for a mistake of our own in the SQL."""
        lost = self._connection is not None and self._connection.invalidated
        code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
        if isinstance(cause, self._driver.IntegrityError):
            return StoreIntegrity(
                f"A row would break a rule of the store at {self.place} ({cause}). The whole "
                "transaction was undone."
            )
        if code.startswith(_LOCKED):
            return StoreLocked(
                f"The store at {self.place} is locked: another process{self._holders()} has been "
                "writing for longer than Syncline waits. Nothing was stored; try again, or stop "
                "the other process."
            )
        if code.startswith(_UNAVAILABLE) or lost or not code:
            return StoreUnavailable(
                f"The store at {self.place} cannot be used: {str(cause).strip()}. Nothing was "
                "stored by this step and nothing is sent without the store; make it available, "
                "or put back a copy, and run again."
            )
        return None

    def _holders(self) -> str:
        """Who holds leases here, as far as a reader can tell beside the lock."""
        names: list[str] = []
        with suppress(DBAPIError), self._engine.connect() as connection:
            query = select(lease.c.holder).where(lease.c.holder.is_not(None)).distinct()
            names = [str(name) for name in connection.scalars(query)]
        return f" ({', '.join(sorted(names))})" if names else ""


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreUnavailable(_not_a_store(str(error))) from error
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreUnavailable(_not_a_store(f"{backend} is not supported"))


def _not_a_store(why: str) -> str:
    return (
        f"`store:` is not an address Syncline can use ({why}). Nothing was started; write "
        "sqlite:///PATH or postgresql://USER@HOST/DATABASE."
    )


def _timeout(url: URL) -> dict[str, str]:
    return {} if "timeout" in url.query else {"timeout": str(BUSY_SECONDS)}


def _prepare_sqlite(driver: Any, _record: Any) -> None:
    driver.isolation_level = None  # the driver would begin transactions on its own, and too late
    # For a new file: a record of 4 KB fits without a chain of pages.
    driver.execute("PRAGMA page_size = 8192").close()
    _write_ahead(driver)
    for pragma in (
        # 32 MB: observations come and go within a pass, and what is gone before a checkpoint is
        # never copied into the database.
        "wal_autocheckpoint = 4000",
        "synchronous = FULL",
        # Debian's SQLite writes every freed page once more to blank it: a quarter of the cost of
        # deleting observations, in a file that holds the same records anyway.
        "secure_delete = FAST",
        "foreign_keys = ON",
        "cache_size = -32768",
        "temp_store = MEMORY",
    ):
        driver.execute(f"PRAGMA {pragma}").close()


_MILLISECONDS_BETWEEN = 20


def _write_ahead(driver: sqlite3.Connection) -> None:
    """Turn a new file to WAL, and wait for another process that is doing the same.

    SQLite itself waits everywhere but here: the switch raises a read lock to a write lock, and two
    processes that both wait with a read lock would wait for ever (sqlite.org/c3ref/busy_handler).
    """
    (milliseconds,) = driver.execute("PRAGMA busy_timeout").fetchone()
    for _ in range(milliseconds // _MILLISECONDS_BETWEEN):
        try:
            driver.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_MILLISECONDS_BETWEEN / 1000)
        else:
            return
    driver.execute("PRAGMA journal_mode = WAL").close()


def _prepare_postgresql(driver: Any, _record: Any) -> None:
    driver.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    driver.commit()
