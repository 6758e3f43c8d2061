"""What the store keeps, as plain frozen rows. Everything a row holds is JSON or a scalar.

A *slice* is the part of a wire record that a sync's mapping reads: `{path: wire value}`.
All moments are aware datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

Slice: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LinkSide:
    """One side of a link. `state`: in | out (left the scope) | gone (tombstoned) | cut (unlinked).

    `version` is the newest version of the record that a decision or receipt knew.
    """

    side: str
    record_id: str
    state: str = "in"
    version: int | None = None
    key: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its field states packed.

    `kind`: record | comment | attachment | note (all but the first have a `parent` link).
    `fields` is one JSON object, `{unit: {"value": …, "delivered": [side], "seen": {side: slice},
    …}}`: an unchanged record costs one comparison. `dirty`: has something to deliver. `revision`
    counts decisions and receipts.
    """

    id: str
    sync: str
    kind: str
    parent: str | None
    sides: Mapping[str, LinkSide]
    fields: Mapping[str, Any]
    revision: int = 0
    dirty: bool = False
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What a side was seen to show and no decision has taken into account yet.

    `state`: new (to be planned) | held (planned, waits for an answer) | unlinked (no link: a
    candidate for a match, found again by `match_key`). `fields` is the slice.
    """

    sync: str
    side: str
    record_id: str
    state: str
    fields: Slice
    version: int | None = None
    link_id: str | None = None
    match_key: str | None = None
    key: str | None = None
    url: str | None = None
    in_scope: bool = True
    deleted: bool = False
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """The note before a write. `state`: open | applied | failed | superseded | parked | deferred
    (put off by a tool that took others).

    `kind`: create | update | comment | edit_comment | attach | remove. `payload` is what is needed
    to settle it: patch, values sent, the slice before, the record's version.
    """

    id: str
    sync: str
    run: str
    link_id: str
    side: str
    kind: str
    record_id: str | None
    key: str
    payload: Mapping[str, Any]
    state: str = "open"
    reason: str = ""
    attempts: int = 1
    created_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One hop of a value: an edit seen and decided, or a write proved by its receipt.

    `kind`: edit | create | write | lost (a value that another replaced in a conflict) | answer |
    undo | remove | link (`after` has the records that came into the link, by side, and `rule` what
    tied them) | unlink | merge | close | retry (a person lets a parked action be tried again).
    What was decided for all sides has no side: it is "".
    """

    at: datetime
    sync: str
    run: str
    link_id: str
    side: str
    record_id: str | None
    field: str | None
    kind: str
    before: Any
    after: Any
    person: str | None
    rule: str
    intent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Concurrent values of one unit, waiting. `kind`: field | deleted | merged |
    match | create.

    `candidates`: [{"side", "value", "at", "person"}]; `digest` names exactly these candidates.
    `state`: open | answered | resolved. `answer`: the chosen value, wrapped as {"value": …}.
    """

    id: str
    sync: str
    link_id: str | None
    field: str
    kind: str
    candidates: tuple[Mapping[str, Any], ...]
    digest: str
    state: str = "open"
    answer: Mapping[str, Any] | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """Something that cannot be done now, with the reason; one row a (link, side, unit, action)."""

    id: str
    sync: str
    link_id: str
    side: str
    field: str
    action: str
    reason: str
    digest: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """A tool shows something else than what was written, for good: the pair (value, shown)."""

    sync: str
    link_id: str
    side: str
    field: str
    value: Any
    shown: Slice
    reason: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A side of a link that was deleted or unlinked: nothing brings the pair back but `adopt`.

    `state`: suspected (absence seen once) | confirmed. `reason`: deleted | unlinked | merged |
    closed (for good, and followed by a new record) | reused (its id belongs to a new record, which
    is not meant).
    """

    sync: str
    link_id: str
    side: str
    record_id: str
    state: str
    reason: str
    evidence: str
    first_seen_at: datetime
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as one connection knows them; `email` is lower case."""

    connection: str
    handle: str
    email: str | None
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """One pass. `state`: running | done | attention | refused | failed | crashed: the process ended
    without a word, as the next pass found."""

    id: str
    sync: str
    kind: str
    state: str
    started_at: datetime
    finished_at: datetime | None = None
    counts: Mapping[str, int] | None = None
    requests: Mapping[str, Any] | None = None
    report: Mapping[str, Any] | None = None
