"""A batch of writes of profiles: what is sent for each item, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.mixpanel.client import Row
from syncline.sdk.connector import Outcome, Result

LATE = (
    "Mixpanel took it and does not show it yet; Syncline looks again in the next pass. Where it "
    "never shows, the project's token is that of another project, or the group key is not set up"
)


class Batch:
    """Items of a batch by their place: what is sent for each, and what became of it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.ids: dict[int, str] = {}
        self.updates: dict[int, Sequence[Row]] = {}
        self.told: dict[int, Outcome] = {}

    def add(self, place: int, id: str, *updates: Row) -> None:
        """Send these for an item."""
        self.ids[place] = id
        self.updates[place] = updates

    def outcomes(self) -> Sequence[Outcome]:
        """One an item; what nothing is known of is open."""

        def late(place: int) -> Outcome:
            return Outcome(Result.AMBIGUOUS, id=self.ids.get(place), reason=LATE)

        return [self.told.get(place) or late(place) for place in range(self._size)]
