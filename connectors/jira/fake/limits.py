"""Rate limits, each with its own 429: bursts, writes of one issue, an app's points.

Numbers and headers: developer.atlassian.com/cloud/jira/platform/rate-limiting. Time is the tool's
own clock, so a test moves it instead of waiting.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.responses import Response

from connectors.jira.fake.errors import refusal
from connectors.jira.fake.site import Site
from syncline.sandbox import Answered

TOO_MANY = "Rate limit exceeded."
PER_ISSUE = ((2_000, 20), (30_000, 100))  # (milliseconds, writes)
HOUR_MS = 3_600_000


@dataclass(slots=True)
class Limits:
    """What is counted. `bursts` are requests a second for one method of one endpoint; `points`
    are an OAuth app's for an hour; None switches a limit off, as does `per_issue = False`."""

    site: Site
    bursts: Mapping[str, int] | None = field(
        default_factory=lambda: {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
    )
    per_issue: bool = True
    points: int | None = 65_000
    _writes: dict[str, deque[int]] = field(default_factory=dict)
    _buckets: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    _hour: int = 0
    _spent: int = 0

    def lift(self) -> None:
        """No limits at all: for seeds, and for tests whose clock stands still."""
        self.bursts, self.per_issue, self.points = None, False, None

    def arrived(self, method: str, endpoint: str, oauth: bool) -> Response | None:
        """The 429 for one request too many, or None and it counts."""
        now = self.site.now()
        if oauth and self.points is not None:
            if now // HOUR_MS != self._hour:
                self._hour, self._spent = now // HOUR_MS, 0
            if self._spent >= self.points:
                return self._out_of_points(now, self.points)
            self._spent += 1
        rate = (self.bursts or {}).get(method)
        if rate is None:
            return None
        left, since = self._buckets.get((method, endpoint), (float(rate), now))
        left = min(float(rate), left + (now - since) * rate / 1000)
        if left < 1:
            return limited("jira-burst-based", 1, now, rate)
        self._buckets[method, endpoint] = (left - 1, now)
        return None

    def cost(self, objects: int, oauth: bool) -> None:
        """Reading costs a point an object beside the one of the request."""
        if oauth:
            self._spent += objects

    def written(self, issue: str) -> None:
        """Count a write of an issue; ends the request with 429 when it is one too many."""
        if not self.per_issue:
            return
        now = self.site.now()
        writes = self._writes.setdefault(issue, deque())
        while writes and writes[0] <= now - PER_ISSUE[-1][0]:
            writes.popleft()
        for span, most in PER_ISSUE:
            inside = [at for at in writes if at > now - span]
            if len(inside) >= most:
                wait = (inside[-most] + span - now) / 1000
                raise Answered(limited("jira-per-issue-on-write", wait, now, most))
        writes.append(now)

    @staticmethod
    def _out_of_points(now: int, points: int) -> Response:
        wait = (HOUR_MS - now % HOUR_MS) / 1000
        return limited("jira-quota-global-based", wait, now, points)


def limited(reason: str, seconds: float, now: int, limit: int) -> Response:
    """A 429 that says why and when to come back; the moment is told to the minute only."""
    wait = max(1, math.ceil(seconds))
    reset = datetime.fromtimestamp(now / 1000 + wait, UTC)
    policy = {
        "jira-burst-based": "burst",
        "jira-per-issue-on-write": "per-issue-on-write",
    }.get(reason, "global-app-quota")
    return refusal(
        429,
        TOO_MANY,
        headers={
            "Retry-After": str(wait),
            "RateLimit-Reason": reason,
            "RateLimit": f'"{policy}";r=0;t={wait}',
            "RateLimit-Policy": f'"{policy}";q={limit}',
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%MZ}",
        },
    )


def turned_away() -> Response:
    """The gateway's 429: no reason, and no word on when to come back."""
    return Response("Too Many Requests", 429, media_type="text/plain")
