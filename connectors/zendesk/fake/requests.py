"""One request as the handlers see it, and the table in which they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from connectors.zendesk.fake.account import Account, Actor, Row
from connectors.zendesk.fake.errors import Refused, malformed, not_found
from connectors.zendesk.fake.users import sees
from syncline.sandbox import Call

if TYPE_CHECKING:
    from connectors.zendesk.fake.office import Office

MANY = 100


@dataclass(frozen=True)
class Request:
    """A request by a user who may make it."""

    office: Office
    call: Call
    user: Row

    @property
    def account(self) -> Account:
        """The account that was asked."""
        return self.office.account

    @property
    def actor(self) -> Actor:
        """The user, through the API."""
        return Actor(self.user)

    def id(self, name: str = "id") -> str:
        """A part of the path; the ending `.json` belongs to none."""
        return str(self.call.path_params[name]).removesuffix(".json")

    def body(self) -> Row:
        """The body, an object; raises Refused."""
        found = self.call.json()
        if not isinstance(found, dict):
            raise malformed("The body is no object")
        return found

    def given(self, member: str) -> dict[str, Any]:
        """The object under a name in the body; raises Refused."""
        found = self.body().get(member)
        if not isinstance(found, dict):
            raise malformed(f"{member} is missing or no object")
        return found

    def several(self, member: str) -> list[dict[str, Any]]:
        """The list of objects under a name in the body, a hundred at most; raises Refused."""
        found = self.body().get(member)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise malformed(f"{member} is missing or no list")
        few_enough(found)
        return found

    def ids(self, name: str = "ids") -> list[str]:
        """Ids with commas between, a hundred at most; raises Refused."""
        found = [one.strip() for one in self.call.query.get(name, "").split(",") if one.strip()]
        few_enough(found)
        return found

    def number(self, name: str, default: int, most: int) -> int:
        """A number of the query; raises Refused."""
        text = self.call.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdecimal() or int(text) < 1:
            raise malformed(f"{name} must be a positive number")
        return min(int(text), most)

    def included(self) -> set[str]:
        """What is to come along: `include=users,groups`."""
        return set(filter(None, self.call.query.get("include", "").split(",")))

    def applied(self, *ids: str) -> None:
        """These tickets were changed; a fault may hide that from searches for a while."""
        self.call.applied(*ids)
        self.office.hide(self.call, ids)

    def ticket(self, id: str | None = None) -> Row:
        """The ticket of the path; raises Refused when it is gone, or not for this user."""
        ticket = self.office.store.get(id or self.id())
        if ticket is None:
            raise not_found()
        if not sees(self.account, self.user, ticket):
            raise Refused(403, "Forbidden", "You do not have access to this ticket.")
        return ticket


def few_enough(items: Sequence[object]) -> None:
    """Raises Refused for more than a hundred."""
    if len(items) > MANY:
        raise Refused(400, "TooManyValues", f"Only {MANY} items are allowed, got {len(items)}")


Handler = Callable[[Request], Response]


@dataclass(frozen=True)
class Route:
    """One call of the API, its path below `/api/v2`.

    `readers` are those who may: `agent` (and administrators) or `admin`. `limit` names a limit of
    its own beside the account's.
    """

    method: str
    path: str
    handler: Handler
    mutating: bool = False
    readers: str = "agent"
    limit: str | None = None
