"""Linked records made visible: a remote link each, which Jira shows in the issue's own panel.

A link's `globalId` is made of the connection and the record's key, so that showing it again
replaces it (SPEC createOrUpdateRemoteIssueLink: what such a request leaves out becomes null).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira.client import Client, segment
from connectors.jira.package import Package
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import LinkCard, Outcome
from syncline.sdk.errors import NotFound

_LONGEST = 255
RELATIONSHIP = "is linked with"


class Links:
    """Shows links for one connection."""

    def __init__(self, client: Client, package: Package) -> None:
        self._client = client
        self._package = package

    async def show(self, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> list[Outcome]:
        """Bring the cards' issues up to date; sends no write where they are. One outcome a card."""
        ids = list(dict.fromkeys(card.record_id for card in (*cards, *gone)))

        async def of_issue(id: str) -> Outcome:
            new = [card for card in cards if card.record_id == id]
            old = [card for card in gone if card.record_id == id]
            await self._of_issue(id, new, old)
            return Outcome.applied(id)

        results = dict(zip(ids, await outcomes(ids, of_issue), strict=True))
        return [results[card.record_id] for card in (*cards, *gone)]

    async def _of_issue(self, id: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard]) -> None:
        of = segment(id)
        rows = await self._package.call(lambda jira: [one.raw for one in jira.remote_links(of)])
        shown = {str(row.get("globalId")): row["object"] for row in rows}
        for card in gone:
            if global_id(card) in shown:
                await self._remove(id, card)
        for card in {global_id(card): card for card in cards}.values():
            if not _is_shown(card, shown.get(global_id(card))):
                await self._put(id, card)

    async def _put(self, id: str, card: LinkCard) -> None:
        await self._package.call(
            lambda jira: jira.add_remote_link(
                segment(id),
                {"url": card.url, "title": _title(card)},
                globalId=global_id(card),
                application={"type": "syncline", "name": card.connection},
                relationship=RELATIONSHIP,
            )
        )

    async def _remove(self, id: str, card: LinkCard) -> None:
        path = f"{self._client.dialect.api}/issue/{segment(id)}/remotelink"
        try:
            await self._client.send("DELETE", path, params={"globalId": global_id(card)})
        except NotFound:
            return  # somebody was faster


def global_id(card: LinkCard) -> str:
    """The same for every card of one record."""
    return f"system={card.connection}&id={card.key}"[:_LONGEST]


def _title(card: LinkCard) -> str:
    return f"{card.key}: {' '.join(card.title.split())}"[:_LONGEST]


def _is_shown(card: LinkCard, shown: Mapping[str, Any] | None) -> bool:
    return shown is not None and (shown["url"], shown["title"]) == (card.url, _title(card))
