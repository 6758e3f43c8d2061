"""HubSpot's webhooks: signed over method, address, body and time stamp, and read for ids only.

An app has one address for all its subscriptions, and sends up to a hundred events at once. What
it signs holds the address, as HubSpot was given it, with some escapes undone.
(developers.hubspot.com, "Validating requests" and "Webhooks API guide".)
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from connectors.hubspot.kinds import KINDS
from syncline.sdk.webhook import Headers, Hint, Refused, Webhook, header

SIGNATURE = "X-HubSpot-Signature-v3"
TIMESTAMP = "X-HubSpot-Request-Timestamp"

_UNDONE = {
    "%3A": ":", "%2F": "/", "%40": "@", "%21": "!", "%24": "$", "%27": "'",
    "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ID = re.compile(r"[0-9]{1,20}")
_TYPE_IDS = {kind.type_id: kind.name for kind in KINDS.values()}
_EVENT = ("portalId", "subscriptionType", "objectId", "eventId", "occurredAt")


class HubSpotWebhook(Webhook):
    """One app's address; its secret is the app's client secret."""

    def signature(self, headers: Headers) -> bytes:
        try:
            return b64decode(header(headers, SIGNATURE), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused("the signature is not in base 64") from error

    def signed(self, headers: Headers, body: bytes) -> bytes:
        address = self.address
        for escape, character in _UNDONE.items():
            address = address.replace(escape, character).replace(escape.lower(), character)
        return b"POST" + address.encode() + body + header(headers, TIMESTAMP).encode()

    def sent_at(self, headers: Headers) -> datetime | None:
        try:
            return datetime.fromtimestamp(int(header(headers, TIMESTAMP)) / 1000, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise Refused("the time of the signature is no time") from error

    def event(self, payload: Any) -> str | None:
        """All that names the events: an event's own id is not unique in HubSpot."""
        return "\n".join(" ".join(str(one[name]) for name in _EVENT) for one in payload)

    def hints(self, payload: Any) -> Iterable[Hint]:
        """The records that the events name, and those that a merge takes and makes."""
        found = [Hint(record, id) for one in payload for record, id in _named(one)]
        return tuple(dict.fromkeys(found))


def _named(event: Any) -> Iterable[tuple[str, str]]:
    about = str(event["subscriptionType"]).partition(".")[0]
    record = _TYPE_IDS.get(str(event.get("objectTypeId")), "") if about == "object" else about
    if record not in KINDS:
        return
    ids = [event["objectId"], event.get("primaryObjectId"), event.get("newObjectId")]
    for id in (*ids, *(event.get("mergedObjectIds") or ())):
        if id is None:
            continue
        if not _ID.fullmatch(str(id)):
            raise ValueError("no record's number")
        yield record, str(id)
