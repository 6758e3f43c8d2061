"""Writing contacts and companies: one request each, and none is made twice.

A create carries its key as the id of ours: `external_id` of a contact, which Intercom keeps unique,
and `company_id` of a company, by which Intercom makes one or changes the one there is. Both are
looked up by calls of their own, which do not lag.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from connectors.intercom.cards import USER
from connectors.intercom.client import Client, Taken
from connectors.intercom.entries import Entries
from connectors.intercom.kinds import CONTACT, ID, Kind
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FindResult,
    Found,
    Outcome,
    Record,
    Update,
)
from syncline.sdk.errors import NotFound, Rejected


class Entry:
    """Writes one kind for one connection."""

    def __init__(self, kind: Kind, client: Client, entries: Entries) -> None:
        self._kind = kind
        self._client = client
        self._entries = entries

    async def create(self, items: Sequence[Create]) -> list[Outcome]:
        """One POST each."""
        return await outcomes(items, self._create)

    async def update(self, items: Sequence[Update]) -> list[Outcome]:
        """One PUT each, in order within a record."""
        return await in_order(items, lambda item: item.id, self._update)

    async def find(self, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Looks for creates by their keys; one request each."""
        found = [await self._by_key(item.key) for item in items]
        return [FindResult(Found.YES, one) if one else FindResult(Found.NO) for one in found]

    async def _create(self, item: Create) -> Outcome:
        given = {path: value for path, value in item.fields.items() if value is not None}
        body = {**self._entries.cards.body(given), self._kind.own: item.key}
        if self._kind is CONTACT:
            body["role"] = USER
        try:
            row = await self._client.write("POST", self._kind.path, body)
        except Taken as taken:
            # Refused because of what an earlier sending of this create has made, or a stranger.
            made = await self._by_key(item.key)
            if made is None:
                raise Rejected(
                    f"{taken} Link the record with that contact, restore it if it is archived, or "
                    "give either another address.",
                    status=taken.status,
                ) from taken
            return Outcome.applied(made.id, made)
        (record,) = await self._entries.records([row])
        return Outcome.applied(record.id, record)

    async def _update(self, item: Update) -> Outcome:
        if not ID.fullmatch(item.id):
            raise NotFound(f"{item.id!r} is no {self._kind.name}'s id")
        body = self._entries.cards.body(item.patch)
        try:
            row = await self._client.write("PUT", f"{self._kind.path}/{item.id}", body)
        except Rejected as error:
            raise Rejected(
                f"{self._kind.name.capitalize()} {item.id}: {error} It is sent again when the "
                "value changes or is retried.",
                status=error.status,
            ) from error
        (record,) = await self._entries.records([row])
        return Outcome.applied(item.id, record)

    async def _by_key(self, key: str) -> Record | None:
        try:
            told = await self._client.get(self._kind.lookup + quote(key, safe=""))
        except NotFound:
            return None
        # Intercom describes a list of companies, and has answered the company.
        rows = told["data"] if told["type"] == "list" else [told]
        found = [one for one in await self._entries.records(rows) if one.marker == key]
        return found[0] if found else None
