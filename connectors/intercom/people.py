"""People by id and by e-mail address: teammates, whose ids are numbers, and contacts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

from connectors.intercom.client import Client, Row, both, where
from connectors.intercom.metadata import Metadata
from syncline.sdk.connector import Person
from syncline.sdk.errors import NotFound

_CONTACT = re.compile(r"[0-9a-f]{24}")
_AT_ONCE = 50


class People:
    """Looks people up for one connection and remembers the contacts found."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata
        self._contacts: dict[str, Person] = {}

    async def by_id(self, handles: Sequence[str]) -> dict[str, Person]:
        """Teammates in one request, each contact in one of its own; unknown ones are left out."""
        admins = await self._metadata.admins() if any(h.isdecimal() for h in handles) else {}
        unknown = [h for h in dict.fromkeys(handles) if _CONTACT.fullmatch(h)]
        unknown = [h for h in unknown if h not in self._contacts]
        for person in await asyncio.gather(*map(self._contact, unknown)):
            if person is not None:
                self._contacts[person.handle] = person
        known = {h: person_of(admins[h]) for h in handles if h in admins}
        return known | {h: self._contacts[h] for h in handles if h in self._contacts}

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The teammate with this address, else the one contact: by its search, which lags."""
        admins = (await self._metadata.admins()).values()
        wanted = {email: email.strip().casefold() for email in dict.fromkeys(emails)}
        found = {
            email: person_of(row)
            for email, asked in wanted.items()
            for row in admins
            if row["email"].casefold() == asked
        }
        rest = [email for email in wanted if email not in found]
        for at in range(0, len(rest), _AT_ONCE):
            some = rest[at : at + _AT_ONCE]
            query = both(where("email", "IN", some))
            contacts = [person_of(row) for row in await self._client.everything("contacts", query)]
            for email in some:
                fits = [p for p in contacts if (p.email or "").casefold() == wanted[email]]
                if len(fits) == 1:
                    found[email] = fits[0]
        return found

    async def _contact(self, id: str) -> Person | None:
        try:
            return person_of(await self._client.get(f"/contacts/{id}"))
        except NotFound:
            return None


def person_of(row: Row | Mapping[str, object]) -> Person:
    """A teammate, a contact or the author of a part."""
    return Person(
        handle=str(row["id"]),
        email=str(row.get("email") or "") or None,
        name=str(row.get("name") or ""),
    )
