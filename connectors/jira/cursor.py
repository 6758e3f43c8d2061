"""Where the reading of changes goes on, on Jira's own clock.

Jira's index shows a change some seconds or minutes after it was made: what was stamped longer ago
than that lag is visible for certain. JQL compares with `updated` to the minute, and takes a plain
date in the time zone of the asking account, which its owner can change; so the bound is written as
minutes before Jira's now, and afterwards checked against the time that Jira's answer names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.jira.fields import Fields

MINUTE = timedelta(minutes=1)
# Between the newest stamp and the bound of a quiet pass: more than two grains of the bound.
BEHIND = 3 * MINUTE
# What a request may take on its way, so that the bound seldom has to be asked for again.
ON_THE_WAY = timedelta(seconds=5)
_MINUTES_IN_DAYS = 100_000


@dataclass(frozen=True, slots=True)
class Position:
    """`scope`: the projects it was made for, `fields`: the custom fields that are asked for.

    since   read what was stamped at this moment or later; None: everything
    ahead   how far Jira's clock was ahead of ours
    """

    scope: tuple[str, ...]
    fields: Fields
    since: datetime | None = None
    ahead: timedelta = timedelta(0)

    def text(self) -> str:
        """As a cursor."""
        told = {
            "scope": list(self.scope),
            "fields": self.fields.to_json(),
            "since": self.since.isoformat() if self.since else None,
            "ahead": round(self.ahead.total_seconds(), 3),
        }
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def parse(cls, cursor: str | None, scope: Sequence[str]) -> Position | None:
        """None without a cursor, or where it was made for other projects."""
        told = json.loads(cursor) if cursor is not None else {}
        if told.get("scope") != list(scope):
            return None
        since = datetime.fromisoformat(told["since"]) if told["since"] else None
        ahead = timedelta(seconds=told["ahead"])
        return cls(tuple(scope), Fields.of_json(told["fields"]), since, ahead)

    def back(self, now: datetime) -> int | None:
        """How many minutes before Jira's now to read, by our clock; None: everything."""
        if self.since is None:
            return None
        return max(1, math.ceil((now + self.ahead + ON_THE_WAY - self.since) / MINUTE))

    def reached(self, back: int | None, at: datetime) -> bool:
        """Whether an answer at Jira's time `at` to a question so far back leaves no gap."""
        return self.since is None or back is None or at - back * MINUTE <= self.since

    def within(self, last: datetime, visible: datetime) -> Position:
        """In the middle of a pass that has told everything up to `last`.

        `visible`: what was stamped before it had been visible when the pass began.
        """
        return self._forward(_minute(min(last, visible)))

    def after(self, newest: datetime | None, visible: datetime) -> Position:
        """After a whole pass; `newest` is the newest stamp it told.

        A pass that told nothing changes nothing. Beyond the newest stamp the bound does not move:
        a change that the index shows later than it should is then still found.
        """
        if newest is None:
            return self if self.since is not None else self._forward(_minute(visible))
        return self._forward(min(_minute(visible), _minute(newest) + BEHIND))

    def _forward(self, since: datetime) -> Position:
        return replace(self, since=since if self.since is None else max(since, self.since))


def ago(minutes: int) -> str:
    """A moment before now in JQL; a long one in whole days."""
    if minutes < _MINUTES_IN_DAYS:
        return f'"-{minutes}m"'
    return f'"-{math.ceil(minutes / 1440)}d"'


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
