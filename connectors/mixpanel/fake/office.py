"""The project, its service accounts with their roles, and the hour's queries."""

from __future__ import annotations

from base64 import b64decode
from collections import deque
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from connectors.mixpanel.fake.errors import Refused
from syncline.sandbox import Call, State, ToolClock

Row: TypeAlias = dict[str, Any]

PROJECT, OTHER = 2195, 2196
TOKEN = "sandbox-mixpanel-project-token"  # noqa: S105 (a sandbox's)
HUB, HUB_SECRET = "syncline.sandbox", "sandbox-mixpanel-service-secret"
READER, READER_SECRET = "reader.sandbox", "sandbox-mixpanel-reading-secret"
ACCOUNTS = {HUB: (HUB_SECRET, "admin"), READER: (READER_SECRET, "consumer")}
ROLES = ("consumer", "analyst", "admin", "owner")

GROUP_KEY, DATA_GROUP_ID = "company", "-1405123841946871899"

QUERIES, HOUR = 60, timedelta(hours=1)
"""What a project may ask, all who ask together (docs.mixpanel.com, "Rate Limits")."""


class Office:
    """What all calls of the fake share."""

    def __init__(self, state: State, clock: ToolClock) -> None:
        self.state = state
        self.clock = clock
        self._asked: deque[datetime] = deque()

    def signed_in(self, call: Call, role: str = "consumer") -> str:
        """The service account that asks; it must have at least this role."""
        name, _, secret = _basic(call.headers.get("authorization", ""))
        known = ACCOUNTS.get(name)
        if known is None or known[0] != secret:
            raise Refused(401, "Invalid service account credentials")
        if ROLES.index(known[1]) < ROLES.index(role):
            raise Refused(403, f"This requires a role of at least {role}")
        return name

    def at_home(self, project: str | None) -> None:
        """The project must be named, and be one that the account is in."""
        if project is None:
            raise Refused(400, "project_id is required when a service account asks")
        if project != str(PROJECT) or "project" in self.state.table("left"):
            raise Refused(403, "The account is not a member of this project")

    def query(self, call: Call) -> None:
        """A question: by whom, of which project, and whether the hour has room for it."""
        self.signed_in(call)
        self.at_home(call.query.get("project_id"))
        now = self.clock.now()
        while self._asked and self._asked[0] <= now - HOUR:
            self._asked.popleft()
        if len(self._asked) >= QUERIES:
            raise Refused(429, "Query rate limit exceeded: 60 queries per hour")
        self._asked.append(now)


def _basic(header: str) -> tuple[str, str, str]:
    try:
        return b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except ValueError:
        return "", "", ""
