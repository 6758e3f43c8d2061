"""Users by id and by e-mail address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.zendesk.client import Client, numbers, together
from syncline.sdk.connector import Person


class People:
    """Looks users up for one connection and remembers those found."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Person] = {}

    async def by_id(self, handles: Sequence[str]) -> dict[str, Person]:
        """The users behind ids, a hundred in one request; deleted ones are left out."""
        unknown = [id for id in numbers(handles) if id not in self._known]
        for user in await self._client.many("/users", "users", unknown):
            self._known[str(user["id"])] = person(user)
        return {id: self._known[id] for id in handles if id in self._known}

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The one active user with exactly this address: Zendesk's search also finds others."""
        wanted = list(dict.fromkeys(emails))
        answers = await together(self._search(email) for email in wanted)
        found: dict[str, Person] = {}
        for email, people in zip(wanted, answers, strict=True):
            fits = [p for p in people if p.active and _same(p.email, email)]
            if len(fits) == 1:
                found[email] = fits[0]
        return found

    async def _search(self, email: str) -> list[Person]:
        quoted = email.replace('"', "")
        answer = await self._client.get("/users/search", {"query": f'email:"{quoted}"'})
        return [person(user) for user in answer["users"]]


def person(user: Mapping[str, Any]) -> Person:
    """A user as Zendesk shows them."""
    return Person(
        handle=str(user["id"]),
        email=user.get("email") or None,
        name=user.get("name") or "",
        active=bool(user.get("active", True)) and not user.get("suspended"),
    )


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.casefold() == other.strip().casefold()
