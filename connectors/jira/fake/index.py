"""The search index: what a search sees, which is what issues were some moments ago.

Every change of an issue is seen after a delay. Two orders are kept sorted, by id and by the moment
of the last update, so that a page of a search costs what it shows.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

Doc: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[int, int]


class Index:
    """Issues as a search sees them. Moments are milliseconds since 1970, given by the caller."""

    def __init__(self) -> None:
        self._rows: dict[str, Doc] = {}
        self._by_id: list[Place] = []
        self._by_updated: list[Place] = []
        self._due: list[tuple[int, int, str, Doc | None]] = []
        self._applied: dict[str, int] = {}
        self._sequence = 0

    def load(self, docs: Iterable[Doc]) -> None:
        """Show these at once."""
        for doc in docs:
            self._rows[doc["id"]] = doc
        self._by_id = sorted((0, int(i)) for i in self._rows)
        self._by_updated = sorted((d["updated"], int(d["id"])) for d in self._rows.values())

    def change(self, id: str, doc: Doc | None, at: int) -> None:
        """Show the issue as `doc` (None: no more) from the moment `at` on."""
        self._sequence += 1
        heapq.heappush(self._due, (at, self._sequence, id, doc))

    def settle(self, now: int) -> None:
        """Show what is due."""
        while self._due and self._due[0][0] <= now:
            _, sequence, id, doc = heapq.heappop(self._due)
            if sequence < self._applied.get(id, 0):
                continue  # a later change was seen first
            self._applied[id] = sequence
            self._replace(id, doc)

    def _replace(self, id: str, doc: Doc | None) -> None:
        old = self._rows.pop(id, None)
        number = int(id)
        if old is not None:
            at = bisect_left(self._by_updated, (old["updated"], number))
            del self._by_updated[at]
        if doc is not None:
            self._rows[id] = doc
            insort(self._by_updated, (doc["updated"], number))
        if old is None and doc is not None:
            insort(self._by_id, (0, number))
        elif old is not None and doc is None:
            del self._by_id[bisect_left(self._by_id, (0, number))]

    def rows(self) -> Iterator[Doc]:
        """All issues, in no order."""
        return iter(self._rows.values())

    def by_id(self, after: int | None, descending: bool) -> Iterator[Doc]:
        """Issues by id, from behind `after` on."""
        return self._walk(self._by_id, None if after is None else (0, after), descending, None)

    def by_updated(self, after: Place | None, descending: bool, floor: int | None) -> Iterator[Doc]:
        """Issues by (updated, id), from behind `after` on, none last updated before `floor`."""
        return self._walk(self._by_updated, after, descending, floor)

    def _walk(
        self, places: list[Place], after: Place | None, descending: bool, floor: int | None
    ) -> Iterator[Doc]:
        first = 0 if floor is None else bisect_left(places, (floor, 0))
        last = len(places)
        if after is not None and descending:
            last = bisect_left(places, after)
        elif after is not None:
            first = max(first, bisect_right(places, after))
        walk = range(last - 1, first - 1, -1) if descending else range(first, last)
        for at in walk:
            yield self._rows[str(places[at][1])]
