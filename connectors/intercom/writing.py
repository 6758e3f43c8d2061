"""Creates, updates and lost creates: one request each, as Intercom has no bulk call that answers.

Intercom has no idempotency key. A create carries its key in an attribute, where the search finds it
once its index has caught up. Nobody is mailed about a ticket that Syncline makes or changes
(`skip_notifications`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from connectors.intercom.client import Client, both, where
from connectors.intercom.config import IntercomConfig
from connectors.intercom.metadata import Metadata, TicketType
from connectors.intercom.people import People
from connectors.intercom.reading import TICKETS, Reader
from connectors.intercom.wire import AT_CREATION, NOBODY, WireShape, refuse_unwritable
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    FindResult,
    Found,
    Outcome,
    Record,
    Update,
    Wire,
)
from syncline.sdk.errors import ConnectorError, NotFound, Rejected

EDITABLE = ("title", "description", "state", "assignee", "reference", "attributes")
_OF_A_TYPE = {"state", "reference", "attributes"}


class Writer:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        people: People,
        shape: WireShape,
        config: IntercomConfig,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._people = people
        self._shape = shape
        self._config = config

    async def create(self, items: Sequence[Create]) -> list[Outcome]:
        """One POST each; a state other than the first is reached by a PUT after it."""
        await self._metadata.in_scope()
        return await outcomes(items, self._create)

    async def update(self, items: Sequence[Update]) -> list[Outcome]:
        """One PUT each, in order within a ticket."""
        await self._metadata.in_scope()
        return await in_order(items, lambda item: item.id, self._update)

    async def _create(self, item: Create) -> Outcome:
        fields = item.fields
        refuse_unwritable(fields, (*EDITABLE, *AT_CREATION))
        type = await self._type_named(fields.get("type"))
        attributes = self._shape.attributes(fields, type) | self._shape.marked(item.key, type)
        body: dict[str, Any] = {
            "ticket_type_id": type.id,
            "contacts": [await self._contact(fields.get("requester"))],
            "ticket_attributes": attributes,
            "skip_notifications": True,
        }
        if fields.get("assignee"):
            body["assignment"] = {"admin_assignee_id": await self._admin(fields["assignee"])}
        state = type.state(fields["state"]) if "state" in fields else None
        ticket = await self._client.write("POST", "/tickets", body)
        if state is not None and str(ticket["ticket_state"]["id"]) != state:
            # It is made either way; what it does not show yet is written later.
            with suppress(ConnectorError):
                ticket = await self._put(str(ticket["id"]), {"ticket_state_id": state})
        (record,) = await self._reader.records([ticket])
        return Outcome.applied(record.id, record)

    async def _update(self, item: Update) -> Outcome:
        refuse_unwritable(item.patch, EDITABLE)
        if not item.id.isdecimal():
            raise NotFound(f"{item.id!r} is no ticket's id")
        body = await self._body(item.id, item.patch)
        try:
            ticket = await self._put(item.id, body)
        except Rejected as error:
            raise Rejected(
                f"Ticket {item.id}: {error} It is sent again when the value changes or is retried.",
                status=error.status,
            ) from error
        (record,) = await self._reader.records([ticket])
        return Outcome.applied(item.id, record)

    async def _body(self, id: str, patch: Wire) -> dict[str, Any]:
        body: dict[str, Any] = {}
        type = await self._type_of(id, patch)
        if attributes := self._shape.attributes(patch, type):
            body["ticket_attributes"] = attributes
        if "state" in patch:
            body["ticket_state_id"] = type.state(patch["state"])
        if "assignee" in patch:
            wanted = patch["assignee"]
            body["assignee_id"] = await self._admin(wanted) if wanted else NOBODY
        return body

    async def _put(self, id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """`admin_id` names us as who did it: else Intercom shows an assignment as nobody's."""
        admin = int((await self._metadata.me())["id"])
        told = {**body, "admin_id": admin, "skip_notifications": True}
        return await self._client.write("PUT", f"/tickets/{id}", told)

    async def _type_named(self, name: object) -> TicketType:
        types = await self._metadata.in_scope()
        for type in types:
            if name in (None, type.name):
                return type
        raise Rejected(
            f"The connection's scope has no ticket type {name!r}, but "
            f"{', '.join(one.name for one in types)}. Nothing was written."
        )

    async def _type_of(self, id: str, patch: Wire) -> TicketType:
        """The ticket's type; asked for only where names differ between the scope's types."""
        types = await self._metadata.in_scope()
        if len(types) == 1 or not _OF_A_TYPE & patch.keys():
            return types[0]
        ticket = await self._reader.ticket(id)
        return (await self._metadata.types())[str(ticket["ticket_type"]["id"])]

    async def _admin(self, handle: object) -> str:
        if handle in (admins := await self._metadata.admins()):
            return str(handle)
        names = ", ".join(str(row["name"]) for row in admins.values())
        raise Rejected(
            f"{handle} is no teammate here, and Intercom assigns tickets to nobody else. There "
            f"are {names}. Nothing was written."
        )

    async def _contact(self, handle: object) -> dict[str, str]:
        """Whom a new ticket is about. A teammate is made a contact by their address."""
        if handle in (admins := await self._metadata.admins()):
            return {"email": admins[str(handle)]["email"]}
        if handle:
            return {"id": str(handle)}
        if self._config.contact:
            return {"email": self._config.contact}
        raise Rejected(
            "Intercom makes no ticket without a contact, and this record names no requester that "
            "Intercom knows. Nothing was written; set `contact` on the connection."
        )

    async def find(self, items: Sequence[CreateSearch]) -> list[FindResult]:
        """Looks for creates by the attribute that keeps their keys; one request each."""
        return [await self._find(item) for item in items]

    async def _find(self, item: CreateSearch) -> FindResult:
        name = self._config.key_attribute
        if name is None:
            reason = "the connection has no key_attribute by which a create could be found"
            return FindResult(Found.UNKNOWN, reason=reason)
        type = await self._type_named(item.fields.get("type"))
        # A text is found by its words (Intercom's OpenAPI), so what is found is compared whole.
        query = both(where(f"ticket_attribute.{type.attribute(name).id}", "=", item.key))
        rows = await self._client.everything(TICKETS, query)
        found: list[Record] = [
            one for one in await self._reader.records(rows) if one.marker == item.key
        ]
        if not found:
            return FindResult(Found.NO)
        if len(found) == 1:
            return FindResult(Found.YES, found[0])
        ids = ", ".join(one.id for one in found)
        return FindResult(Found.UNKNOWN, reason=f"tickets {ids} carry the same key")
