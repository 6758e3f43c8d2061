"""What a verification came to, counted and named, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T")

CAP = 1000
"""Findings of one kind that are named; all are counted."""

KNOWN = ("conflict", "parked", "deviation", "in_flight", "target", "source", "off", "default")
"""Why sides may differ without anything being wrong."""


@dataclass(slots=True)
class Tally:
    """One field, or the links of a sync: how many were compared, and what came of it."""

    agreeing: int = 0
    differing: int = 0
    known: Counter[str] = field(default_factory=Counter)

    @property
    def compared(self) -> int:
        return self.agreeing + self.differing + self.known.total()

    def to_json(self) -> dict[str, Any]:
        return {
            "compared": self.compared,
            "agreeing": self.agreeing,
            "differing": self.differing,
            "known": dict(self.known),
        }


@dataclass(slots=True)
class Named(Generic[T]):
    """Findings of one kind: the first are kept, all are counted."""

    kept: list[T] = field(default_factory=list)
    count: int = 0

    def add(self, one: T) -> None:
        self.count += 1
        if len(self.kept) < CAP:
            self.kept.append(one)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A unit of which two sides show different things, and nothing that is known explains it."""

    link: str
    field: str
    records: Mapping[str, str]
    values: Mapping[str, Any]
    unreadable: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OneSided:
    """A link of which one record is not there. `why`: gone | hidden | deleted | merged."""

    link: str
    side: str
    record: str
    why: str
    records: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A record that should be in a link, or a link's record that should have counterparts.

    `why`: unlinked | no_counterpart | marker.
    """

    side: str
    record: str
    why: str
    missing: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Several live records of one side that say they are the same thing.

    `why`: marker | reference | two_links; then `of` is the marker, the address, or the links.
    """

    side: str
    records: Sequence[str]
    why: str
    of: str


@dataclass(frozen=True, slots=True)
class Lag:
    """How long edits took to the last side, in seconds; None where no edit was delivered.

    `by_history`: edits whose beginning the tool's own history told; the others begin when Syncline
    first decided on them.
    """

    window: timedelta
    edits: int = 0
    by_history: int = 0
    p50: float | None = None
    p95: float | None = None
    max: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "p50": self.p50,
            "p95": self.p95,
            "max": self.max,
            "edits": self.edits,
            "by_history": self.by_history,
            "window": self.window.total_seconds(),
        }


@dataclass(slots=True)
class Verified:
    """What one sync came to. `stopped` names sides that could not be read, with the reason.

    `since` is when the last pass of all links began; without one nothing can have been overlooked.
    `out` counts links with a record outside the scope, `unlisted` linked records that a side's
    listing left out though they exist, by side.
    """

    sync: str
    run: str
    started_at: datetime
    finished_at: datetime
    lag: Lag
    since: datetime | None = None
    links: Tally = field(default_factory=Tally)
    fields: dict[str, Tally] = field(default_factory=dict)
    disagreements: Named[Disagreement] = field(default_factory=Named)
    orphans: Named[Orphan] = field(default_factory=Named)
    duplicates: Named[Duplicate] = field(default_factory=Named)
    one_sided: Named[OneSided] = field(default_factory=Named)
    deletions_unseen: int = 0
    out: int = 0
    read: dict[str, int] = field(default_factory=dict)
    unlisted: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, str] = field(default_factory=dict)
    requests: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def whole(self) -> int:
        """Links that should agree, with those that lack a record and those that should be."""
        return self.links.compared + self.one_sided.count + self.orphans.count

    @property
    def wrong(self) -> int:
        """Links that differ or lack a record, and records that lack a link."""
        return self.links.differing + self.one_sided.count + self.orphans.count

    @property
    def agreement(self) -> float:
        """Of everything that should be the same in several tools, the share that is.

        What is known to differ does not lower it.
        """
        return (self.whole - self.wrong) / self.whole if self.whole else 1.0

    def meets(self, objective: float | None) -> bool:
        """Whether so many per cent agree; without an objective anything does."""
        return objective is None or round(100 * self.agreement, 9) >= objective

    @property
    def state(self) -> str:
        """done | attention (something was found) | failed (a side could not be read)."""
        if self.stopped:
            return "failed"
        return "attention" if self.wrong or self.duplicates.count else "done"

    def summary(self) -> dict[str, Any]:
        """What the store keeps of it."""
        return {
            "agreement": self.agreement,
            "links": self.links.to_json(),
            "fields": {name: tally.to_json() for name, tally in self.fields.items()},
            "counts": self.counts(),
            "lag": self.lag.to_json(),
            "stopped": dict(self.stopped),
        }

    def counts(self) -> dict[str, int]:
        """How many there are of everything that was found, also beyond what is named."""
        return {
            "disagreements": self.disagreements.count,
            "orphans": self.orphans.count,
            "duplicates": self.duplicates.count,
            "one_sided": self.one_sided.count,
            "deletions_unseen": self.deletions_unseen,
            "known": self.links.known.total(),
            "out_of_scope": self.out,
            "unlisted": self.unlisted.total(),
        }
