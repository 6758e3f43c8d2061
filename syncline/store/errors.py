"""Errors of the store, named by what the caller must do.

StoreError
├── StoreUnavailable     cannot be reached, opened or trusted; stop, nothing was written
│   └── StoreLocked      another process is writing; nothing was written, try again later
├── StoreTooNew          written by a newer Syncline; upgrade before touching it
├── StoreIntegrity       a row breaks a rule the store keeps; the whole transaction was undone
├── NotOne               the beginning of an id fits several rows; ask for more of it
├── LeaseHeld            another run holds the sync and is alive; do not start
└── LeaseLost            this run was taken over; make no further effect and stop
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class StoreError(Exception):
    """Base of everything the store raises on purpose."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, opened, read or written."""


class StoreLocked(StoreUnavailable):
    """Another process kept the database locked for longer than the busy timeout."""


class StoreTooNew(StoreError):
    """The database was written by a newer version of Syncline."""


class StoreIntegrity(StoreError):
    """A row would break a rule: a record in two links, a link that is not there."""


class NotOne(StoreError):
    """The beginning of an id (`prefix`) fits more than one row; `ids` are some of them."""

    def __init__(self, prefix: str, ids: Sequence[str]) -> None:
        super().__init__(f"{prefix!r} fits several: {', '.join(ids)}. Give more of the id.")
        self.prefix = prefix
        self.ids = tuple(ids)


class LeaseHeld(StoreError):
    """A live run holds the sync: `holder`, since when, and when it last gave a sign of life."""

    def __init__(self, sync: str, holder: str, since: datetime, last_sign: datetime) -> None:
        super().__init__(
            f"{sync} is being synced by {holder} since {since:%Y-%m-%d %H:%M:%S} UTC (last sign "
            f"{last_sign:%H:%M:%S}). Nothing was started; wait for it to end, or stop it: five "
            "seconds after its last sign the sync is free."
        )
        self.sync = sync
        self.holder = holder
        self.since = since
        self.last_sign = last_sign


class LeaseLost(StoreError):
    """Another run took the sync over, so this one stored nothing and must stop."""

    def __init__(self, sync: str, holder: str) -> None:
        super().__init__(
            f"{holder} no longer holds {sync}: another run took it over. This transaction was not "
            "stored; the other run settles what was left open."
        )
        self.sync = sync
        self.holder = holder
