"""Intercom's signed notifications become ids to read, and everything else is refused."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import Any

import orjson
import pytest

from connectors.intercom.fake.notifying import CLIENT_SECRET
from connectors.intercom.webhook import IntercomWebhook
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Delivery, Hint, Refused
from tests.connectors.intercom.world import IntercomWorld

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FOUND = "6762f0d01bb69f9f2193bb7d"
EVENT: dict[str, Any] = {
    "type": "notification_event",
    "id": "notif_1",
    "topic": "ticket.state.updated",
    "data": {"item": {"type": "ticket", "id": "626", "ticket_id": "33"}},
}


def receive(payload: object, scheme: str = "sha1=", algorithm: Any = sha1) -> Delivery:
    body = orjson.dumps(payload)
    digest = hmac.new(CLIENT_SECRET.encode(), body, algorithm).hexdigest()
    headers = [("X-Hub-Signature", scheme + digest)]
    return IntercomWebhook([Secret(CLIENT_SECRET)]).receive(headers, body, NOW)


def test_a_notification_hints_at_its_ticket_and_keeps_its_key_when_sent_again() -> None:
    again = receive({**EVENT, "delivery_attempts": 2})
    assert receive(EVENT).key == again.key
    assert receive(EVENT).hints == (Hint("ticket", "626"),)
    assert receive({**EVENT, "id": "notif_2"}).key != again.key


def test_a_topic_of_something_else_hints_at_nothing() -> None:
    event = {"id": "notif_3", "topic": "conversation.user.created", "data": {"item": {"id": "5"}}}
    assert receive(event).hints == ()


@pytest.mark.parametrize(
    ("topic", "item", "record"),
    [
        ("contact.user.updated", {"id": FOUND}, "contact"),
        ("contact.tag.created", {"type": "contact_tag", "contact": {"id": FOUND}}, "contact"),
        ("company.deleted", {"id": FOUND}, "company"),
    ],
)
def test_a_topic_of_contacts_or_companies_hints_at_the_one(
    topic: str, item: dict[str, Any], record: str
) -> None:
    assert receive({"id": "n", "topic": topic, "data": {"item": item}}).hints == (
        Hint(record, FOUND),
    )


async def test_what_the_fake_sends_is_genuine_and_names_the_ticket(world: IntercomWorld) -> None:
    world.workspace.settings.webhook_url = "http://127.0.0.1:9/hook"
    id = await world.create({"title": "told"})
    ticket = world.ticket(id)
    world.fake.desk.reply(world.ann, ticket, "note", "<p>ü</p>")
    for delivery in world.fake.hooks.deliveries:
        webhook = IntercomWebhook([Secret(CLIENT_SECRET)])
        told = webhook.receive(list(delivery.headers.items()), delivery.body, NOW)
        assert told.hints == (Hint("ticket", id),)
    assert len(world.fake.hooks.deliveries) == 2


@pytest.mark.parametrize("scheme", ["sha256=", "", "SHA1="])
def test_the_request_does_not_choose_the_algorithm(scheme: str) -> None:
    with pytest.raises(Refused):
        receive(EVENT, scheme=scheme, algorithm=sha256 if scheme == "sha256=" else sha1)


def test_a_changed_byte_is_refused() -> None:
    body = orjson.dumps(EVENT)
    digest = hmac.new(CLIENT_SECRET.encode(), body, sha1).hexdigest()
    with pytest.raises(Refused):
        IntercomWebhook([Secret(CLIENT_SECRET)]).receive(
            [("X-Hub-Signature", f"sha1={digest}")], body + b" ", NOW
        )


@pytest.mark.parametrize("id", ["../me", None, "1.5"])
def test_an_id_that_intercom_does_not_give_is_refused(id: object) -> None:
    for topic in ("ticket.created", "contact.deleted"):
        with pytest.raises(Refused):
            receive({**EVENT, "topic": topic, "data": {"item": {"id": id}}})
