"""How many requests an app may send: a share for every ten seconds.

developers.intercom.com, "Rate Limiting": 1000 a minute are 167 in a window of ten seconds; every
authorised answer tells what is left and when the window ends, in seconds since 1970; one too many
is a 429 with the code `rate_limit_exceeded` and without `Retry-After`.
"""

from __future__ import annotations

from connectors.intercom.fake.errors import Refused
from connectors.intercom.fake.workspace import Workspace

WINDOW = 10


class Limits:
    """Counts requests by the workspace's clock."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._window = -1
        self._sent = 0

    def request(self) -> None:
        """Count a request; raises Refused when it is one too many."""
        self._turn()
        settings = self._workspace.settings
        if settings.limits and self._sent >= settings.per_window:
            raise self.exceeded()
        self._sent += 1

    def exceeded(self, seconds: float | None = None) -> Refused:
        """The refusal; `seconds` until the next request, else until the window ends."""
        now = self._workspace.now()
        until = self._end() if seconds is None else now + int(seconds)
        words = f"Exceeded rate limit of {self._workspace.settings.per_window} in 10_seconds"
        headers = self.headers() | {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(until)}
        return Refused(429, "rate_limit_exceeded", words, headers)

    def headers(self) -> dict[str, str]:
        """What every answer tells."""
        self._turn()
        most = self._workspace.settings.per_window
        return {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, most - self._sent)),
            "X-RateLimit-Reset": str(self._end()),
        }

    def _end(self) -> int:
        return (self._workspace.now() // WINDOW + 1) * WINDOW

    def _turn(self) -> None:
        window = self._workspace.now() // WINDOW
        if window != self._window:
            self._window, self._sent = window, 0
