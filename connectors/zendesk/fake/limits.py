"""How many requests are allowed, and the headers that tell of it.

developer.zendesk.com, "Rate limits". The account's limit is one a minute for all of its
integrations; some calls have a limit of their own beside it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.errors import Refused

_MINUTE = 60
_TEN_MINUTES = 600


class Limits:
    """Counts requests by the account's clock; refuses them only where the account limits."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._minute = -1
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._updates: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)

    def request(self, limit: str | None) -> None:
        """Count a request; raises Refused when it is one too many."""
        settings = self._account.settings
        self._turn()
        self._count(
            "account",
            settings.requests_a_minute,
            "APIRateLimitExceeded",
            "Number of allowed API requests per minute exceeded",
        )
        if limit is not None:
            self._count(
                limit,
                self._most(limit),
                "RateLimited",
                f"Number of allowed {limit} API requests per minute exceeded",
            )

    def update_of(self, user: Mapping[str, Any], ticket: Row) -> None:
        """Count an update of a ticket; raises Refused when it is one too many."""
        settings, now = self._account.settings, self._account.seconds()
        times = self._updates[(user["id"], ticket["id"])]
        while times and times[0] <= now - _TEN_MINUTES:
            times.popleft()
        if settings.limits and len(times) >= settings.updates_of_a_ticket:
            raise self._refused(
                "RateLimited",
                "Rate limit for ticket updates exceeded, please wait before updating this ticket"
                " again",
                times[0] + _TEN_MINUTES - now,
            )
        self._turn()
        words = "Number of allowed ticket update API requests per minute exceeded"
        self._count("ticket-updates", settings.updates_a_minute, "RateLimited", words)
        times.append(now)

    def headers(self, limit: str | None) -> dict[str, str]:
        """What every answer tells."""
        self._turn()
        most, left = self._account.settings.requests_a_minute, self._left("account")
        resets = _MINUTE - self._account.seconds() % _MINUTE
        told = {
            "X-Rate-Limit": str(most),
            "X-Rate-Limit-Remaining": str(left),
            "ratelimit-limit": str(most),
            "ratelimit-remaining": str(left),
            "ratelimit-reset": str(resets),
        }
        if limit is not None:
            own = f"total={self._most(limit)}; remaining={self._left(limit)}; resets={resets}"
            told[f"Zendesk-RateLimit-{limit}"] = own
        return told

    def _most(self, limit: str) -> int:
        settings = self._account.settings
        return {
            "account": settings.requests_a_minute,
            "incremental-exports": settings.exports_a_minute,
            "deleted-tickets": 10,
        }.get(limit, 100)

    def _left(self, limit: str) -> int:
        return max(0, self._most(limit) - self._counts[limit])

    def _turn(self) -> None:
        minute = self._account.seconds() // _MINUTE
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()

    def _count(self, name: str, most: int, error: str, words: str) -> None:
        if self._account.settings.limits and self._counts[name] >= most:
            raise self._refused(error, words, _MINUTE - self._account.seconds() % _MINUTE)
        self._counts[name] += 1

    def _refused(self, error: str, words: str, seconds: int) -> Refused:
        return Refused(429, error, words, headers={"Retry-After": str(max(1, seconds))})
