"""One Zendesk account: its clock, its tables and its switches, handed to everything else here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syncline.sandbox import Hooks, State, ToolClock

Row = dict[str, Any]

ACCOUNT_ID = 20_260_101
_FIRST_ID = 360_000_000_001  # as long as Zendesk's: more than 32 bits


@dataclass
class Settings:
    """The account's plan and what its administrators switched on.

    `limits`: whether requests above the limits are refused; the headers tell of them anyway.
    """

    limits: bool = False
    requests_a_minute: int = 700  # Enterprise
    exports_a_minute: int = 10
    updates_a_minute: int = 100
    updates_of_a_ticket: int = 30  # in ten minutes, by one user
    jobs: int = 30
    search_lag: float = 60
    upload_bytes: int = 50 * 1024 * 1024
    token_seconds: int = 1800
    custom_statuses: bool = True
    jira_links: bool = True
    assignee_to_solve: bool = False
    close_after_hours: int = 96


@dataclass(frozen=True)
class Actor:
    """Who does something, and through what."""

    user: Mapping[str, Any]
    channel: str = "api"
    via: Mapping[str, Any] | None = None

    @property
    def id(self) -> int:
        """The user's id; -1 is the system."""
        return int(self.user["id"])

    def shown_via(self) -> Row:
        """As `via` of a record."""
        return dict(self.via or {"channel": self.channel, "source": source()})


def source(
    from_: Mapping[str, Any] | None = None,
    to: Mapping[str, Any] | None = None,
    rel: str | None = None,
) -> Row:
    """Where something came from, as Zendesk tells it."""
    return {"from": dict(from_ or {}), "to": dict(to or {}), "rel": rel}


class Account:
    """The tables and the clock of one account."""

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        self.state = state
        self.clock = clock
        self.hooks = hooks
        self.settings = Settings()
        self.base_url = "http://127.0.0.1"
        self.users = state.table("users")
        self.organizations = state.table("organizations")
        self.organization_claims: dict[tuple[str, str], int] = {}
        self.deleted_organizations = state.table("deleted_organizations")
        self.organization_merges = state.table("organization_merges")
        self.organization_fields = state.table("organization_fields")
        self.user_fields = state.table("user_fields")
        self.mails = state.table("mails")
        self.groups = state.table("groups")
        self.fields = state.table("ticket_fields")
        self.statuses = state.table("custom_statuses")
        self.jira_links = state.table("jira_links")

    def now(self) -> datetime:
        """The account's time."""
        return self.clock.now()

    def seconds(self) -> int:
        """The account's time in whole seconds since 1970."""
        return int(self.now().timestamp())

    def stamp(self) -> str:
        """The account's time as Zendesk writes it."""
        return stamp(self.seconds())

    def new_id(self) -> int:
        """An id for anything but a ticket."""
        return self.state.next("id", _FIRST_ID)

    def url(self, path: str) -> str:
        """Where a record is found through the API."""
        return f"{self.base_url}/api/v2/{path}.json"

    def user(self, id: object) -> Row | None:
        """A user by id."""
        return self.users.get(str(id))

    def find_user(self, fits: Callable[[Row], bool]) -> Row | None:
        """The first user that fits."""
        return next((user for user in self.users.values() if fits(user)), None)

    def user_by_email(self, email: str) -> Row | None:
        """Addresses are the same in capitals and not; a user may have several, a deleted one has
        none."""
        wanted = email.casefold()
        return self.find_user(
            lambda user: (
                user["active"]
                and any(wanted == one.casefold() for one in (user["email"] or "", *user["_emails"]))
            )
        )


def stamp(seconds: float) -> str:
    """A time as Zendesk writes it: UTC in whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> int:
    """The inverse of `stamp`; raises ValueError."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
