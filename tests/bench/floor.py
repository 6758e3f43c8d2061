"""The floor: the least that any two-way sync of these tools must do, written by hand.

httpx, orjson and SQLite without anything between them: read the changes of both sides, map, hash
and store them, pair records by title, make what is missing, carry changed fields over. It keeps
none of the promises: no intents, no conflicts, no history, and a crash in the middle is not safe.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson

NAMES = ("title", "body", "status", "priority", "labels", "assignee")
BULK = 100

T = TypeVar("T")
Row = tuple[str, str, bytes, int, bytes]
"""Side, id, hash, version, fields as canonical JSON."""

_TABLES = """
create table if not exists record (
  side text, id text, hash blob, version int, fields blob, other text, primary key (side, id)
) without rowid;
create index if not exists loose on record (side, id) where other is null;
create table if not exists cursor (side text primary key, at text);
"""
_KNOWN = "select id, hash, fields, other from record where side = ? and id in"
_PUT = """
insert into record (side, id, hash, version, fields) values (?, ?, ?, ?, ?)
on conflict (side, id) do update set hash = excluded.hash, version = excluded.version,
fields = excluded.fields
"""


class Floor:
    """The floor's state between passes: two HTTP clients and a database."""

    def __init__(self, workdir: Path, addresses: Mapping[str, str], token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.http = {
            side: httpx.AsyncClient(base_url=addresses[side], headers=headers, timeout=60)
            for side in ("paged", "feed")
        }
        self.db = sqlite3.connect(workdir / "floor.db")
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = full")
        self.db.executescript(_TABLES)

    async def run(self) -> None:
        """One pass."""
        cursors = dict(self.db.execute("select side, at from cursor"))
        changed = dict(
            zip(
                ("paged", "feed"),
                await asyncio.gather(
                    self._observe("paged", self._paged(cursors.get("paged"))),
                    self._observe("feed", self._feed(cursors.get("feed"))),
                ),
                strict=True,
            )
        )
        await self._link()
        await self._to_feed(changed["paged"])
        await self._to_paged(changed["feed"])
        self.db.commit()

    async def aclose(self) -> None:
        for client in self.http.values():
            await client.aclose()
        self.db.close()

    async def _observe(
        self, side: str, pages: AsyncIterator[tuple[list[Any], str]]
    ) -> dict[str, Any]:
        """Store what changed; gives the changed fields of linked records by the other side's id."""
        changed: dict[str, Any] = {}
        async for records, at in pages:
            rows = [_row(side, record) for record in records]
            query = f"{_KNOWN} ({','.join('?' * len(rows))})"
            known = {
                id: (digest, fields, other)
                for id, digest, fields, other in self.db.execute(
                    query, [side, *(row[1] for row in rows)]
                )
            }
            for row in rows:
                digest, fields, other = known.get(row[1], (row[2], b"", None))
                if digest != row[2] and other is not None:
                    changed[other] = _difference(fields, row[4])
            self.db.executemany(_PUT, [r for r in rows if known.get(r[1], (b"",))[0] != r[2]])
            self.db.execute("insert or replace into cursor values (?, ?)", (side, at))
            self.db.commit()
        return changed

    async def _paged(self, since: str | None) -> AsyncIterator[tuple[list[Any], str]]:
        cursor = ""
        while True:
            params = {"per_page": BULK, "page": 1} | ({"updated_since": since} if since else {})
            response = await self.http["paged"].get("/records", params=params)
            cursor = cursor or parsedate_to_datetime(response.headers["date"]).isoformat()
            found = orjson.loads(response.content)
            records = found["records"]
            yield records, cursor
            if found["total"] <= BULK:
                return
            since = records[-1]["updated_on"]

    async def _feed(self, cursor: str | None) -> AsyncIterator[tuple[list[Any], str]]:
        more = True
        while more:
            params = {"limit": str(BULK)} | ({"cursor": cursor} if cursor else {})
            found = orjson.loads((await self.http["feed"].get("/feed", params=params)).content)
            cursor, more = found["next"], found["more"]
            yield found["items"], cursor

    async def _link(self) -> None:
        """Pair by title; make in the feed tool what only the paged tool has."""
        loose: dict[str, dict[str, str]] = {"paged": {}, "feed": {}}
        for side, id, fields in self.db.execute(
            "select side, id, fields from record where other is null"
        ):
            loose[side][orjson.loads(fields)["title"]] = id
        self._pair(
            [(id, loose["feed"][t]) for t, id in loose["paged"].items() if t in loose["feed"]]
        )
        missing = [id for title, id in loose["paged"].items() if title not in loose["feed"]]
        for ids in _chunks(missing):
            fields = [self._fields("paged", id) for id in ids]
            items = [
                {"external_id": f"floor-{i}", "fields": f} for i, f in zip(ids, fields, strict=True)
            ]
            response = await self.http["feed"].post(
                "/bulk", json={"create": items}, headers={"Idempotency-Key": f"floor-{ids[0]}"}
            )
            made = [result["record"] for result in orjson.loads(response.content)["results"]]
            self.db.executemany(_PUT, [_row("feed", record) for record in made])
            self._pair([(id, record["id"]) for id, record in zip(ids, made, strict=True)])

    def _pair(self, pairs: Sequence[tuple[str, str]]) -> None:
        put = "update record set other = ? where side = ? and id = ?"
        self.db.executemany(put, [(feed, "paged", paged) for paged, feed in pairs])
        self.db.executemany(put, [(paged, "feed", feed) for paged, feed in pairs])
        self.db.commit()

    async def _to_feed(self, patches: Mapping[str, Any]) -> None:
        for ids in _chunks(list(patches)):
            # No compare-and-set there: look before writing.
            await self.http["feed"].post("/fetch", json={"ids": ids})
            items = [{"id": id, "patch": patches[id]} for id in ids]
            response = await self.http["feed"].post("/bulk", json={"update": items})
            made = [result["record"] for result in orjson.loads(response.content)["results"]]
            self.db.executemany(_PUT, [_row("feed", record) for record in made])
            self.db.commit()

    async def _to_paged(self, patches: Mapping[str, Any]) -> None:
        for ids in _chunks(list(patches)):
            for id in ids:
                await self.http["paged"].put(
                    f"/records/{id}",
                    json=patches[id],
                    headers={"If-Match": f'"{self._version(id)}"'},
                )
            # No answer there: look after writing.
            response = await self.http["paged"].get(
                "/records", params={"ids": ",".join(ids), "per_page": BULK}
            )
            records = orjson.loads(response.content)["records"]
            self.db.executemany(_PUT, [_row("paged", record) for record in records])
            self.db.commit()

    def _version(self, id: str) -> int:
        query = "select version from record where side = 'paged' and id = ?"
        version: int = self.db.execute(query, (id,)).fetchone()[0]
        return version

    def _fields(self, side: str, id: str) -> Any:
        query = "select fields from record where side = ? and id = ?"
        return orjson.loads(self.db.execute(query, (side, id)).fetchone()[0])


def _row(side: str, record: Mapping[str, Any]) -> Row:
    fields = orjson.dumps({name: record[name] for name in NAMES}, option=orjson.OPT_SORT_KEYS)
    return side, record["id"], sha256(fields).digest(), record["version"], fields


def _difference(before: bytes, after: bytes) -> dict[str, Any]:
    old, new = orjson.loads(before), orjson.loads(after)
    return {name: new[name] for name in NAMES if old[name] != new[name]}


def _chunks(items: Sequence[T]) -> Iterator[list[T]]:
    for at in range(0, len(items), BULK):
        yield list(items[at : at + BULK])
