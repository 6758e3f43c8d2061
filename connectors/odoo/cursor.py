"""Where the reading of changes goes on.

Odoo stamps a change with the moment its transaction began, shows it when the transaction ends, and
shows the stamp in whole seconds. Reading therefore overlaps by a *lookback*, measured back from the
newest stamp seen: Odoo's own clock. Our clock is asked one thing, how long nothing newer has turned
up; after more than the lookback all of the past has shown itself, and reading goes on behind the
newest stamp, so that a quiet pass gets an empty answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """`projects` are the ids of the scope's projects by name; `absent` the fields nobody shows.

    since    read what changed at this moment or later; None: everything
    newest   the newest stamp seen, and `seen_at` when (our clock)
    after    a pass is under way and has told all up to this id, and
    bound    the newest stamp there was when it began
    """

    projects: Mapping[str, int]
    absent: tuple[str, ...]
    since: datetime | None = None
    newest: datetime | None = None
    seen_at: datetime | None = None
    bound: datetime | None = None
    after: int = 0

    def text(self) -> str:
        """As a cursor."""
        times = {n: t.isoformat() for n in _TIMES if (t := getattr(self, n)) is not None}
        told = {"projects": dict(self.projects), "absent": self.absent, "after": self.after}
        return json.dumps(told | times, separators=(",", ":"))

    @classmethod
    def parse(cls, cursor: str | None, scope: Sequence[str]) -> Position | None:
        """None without a cursor, or where it was made for other projects."""
        if cursor is None:
            return None
        told = json.loads(cursor)
        if list(told["projects"]) != list(scope):
            return None
        times = {n: datetime.fromisoformat(told[n]) for n in _TIMES if n in told}
        return cls(told["projects"], tuple(told["absent"]), after=told["after"], **times)

    def within(self, after: int, bound: datetime | None) -> Position:
        """In the middle of a pass that has told everything up to an id."""
        return replace(self, after=after, bound=bound)

    def finished(
        self,
        newest: datetime | None,
        bound: datetime | None,
        lookback: timedelta,
        *,
        began: datetime,
        ended: datetime,
    ) -> Position:
        """After a whole pass, from `began` to `ended` on our clock.

        `bound` is the newest stamp there was when the pass began, `newest` the newest by now.
        """
        done = replace(self, after=0, bound=None)
        if newest is None or bound is None:
            return done
        seen_at = self.seen_at if newest == self.newest and self.seen_at else ended
        quiet = began - seen_at >= lookback + SECOND
        since = newest + SECOND if quiet else bound - lookback
        since = since if self.since is None else max(since, self.since)
        return replace(done, since=since, newest=newest, seen_at=seen_at)


_TIMES = ("since", "newest", "seen_at", "bound")
