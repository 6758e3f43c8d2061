"""Linked records made visible: their addresses in the connection's link property.

Showing is idempotent. Only the given addresses are added and taken off; what people wrote there
stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.hubspot.kinds import Kind
from connectors.hubspot.reading import Reader
from connectors.hubspot.wire import REFERENCE
from connectors.hubspot.writing import Writer
from syncline.sdk.connector import LinkCard, Outcome, Record, Result, Update


class Links:
    """Shows links for one connection."""

    def __init__(self, reader: Reader, writer: Writer, link_property: str | None) -> None:
        self._reader = reader
        self._writer = writer
        self._link_property = link_property

    async def show(
        self, kind: Kind, cards: Sequence[LinkCard], gone: Sequence[LinkCard]
    ) -> list[Outcome]:
        """Bring the cards' records up to date; sends no write where they are."""
        if self._link_property is None:
            why = "HubSpot shows links where the connection has a link_property."
            return [
                Outcome(Result.REJECTED, id=card.record_id, reason=why) for card in (*cards, *gone)
            ]
        ids = list(dict.fromkeys(card.record_id for card in (*cards, *gone)))
        shown = await self._reader.fetch(kind, ids)
        told: dict[str, Outcome] = {}
        updates: list[Update] = []
        for id, record in shown.items():
            if not isinstance(record, Record) or record.deleted or record.merged_into:
                why = f"The {kind.name} {id} is gone; its links were not shown."
                told[id] = Outcome(Result.GONE, id=id, reason=why)
                continue
            before = str(record.fields.get(REFERENCE) or "").split()
            off = {card.url for card in gone if card.record_id == id}
            on = [card.url for card in cards if card.record_id == id]
            after = [url for url in before if url not in off]
            after += [url for url in dict.fromkeys(on) if url not in after]
            told[id] = Outcome.applied(id)
            if after != before:
                updates.append(Update(id, {REFERENCE: "\n".join(after)}, {}))
        written = await self._writer.update(kind, updates)
        told |= {one.id: outcome for one, outcome in zip(updates, written, strict=True)}
        return [told[card.record_id] for card in (*cards, *gone)]
