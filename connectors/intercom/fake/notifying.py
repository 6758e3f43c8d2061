"""The app's notifications: what they tell of a ticket, and their signature.

developers.intercom.com/docs/webhooks: `X-Hub-Signature` is `sha1=` and the HMAC-SHA1 of the raw
body by the app's client secret, in hexadecimal. A failed one is sent once more, after a minute
(unverified); here it is after a moment.
"""

from __future__ import annotations

import hmac
import json
from hashlib import sha1
from typing import Any

from connectors.intercom.fake import showing
from connectors.intercom.fake.workspace import APP_ID, Row, Workspace
from syncline.sandbox import Hooks

CLIENT_SECRET = "sandbox-intercom-client-secret"  # noqa: S105 (a sandbox's)
_ATTEMPTS = 2


class Notifier:
    """Sends notifications to the app's one address, where it has one."""

    def __init__(self, workspace: Workspace, hooks: Hooks) -> None:
        self._workspace = workspace
        self._hooks = hooks

    def ticket(self, topic: str, ticket: Row, part: Row | None) -> None:
        """Something has happened to a ticket."""
        item: dict[str, Any] = showing.ticket(self._workspace, ticket)
        if part is not None:
            item = {"type": "ticket_part", "ticket": item, "ticket_part": part}
        self._tell(topic, item)

    def contact(self, topic: str, contact: Row) -> None:
        """Something has happened to a contact."""
        self._tell(topic, showing.contact(contact))

    def company(self, topic: str, company: Row) -> None:
        """Something has happened to a company; how many contacts it has is not told here."""
        self._tell(topic, showing.company(company, 0))

    def _tell(self, topic: str, item: dict[str, Any]) -> None:
        url = self._workspace.settings.webhook_url
        if not url:
            return
        now = self._workspace.now()
        body = json.dumps(
            {
                "type": "notification_event",
                "id": f"notif_{self._workspace.state.next('notification'):024}",
                "app_id": APP_ID,
                "topic": topic,
                "data": {"type": "notification_event_data", "item": item},
                "delivery_attempts": 1,
                "created_at": now,
                "first_sent_at": now,
            }
        ).encode()
        digest = hmac.new(CLIENT_SECRET.encode(), body, sha1).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature": f"sha1={digest}"}
        self._hooks.send(url, body, headers, attempt_limit=_ATTEMPTS)
