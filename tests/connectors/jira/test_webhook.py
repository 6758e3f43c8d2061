"""Jira's signed webhooks become ids to read, and everything else is refused."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha256

import orjson
import pytest

from connectors.jira.webhook import JiraWebhook
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Delivery, Hint, Refused

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "thirty-bytes-that-only-jira-has"
EVENT = {"webhookEvent": "jira:issue_updated", "issue": {"id": "10007", "key": "APP-7"}}


def sent(
    body: bytes, scheme: str = "sha256=", secret: str = SECRET, identifier: str = "w1"
) -> list[tuple[str, str]]:
    digest = hmac.new(secret.encode(), body, sha256).hexdigest()
    return [("X-Hub-Signature", scheme + digest), ("X-Atlassian-Webhook-Identifier", identifier)]


def receive(payload: object, **how: str) -> Delivery:
    body = orjson.dumps(payload)
    return JiraWebhook([Secret(SECRET)]).receive(sent(body, **how), body, NOW)


def test_an_issue_event_hints_at_the_issue_and_keeps_its_key_when_sent_again() -> None:
    assert receive(EVENT) == receive(EVENT)
    assert receive(EVENT).hints == (Hint("issue", "10007"),)


def test_a_call_played_again_under_another_identifier_is_the_same_delivery() -> None:
    again = receive(EVENT, identifier="w2")
    assert again == receive(EVENT)
    assert receive({**EVENT, "timestamp": 1}).key != again.key


def test_a_comment_event_hints_at_its_issue() -> None:
    event = {"webhookEvent": "comment_created", "comment": {"id": "3"}, "issue": {"id": "10008"}}
    assert receive(event).hints == (Hint("issue", "10008"),)


def test_an_event_about_something_else_hints_at_nothing() -> None:
    assert receive({"webhookEvent": "project_created", "project": {"id": 1}}).hints == ()


@pytest.mark.parametrize("scheme", ["sha1=", "sha512=", "", "SHA256="])
def test_the_request_does_not_choose_the_algorithm(scheme: str) -> None:
    with pytest.raises(Refused):
        receive(EVENT, scheme=scheme)


@pytest.mark.parametrize("id", ["../../myself", "9" * 5000, None])
def test_an_id_that_is_no_number_is_refused(id: object) -> None:
    with pytest.raises(Refused):
        receive({**EVENT, "issue": {"id": id}})


def test_a_number_without_end_is_refused() -> None:
    body = b'{"issue": {"id": 1e999}}'
    with pytest.raises(Refused):
        JiraWebhook([Secret(SECRET)]).receive(sent(body), body, NOW)
