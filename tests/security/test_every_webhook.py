"""S6, S7, I19 for every connector whose tool signs: what is forged, bent or old is refused."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

import orjson
import pytest

from syncline.registry import Registry
from syncline.sdk import webhook as sdk
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import LARGEST_BODY, Headers, Hint, Refused, Webhook
from tests.support.connections import EVERY
from tests.support.webhooks import by_jira, by_zendesk

ADDRESS = "https://hub.example.com/webhooks/abc"
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SECRET, OTHER = "thirty-bytes-of-this-one-endpoint", "thirty-bytes-of-somebody-elsewhere"
WITNESS = "Quarterly-layoffs-5150"

Sign = Callable[[str, bytes, datetime], list[tuple[str, str]]]


def by_hubspot(secret: str, body: bytes, at: datetime) -> list[tuple[str, str]]:
    time = str(round(at.timestamp() * 1000))
    signed = b"POST" + ADDRESS.encode() + body + time.encode()
    signature = b64encode(hmac.digest(secret.encode(), signed, sha256)).decode()
    return [("X-HubSpot-Signature-v3", signature), ("X-HubSpot-Request-Timestamp", time)]


def by_intercom(secret: str, body: bytes, at: datetime) -> list[tuple[str, str]]:
    return [("X-Hub-Signature", f"sha1={hmac.digest(secret.encode(), body, sha1).hex()}")]


HUBSPOT = {"portalId": 1, "subscriptionType": "ticket.propertyChange", "objectId": 7,
           "eventId": 1, "occurredAt": 1767603600000, "propertyValue": WITNESS}  # fmt: skip
INTERCOM = {
    "id": "n1",
    "topic": "ticket.state.updated",
    "data": {"item": {"id": "7"}, "x": WITNESS},
}
JIRA = {"issue": {"id": "7", "fields": {"summary": WITNESS}}}
ZENDESK = {"type": "zen:event-type:ticket.x", "id": "e1", "detail": {"id": "7", "subject": WITNESS}}

CALLS: dict[str, tuple[Sign, Any, str]] = {
    "hubspot": (by_hubspot, [HUBSPOT], "ticket"),
    "intercom": (by_intercom, INTERCOM, "ticket"),
    "jira": (lambda secret, body, at: by_jira(secret, body), JIRA, "issue"),
    "zendesk": (lambda secret, body, at: by_zendesk(secret, body, at=at), ZENDESK, "ticket"),
}
"""How each tool signs, a genuine body of its, and the record type it hints at."""

TIMED = {"hubspot", "zendesk"}
"""Those that sign a time; the others' calls are known again by what is in their body."""

CARRYING = {"odoo", "posthog"}
"""Those that sign nothing and carry the secret itself; tests/connectors has what they promise."""

signing = pytest.mark.parametrize(
    "name", [n for n in EVERY if Registry().get(n).webhook and n not in CARRYING]
)


def endpoint(name: str, *secrets: str) -> Webhook:
    hook = Registry().get(name).webhook
    assert hook is not None
    made = hook([Secret(one) for one in secrets or (SECRET,)])
    made.address = ADDRESS
    return made


def call(name: str, secret: str = SECRET, at: datetime = NOW) -> tuple[Headers, bytes]:
    assert name in CALLS, f"{name} verifies webhooks: say here how its tool signs"
    sign, payload, _ = CALLS[name]
    body = orjson.dumps(payload)
    return sign(secret, body, at), body


def refused(name: str, headers: Headers, body: bytes, at: datetime = NOW) -> str:
    with pytest.raises(Refused) as caught:
        endpoint(name).receive(headers, body, at)
    told = str(caught.value)
    assert WITNESS not in told
    assert SECRET not in told
    return told


@signing
def test_a_genuine_call_hints_at_its_record_and_tells_nothing_else(name: str) -> None:
    found = endpoint(name).receive(*call(name), NOW)
    assert found.hints == (Hint(CALLS[name][2], "7"),)
    assert WITNESS not in repr(found)


