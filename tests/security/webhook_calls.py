"""Genuine and forged calls of a Jira and a Zendesk to the receiver of webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from tests.support.webhooks import Headers, by_jira, by_zendesk

JIRA, DESK = "thirty-bytes-that-only-jira-has", "thirty-bytes-that-only-zendesk-has"
OLD, NEW = "an-old-secret-of-thirty-bytes!", "a-new-secret-of-thirty-bytes!!"
WITNESS = "Quarterly-layoffs-5150"
ISSUE = orjson.dumps(
    {
        "timestamp": 1767603600000,
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "10007", "key": "APP-7", "fields": {"summary": WITNESS}},
    }
)
TICKET = orjson.dumps(
    {
        "type": "zen:event-type:ticket.status_changed",
        "id": "cbe4028c-7239-495d-b020-f22348516046",
        "detail": {"id": "5158", "subject": WITNESS},
        "event": {"current": "OPEN", "previous": "NEW"},
    }
)
BODIES = {"tracker": ISSUE, "desk": TICKET}
SIGNERS: dict[str, Callable[[str, bytes], list[tuple[str, str]]]] = {
    "tracker": by_jira,
    "desk": by_zendesk,
}
SECRETS = {"tracker": JIRA, "desk": DESK}
BOTH = [("desk", "ticket", "5158"), ("tracker", "issue", "10007")]


def connections(**secrets: Any) -> dict[str, dict[str, Any]]:
    """A Jira and a Zendesk whose credentials are nowhere to be found."""
    tracker = {
        "connector": "jira",
        "base_url": "https://acme.atlassian.net",
        "auth": {"email": "ops@acme.example", "api_token": "${env:NOWHERE}"},
        "scope": {"project": "APP"},
        "webhook_secret": "${env:TRACKER_HOOK}",
    }
    desk = {
        "connector": "zendesk",
        "base_url": "https://acme.zendesk.com",
        "auth": {"oauth_client_id": "x", "oauth_client_secret": "${env:NOWHERE}"},
        "webhook_secret": "${env:DESK_HOOK}",
    }
    found: dict[str, dict[str, Any]] = {"tracker": tracker, "desk": desk}
    for name, secret in secrets.items():
        found[name]["webhook_secret"] = secret
    return found


def signed(connection: str, body: bytes | None = None) -> tuple[Headers, bytes]:
    """A genuine call of a connection's tool."""
    body = BODIES[connection] if body is None else body
    return SIGNERS[connection](SECRETS[connection], body), body


def forged(connection: str, how: str) -> tuple[Headers, bytes]:
    headers, body = signed(connection)
    match how:
        case "another key":
            return SIGNERS[connection]("thirty-bytes-that-somebody-made-up", body), body
        case "serialised again":
            return headers, orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
        case "white space":
            return headers, body + b"\n"
        case "truncated":
            return headers, body[:-1]
        case "empty":
            return headers, b""
        case "empty and signed as such":
            return SIGNERS[connection](SECRETS[connection], b""), b""
        case "both signatures":
            return [*headers, SIGNERS[connection](OLD, body)[0]], body
        case "no signature":
            return headers[1:], body
        case "no headers":
            return [], body
        case "a signature that is none":
            return [(headers[0][0], "sha256=zz"), *headers[1:]], body
        case "the other tool's signature":
            other = "desk" if connection == "tracker" else "tracker"
            return SIGNERS[other](SECRETS[connection], body), body
    raise AssertionError(how)


FORGERIES = [
    *("another key", "serialised again", "white space", "truncated", "empty"),
    *("empty and signed as such", "both signatures", "no signature", "no headers"),
    *("a signature that is none", "the other tool's signature"),
]
