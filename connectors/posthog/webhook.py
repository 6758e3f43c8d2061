"""What a destination "HTTP Webhook" of PostHog sends, believed by a secret that it carries.

PostHog signs nothing. The destination can send a header of one's own, and that holds the secret:
`Authorization: Bearer SECRET`. Whoever reads one call can therefore make others, so nothing is
taken from a call but ids to read. The body is the destination's own: `{"event": …, "person": …}`.
(posthog.com/docs/cdp/destinations/webhook.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.posthog.responses import response_id
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Headers, Hint, Refused, Webhook, header

_SCHEME = "Bearer "


class PostHogWebhook(Webhook):
    """One destination; its secret stands in its header `Authorization`."""

    def signature(self, headers: Headers) -> bytes:
        value = header(headers, "Authorization")
        if not value.startswith(_SCHEME):
            raise Refused("the header Authorization holds no bearer's secret")
        return value.removeprefix(_SCHEME).encode()

    def event(self, payload: Any) -> str | None:
        """The event's uuid, which stays the same when it is sent again."""
        return str(payload["event"]["uuid"])

    def hints(self, payload: Any) -> Iterable[Hint]:
        """The response, the group or the person that the event is about."""
        event = payload["event"]
        properties = event.get("properties") or {}
        match event["event"]:
            case "survey sent":
                id = response_id(event["uuid"], properties)
                return (Hint("survey_response", id),) if id else ()
            case "$groupidentify":
                return (Hint("group", str(properties["$group_key"])),)
            case "$identify" | "$set":
                return (Hint("person", str(event["distinct_id"])),)
        return ()

    @classmethod
    def _digest(cls, secret: Secret, signed: bytes) -> bytes:
        # There is no digest to compare: the secret itself is sent, and compared in constant time.
        return secret.reveal().encode()
