"""Errors, named by what the caller must do.

    ConnectorError
    ├── Retriable          try the same call again later; nothing was applied
    │   └── RateLimited    … not before `retry_at`
    ├── Ambiguous          the call may have been applied; settle it by evidence, never re-send it
    ├── Conflict           the record moved since it was read; read it again and plan anew
    ├── NotFound           the record is gone or hidden (`hidden=True` where the tool says so)
    ├── Rejected           the tool refuses this item for good; park it with the tool's own words
    ├── AuthRequired       the credentials are wrong, expired or lack a scope; stop this connection
    └── Misconfigured      the configuration does not fit the tool; nothing was sent
        └── EgressRefused  the address is not one this connection may talk to

A message says what happened and to what; it never contains a secret or a payload.
"""

from __future__ import annotations

from datetime import datetime


class ConnectorError(Exception):
    """Base of everything a connector raises. `status` and `request_id` are the tool's, if any."""

    def __init__(
        self, message: str, *, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id


class Retriable(ConnectorError):
    """Nothing was applied and the same call may succeed later: tool down, reset before send."""


class RateLimited(Retriable):
    """The tool asks to wait until `retry_at` (aware, our clock); nothing was applied."""

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.retry_at = retry_at


class Ambiguous(ConnectorError):
    """A mutating call was sent and its outcome is unknown: timeout, dropped reply, 5xx."""


class Conflict(ConnectorError):
    """The record changed since the version the write was planned from; nothing was applied."""


class NotFound(ConnectorError):
    """No such record for these credentials."""

    def __init__(
        self,
        message: str,
        *,
        hidden: bool = False,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.hidden = hidden


class Rejected(ConnectorError):
    """The tool refuses this item for good (validation, workflow, permission on one record)."""


class AuthRequired(ConnectorError):
    """Wrong, expired or under-scoped credentials: the connection stops, nothing is guessed."""


class Misconfigured(ConnectorError):
    """The configuration does not fit the tool: unknown project, field, option, bad base_url."""


class EgressRefused(Misconfigured):
    """The address is outside what this connection is allowed to reach."""
