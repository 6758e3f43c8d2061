"""Linked records made visible in an issue: addresses in a custom field, else one note a link.

Showing is idempotent. Of the field only the given addresses are added and taken off; what people
wrote there stays. A note is found again by the address in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.redmine.client import Client, Issue
from connectors.redmine.metadata import Metadata
from connectors.redmine.notes import Notes, link_note
from connectors.redmine.wire import custom
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import LinkCard, Outcome
from syncline.sdk.errors import NotFound, Rejected

_LONG_TEXT = "text"


class Links:
    """Shows links for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        notes: Notes,
        link_field: str | None,
        markup: str,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._notes = notes
        self._link_field = link_field
        self._markup = markup

    async def show(self, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> list[Outcome]:
        """Bring the cards' issues up to date; sends no write where they are. One outcome a card."""
        ids = list(dict.fromkeys(card.record_id for card in (*cards, *gone)))
        issues = await self._client.by_id(ids) if self._link_field else {}

        async def of_issue(id: str) -> Outcome:
            new = [card for card in cards if card.record_id == id]
            old = [card for card in gone if card.record_id == id]
            if self._link_field:
                await self._in_field(id, issues.get(id), self._link_field, new, old)
            else:
                await self._in_notes(id, new, old)
            return Outcome.applied(id)

        results = dict(zip(ids, await outcomes(ids, of_issue), strict=True))
        return [results[card.record_id] for card in (*cards, *gone)]

    async def _in_field(
        self,
        issue_id: str,
        issue: Issue | None,
        name: str,
        cards: Sequence[LinkCard],
        gone: Sequence[LinkCard],
    ) -> None:
        if issue is None:
            raise NotFound(f"Issue {issue_id} is gone or hidden; its links were not shown.")
        field = await self._metadata.custom_field(name)
        if all(shown["id"] != field["id"] for shown in issue.get("custom_fields", ())):
            raise Rejected(
                f"Issue {issue_id} has no field {name!r}: an administrator has to switch it on for"
                f" the tracker {issue['tracker']['name']!r} and the project. No link was shown."
            )
        before = str(custom(issue, name) or "").split()
        after = [word for word in before if word not in {card.url for card in gone}]
        after += [url for url in dict.fromkeys(card.url for card in cards) if url not in after]
        if after != before:
            between = "\n" if field.get("field_format") == _LONG_TEXT else " "
            entry = {"id": field["id"], "value": between.join(after)}
            await self._client.save(issue_id, {"custom_fields": [entry]})

    async def _in_notes(
        self, issue_id: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard]
    ) -> None:
        ours = await self._notes.showing_links(issue_id)
        for card in gone:
            for note in ours:
                if card.url in note["notes"].split():
                    await self._notes.replace(str(note["id"]), "")
        shown = {word for note in ours for word in note["notes"].split()}
        for card in {card.url: card for card in cards}.values():
            if card.url not in shown:
                await self._notes.write(issue_id, link_note(card, self._markup))
