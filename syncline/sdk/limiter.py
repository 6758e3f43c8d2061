"""How fast and how wide a connection may call: one limiter, shared by everything that uses it.

Requests are spaced evenly instead of sent in bursts, because vendors count over windows of one to
sixty seconds and only even spacing is below the rate in all of them. When the tool says "wait", the
whole connection waits, not only the call that was told so. When it has stopped answering, one call
at a time goes out to see whether it is back, and all others are told at once.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from syncline.sdk.clock import Clock
from syncline.sdk.errors import Misconfigured, RateLimited, Retriable

PATIENCE_SECONDS = 120.0
"""The longest a call waits for a held connection; beyond it the caller is told when to return."""

# A tool that asks for more is probed once a day: a wrong header must not stop it for good.
_LONGEST_HOLD = 86_400.0

# So many calls in a row without an answer, and the tool counts as down: probed once in a while.
_DOWN_AFTER = 10
_PROBE_EVERY = 30.0

# Of an account's rate; the rest is for its people and its other integrations.
_SHARE = 0.8

_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may ask of its tool, and how much of an answer it takes.

    `requests_per_minute` None means no declared rate. `timeout_seconds` bounds the connect and each
    silence while sending or reading; a whole exchange may take ten times that.
    """

    requests_per_minute: float | None
    concurrent: int = 4
    max_response_bytes: int = 50 * 1024 * 1024
    timeout_seconds: float = 30.0

    def __post_init__(self) -> None:
        rate = self.requests_per_minute
        numbers = (1.0 if rate is None else rate, self.concurrent, self.timeout_seconds)
        if min(numbers) <= 0 or self.max_response_bytes <= 0:
            raise Misconfigured(f"Every limit must be above zero: {self}.")


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """The response headers by which a tool tells what is left of its budget.

    When `remaining` reads zero the connection is held until `reset`, which is read as `reset_as`:
    seconds or milliseconds from now, seconds since 1970, or an ISO 8601 time. `a_minute` names a
    header that tells how many requests the account may send in a minute; 80 % of them are then
    what the connection keeps to.
    """

    remaining: str
    reset: str
    reset_as: Literal["seconds", "milliseconds", "epoch", "iso"] = "seconds"
    a_minute: str | None = None

    def rate(self, headers: Mapping[str, str]) -> float | None:
        """Requests a minute that the connection may send, where the tool tells."""
        text = headers.get(self.a_minute, "").strip() if self.a_minute else ""
        return _SHARE * float(text) if _DECIMAL.fullmatch(text) and float(text) > 0 else None

    def hold(self, headers: Mapping[str, str], now: datetime) -> float | None:
        """Seconds until the budget is refilled, or None where something is left or unknown."""
        left = headers.get(self.remaining, "")
        if not _DECIMAL.fullmatch(left) or float(left) > 0:
            return None
        return self.until_reset(headers, now)

    def until_reset(self, headers: Mapping[str, str], now: datetime) -> float | None:
        """Seconds until the budget is refilled, whatever is left of it; None where not told."""
        text = headers.get(self.reset, "").strip()
        server_now = _server_now(headers, now)
        if self.reset_as == "iso":
            return _until_iso(text, server_now)
        if not _DECIMAL.fullmatch(text):
            return None
        number = float(text)
        if self.reset_as == "epoch":
            number -= server_now.timestamp()
        return _bounded(number / 1000 if self.reset_as == "milliseconds" else number)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the tool asks to wait (RFC 9110 §10.2.3: seconds or a date); None where it does not.

    A date is compared with the answer's own `Date`, so that the two clocks need not agree.
    """
    text = headers.get("retry-after", "").strip()
    if _DECIMAL.fullmatch(text):
        return _bounded(float(text))
    moment = _http_date(text)
    return (
        None if moment is None else _bounded((moment - _server_now(headers, now)).total_seconds())
    )


RateScope = Literal["connection", "endpoint", "record"]
"""What a 429 is about: all calls, those of one method and path, or the one record in the call."""


class RecordLimited(RateLimited):
    """The tool takes no more writes of this one record now; others are not concerned."""


class Endpoints:
    """Holds of single endpoints, where a tool's 429 is about one of them only."""

    def __init__(self, connection: str, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._held: dict[str, float] = {}

    def hold(self, endpoint: str, seconds: float) -> datetime:
        """Send nothing there for `seconds`; a longer hold stays. Returns when the hold ends."""
        until = max(self._held.get(endpoint, -math.inf), self._clock.monotonic() + seconds)
        self._held[endpoint] = until
        return self._clock.now() + timedelta(seconds=self.held_for(endpoint))

    def held_for(self, endpoint: str) -> float:
        """Seconds that the hold still lasts; 0 when there is none."""
        return max(0.0, self._held.get(endpoint, -math.inf) - self._clock.monotonic())

    async def wait(self, endpoint: str) -> None:
        """Wait until calls may go there; raises `RateLimited` as `Limiter` does."""
        while seconds := self.held_for(endpoint):
            if seconds > PATIENCE_SECONDS:
                raise _asked_to_wait(f"{self._connection}: {endpoint}", seconds, self._clock)
            await self._clock.sleep(seconds)


class Down(Retriable):
    """The tool has stopped answering; this call was not sent."""


class Limiter:
    """`async with limiter:` waits for its turn and holds one of the connection's places.

    Raises, with nothing sent, `RateLimited` when the tool asked for a wait of over two minutes, and
    `Down` while the tool is not answering.
    """

    def __init__(self, connection: str, limits: Limits, clock: Clock) -> None:
        per_minute = limits.requests_per_minute
        self._connection = connection
        self._clock = clock
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._places = asyncio.Semaphore(limits.concurrent)
        self._turn = asyncio.Lock()
        self._next = -math.inf
        self._held_until = -math.inf
        self._unanswered = 0
        self._next_probe = -math.inf

    def pace(self, per_minute: float) -> None:
        """From now on start so many calls a minute."""
        self._interval = 60.0 / per_minute

    def hold(self, seconds: float) -> datetime:
        """Start nothing for `seconds`; a longer hold stays. Returns when the hold ends."""
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
        return self._clock.now() + timedelta(seconds=self.held_for())

    def held_for(self) -> float:
        """Seconds that the tool's last "wait" still lasts; 0 when there is none."""
        return max(0.0, self._held_until - self._clock.monotonic())

    def note(self, *, answered: bool) -> None:
        """Tell whether the call that just ended was answered by the tool itself."""
        self._unanswered = 0 if answered else self._unanswered + 1
        if self._unanswered == _DOWN_AFTER:
            self._next_probe = self._clock.monotonic() + _PROBE_EVERY

    async def __aenter__(self) -> None:
        await self._places.acquire()
        try:
            async with self._turn:
                await self._wait_for_turn()
        except BaseException:
            self._places.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._places.release()

    async def _wait_for_turn(self) -> None:
        self._refuse_while_down()
        now = self._clock.monotonic()
        while (free_at := max(self._next, self._held_until)) > now:
            self._refuse_long_hold()
            await self._clock.sleep(free_at - now)
            now = self._clock.monotonic()
        # A wake-up up to one interval late keeps to the timetable, so lateness does not add up.
        on_time = now - self._next < self._interval
        self._next = (self._next if on_time else now) + self._interval

    def _refuse_while_down(self) -> None:
        now = self._clock.monotonic()
        if self._unanswered < _DOWN_AFTER:
            return
        if now < self._next_probe:
            raise Down(
                f"{self._connection} has not answered {self._unanswered} times in a row. Nothing "
                f"was sent; Syncline looks again in {self._next_probe - now:.0f} s."
            )
        self._next_probe = now + _PROBE_EVERY

    def _refuse_long_hold(self) -> None:
        seconds = self.held_for()
        if seconds > PATIENCE_SECONDS:
            raise _asked_to_wait(self._connection, seconds, self._clock)


def _asked_to_wait(what: str, seconds: float, clock: Clock) -> RateLimited:
    return RateLimited(
        f"{what} asked to wait another {seconds:.0f} s. Nothing was sent; Syncline comes back "
        "after that.",
        retry_at=clock.now() + timedelta(seconds=seconds),
    )


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_HOLD)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _server_now(headers: Mapping[str, str], now: datetime) -> datetime:
    return _http_date(headers.get("date", "")) or now


def _until_iso(text: str, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded((moment - now).total_seconds())
