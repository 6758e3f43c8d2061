"""Reading what changed, complete although records are edited while they are read.

One question answers a pass: what was written, or said something of, since a moment. Pages go by id,
which no edit moves; what is edited behind the reader's back is younger than the moment at which the
next pass begins. The question names no scope, so that a record that left it is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any

from connectors.odoo.client import PAGE, Client, Row, Specification, moment, stamp
from connectors.odoo.cursor import Position
from connectors.odoo.records import RecordType
from syncline.sdk.clock import Clock


def scope_of(kind: RecordType, at: Position) -> list[Any]:
    """The domain of the records that are in scope and not archived."""
    domain = [*kind.is_one, *kind.alive]
    if kind.record == "task":
        domain.append(["project_id", "in", sorted(at.projects.values())])
    return domain


class Changes:
    """One pass over the changes; `at` is where the next one starts, once `pages` has ended."""

    def __init__(
        self,
        client: Client,
        kind: RecordType,
        specification: Specification,
        clock: Clock,
        lookback: timedelta,
        at: Position,
    ) -> None:
        self.at = at
        self._client = client
        self._kind = kind
        self._specification = specification
        self._clock = clock
        self._lookback = lookback

    async def pages(self) -> AsyncIterator[list[Row]]:
        """Records that changed since, by id, each told once a pass."""
        start, began = self.at, self._clock.now()
        rows = await self._page(start.after)
        newest = bound = _later(start.bound, start.newest, _newest(rows))
        if len(rows) == PAGE or start.after:
            # Later pages may hold younger stamps than what was edited meanwhile on earlier ones.
            newest = bound = start.bound or _later(start.newest, await self._latest())
        while len(rows) == PAGE:
            newest = _later(newest, _newest(rows))
            self.at = start.within(rows[-1]["id"], bound)
            yield rows
            rows = await self._page(rows[-1]["id"])
        newest = _later(newest, _newest(rows))
        ended = self._clock.now()
        self.at = start.finished(newest, bound, self._lookback, began=began, ended=ended)
        yield rows

    async def _page(self, after: int) -> list[Row]:
        domain = self._since(self.at.since)
        return await self._client.search(
            self._kind.model, [*domain, ["id", ">", after]], self._specification
        )

    def _since(self, since: datetime | None) -> list[Any]:
        if since is None:
            return scope_of(self._kind, self.at)
        text = stamp(since)
        return ["|", ["write_date", ">=", text], ["message_ids.write_date", ">=", text]]

    async def _latest(self) -> datetime | None:
        rows = await self._client.search(
            self._kind.model, [], {"write_date": {}}, order="write_date desc", limit=1
        )
        return _newest(rows)


def _newest(rows: Iterable[Row]) -> datetime | None:
    """The youngest stamp of some rows and of what was said about them."""
    return max((touched(row) for row in rows), default=None)


def touched(row: Row) -> datetime:
    """When a record was last written, or something said about it."""
    said = [m["write_date"] for m in row.get("message_ids", ())[:1] if "write_date" in m]
    return max(moment(text) for text in (row["write_date"], *said))


def _later(*times: datetime | None) -> datetime | None:
    return max((t for t in times if t is not None), default=None)
