"""Intercom's webhooks: `X-Hub-Signature: sha1=…` over the raw body, and ids to read.

They are signed with the app's client secret, by SHA-1, and carry no time in what is signed but the
notification's own id, which stays the same when it is sent again
(developers.intercom.com/docs/webhooks).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from hashlib import sha1
from typing import Any

from connectors.intercom.kinds import ID, KINDS, TICKET
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Headers, Hint, Refused, Webhook, header

_SCHEME = "sha1="
_IDS = {
    TICKET: re.compile(r"[0-9]{1,20}"),
    **{kind.name: ID for kind in KINDS},
}


class IntercomWebhook(Webhook):
    """An endpoint for the topics `ticket.*`, `contact.*` and `company.*`."""

    def signature(self, headers: Headers) -> bytes:
        scheme, digest = (value := header(headers, "X-Hub-Signature"))[:5], value[5:]
        if scheme != _SCHEME:
            raise Refused("the signature is not of the kind sha1")
        try:
            return bytes.fromhex(digest)
        except ValueError as error:
            raise Refused("the signature is not hexadecimal") from error

    def event(self, payload: Any) -> str | None:
        """The notification's id."""
        return str(payload["id"]) if payload.get("id") else None

    def hints(self, payload: Any) -> Iterable[Hint]:
        """A record's topics carry it as the item, or within what was written to it."""
        record = str(payload["topic"]).partition(".")[0]
        if record not in _IDS:
            return ()
        item = payload["data"]["item"]
        id = str((item.get(record) or item)["id"])
        if not _IDS[record].fullmatch(id):
            raise ValueError(f"the id of the {record} is none that Intercom gives")
        return (Hint(record, id),)

    @classmethod
    def _digest(cls, secret: Secret, signed: bytes) -> bytes:
        # SHA-1 is what Intercom signs with; an HMAC does not rest on its collisions.
        return hmac.new(secret.reveal().encode(), signed, sha1).digest()
