"""What is deleted and what is merged.

developer.zendesk.com, "Delete Ticket", "Deleted Tickets", "Merge Tickets into Target Ticket". A
deleted ticket is not shown any more; the export tells of it with the status `deleted`. After 30
days, or at once when asked, what it said is scrubbed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Actor, Row, source, stamp
from connectors.zendesk.fake.desk import CLOSED, Desk
from connectors.zendesk.fake.errors import invalid, not_found
from connectors.zendesk.fake.store import Store

KEPT = 30 * 24 * 3600
MERGED = "closed_by_merge"


class Bin:
    """Takes tickets away, and brings them back."""

    def __init__(self, account: Account, store: Store, desk: Desk) -> None:
        self._account = account
        self._store = store
        self._desk = desk

    def delete(self, actor: Actor, ticket: Row) -> None:
        """Put a ticket away; it can be restored."""
        now = self._account.seconds()
        self._store.put(
            ticket | {"status": "deleted", "updated_at": stamp(now), "generated_timestamp": now}
        )
        self._store.deleted.put(
            str(ticket["id"]),
            {
                "id": ticket["id"],
                "subject": ticket["subject"],
                "description": ticket["description"],
                "actor": {"id": actor.id, "name": actor.user["name"]},
                "deleted_at": stamp(now),
                "previous_state": ticket["status"],
                "_at": now,
            },
        )

    def restore(self, id: str) -> None:
        """Bring a deleted ticket back; raises Refused."""
        entry, ticket = self._store.deleted.get(id), self._store.tickets.get(id)
        if entry is None or ticket is None:
            raise not_found()
        now = self._account.seconds()
        self._store.deleted.delete(id)
        state = {"status": entry["previous_state"], "updated_at": stamp(now)}
        self._store.put(ticket | state | {"generated_timestamp": now})

    def scrub(self, id: str) -> None:
        """Delete a deleted ticket for good; raises Refused."""
        ticket = self._store.tickets.get(id)
        if ticket is None or id not in self._store.deleted:
            raise not_found()
        self._store.remove(ticket["id"])

    def empty(self) -> None:
        """Delete for good what was deleted long ago."""
        oldest = self._account.seconds() - KEPT
        for entry in list(self._store.deleted.values()):
            if entry["_at"] < oldest:
                self.scrub(str(entry["id"]))

    def merge(self, actor: Actor, wanted: Mapping[str, Any]) -> None:
        """Merge one ticket into another, which is closed by that; raises Refused."""
        target, merged = (self._store.get(wanted[name]) for name in ("target", "source"))
        if target is None or merged is None:
            raise not_found()
        if "closed" in (target["status"], merged["status"]):
            raise invalid("status", CLOSED)
        if target["id"] == merged["id"]:
            raise invalid("base", "A ticket cannot be merged into itself")
        into = f"This request was closed and merged into request #{target['id']}."
        told = source(to={"ticket_id": target["id"], "subject": target["subject"]}, rel="merge")
        self._desk.update(
            Actor(actor.user, via={"channel": actor.channel, "source": told}),
            merged,
            {
                "status": "closed",
                "additional_tags": [MERGED],
                "comment": {
                    "body": wanted.get("source_comment") or into,
                    "public": bool(wanted.get("source_public")),
                },
            },
        )
        words = f'Request #{merged["id"]} "{merged["subject"]}" was closed and merged into this.'
        told = source({"ticket_ids": [merged["id"]], "subject": merged["subject"]}, rel="merge")
        self._desk.update(
            Actor(actor.user, via={"channel": actor.channel, "source": told}),
            target,
            {
                "comment": {
                    "body": wanted.get("target_comment") or words,
                    "public": bool(wanted.get("target_public")),
                }
            },
        )
