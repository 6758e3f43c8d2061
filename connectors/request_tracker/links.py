"""Linked records of other tools as RefersTo addresses, which RT shows on the ticket's page."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.request_tracker.client import Client, chunks, id_of, segment
from connectors.request_tracker.reading import by
from connectors.request_tracker.wire import references
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import LinkCard, Outcome
from syncline.sdk.errors import NotFound


class Links:
    """Shows and takes off links for one connection."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def show(self, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> list[Outcome]:
        """One read for a hundred tickets, and a write only for a ticket that lacks something.

        RT itself ignores a link that is already there, so a race adds none twice.
        """
        wanted = by(cards, lambda card: card.record_id)
        unwanted = by(gone, lambda card: card.record_id)
        tickets = list(dict.fromkeys([*wanted, *unwanted]))
        rows = [row for some in chunks(tickets) for row in await self._client.tickets_of(some)]
        shown = {str(row["id"]): row for row in rows if id_of(row) == id_of(row["EffectiveId"])}

        async def one(id: str) -> Outcome:
            if id not in shown:
                raise NotFound(f"ticket {id} is deleted, merged or hidden and cannot show links")
            has = set(references(shown[id]))
            keep = {card.url for card in wanted.get(id, ())}
            added = sorted(keep - has)
            removed = sorted({card.url for card in unwanted.get(id, ())} & has - keep)
            body = {"AddRefersTo": added, "DeleteRefersTo": removed}
            if sent := {name: urls for name, urls in body.items() if urls}:
                await self._client.write("PUT", f"ticket/{segment(id)}", sent)
            return Outcome.applied(id)

        told = dict(zip(tickets, await outcomes(tickets, one), strict=True))
        return [told[card.record_id] for card in (*cards, *gone)]
