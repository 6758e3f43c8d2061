"""Webhooks that are subscribed to events of tickets: what they tell, and their signature.

developer.zendesk.com, "Webhooks", "Ticket events", "Verifying webhooks". A soft delete is told to
nobody. Deliveries come late, twice and in any order; the body names the ticket, and little else of
it can be relied on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.zendesk.fake.account import ACCOUNT_ID, Account, Actor, Row
from connectors.zendesk.fake.errors import invalid, not_found

_VERSION = "2022-11-06"
_PREFIX = "zen:event-type:ticket."
_BY_FIELD = {
    "subject": "subject_changed",
    "status": "status_changed",
    "custom_status_id": "custom_status_changed",
    "priority": "priority_changed",
    "type": "type_changed",
    "assignee_id": "agent_assignment_changed",
    "group_id": "group_assignment_changed",
    "requester_id": "requester_changed",
    "submitter_id": "submitter_changed",
    "organization_id": "organization_changed",
    "external_id": "external_id_changed",
    "due_at": "task_due_at_changed",
    "problem_id": "problem_link_changed",
    "tags": "tags_changed",
}
_SHOWN = (
    "assignee_id", "brand_id", "created_at", "description", "external_id", "group_id", "id",
    "is_public", "organization_id", "priority", "requester_id", "status", "subject",
    "submitter_id", "type", "updated_at",
)  # fmt: skip
_SETTABLE = ("name", "endpoint", "http_method", "request_format", "status", "subscriptions")


class Webhooks:
    """The webhooks of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.table = account.state.table("webhooks")

    def create(self, wanted: Mapping[str, Any]) -> Row:
        """A webhook; raises Refused."""
        number = self._account.state.next("webhook")
        id = "01" + hashlib.sha256(f"webhook {number}".encode()).hexdigest()[:24].upper()
        row: Row = {
            "id": id,
            "name": None,
            "endpoint": None,
            "http_method": "POST",
            "request_format": "json",
            "status": "active",
            "subscriptions": [],
            "description": wanted.get("description"),
            "created_at": self._account.stamp(),
            "created_by": None,
            "_secret": _secret(f"secret {id}"),
        }
        return self.change(row, wanted)

    def change(self, row: Row, wanted: Mapping[str, Any]) -> Row:
        """A webhook with other values; raises Refused."""
        row = row | {name: wanted[name] for name in _SETTABLE if name in wanted}
        for name in ("name", "endpoint"):
            if not row[name]:
                raise invalid(name, f"{name.capitalize()}: cannot be blank")
        row["updated_at"] = self._account.stamp()
        self.table.put(row["id"], row)
        return row

    def get(self, id: str) -> Row:
        """A webhook; raises Refused when there is none."""
        row = self.table.get(id)
        if row is None:
            raise not_found()
        return row

    def new_secret(self, row: Row) -> Row:
        """A webhook with another secret: whoever has only the old one can verify nothing."""
        number = self._account.state.next("webhook secret")
        row = row | {"_secret": _secret(f"secret {row['id']} {number}")}
        self.table.put(row["id"], row)
        return row

    def tell(self, actor: Actor, before: Row | None, after: Row, audit: Row) -> None:
        """Send what one change means to everybody who asked for it."""
        if not len(self.table):
            return
        for type, event in self._events(before, after, audit):
            body = self._body(actor, type, event, after)
            for row in self.table.values():
                if row["status"] == "active" and type in (row["subscriptions"] or ()):
                    self._send(row, body)

    def _events(
        self, before: Row | None, after: Row, audit: Row
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        if before is None:
            yield f"{_PREFIX}created", {"meta": {"sequence": {"position": 1, "total": 1}}}
        for event in audit["events"]:
            if event["type"] == "Comment":
                author = self._account.user(event["author_id"]) or {}
                told = {
                    "id": str(event["id"]),
                    "body": event["body"],
                    "is_public": event["public"],
                    "author": {
                        "id": str(event["author_id"]),
                        "is_staff": author.get("role") != "end-user",
                        "name": author.get("name"),
                    },
                }
                yield f"{_PREFIX}comment_added", {"comment": told}
            elif event["type"] == "Change":
                yield self._changed(event)
        if (audit["via"]["source"] or {}).get("rel") == "merge" and after["status"] == "closed":
            target = audit["via"]["source"]["to"]["ticket_id"]
            yield f"{_PREFIX}merged", {"target_ticket_id": str(target)}

    def _changed(self, event: Row) -> tuple[str, dict[str, Any]]:
        name, new, old = event["field_name"], event["value"], event["previous_value"]
        if name == "tags":
            added, removed = sorted(set(new) - set(old)), sorted(set(old) - set(new))
            return f"{_PREFIX}tags_changed", {"tags_added": added, "tags_removed": removed}
        if name in _BY_FIELD:
            return f"{_PREFIX}{_BY_FIELD[name]}", {"current": new, "previous": old}
        field = self._account.fields.get(name) or {}
        told = {"id": name, "title": field.get("title"), "type": field.get("type")}
        return (
            f"{_PREFIX}custom_field_changed",
            {"field": told, "current": new, "previous": old},
        )

    def _body(self, actor: Actor, type: str, event: Row, ticket: Row) -> bytes:
        number = self._account.state.next("event")
        detail = {name: ticket[name] for name in _SHOWN}
        told = {
            name: str(value) if name.endswith("id") and value is not None else value
            for name, value in detail.items()
        }
        told |= {
            "actor_id": str(actor.id),
            "custom_status": str(ticket.get("custom_status_id") or ""),
            "form_id": ticket["ticket_form_id"],
            "tags": ticket["tags"],
            "via": {"channel": actor.shown_via()["channel"]},
        }
        return json.dumps(
            {
                "account_id": ACCOUNT_ID,
                "detail": told,
                "event": event,
                "id": hashlib.sha256(f"event {number}".encode()).hexdigest()[:32],
                "subject": f"zen:ticket:{ticket['id']}",
                "time": self._account.now().isoformat().replace("+00:00", "Z"),
                "type": type,
                "zendesk_event_version": _VERSION,
            }
        ).encode()

    def _send(self, row: Row, body: bytes) -> None:
        number = self._account.state.next("invocation")
        at = self._account.stamp()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(ACCOUNT_ID),
            "X-Zendesk-Webhook-Id": row["id"],
            "X-Zendesk-Webhook-Invocation-Id": hashlib.sha256(
                f"invocation {number}".encode()
            ).hexdigest()[:26],
            "X-Zendesk-Webhook-Signature": signature(row["_secret"], at, body),
            "X-Zendesk-Webhook-Signature-Timestamp": at,
        }
        self._account.hooks.send(row["endpoint"], body, headers)


def _secret(of: str) -> str:
    """Zendesk's have no prefix; in a sandbox every secret begins like this."""
    return "sandbox-" + base64.b64encode(hashlib.sha256(of.encode()).digest()).decode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """As Zendesk signs a delivery."""
    signed = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


def shown(row: Row) -> Row:
    """A webhook without its secret."""
    return {name: value for name, value in row.items() if not name.startswith("_")}
