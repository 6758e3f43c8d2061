"""A webhook is believed by the secret that it carries, and only hints at records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from connectors.posthog.connector import PostHogConnector
from connectors.posthog.webhook import PostHogWebhook
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Hint, Refused

SECRET = "a-secret-of-this-destination-alone"
NEXT = "the-secret-that-comes-after-it"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
UUID = "0190a0de-0000-7000-8000-0000000000aa"


def call(event: str, secret: str = SECRET, **properties: Any) -> tuple[Any, bytes]:
    """What a destination sends as PostHog sets it up, with its header."""
    said = {"event": event, "uuid": UUID, "distinct_id": "ann", "properties": properties}
    body = orjson.dumps({"event": said, "person": {"id": "p", "properties": {}}})
    return [("Content-Type", "application/json"), ("authorization", f"Bearer {secret}")], body


def hook(*secrets: str) -> PostHogWebhook:
    return PostHogWebhook([Secret(one) for one in secrets or (SECRET,)])


@pytest.mark.parametrize(
    ("sent", "hints"),
    [
        (call("survey sent", **{"$survey_response": "Yes"}), [("survey_response", UUID)]),
        (
            call("survey sent", **{"$survey_submission_id": "sub-1", "$survey_completed": True}),
            [("survey_response", "sub-1")],
        ),
        (call("survey sent", **{"$survey_completed": False}), []),
        (call("$groupidentify", **{"$group_type": "company", "$group_key": "acme"}),
         [("group", "acme")]),
        (call("$identify"), [("person", "ann")]),
        (call("$set"), [("person", "ann")]),
        (call("$pageview"), []),
    ],
)  # fmt: skip
def test_an_event_hints_at_what_it_is_about(
    sent: tuple[Any, bytes], hints: list[tuple[str, str]]
) -> None:
    delivery = hook().receive(*sent, NOW)
    assert delivery.hints == tuple(Hint(*one) for one in hints)
    assert delivery.key == hook().receive(*sent, NOW).key, "the same when it is sent again"


def test_both_secrets_are_taken_while_one_is_rotated() -> None:
    assert hook(SECRET, NEXT).receive(*call("$identify", NEXT), NOW).hints
    assert hook(SECRET, NEXT).receive(*call("$identify", SECRET), NOW).hints


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(call("$identify", "another-secret-of-enough-bytes"), id="another secret"),
        pytest.param(call("$identify", ""), id="an empty secret"),
        pytest.param(([], call("$identify")[1]), id="no header"),
        pytest.param((call("$identify")[0] * 2, call("$identify")[1]), id="two headers"),
        pytest.param(
            ([("Authorization", SECRET)], call("$identify")[1]), id="a header without its scheme"
        ),
        pytest.param((call("$identify")[0], b"[]"), id="another shape"),
        pytest.param((call("$identify")[0], b'{"event": {}}'), id="a member missing"),
        pytest.param((call("$identify")[0], b"{"), id="no JSON"),
    ],
)
def test_a_call_that_proves_nothing_is_refused(sent: tuple[Any, bytes]) -> None:
    with pytest.raises(Refused):
        hook().receive(*sent, NOW)


def test_a_refusal_does_not_tell_the_secret() -> None:
    with pytest.raises(Refused) as refused:
        hook().receive(*call("$identify", "another-secret-of-enough-bytes"), NOW)
    assert SECRET not in str(refused.value) and "another" not in str(refused.value)


def test_a_short_secret_is_not_taken() -> None:
    with pytest.raises(Misconfigured, match="24 bytes"):
        hook("short")


def test_the_connector_says_how_its_webhooks_are_verified() -> None:
    assert PostHogConnector.webhook is PostHogWebhook
