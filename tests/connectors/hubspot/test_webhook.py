"""A webhook is believed by its signature over address, body and time, and only hints at records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hubspot.utils.signature import Signature

from connectors.hubspot.webhook import HubSpotWebhook
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Headers, Hint, Refused
from tests.support.webhooks import PUBLIC, receiving

SECRET = "3f1b6d1e-0a55-4a50-9f4c-1c2b3a4d5e6f"
ADDRESS = "https://hub.example.com/webhooks/abc"
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EVENT = {
    "eventId": 100,
    "subscriptionId": 7,
    "portalId": 62515,
    "appId": 4711,
    "occurredAt": 1767603600000,
    "subscriptionType": "ticket.propertyChange",
    "attemptNumber": 0,
    "objectId": 20000001,
    "propertyName": "subject",
    "propertyValue": "Printer on fire",
    "changeSource": "CRM_UI",
}


def signed(
    body: bytes, address: str = ADDRESS, secret: str = SECRET, at: datetime = NOW
) -> Headers:
    """The headers that HubSpot sends with a body, signed as its own package does."""
    time = str(round(at.timestamp() * 1000))
    signature = Signature.get_signature(secret, body.decode(), "v3", address, timestamp=time)
    return [("X-HubSpot-Signature-v3", signature), ("X-HubSpot-Request-Timestamp", time)]


def hook(address: str = ADDRESS, secret: str = SECRET) -> HubSpotWebhook:
    made = HubSpotWebhook([Secret(secret)])
    made.address = address
    return made


def sent(*events: Any) -> tuple[Headers, bytes]:
    body = orjson.dumps(events)
    return signed(body), body


def test_the_vendors_own_example_is_genuine() -> None:
    made = hook("https://www.example.com/webhook_uri", "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")
    headers = [
        ("X-HubSpot-Signature-v3", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
        ("X-HubSpot-Request-Timestamp", "1693657560000"),
    ]
    at = datetime.fromtimestamp(1693657560, UTC)
    # The example's body is no JSON: it is refused for that, once its signature is known to be good.
    with pytest.raises(Refused, match="not what this tool sends"):
        made.receive(headers, b"{'example_field':'example_value'}", at)
    with pytest.raises(Refused, match="not by a secret"):
        made.receive(headers, b"{'example_field':'another_value'}", at)


def test_an_event_hints_at_its_record_and_nothing_else() -> None:
    assert hook().receive(*sent(EVENT), NOW).hints == (Hint("ticket", "20000001"),)


def test_events_of_generic_objects_are_told_by_their_type() -> None:
    company = {**EVENT, "subscriptionType": "object.creation", "objectTypeId": "0-2"}
    unknown = {**EVENT, "subscriptionType": "object.creation", "objectTypeId": "2-77"}
    other = {**EVENT, "subscriptionType": "conversation.newMessage"}
    delivery = hook().receive(*sent(company, unknown, other), NOW)
    assert delivery.hints == (Hint("company", "20000001"),)


def test_a_merge_hints_at_all_that_it_took_and_made() -> None:
    merge = {**EVENT, "subscriptionType": "contact.merge", "objectId": 1, "primaryObjectId": 1}
    merge |= {"mergedObjectIds": [2, 3], "newObjectId": 4}
    hints = hook().receive(*sent(merge), NOW).hints
    assert {hint.id for hint in hints} == {"1", "2", "3", "4"}
    assert {hint.record for hint in hints} == {"contact"}


def test_a_repeated_call_is_known_by_its_events_though_its_attempt_differs() -> None:
    first = hook().receive(*sent(EVENT), NOW)
    again = hook().receive(*sent({**EVENT, "attemptNumber": 1}), NOW)
    other = hook().receive(*sent({**EVENT, "occurredAt": 1767603600001}), NOW)
    assert first.key == again.key != other.key


@pytest.mark.parametrize(
    "headers",
    [
        signed(orjson.dumps([EVENT]), secret="another-secret-of-the-same-length-as-it"),
        signed(orjson.dumps([EVENT]), address="https://elsewhere.example.com/webhooks/abc"),
        signed(orjson.dumps([EVENT]), at=NOW - timedelta(minutes=6)),
        signed(orjson.dumps([EVENT]))[:1],
        [("X-HubSpot-Signature-v3", "no base 64!"), ("X-HubSpot-Request-Timestamp", "1")],
    ],
    ids=["secret", "address", "old", "no time", "no signature"],
)
def test_what_is_not_genuine_is_refused(headers: Headers) -> None:
    with pytest.raises(Refused):
        hook().receive(headers, orjson.dumps([EVENT]), NOW)


def test_escapes_that_hubspot_undoes_in_the_address_are_undone_before_the_check() -> None:
    body = orjson.dumps([EVENT])
    headers = signed(body, address="https://hub.example.com/a:b/(c)")
    made = hook("https://hub.example.com/a%3Ab/%28c%29")
    assert made.receive(headers, body, NOW).hints


async def test_the_receiver_checks_the_address_that_was_put_into_hubspot(tmp_path: Path) -> None:
    connection = {
        "connector": "hubspot",
        "auth": {"access_token": "${env:NOWHERE}"},
        "webhook_secret": "${env:HUBSPOT_CLIENT_SECRET}",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBSPOT_CLIENT_SECRET", SECRET)
        async with receiving(tmp_path, {"crm": connection}) as place:
            body = orjson.dumps([EVENT])
            address = f"{PUBLIC}/webhooks/{place.ends['crm']}"
            now = place.hub.clock.now()
            answer = await place.call("crm", signed(body, address, at=now), body)
            assert answer.status_code == 200
            assert await place.rows() == [("crm", "ticket", "20000001")]
            wrong = await place.call("crm", signed(body, f"{address}x", at=now), body)
            assert wrong.status_code == 404
