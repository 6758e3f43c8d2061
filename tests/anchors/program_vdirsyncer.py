"""One run of vdirsyncer between two shelves, as its command runs it: errors told and passed over,
its status in SQLite. A record's name is its UID, the same on both shelves, which it asks for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from vdirsyncer.exceptions import AlreadyExistingError, NotFoundError, WrongEtagError
from vdirsyncer.storage.base import Storage
from vdirsyncer.sync import sync
from vdirsyncer.sync.exceptions import StorageEmpty
from vdirsyncer.sync.status import SqliteStatus
from vdirsyncer.vobject import Item

from tests.anchors.shelf import Troubled


class ShelfStorage(Storage):
    """A shelf, through vdirsyncer's interface: an etag with every record, and compare-and-set."""

    storage_name = "shelf"

    def __init__(self, shelf: Troubled) -> None:
        super().__init__(instance_name=shelf.side)
        self.shelf = shelf

    async def list(self) -> AsyncIterator[tuple[str, str]]:
        for id, record in self.shelf.listing().items():
            yield id, str(record["revision"])

    async def get(self, href: str) -> tuple[Item, str]:
        record = self.shelf.records()[href]
        return _card(record), str(record["revision"])

    async def upload(self, item: Item) -> tuple[str, str]:
        if item.ident in self.shelf.records():
            raise AlreadyExistingError(existing_href=item.ident)
        id = self.shelf.add(_fields(item), id=item.ident)
        return id, str(self.shelf.revision())

    async def update(self, href: str, item: Item, etag: str) -> str:
        self._compare(href, etag)
        return str(self.shelf.change(href, _fields(item)))

    async def delete(self, href: str, etag: str) -> None:
        self._compare(href, etag)
        self.shelf.remove(href)

    def _compare(self, href: str, etag: str) -> None:
        records = self.shelf.records()
        if href not in records:
            raise NotFoundError(href)
        if etag != str(records[href]["revision"]):
            raise WrongEtagError(etag, records[href]["revision"])


def _card(record: dict[str, Any]) -> Item:
    name, title = record["name"], record["title"]
    return Item(f"BEGIN:VCARD\nUID:{name}\nFN:{title}\nEND:VCARD")


def _fields(item: Item) -> dict[str, str]:
    title = re.search("^FN:(.*)$", item.raw, re.MULTILINE)
    assert title is not None
    return {"name": item.ident, "title": title[1].strip()}


async def _run(folder: Path, policy: str | None) -> None:
    status = SqliteStatus(str(folder / "status.db"))
    try:
        a, b = (ShelfStorage(Troubled(folder, side)) for side in ("a", "b"))
        await sync(a, b, status, policy, error_callback=lambda error: print(repr(error)))
    except StorageEmpty as refusal:
        print(repr(refusal))
    finally:
        status.close()


def main(folder: Path, policy: str | None = None) -> None:
    asyncio.run(_run(folder, policy))
