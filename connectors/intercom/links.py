"""Linked records made visible on a record: their addresses in an attribute.

Showing is idempotent. Only the given addresses are added and taken off; what people wrote there
stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.intercom.entering import Entry
from connectors.intercom.entries import Entries
from connectors.intercom.reading import Reader
from connectors.intercom.writing import Writer
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import LinkCard, Outcome, Record, Result, Update
from syncline.sdk.errors import NotFound


class Links:
    """Shows links for one connection."""

    def __init__(self, link_attribute: str | None) -> None:
        self._attribute = link_attribute

    async def show(
        self,
        reader: Reader | Entries,
        writer: Writer | Entry,
        cards: Sequence[LinkCard],
        gone: Sequence[LinkCard],
    ) -> list[Outcome]:
        """Bring the cards' records up to date; sends no write where they are."""
        if self._attribute is None:
            reason = "the connection has no link_attribute in which links could be shown"
            return [
                Outcome(Result.REJECTED, id=card.record_id, reason=reason)
                for card in (*cards, *gone)
            ]
        ids = list(dict.fromkeys(card.record_id for card in (*cards, *gone)))
        shown = await reader.fetch(ids)

        async def of_record(id: str) -> Outcome:
            record = shown[id]
            if not isinstance(record, Record):
                raise NotFound(f"{id} is gone; its links were not shown.")
            before = record.fields["reference"]
            words = str(before or "").split()
            off = {card.url for card in gone if card.record_id == id}
            after = [word for word in words if word not in off]
            new = dict.fromkeys(card.url for card in cards if card.record_id == id)
            after += [url for url in new if url not in after]
            if after == words:
                return Outcome.applied(id, record)
            patch = {"reference": "\n".join(after) or None}
            (outcome,) = await writer.update([Update(id, patch, {"reference": before})])
            return outcome

        told = dict(zip(ids, await outcomes(ids, of_record), strict=True))
        return [told[card.record_id] for card in (*cards, *gone)]
