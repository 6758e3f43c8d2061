"""Zendesk's webhooks: signed over time stamp and body, and read for records' numbers only.

Two kinds come: an event that the webhook subscribes to (`zen:event-type:ticket.…`, whose `detail`
is the record), and what a trigger sends, whose body is the administrator's own. Of that one member
is asked: `{"ticket_id": "{{ticket.id}}"}`. (developer.zendesk.com, "Verifying webhook
authenticity" and "Webhook event types".)
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from connectors.zendesk.client import moment
from connectors.zendesk.kinds import KINDS, TICKET
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Headers, Hint, Refused, Webhook, header

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"

# What every account signs tests with before a webhook is saved (developer.zendesk.com, "Verifying
# webhook authenticity"): whoever has read that page could sign with it.
PUBLISHED = Secret("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==")

_EVENT = re.compile(r"zen:event-type:([a-z_]+)\.")
_RECORDS = (TICKET, *(kind.name for kind in KINDS))
_ID = re.compile(r"[0-9]{1,20}")


class ZendeskWebhook(Webhook):
    """One webhook of an account; its secret is what `signing_secret` of it shows.

    Raises `Misconfigured` also for the secret that Zendesk publishes.
    """

    def __init__(self, secrets: Sequence[Secret]) -> None:
        super().__init__(secrets)
        if PUBLISHED in secrets:
            raise Misconfigured(
                "This is the secret that Zendesk publishes for tests, with which anybody can sign; "
                "take the one that the saved webhook shows."
            )

    def signature(self, headers: Headers) -> bytes:
        try:
            return b64decode(header(headers, SIGNATURE), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused("the signature is not in base 64") from error

    def signed(self, headers: Headers, body: bytes) -> bytes:
        return header(headers, TIMESTAMP).encode() + body

    def sent_at(self, headers: Headers) -> datetime | None:
        text = header(headers, TIMESTAMP)
        try:
            return moment(text)
        except ValueError as error:
            raise Refused("the time of the signature is no time") from error

    def event(self, payload: Any) -> str | None:
        """The event's id. A trigger's call has none but in a header, which is not signed."""
        return None if "ticket_id" in payload else str(payload["id"])

    def hints(self, payload: Any) -> Iterable[Hint]:
        """The record that the event or the trigger names; none for events of other things."""
        if "ticket_id" in payload:
            return (_hint(TICKET, payload["ticket_id"]),)
        found = _EVENT.match(str(payload["type"]))
        if found is None or found[1] not in _RECORDS:
            return ()
        return (_hint(found[1], payload["detail"]["id"]),)


def _hint(record: str, id: Any) -> Hint:
    if not _ID.fullmatch(str(id)):
        raise ValueError(f"no {record}'s number")
    return Hint(record, str(id))
