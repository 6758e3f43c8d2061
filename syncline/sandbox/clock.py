"""The tool's own clock, which a test moves instead of waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ToolClock:
    """Real time plus an offset; one with a `start` stands still and only moves by `advance`."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """The tool's time, in UTC."""
        return (self._start or datetime.now(UTC)) + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock; OverflowError beyond the calendar."""
        offset = self.offset + timedelta(seconds=seconds)
        _ = (self._start or datetime.now(UTC)) + offset
        self.offset = offset
