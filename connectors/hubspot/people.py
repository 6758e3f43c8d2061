"""Who the owners of records are. An owner's id is another than that of the user behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.hubspot.client import Client, Row
from connectors.hubspot.metadata import Metadata
from syncline.sdk.connector import Person


class People:
    """Looks owners up for one connection."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata

    async def by_id(self, handles: Sequence[str]) -> dict[str, Person]:
        """The owners behind ids, archived ones too, as people who are not active."""
        known = {str(row["id"]): row for row in await self._metadata.owners()}
        if not known.keys() >= set(handles):
            known = {str(row["id"]): row for row in await self._metadata.owners(anew=True)}
        return {id: person(known[id]) for id in handles if id in known}

    async def by_user(self) -> Mapping[str, Person]:
        """The owners by the ids of their users, which histories name."""
        rows = await self._metadata.owners()
        return {str(row["userId"]): person(row) for row in rows if row.get("userId")}

    async def by_email(self, emails: Sequence[str]) -> dict[str, Person]:
        """The one active owner with exactly this address."""
        path = self._client.path("crm/owners")
        found: dict[str, Person] = {}
        for email in dict.fromkeys(emails):
            rows = await self._client.pages(path, email=email, archived=False)
            fits = [one for one in map(person, rows) if _same(one.email, email)]
            if len(fits) == 1:
                found[email] = fits[0]
        return found


def person(owner: Row) -> Person:
    """An owner as HubSpot shows them."""
    names = (owner.get("firstName"), owner.get("lastName"))
    return Person(
        handle=str(owner["id"]),
        email=owner.get("email") or None,
        name=" ".join(one for one in names if one),
        active=not owner.get("archived"),
    )


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.casefold() == other.strip().casefold()
