"""Where the reading of changes goes on.

Redmine stamps a change with `updated_on` in whole seconds and may show it a little later, when its
transaction ends. Reading therefore overlaps by a *lookback*, measured back from the newest stamp
seen: Redmine's own clock. Our clock is asked one thing, how long nothing newer has turned up; after
more than the lookback all of the past has shown itself, and reading goes on behind the newest
stamp, so that a quiet pass gets an empty answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """`projects` gives the ids of the scope's identifiers; `strict`: a bad key is refused here.

    since    read what changed at this moment or later; None: everything
    newest   the newest stamp seen, and `seen_at` when (our clock)
    full     the first reading is still under way: it asks for the scope's projects only
    """

    projects: Mapping[str, int]
    strict: bool
    full: bool = True
    since: datetime | None = None
    newest: datetime | None = None
    seen_at: datetime | None = None

    def text(self) -> str:
        """As a cursor."""
        times = {n: t.isoformat() for n in _TIMES if (t := getattr(self, n)) is not None}
        told = {"projects": dict(self.projects), "strict": self.strict, "full": self.full}
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
        return cls(told["projects"], told["strict"], told["full"], **times)

    def within(self, reached: datetime, bound: datetime, lookback: timedelta) -> Position:
        """In the middle of a pass that has told everything up to `reached`."""
        return replace(self, since=self._forward(min(reached, bound) - lookback))

    def after(
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
        if newest is None or bound is None:
            return self
        seen_at = self.seen_at if newest == self.newest and self.seen_at else ended
        quiet = began - seen_at >= lookback + 2 * SECOND
        # `>=` also gives rows of the second before; two seconds on, the newest is not among them.
        since = newest + 2 * SECOND if quiet else bound - lookback
        return replace(self, full=False, since=self._forward(since), newest=newest, seen_at=seen_at)

    def _forward(self, since: datetime) -> datetime:
        return since if self.since is None else max(since, self.since)


_TIMES = ("since", "newest", "seen_at")
