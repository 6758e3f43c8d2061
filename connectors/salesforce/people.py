"""Users and contacts, by id and by e-mail address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from connectors.salesforce import soql
from connectors.salesforce.client import IN_LIST, Client, Row, chunks
from connectors.salesforce.objects import CONTACT, USER, is_id
from syncline.sdk.connector import Person

_FIELDS = {USER: ("User", ("Id", "Name", "Email", "IsActive")),
           CONTACT: ("Contact", ("Id", "Name", "Email"))}  # fmt: skip
_ADDRESSES = 40  # in one query; an address is long


class People:
    """Looks people up for one connection and remembers those found by id."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Person] = {}

    async def by_id(self, handles: Sequence[str]) -> dict[str, Person]:
        """The users and contacts behind ids, two hundred in one request."""
        for prefix in (USER, CONTACT):
            wanted = [h for h in dict.fromkeys(handles) if is_id(h, prefix)]
            unknown = [handle for handle in wanted if handle not in self._known]
            for some in chunks(unknown, IN_LIST):
                for row in await self._rows(prefix, soql.among("Id", some)):
                    self._known[str(row["Id"])] = person(row)
        return {handle: self._known[handle] for handle in handles if handle in self._known}

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The one active user with an address, or else the one contact."""
        found: dict[str, Person] = {}
        for prefix in (USER, CONTACT):
            missing = [email for email in dict.fromkeys(emails) if email not in found]
            for some in chunks(missing, _ADDRESSES):
                rows = await self._rows(prefix, soql.among("Email", some))
                found |= _alone(some, (person(row) for row in rows))
        return found

    async def _rows(self, prefix: str, condition: str) -> list[Row]:
        source, fields = _FIELDS[prefix]
        return await self._client.rows(soql.select(fields, source, (condition,)))


def person(row: Row) -> Person:
    """A user or contact as Salesforce shows them."""
    return Person(
        handle=str(row["Id"]),
        email=row.get("Email") or None,
        name=row.get("Name") or "",
        active=bool(row.get("IsActive", True)),
    )


def _alone(emails: Iterable[str], people: Iterable[Person]) -> dict[str, Person]:
    """Those of the addresses that exactly one active person has."""
    by_address: defaultdict[str, list[Person]] = defaultdict(list)
    for one in people:
        if one.active and one.email:
            by_address[one.email.casefold()].append(one)
    return {
        email: fits[0]
        for email in emails
        if len(fits := by_address.get(email.strip().casefold(), [])) == 1
    }
