"""The tables: made from nothing, equal to what the code expects, never from the future."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from syncline.simulation.clock import ManualClock
from syncline.store import links, migrate
from syncline.store.database import Database
from syncline.store.errors import StoreTooNew, StoreUnavailable
from syncline.store.sql import Tx
from syncline.store.store import Store
from syncline.store.tables import metadata
from tests.support import migrated
from tests.unit.store.samples import link


@pytest.fixture(autouse=True)
def really(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store is made by Alembic, none from memory."""
    monkeypatch.setattr(migrate, "upgrade", migrated.really)


def test_a_store_from_memory_is_byte_for_byte_the_one_that_alembic_makes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = []
    for upgrade in (migrated.really, migrated.upgrade, migrated.upgrade):
        monkeypatch.setattr(migrate, "upgrade", upgrade)
        database = Database("sqlite://")
        database.open()
        images.append(database.image())
        database.close()
    assert migrated._sent
    assert images[1:] == images[:1] * 2


async def test_an_empty_place_becomes_a_store_with_the_tables_the_code_expects(
    url: str, clock: ManualClock
) -> None:
    async with await Store.open(url, "acme", clock) as store:
        differences = await store.read(_differences)
    assert differences == []


def _differences(tx: Tx) -> list[object]:
    context = MigrationContext.configure(tx.conn, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def test_the_newest_script_is_the_revision_the_code_names() -> None:
    scripts = ScriptDirectory(Path(migrate.__file__).parent / "migrations")
    assert scripts.get_current_head() == migrate.HEAD


async def test_opening_again_finds_what_was_stored(url: str, clock: ManualClock) -> None:
    async with await Store.open(url, "acme", clock) as store:
        await store.write(links.insert, [link()])
    async with await Store.open(url, "acme", clock) as store:
        assert await store.read(links.load, ["l1"]) == {"l1": link()}


async def test_a_store_of_a_newer_version_is_refused_and_left_alone(
    url: str, clock: ManualClock
) -> None:
    async with await Store.open(url, "acme", clock) as store:
        await store.write(_set_revision, "9999")
    with pytest.raises(StoreTooNew, match="9999.*upgrade Syncline"):
        await Store.open(url, "acme", clock)
    assert _revision(url) == "9999"


def _set_revision(tx: Tx, revision: str) -> None:
    tx.conn.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})


def _revision(url: str) -> str | None:
    database = Database(url)
    try:
        return database.run(migrate.revision, write=False)
    finally:
        database.close()


async def test_a_migration_that_dies_half_way_leaves_an_empty_database(
    url: str, clock: ManualClock
) -> None:
    async with await Store.open(url, "acme", clock) as store:
        await store.write(_drop_everything)
    database = Database(url)

    def upgrade_and_die(connection: Connection) -> None:
        migrate.upgrade(connection, "here")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        database.run(upgrade_and_die, write=True)
    assert database.run(migrate.revision, write=False) is None
    assert not database.run(lambda c: c.dialect.has_table(c, "link"), write=False)
    database.close()
    async with await Store.open(url, "acme", clock) as store:
        assert await store.read(_differences) == []


def _drop_everything(tx: Tx) -> None:
    metadata.drop_all(tx.conn)
    tx.conn.execute(text("DROP TABLE alembic_version"))


async def test_the_folder_of_a_new_store_is_closed_to_others(
    tmp_path: Path, clock: ManualClock
) -> None:
    folder = tmp_path / "deep" / "state"
    async with await Store.open(f"sqlite:///{folder}/state.db", "acme", clock):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="file/state"):
        await Store.open(f"sqlite:///{tmp_path}/file/state/state.db", "acme", clock)


async def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, clock: ManualClock
) -> None:
    file = tmp_path / "state.db"
    file.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreUnavailable, match=r"state\.db cannot be used: file is not a database"):
        await Store.open(f"sqlite:///{file}", "acme", clock)
    assert file.read_text() == "Dear diary, " * 1000


async def test_a_server_that_does_not_answer_is_named_without_its_password(
    clock: ManualClock,
) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await Store.open("postgresql://ops:hunter2@127.0.0.1:9/state", "acme", clock)
    assert "127.0.0.1:9/state" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://host/state", "nonsense", "redis://host"])
async def test_an_address_of_another_kind_is_refused(url: str, clock: ManualClock) -> None:
    with pytest.raises(StoreUnavailable, match="sqlite:///PATH or postgresql://"):
        await Store.open(url, "acme", clock)
