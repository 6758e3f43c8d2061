"""People by handle and by e-mail address.

People decide who sees their address. One who hides it is found by nobody's address here, and is
named in the operator's table instead: a name that fits is no proof.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira.client import Client
from connectors.jira.dialect import handle
from syncline.sdk.connector import Person


class People:
    """Looks people up for one connection and remembers those found."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Person] = {}

    async def by_id(self, handles: Sequence[str]) -> dict[str, Person]:
        """The accounts behind ids; a deleted one is left out."""
        unknown = [h for h in dict.fromkeys(handles) if h not in self._known]
        for found in map(person, await self._client.users(unknown)):
            self._known[found.handle] = found
        return {h: self._known[h] for h in handles if h in self._known}

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The one active account that shows exactly this address, whatever its case."""
        wanted = list(dict.fromkeys(emails))
        answers = await asyncio.gather(*(self._search(email) for email in wanted))
        found: dict[str, Person] = {}
        for email, people in zip(wanted, answers, strict=True):
            fits = {p.handle: p for p in people if p.active and _same(p.email, email)}
            if len(fits) == 1:
                found[email] = next(iter(fits.values()))
        return found

    async def _search(self, email: str) -> list[Person]:
        return [person(user) for user in await self._client.users_like(email.strip())]


def person(user: Mapping[str, Any] | None) -> Person:
    """Who Jira names; an account that it no longer has is nobody's handle."""
    known = handle(user)
    if user is None or known is None:
        return Person("", name="Anonymous")
    return Person(
        known,
        email=user.get("emailAddress") or None,
        name=str(user.get("displayName") or ""),
        active=bool(user.get("active", True)),
    )


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.casefold() == other.strip().casefold()
