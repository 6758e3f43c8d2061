"""Linked records made visible on a ticket: in a field, by the Jira integration, or as notes.

Showing is idempotent. Of the field only the given addresses are added and taken off; what people
wrote there stays. A note cannot be taken off, so a second one says that the link is over. Issues
of Jira are shown by Zendesk's own integration where the connection says so: its links are known by
ticket and issue (`/api/services/jira/links`; an administrator has to allow "Manage links").
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.zendesk.client import Client, segment, stamp
from connectors.zendesk.messages import Messages, link_note
from connectors.zendesk.metadata import FIELDS, Metadata
from connectors.zendesk.reading import Reader
from connectors.zendesk.wire import WireShape
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import LinkCard, Outcome, Record, Visibility
from syncline.sdk.errors import Conflict, NotFound

JIRA = "jira"
JIRA_LINKS = "/api/services/jira/links"


class Links:
    """Shows links for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        messages: Messages,
        shape: WireShape,
        link_field: str | None,
        jira_links: bool,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._messages = messages
        self._shape = shape
        self._link_field = link_field
        self._jira_links = jira_links

    async def show(self, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> list[Outcome]:
        """Bring the cards' tickets up to date; sends no write where they are."""
        tickets = list(dict.fromkeys(card.record_id for card in (*cards, *gone)))
        read = [c.record_id for c in (*cards, *gone) if self._link_field and not self._native(c)]
        shown = await self._reader.fetch(list(dict.fromkeys(read))) if read else {}

        async def of_ticket(id: str) -> Outcome:
            for native in (True, False):
                new = [c for c in cards if c.record_id == id and self._native(c) is native]
                old = [c for c in gone if c.record_id == id and self._native(c) is native]
                if not new and not old:
                    continue
                if native:
                    await self._in_jira(id, new, old)
                elif self._link_field:
                    await self._in_field(id, shown.get(id), self._link_field, new, old)
                else:
                    await self._in_notes(id, new, old)
            return Outcome.applied(id)

        told = dict(zip(tickets, await outcomes(tickets, of_ticket), strict=True))
        return [told[card.record_id] for card in (*cards, *gone)]

    def _native(self, card: LinkCard) -> bool:
        return self._jira_links and card.tool == JIRA and bool(card.linked_id)

    async def _in_field(
        self,
        id: str,
        ticket: object,
        field: str,
        cards: Sequence[LinkCard],
        gone: Sequence[LinkCard],
    ) -> None:
        if not isinstance(ticket, Record) or ticket.deleted:
            raise NotFound(f"Ticket {id} is gone or hidden; its links were not shown.")
        names = await self._metadata.names_for(["reference"])
        before = str(ticket.fields.get("reference") or "").split()
        after = [word for word in before if word not in {card.url for card in gone}]
        after += [url for url in dict.fromkeys(c.url for c in cards) if url not in after]
        if after == before:
            return
        row = (await self._metadata.rows(FIELDS))[names.id_of(FIELDS, field)]
        between = "\n" if row["type"] == "textarea" else " "
        body = self._shape.body({"reference": between.join(after) or None}, names)
        body |= {"safe_update": True, "updated_stamp": stamp(ticket.version or 0)}
        await self._client.write("PUT", f"/tickets/{segment(id)}", {"ticket": body})

    async def _in_notes(self, id: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> None:
        shown = await self._messages.links_shown(id)
        for card in {card.url: card for card in gone if card.url in shown}.values():
            note = link_note(card, shows=False)
            await self._messages.write(id, note, Visibility.INTERNAL)
        for card in {card.url: card for card in cards if card.url not in shown}.values():
            note = link_note(card, shows=True)
            await self._messages.write(id, note, Visibility.INTERNAL)

    async def _in_jira(self, id: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> None:
        transport = self._client.transport
        answer = await transport.request(
            "GET", JIRA_LINKS, params={"filter[ticket_id]": id}, forbidden="rejected"
        )
        there = {str(one["issue_id"]): one["id"] for one in answer.json()["links"]}
        for issue in dict.fromkeys(card.linked_id for card in gone):
            if issue in there:
                await transport.request("DELETE", f"{JIRA_LINKS}/{there.pop(issue)}")
        for card in {card.linked_id: card for card in cards}.values():
            if card.linked_id in there:
                continue
            link = {"ticket_id": id, "issue_id": card.linked_id, "issue_key": card.key}
            try:
                await transport.request("POST", JIRA_LINKS, json={"link": link})
            except Conflict:
                continue  # somebody has made the same link meanwhile
