"""The projects, their people and keys, and how a list is shown page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlencode

from connectors.posthog.fake.errors import denied, invalid, not_found, unauthenticated
from connectors.posthog.fake.fields import stamp
from syncline.sandbox import Call, State, ToolClock

Row: TypeAlias = dict[str, Any]

KEY = "sandbox-posthog-personal-key"
READER = "sandbox-posthog-reading-key"
TOKEN = "sandbox-posthog-project-token"  # noqa: S105 (a sandbox's)
PROJECT, OTHER = 1, 2
ORGANISATION = "0190a0de-0000-7000-8000-00000000acde"
HUB = "hub@bramble.example"
PEOPLE = {KEY: HUB, READER: HUB}
SCOPES = {KEY: ("*",), READER: ("early_access_feature:read", "project:read", "query:read")}


class Office:
    """What all calls of the fake share."""

    def __init__(self, state: State, clock: ToolClock) -> None:
        self.state = state
        self.clock = clock
        self.base_url = ""

    def now(self) -> str:
        """The time as PostHog writes it."""
        return stamp(self.clock.now())

    def key(self, call: Call) -> str:
        """The key of a call; raises Refused where nobody has it."""
        said = call.headers.get("authorization", "")
        key = said.removeprefix("Bearer ")
        if not said:
            raise unauthenticated("Authentication credentials were not provided.")
        if key not in SCOPES or key == said:
            raise unauthenticated("Invalid personal API key.")
        return key

    def scopes(self, key: str) -> list[str]:
        """What a key may do."""
        given: list[str] | None = (self.state.table("key").get(key) or {}).get("scopes")
        return list(SCOPES[key]) if given is None else given

    def signed_in(self, call: Call, scope: str) -> str:
        """Who holds the key; it must have the scope, and the project must be one of ours."""
        key = self.key(call)
        project = call.path_params["project_id"]
        if project not in (str(PROJECT), str(OTHER)):
            raise not_found("Project not found.")
        if project != str(PROJECT):
            raise denied("You don't have access to the project.")
        if not {"*", scope, scope.replace(":read", ":write")} & set(self.scopes(key)):
            raise denied(f"API key missing required scope '{scope}'")
        return PEOPLE[key]

    def member(self, email: str) -> Row:
        """A person of the organisation as others are shown them."""
        found = self.state.table("member").get(email) or {"first_name": email.partition("@")[0]}
        return {"email": email, "first_name": found["first_name"], "last_name": ""}

    def paged(self, call: Call, rows: Sequence[Row], default: int = 100) -> Row:
        """A page as Django REST Framework gives it: a `next` address while there is more."""
        limit, offset = (_number(call.query, n, d) for n, d in (("limit", default), ("offset", 0)))
        limit = limit or default
        page = call.listed(rows[offset : offset + limit])
        return {
            "count": len(rows),
            "next": self._link(call, limit, offset + limit) if offset + limit < len(rows) else None,
            "previous": self._link(call, limit, max(0, offset - limit)) if offset else None,
            "results": page,
        }

    def _link(self, call: Call, limit: int, offset: int) -> str:
        query = {**call.query, "limit": limit, "offset": offset}
        return f"{self.base_url}{call.request.url.path}?{urlencode(query)}"


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    """DRF takes what is no number for nothing said."""
    text = query.get(name, "")
    return int(text) if text.isdecimal() else default


def body_of(call: Call) -> Row:
    """The body as an object."""
    body = call.json()
    if not isinstance(body, dict):
        words = f"Invalid data. Expected a dictionary, but got {type(body).__name__}."
        raise invalid(words, None, "invalid")
    return body
