"""A webhook is believed by its signature over time and body, and only hints at tickets."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest

import orjson
import pytest

from connectors.zendesk.kinds import KINDS
from connectors.zendesk.webhook import PUBLISHED, ZendeskWebhook
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Hint, Refused

SECRET = "b25seS10aGlzLXdlYmhvb2stb2YtenVyLWFjbWUtaGFz"
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EVENT = {
    "type": "zen:event-type:ticket.status_changed",
    "id": "cbe4028c-7239-495d-b020-f22348516046",
    "subject": "zen:ticket:5158",
    "account_id": 123456,
    "time": "2026-01-05T09:00:00Z",
    "zendesk_event_version": "2022-11-06",
    "event": {"current": "OPEN", "previous": "NEW"},
    "detail": {"id": "5158", "status": "OPEN", "subject": "Printer on fire"},
}


def sent(
    payload: object,
    secret: str = SECRET,
    at: str = "2026-01-05T09:00:00Z",
    invocation: str = "8350205582",
) -> tuple[list[tuple[str, str]], bytes]:
    """A call as Zendesk makes it, with its headers."""
    body = orjson.dumps(payload)
    signature = b64encode(digest(secret.encode(), at.encode() + body, sha256)).decode()
    headers = [
        ("x-zendesk-webhook-signature", signature),
        ("x-zendesk-webhook-signature-timestamp", at),
        ("x-zendesk-webhook-invocation-id", invocation),
    ]
    return headers, body


def hook() -> ZendeskWebhook:
    return ZendeskWebhook([Secret(SECRET)])


def test_an_event_hints_at_its_ticket() -> None:
    delivery = hook().receive(*sent(EVENT), NOW)
    assert delivery.hints == (Hint("ticket", "5158"),)
    assert delivery == hook().receive(*sent(EVENT, at="2026-01-05T09:01:00Z"), NOW)


def test_a_trigger_hints_at_the_ticket_that_its_template_names() -> None:
    delivery = hook().receive(*sent({"ticket_id": "77"}), NOW)
    assert delivery.hints == (Hint("ticket", "77"),)
    assert delivery == hook().receive(*sent({"ticket_id": "77"}, invocation="9"), NOW)


@pytest.mark.parametrize("record", [kind.name for kind in KINDS])
def test_an_event_of_another_record_hints_at_that(record: str) -> None:
    event = {**EVENT, "type": f"zen:event-type:{record}.name_changed", "detail": {"id": "41"}}
    assert hook().receive(*sent(event), NOW).hints == (Hint(record, "41"),)


def test_an_event_of_something_else_hints_at_nothing() -> None:
    event = {**EVENT, "type": "zen:event-type:article.published"}
    assert hook().receive(*sent(event), NOW).hints == ()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(sent(EVENT, secret="another-secret-of-enough-bytes"), id="another secret"),
        pytest.param((sent(EVENT)[0], sent({"ticket_id": 1})[1]), id="another body"),
        pytest.param((sent(EVENT)[0][:1], sent(EVENT)[1]), id="no time stamp"),
        pytest.param((sent(EVENT)[0][1:], sent(EVENT)[1]), id="no signature"),
        pytest.param(([*sent(EVENT)[0], sent(EVENT)[0][0]], sent(EVENT)[1]), id="two signatures"),
        pytest.param(
            ([("x-zendesk-webhook-signature", "%%%"), *sent(EVENT)[0][1:]], sent(EVENT)[1]),
            id="a signature that is none",
        ),
        pytest.param(sent(EVENT, at="yesterday"), id="a time that is none"),
        pytest.param(sent({"ticket_id": "7 OR 1"}), id="an id that is none"),
        pytest.param(sent([]), id="another shape"),
        pytest.param(sent({"type": "zen:event-type:ticket.created"}), id="a member missing"),
    ],
)
def test_a_call_that_proves_nothing_is_refused(
    call: tuple[list[tuple[str, str]], bytes],
) -> None:
    with pytest.raises(Refused):
        hook().receive(*call, NOW)


def test_the_secret_that_zendesk_publishes_for_tests_is_refused() -> None:
    for secrets in ([PUBLISHED], [Secret(SECRET), Secret(PUBLISHED.reveal())]):
        with pytest.raises(Misconfigured, match="anybody can sign"):
            ZendeskWebhook(secrets)


def test_an_old_call_played_again_is_refused() -> None:
    with pytest.raises(Refused, match="five minutes"):
        hook().receive(*sent(EVENT), NOW + timedelta(minutes=6))


def test_a_time_stamp_cannot_be_renewed_without_the_secret() -> None:
    headers, body = sent(EVENT)
    later = [headers[0], (headers[1][0], "2026-01-05T09:06:00Z"), headers[2]]
    with pytest.raises(Refused, match="signature"):
        hook().receive(later, body, NOW + timedelta(minutes=6))