@signing
def test_what_is_forged_or_bent_is_refused(name: str) -> None:
    headers, body = call(name)
    (first, signature), rest = headers[0], headers[1:]
    bent: Sequence[tuple[Headers, bytes]] = [
        call(name, OTHER),
        (headers, orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)),
        (headers, body + b"\n"),
        (headers, body[:-1]),
        (headers, b""),
        (rest, body),
        ([], body),
        ([*headers, call(name, OTHER)[0][0]], body),
        ([(first, ""), *rest], body),
        ([(first, signature[:-4]), *rest], body),
        ([(first, "*"), *rest], body),
        ([(first, "md5=" + "0" * 32), *rest], body),
    ]
    for one, sent in bent:
        refused(name, one, sent)


@signing
def test_signatures_are_compared_in_constant_time_and_all_of_them(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[Any, Any]] = []
    real = hmac.compare_digest

    def watched(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(sdk.hmac, "compare_digest", watched)
    headers, body = call(name)
    for sent in (headers, call(name, OTHER)[0], headers[1:], []):
        compared.clear()
        with suppress(Refused):
            endpoint(name, OTHER, SECRET).receive(sent, body, NOW)
        assert len(compared) == 2
    assert endpoint(name)._verified.__func__ is Webhook._verified  # type: ignore[attr-defined]
    assert endpoint(name).receive.__func__ is Webhook.receive  # type: ignore[attr-defined]


@signing
def test_a_signed_time_counts_for_five_minutes(name: str) -> None:
    for seconds in (-301, 301):
        at = NOW + timedelta(seconds=seconds)
        headers, body = call(name, at=at)
        if name in TIMED:
            assert "five minutes" in refused(name, headers, body)
        else:
            assert endpoint(name).sent_at(headers) is None
    for seconds in (-299, 299):
        endpoint(name).receive(*call(name, at=NOW + timedelta(seconds=seconds)), NOW)


@signing
def test_a_call_that_is_played_again_is_known_whatever_stands_beside_what_is_signed(
    name: str,
) -> None:
    headers, body = call(name)
    first = endpoint(name).receive(headers, body, NOW)
    again = endpoint(name).receive(
        [*headers, ("X-Request-Id", "another"), ("Retry-Num", "2")], body, NOW
    )
    assert again.key == first.key
    other = body.replace(b"7", b"8").replace(b'"e1"', b'"e2"').replace(b'"n1"', b'"n2"')
    sign = CALLS[name][0]
    assert endpoint(name).receive(sign(SECRET, other, NOW), other, NOW).key != first.key


NONSENSE = [b"null", b"7", b'"x"', b"[7]", b"{", b"[" * 5_000, b"[][]", b"\xff", b'{"issue":7}']


@signing
def test_a_genuine_body_that_is_something_else_or_too_large_is_refused(name: str) -> None:
    sign = CALLS[name][0]
    for body in NONSENSE:
        try:
            found = endpoint(name).receive(sign(SECRET, body, NOW), body, NOW)
        except Refused:
            continue
        assert found.hints == (), body
    large = b" " * LARGEST_BODY + b"1"
    assert "1 MiB" in refused(name, sign(SECRET, large, NOW), large)


NO_IDS = ["../../x", "1?x=y", "", None, True, {}, "1 OR 1=1", -1, 1.5, "٣", "9" * 5000]


@signing
def test_a_genuine_call_cannot_hint_at_what_is_no_id(name: str) -> None:
    sign, payload, _ = CALLS[name]

    def put(value: Any, id: Any) -> Any:
        if isinstance(value, dict):
            return {key: put(one, id) for key, one in value.items()}
        if isinstance(value, list):
            return [put(one, id) for one in value]
        return id if value in (7, "7") else value

    for id in NO_IDS:
        body = orjson.dumps(put(payload, id))
        try:
            found = endpoint(name).receive(sign(SECRET, body, NOW), body, NOW)
        except Refused:
            continue
        assert found.hints == (), id


@signing
def test_a_secret_has_24_bytes_and_there_are_two_at_most(name: str) -> None:
    for secrets in ((SECRET[:23],), (SECRET, OTHER, SECRET), (SECRET, "short")):
        with pytest.raises(Misconfigured):
            endpoint(name, *secrets)
    for secrets in ((SECRET, OTHER), (OTHER, SECRET)):
        assert endpoint(name, *secrets).receive(*call(name), NOW).hints
