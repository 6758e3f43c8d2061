"""Users by id and by e-mail address.

An administrator's key searches all users. Another key sees the members of the scope's projects,
and of those only addresses that their owners do not hide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.redmine.client import PAGE, Client, segment
from connectors.redmine.metadata import Metadata
from syncline.sdk.connector import Person
from syncline.sdk.errors import NotFound

_ACTIVE = 1


class People:
    """Looks people up for one connection and remembers those found."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata
        self._known: dict[str, Person | None] = {}

    async def by_id(self, handles: Sequence[str]) -> dict[str, Person]:
        """The users behind ids; a group or a deleted user is left out."""
        unknown = [h for h in dict.fromkeys(handles) if h.isdecimal() and h not in self._known]
        for handle, person in zip(
            unknown, await asyncio.gather(*map(self._user, unknown)), strict=True
        ):
            self._known[handle] = person
        return {h: person for h in handles if (person := self._known.get(h)) is not None}

    async def _user(self, handle: str) -> Person | None:
        try:
            answer = await self._client.get(f"/users/{segment(handle)}.json")
        except NotFound:
            return None
        return _person(answer["user"])

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The active user with exactly this address, whatever its case, where there is one."""
        wanted = dict.fromkeys(emails)
        if (await self._metadata.me()).get("admin"):
            answers = await asyncio.gather(*(self._search(email) for email in wanted))
            candidates = [person for people in answers for person in people]
        else:
            candidates = list((await self.by_id(await self._members())).values())
        found: dict[str, Person] = {}
        for email in wanted:
            fits = {p.handle: p for p in candidates if p.active and _same(p.email, email)}
            if len(fits) == 1:
                found[email] = next(iter(fits.values()))
        return found

    async def _search(self, email: str) -> list[Person]:
        answer = await self._client.get("/users.json", name=email, status=_ACTIVE, limit=PAGE)
        return [_person(user) for user in answer["users"]]

    async def _members(self) -> list[str]:
        ids: list[str] = []
        for project in (await self._metadata.project_ids()).values():
            path, offset, total = f"/projects/{project}/memberships.json", 0, 1
            while offset < total:
                answer = await self._client.get(path, limit=PAGE, offset=offset)
                ids += [str(m["user"]["id"]) for m in answer["memberships"] if "user" in m]
                offset, total = offset + PAGE, answer["total_count"]
        return ids


def _person(user: Mapping[str, Any]) -> Person:
    name = f"{user.get('firstname', '')} {user.get('lastname', '')}".strip()
    active = user.get("status", _ACTIVE) == _ACTIVE
    return Person(str(user["id"]), email=user.get("mail"), name=name, active=active)


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.casefold() == other.strip().casefold()
