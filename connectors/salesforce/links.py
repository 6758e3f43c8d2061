"""Linked records, shown by their addresses in the connection's link field."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import Kind
from connectors.salesforce.reading import Reader
from connectors.salesforce.wire import REFERENCE
from connectors.salesforce.writing import Writer
from syncline.sdk.connector import LinkCard, Outcome, Record, Result, Update


class Links:
    """Shows links for one connection: the records are read, and those that change written."""

    def __init__(
        self, reader: Reader, metadata: Metadata, writer: Writer, config: SalesforceConfig
    ) -> None:
        self._reader = reader
        self._metadata = metadata
        self._writer = writer
        self._field = config.link_field or ""

    async def show(
        self, kind: Kind, cards: Sequence[LinkCard], gone: Sequence[LinkCard]
    ) -> list[Outcome]:
        """Put the cards' addresses into the field, each once, and take off those of `gone`."""
        field = (await self._metadata.of(kind)).fields.get(self._field)
        if field is None:
            reason = f"link_field: {kind.name} has no field {self._field}; nothing was shown"
            return [
                Outcome(Result.REJECTED, id=c.record_id, reason=reason) for c in (*cards, *gone)
            ]
        between = "\n" if field.type == "textarea" else " "
        ids = list(dict.fromkeys(card.record_id for card in (*cards, *gone)))
        shown = await self._reader.fetch(kind, ids)
        told: dict[str, Outcome] = {}
        updates: list[Update] = []
        for id in ids:
            record = shown[id]
            if not isinstance(record, Record) or record.deleted:
                told[id] = Outcome(Result.GONE, id=id, reason="gone or hidden; no link was shown")
                continue
            before = str(record.fields.get(REFERENCE) or "")
            off = {card.url for card in gone if card.record_id == id}
            after = [url for url in before.split() if url not in off]
            mine = (card.url for card in cards if card.record_id == id)
            after += [url for url in dict.fromkeys(mine) if url not in after]
            told[id] = Outcome.applied(id)
            if after != before.split():
                patch = {REFERENCE: between.join(after)}
                updates.append(Update(id, patch, {REFERENCE: before}, record.version))
        written = await self._writer.update(kind, updates)
        told |= {item.id: one for item, one in zip(updates, written, strict=True)}
        return [told[card.record_id] for card in (*cards, *gone)]
