"""Jira's webhooks: `X-Hub-Signature: sha256=…` over the raw body, and issue ids to read.

Only webhooks with a secret are signed (Administration, System, WebHooks: field Secret); they carry
no time. `X-Atlassian-Webhook-Identifier` stays the same when Jira sends a call again, but it is a
header and not signed, so a call is known by its body, which has the moment of the event in
milliseconds (developer.atlassian.com/cloud/jira/platform/webhooks).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from syncline.sdk.webhook import Headers, Hint, Refused, Webhook, header

_SCHEME = "sha256="
_ID = re.compile(r"[0-9]{1,20}")


class JiraWebhook(Webhook):
    """An endpoint for issue and comment events."""

    def signature(self, headers: Headers) -> bytes:
        scheme, digest = (value := header(headers, "X-Hub-Signature"))[:7], value[7:]
        if scheme != _SCHEME:
            raise Refused("the signature is not of the kind sha256")
        try:
            return bytes.fromhex(digest)
        except ValueError as error:
            raise Refused("the signature is not hexadecimal") from error

    def hints(self, payload: Any) -> Iterable[Hint]:
        """Issue events carry `issue`, also those about comments; others hint at nothing here."""
        issue = payload.get("issue")
        return (_hint(issue["id"]),) if issue else ()


def _hint(id: Any) -> Hint:
    if not _ID.fullmatch(str(id)):
        raise ValueError("no issue's number")
    return Hint("issue", str(id))
