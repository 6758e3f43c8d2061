"""Linked records made visible on an organization or a user: their addresses in the link field.

Showing is idempotent. Only the given addresses are added and taken off; what people wrote there
stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.zendesk.directory import Directory
from connectors.zendesk.entering import Entry
from connectors.zendesk.metadata import Metadata
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import LinkCard, Outcome, Record, Result, Update
from syncline.sdk.errors import NotFound


class References:
    """Shows links on one kind for one connection."""

    def __init__(self, metadata: Metadata, directory: Directory, entry: Entry) -> None:
        self._metadata = metadata
        self._directory = directory
        self._entry = entry

    async def show(self, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> list[Outcome]:
        """Bring the cards' records up to date; sends no write where they are."""
        kind, both = self._directory.kind, (*cards, *gone)
        if await self._metadata.link_key(kind) is None:
            reason = f"no {kind.name} has the connection's link_field, in which links are shown"
            return [Outcome(Result.REJECTED, id=card.record_id, reason=reason) for card in both]
        ids = list(dict.fromkeys(card.record_id for card in both))
        shown = await self._directory.fetch(ids)

        async def of_record(id: str) -> Outcome:
            record = shown[id]
            if not isinstance(record, Record) or record.deleted:
                raise NotFound(f"{kind.name} {id} is gone or hidden; its links were not shown.")
            before = record.fields["reference"]
            words = before.split()
            off = {card.url for card in gone if card.record_id == id}
            after = [word for word in words if word not in off]
            new = dict.fromkeys(card.url for card in cards if card.record_id == id)
            after += [url for url in new if url not in after]
            if after == words:
                return Outcome.applied(id, record)
            patch = {"reference": " ".join(after)}
            (outcome,) = await self._entry.update([Update(id, patch, {"reference": before})])
            return outcome

        told = dict(zip(ids, await outcomes(ids, of_record), strict=True))
        return [told[card.record_id] for card in both]
