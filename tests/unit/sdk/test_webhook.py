"""A webhook's call counts only with a signature of ours over its very bytes."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar

import pytest

from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Headers, Hint, Refused, Webhook, header

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = "an-old-secret-of-thirty-bytes!", "a-new-secret-of-thirty-bytes!!"
BODY = b'{"id": 7}'


class Example(Webhook):
    """Signs the time with the body, as some tools do."""

    def signature(self, headers: Headers) -> bytes:
        return bytes.fromhex(header(headers, "X-Signature"))

    def signed(self, headers: Headers, body: bytes) -> bytes:
        return header(headers, "X-Time").encode() + body

    def sent_at(self, headers: Headers) -> datetime:
        return datetime.fromisoformat(header(headers, "X-Time"))

    def event(self, payload: Any) -> str | None:
        return str(payload["event"]) if "event" in payload else None

    def hints(self, payload: Any) -> Iterable[Hint]:
        return (Hint("ticket", str(payload["id"])),)


def signed(body: bytes = BODY, secret: str = NEW, at: datetime = NOW) -> list[tuple[str, str]]:
    time = at.isoformat()
    digest = hmac.new(secret.encode(), time.encode() + body, sha256).hexdigest()
    return [("x-signature", digest), ("x-time", time)]


def endpoint(*secrets: str) -> Example:
    return Example([Secret(secret) for secret in secrets or (NEW,)])


def test_a_genuine_call_gives_the_ids_it_names() -> None:
    assert endpoint().receive(signed(), BODY, NOW).hints == (Hint("ticket", "7"),)


def test_a_call_played_again_has_the_same_key_whatever_stands_beside_what_is_signed() -> None:
    first = endpoint().receive(signed(), BODY, NOW)
    again = endpoint().receive([("x-identifier", "2"), *signed()], BODY, NOW)
    other = endpoint().receive(signed(at=NOW + timedelta(seconds=1)), BODY, NOW)
    assert first.key == again.key != other.key


def test_an_event_that_is_signed_anew_keeps_its_key() -> None:
    body = b'{"id": 7, "event": "e1"}'
    times = (NOW, NOW + timedelta(seconds=1))
    first, again = (endpoint().receive(signed(body, at=at), body, NOW) for at in times)
    assert first == again


class Counting(Example):
    """Notes how many bytes it hashes."""

    hashed: ClassVar[list[int]] = []

    @classmethod
    def _digest(cls, secret: Secret, signed: bytes) -> bytes:
        cls.hashed.append(len(signed))
        return super()._digest(secret, signed)


@pytest.mark.parametrize("secrets", [(NEW,), (OLD, NEW)])
@pytest.mark.parametrize("headers", [[], [("x-signature", "00")], signed(secret="another")])
def test_every_refusal_costs_the_same_hashing(secrets: tuple[str, ...], headers: Headers) -> None:
    hook = Counting([Secret(secret) for secret in secrets])
    Counting.hashed.clear()
    with pytest.raises(Refused):
        hook.receive(headers, BODY, NOW)
    assert len(Counting.hashed) == 2
    assert min(Counting.hashed) >= len(BODY)


@pytest.mark.parametrize("body", [b"", b'{"id":7}', b'{"id": 7} ', b'{"id": 7', b'{"id": 8}'])
def test_other_bytes_than_those_signed_are_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="not by a secret"):
        endpoint().receive(signed(), body, NOW)


def test_while_a_secret_is_rotated_both_count_and_afterwards_the_new_one_alone() -> None:
    both = endpoint(OLD, NEW)
    for secret in (OLD, NEW):
        assert both.receive(signed(secret=secret), BODY, NOW).hints
    with pytest.raises(Refused):
        endpoint(NEW).receive(signed(secret=OLD), BODY, NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_call_signed_at_another_time_is_a_replay(minutes: int) -> None:
    with pytest.raises(Refused, match="five minutes"):
        endpoint().receive(signed(at=NOW + timedelta(minutes=minutes)), BODY, NOW)


def test_a_signature_that_is_missing_or_sent_twice_is_refused() -> None:
    with pytest.raises(Refused, match="X-Signature"):
        endpoint().receive(signed()[1:], BODY, NOW)
    with pytest.raises(Refused, match="X-Signature"):
        endpoint().receive([*signed(), signed()[0]], BODY, NOW)


class Speechless(Example):
    """Has no digest for bytes that it cannot sign."""

    @classmethod
    def _digest(cls, secret: Secret, signed: bytes) -> bytes:
        return b""


def test_a_call_without_a_signature_is_refused_whatever_the_tool_makes_of_its_bytes() -> None:
    hook = Speechless([Secret(OLD)])
    with pytest.raises(Refused, match="X-Signature is missing"):
        hook.receive([("X-Time", NOW.isoformat())], BODY, NOW)


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b"not json", b"[" * 2000])
def test_a_genuine_call_of_another_shape_is_refused_and_breaks_nothing(body: bytes) -> None:
    with pytest.raises(Refused, match="not what this tool sends"):
        endpoint().receive(signed(body), body, NOW)


def test_a_body_without_end_is_refused_before_it_is_hashed() -> None:
    body = b"x" * (1024 * 1024 + 1)
    with pytest.raises(Refused, match="1 MiB"):
        endpoint().receive(signed(body), body, NOW)


@pytest.mark.parametrize("secrets", [(), ("short",), (NEW, "short"), (OLD, NEW, NEW)])
def test_an_endpoint_has_one_long_secret_or_two(secrets: tuple[str, ...]) -> None:
    with pytest.raises(Misconfigured):
        Example([Secret(secret) for secret in secrets])
