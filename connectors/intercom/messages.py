"""Comments of a ticket: its parts that people wrote, as notes or as replies to the customer.

A note is written as a note and a reply as a reply, and nothing turns one into the other. Nobody can
edit a part by the interface. Parts that Intercom writes about itself have no words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from connectors.intercom.client import Client, Row, moment
from connectors.intercom.metadata import Metadata
from connectors.intercom.people import person_of
from connectors.intercom.reading import Reader
from syncline.sdk.batches import in_order
from syncline.sdk.connector import Comment, NewComment, Outcome, Visibility
from syncline.sdk.errors import NotFound, Rejected

_KINDS = {Visibility.INTERNAL: "note", Visibility.PUBLIC: "comment"}
_SHOWN = {kind: visibility for visibility, kind in _KINDS.items()}


class Messages:
    """Comments for one connection."""

    def __init__(self, client: Client, metadata: Metadata, reader: Reader) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader

    async def comments(self, ids: Sequence[str]) -> dict[str, list[Comment]]:
        """Each ticket's comments, the newest 500 at most: one request a ticket."""
        me = str((await self._metadata.me())["id"])

        async def one(id: str) -> list[Comment]:
            try:
                return list(_comments(await self._reader.ticket(id), me))
            except NotFound:
                return []

        return dict(zip(ids, await asyncio.gather(*map(one, ids)), strict=True))

    async def comment(self, items: Sequence[NewComment]) -> list[Outcome]:
        """One request each, in order within a ticket."""
        me = str((await self._metadata.me())["id"])

        async def one(item: NewComment) -> Outcome:
            if not item.body.strip():
                raise Rejected("Intercom keeps no empty comments; nothing was written.")
            body: dict[str, Any] = {
                "message_type": _KINDS[item.visibility],
                "type": "admin",
                "admin_id": me,
                "body": item.body,
            }
            if item.visibility is Visibility.INTERNAL:
                body["skip_notifications"] = True
            part = await self._client.write("POST", f"/tickets/{item.record_id}/reply", body)
            return Outcome.applied(str(part["id"]))

        return await in_order(items, lambda item: item.record_id, one)


def _comments(ticket: Row, me: str) -> Iterator[Comment]:
    parts = ticket["ticket_parts"]["ticket_parts"]
    for part in sorted(parts, key=lambda one: (one["created_at"], int(one["id"]))):
        if part["part_type"] not in _SHOWN or not part.get("body") or part.get("redacted"):
            continue
        author = person_of(part["author"])
        yield Comment(
            id=str(part["id"]),
            record_id=str(ticket["id"]),
            author=author,
            body=part["body"],
            visibility=_SHOWN[part["part_type"]],
            created_at=moment(part["created_at"]),
            by_us=part["author"]["type"] == "admin" and author.handle == me,
        )
