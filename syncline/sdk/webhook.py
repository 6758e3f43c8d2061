"""Webhooks: who really sent this, and which records it hints at.

A payload is never believed. What is taken from it are ids, which the engine then reads from the
tool itself; so a forged or repeated call can cost a read at most. It still has to be signed: with
HMAC-SHA256 over the raw bytes, by a secret of this endpoint alone. The algorithm is a constant
here, whatever the request says. While a secret is rotated there are two.

What tells a repeated call from a new one is taken from signed bytes only: a header beside them can
be changed by whoever plays a call again.
"""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson

from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret

SHORTEST_SECRET = 24  # bytes
LARGEST_BODY = 1024 * 1024  # bytes
REPLAY_WINDOW = timedelta(minutes=5)

Headers = Sequence[tuple[str, str]]
"""As they came in, so that one that was sent twice shows."""


class Refused(Exception):
    """The call proves nothing, or cannot be read; the text quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that may have changed: worth a read, and nothing more."""

    record: str
    id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a genuine call tells. `key` is a digest, and the same when the call comes again."""

    key: str
    hints: tuple[Hint, ...]


class Webhook(ABC):
    """One endpoint of one connection; a tool's own class says where its signature stands.

    `address` is where the tool calls, which is part of what some tools sign.
    Raises `Misconfigured` for no secret, more than two, or one shorter than 24 bytes.
    """

    address: str = ""

    def __init__(self, secrets: Sequence[Secret]) -> None:
        if not 1 <= len(secrets) <= 2:
            raise Misconfigured("A webhook has one secret, or two while it is rotated.")
        if any(len(secret.reveal().encode()) < SHORTEST_SECRET for secret in secrets):
            raise Misconfigured(f"A webhook's secret has {SHORTEST_SECRET} bytes or more.")
        # Always two: how long a refusal takes does not tell whether a secret is being rotated.
        self._secrets = (secrets[0], secrets[-1])

    def receive(self, headers: Headers, body: bytes, now: datetime) -> Delivery:
        """The delivery, if it is genuine; else raises `Refused`.

        `now` is compared with the time in the signature, where the tool puts one there.
        """
        if len(body) > LARGEST_BODY:
            raise Refused("the body is larger than 1 MiB")
        signed = self._verified(headers, body)
        sent_at = self.sent_at(headers)
        if sent_at is not None and abs(now - sent_at) > REPLAY_WINDOW:
            raise Refused("it was signed more than five minutes from now")
        try:
            payload = orjson.loads(body)
            event, hints = self.event(payload), tuple(self.hints(payload))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise Refused("the body is not what this tool sends") from error
        return Delivery(sha256(event.encode() if event else signed).hexdigest(), hints)

    def _verified(self, headers: Headers, body: bytes) -> bytes:
        """The signed bytes; a call without a signature takes the time of one with a wrong one."""
        refusal: Refused | None = None
        try:
            claimed, signed = self.signature(headers), self.signed(headers, body)
        except Refused as refused:
            claimed, signed, refusal = b"", body, refused
        # All of them, so that the time taken does not tell which secret came close.
        genuine = [hmac.compare_digest(claimed, self._digest(s, signed)) for s in self._secrets]
        if refusal is not None or not any(genuine):
            raise refusal or Refused("the signature is not by a secret of this endpoint")
        return signed

    @abstractmethod
    def signature(self, headers: Headers) -> bytes:
        """The digest that the call claims; raises `Refused` where its form is another."""

    def signed(self, headers: Headers, body: bytes) -> bytes:
        """The bytes that the tool signs."""
        return body

    def sent_at(self, headers: Headers) -> datetime | None:
        """The time that is part of what is signed, where the tool puts one there."""
        return None

    def event(self, payload: Any) -> str | None:
        """The tool's own id of what happened, where it puts one into what it signs; may raise as
        `hints` does."""
        return None

    @abstractmethod
    def hints(self, payload: Any) -> Iterable[Hint]:
        """What a genuine payload hints at; may raise what a wrong shape raises."""

    @classmethod
    def _digest(cls, secret: Secret, signed: bytes) -> bytes:
        return hmac.new(secret.reveal().encode(), signed, sha256).digest()


def header(headers: Headers, name: str) -> str:
    """The value of a header that stands there exactly once; else raises `Refused`."""
    values = [value for key, value in headers if key.lower() == name.lower()]
    if len(values) != 1:
        raise Refused(f"the header {name} is missing or stands there twice")
    return values[0]
