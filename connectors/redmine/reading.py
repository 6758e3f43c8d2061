"""Reading what changed, complete although rows move while they are read.

Pages are asked for by value (`updated_on` of the last row), never by offset: an edited issue moves
to the end and is told again there. More than a page of one second (a bulk edit) is read by id
within that second. After the first reading the query names no project, so that an issue that left
the scope is told; one request therefore answers a pass in which nothing changed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

from connectors.redmine.client import PAGE, Client, Filter, Issue, moment, since, stamp
from connectors.redmine.cursor import SECOND, Position
from syncline.sdk.clock import Clock

ORDER = "updated_on,id"


def newest(issues: Iterable[Issue]) -> datetime | None:
    """The latest `updated_on` of some issues."""
    return max((moment(issue["updated_on"]) for issue in issues), default=None)


class Changes:
    """One pass over the changes; `at` is where the next one starts, once `pages` has ended."""

    def __init__(self, client: Client, clock: Clock, lookback: timedelta, at: Position) -> None:
        self.at = at
        self._client = client
        self._clock = clock
        self._lookback = lookback
        self._projects = in_projects(at)
        self._told: set[tuple[int, str]] = set()

    async def pages(self) -> AsyncIterator[list[Issue]]:
        """Issues changed since, oldest first, each told once a pass unless it changed again."""
        start, began = self.at, self._clock.now()
        rows = await self._page(start.since)
        if len(rows) < PAGE:
            latest = _later(start.newest, newest(rows))
            self._finish(start, latest, latest, began)
            yield self._new(rows)
            return
        # Whatever was stamped longer than the lookback before `bound` is visible from here on.
        bound = _later(newest(await self._latest()), start.newest)
        reached = start.since
        while len(rows) == PAGE:
            last = moment(rows[-1]["updated_on"])
            self.at = start.within(last, bound or last, self._lookback)
            yield self._new(rows)
            if reached is not None and last <= reached:
                async for tied in self._second(last):
                    yield self._new(tied)
                last += 2 * SECOND
            reached = last
            rows = await self._page(reached)
        latest = _later(bound, newest(rows))
        self._finish(start, latest, bound, began)
        yield self._new(rows)

    def _finish(
        self, start: Position, latest: datetime | None, bound: datetime | None, began: datetime
    ) -> None:
        ended = self._clock.now()
        self.at = start.after(latest, bound, self._lookback, began=began, ended=ended)

    async def _page(self, start: datetime | None) -> list[Issue]:
        return await self._client.issues(*self._where(start), sort=ORDER)

    async def _second(self, second: datetime) -> AsyncIterator[list[Issue]]:
        """All issues last changed within one second, by id."""
        within: Filter = ("updated_on", "><", (stamp(second), stamp(second + SECOND)))
        async for rows in by_id(self._client, within, *self._scope()):
            yield rows

    async def _latest(self) -> list[Issue]:
        return await self._client.issues(sort="updated_on:desc", limit=1)

    def _where(self, start: datetime | None) -> list[Filter]:
        changed = [since("updated_on", start)] if start else []
        return [*self._scope(), *changed]

    def _scope(self) -> list[Filter]:
        return [self._projects] if self.at.full else []

    def _new(self, rows: list[Issue]) -> list[Issue]:
        fresh = [row for row in rows if (row["id"], row["updated_on"]) not in self._told]
        self._told.update((row["id"], row["updated_on"]) for row in fresh)
        return fresh


async def by_id(client: Client, *filters: Filter) -> AsyncIterator[list[Issue]]:
    """All issues that match, in the order of their ids, which no edit changes."""
    after = 0
    while True:
        rows = await client.issues(("issue_id", ">=", (after + 1,)), *filters, sort="id")
        yield rows
        if len(rows) < PAGE:
            return
        after = rows[-1]["id"]


def in_projects(position: Position) -> Filter:
    """The scope's own projects, without their subprojects."""
    return ("project_id", "=", tuple(position.projects.values()))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((t for t in (one, other) if t is not None), default=None)
