"""Reading what changed, complete although issues move and the index lags while they are read.

Issues come in the order of `updated`, so one that is edited meanwhile moves to the end and is told
again there. Pages hang together by a token that Jira forgets after a while, or that an edit made
worthless in Data Center; then the pass goes on from what it has told. The query names the scope's
projects: an issue that left them is found by the census.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.jira.client import Client, Found, Issue, TokenExpired
from connectors.jira.cursor import Position, ago
from connectors.jira.fields import moment
from connectors.jira.wire import ASKED
from syncline.sdk.clock import Clock
from syncline.sdk.errors import Misconfigured, Rejected, Retriable

ORDER = "ORDER BY updated ASC, id ASC"
_ATTEMPTS = 3


def in_projects(scope: Sequence[str]) -> str:
    """The query that names the projects."""
    keys = ", ".join(f'"{key}"' for key in scope)
    return f"project in ({keys})"


async def census(client: Client, scope: Sequence[str]) -> AsyncIterator[dict[str, int]]:
    """The ids of all issues with their versions; read anew where pages no longer fit together."""
    jql, token, broken = f"{in_projects(scope)} ORDER BY id ASC", None, 0
    while True:
        try:
            page = await client.search(jql, ["updated"], token)
        except TokenExpired as error:
            token, broken = None, broken + 1
            if broken == _ATTEMPTS:
                raise Retriable(
                    f"Issues went away {broken} times while all were listed: {error} Nothing "
                    "counts as deleted; Syncline lists them later."
                ) from error
            continue
        yield {str(i["id"]): int(updated(i).timestamp() * 1000) for i in page.issues}
        if (token := page.token) is None:
            return


def updated(issue: Issue) -> datetime:
    """When an issue last changed."""
    return moment(issue["fields"]["updated"])


class Changes:
    """One pass over the changes; `at` is where the next one starts, once `pages` has ended."""

    def __init__(self, client: Client, clock: Clock, lag: timedelta, at: Position) -> None:
        self.at = at
        self._client = client
        self._clock = clock
        self._lag = lag
        self._since = at.since
        self._fields = (*ASKED, *at.fields.ids)
        self._told: set[tuple[str, str]] = set()

    async def pages(self) -> AsyncIterator[list[Issue]]:
        """Issues changed since, oldest first, each told once a pass unless it changed again."""
        jql, page = await self._begin(self.at)
        visible = page.at - self._lag
        newest: datetime | None = None
        restarted: tuple[datetime | None] | None = None
        while True:
            issues = self._new(page.issues)
            newest = max((t for t in (newest, _newest(page.issues)) if t), default=None)
            if page.token is None:
                break
            if newest is not None:
                self.at = self.at.within(newest, visible)
            yield issues
            try:
                page = await self._client.search(jql, self._fields, page.token)
            except TokenExpired as error:
                if (self.at.since,) == restarted:
                    raise Retriable(
                        f"Jira refused the next page of the same search twice: {error} Syncline "
                        "starts it anew later."
                    ) from error
                restarted = (self.at.since,)
                jql, page = await self._begin(self.at)
        self.at = self.at.after(newest, visible)
        yield issues

    async def _begin(self, start: Position) -> tuple[str, Found]:
        """The query of a pass and its first page; a second request where our clock was wrong."""
        while True:
            back = start.back(self._clock.now())
            jql = _changed(start.scope, back)
            try:
                page = await self._client.search(jql, self._fields)
            except Rejected as error:
                raise Misconfigured(
                    f"Jira does not search the projects {', '.join(start.scope)} for this account: "
                    f"{error} Nothing was read; check the connection's scope."
                ) from error
            ahead = page.at - self._clock.now()
            self.at = replace(self.at, ahead=ahead)
            if start.reached(back, page.at):
                return jql, page
            start = replace(start, ahead=ahead)

    def _new(self, issues: Sequence[Issue]) -> list[Issue]:
        fresh: list[Issue] = []
        for issue in issues:
            mark = (str(issue["id"]), issue["fields"]["updated"])
            before = self._since is not None and updated(issue) < self._since
            if mark not in self._told and not before:
                fresh.append(issue)
            self._told.add(mark)
        return fresh


def _changed(scope: Sequence[str], back: int | None) -> str:
    since = "" if back is None else f" AND updated >= {ago(back)}"
    return f"{in_projects(scope)}{since} {ORDER}"


def _newest(issues: Sequence[Issue]) -> datetime | None:
    return max(map(updated, issues), default=None)
