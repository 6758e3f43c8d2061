"""Credentials that change with time: an access token that is asked for, kept, and replaced.

A `Transport` that was given `Credentials` asks them for the Authorization header of every attempt.
When the tool answers 401 to it, nothing was applied: the transport tells them, and tries once more
with another value. Tokens live in memory only, as `Secret`s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from syncline.sdk.clock import Clock
from syncline.sdk.secrets import Secret

if TYPE_CHECKING:
    from syncline.sdk.http import Transport

# A token is replaced so long before its end, or a tenth of its life before, if that is shorter.
_EARLY_SECONDS = 60.0


class Credentials(Protocol):
    """Gives the value of the Authorization header."""

    async def value(self, transport: Transport) -> Secret:
        """The value for the next request; it may send requests of its own, `authorised=False`."""
        ...

    def refused(self, value: Secret) -> None:
        """The tool answered 401 to this value: it is not given again."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as its tool gave it; `seconds` is how long it lives, None: not told."""

    text: Secret
    seconds: float | None = None

    @classmethod
    def of(cls, text: str, seconds: float | None = None) -> Token:
        """The token of a text that has just arrived."""
        return cls(Secret(text), seconds)


class Bearer:
    """`Credentials` by an access token; `ask` gets a new one from the tool.

    One caller at a time asks, and the others wait for what it gets.
    """

    def __init__(self, ask: Callable[[Transport], Awaitable[Token]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._asking = asyncio.Lock()
        self._value: Secret | None = None
        self._ends: float | None = None

    async def value(self, transport: Transport) -> Secret:
        """The token in hand, or a new one shortly before that ends."""
        async with self._asking:
            if self._value is None or self._is_ending():
                token = await self._ask(transport)
                text = token.text.reveal()
                self._value = Secret(f"Bearer {text}", (text,))
                self._ends = None
                if token.seconds is not None:
                    early = min(_EARLY_SECONDS, token.seconds / 10)
                    self._ends = self._clock.monotonic() + token.seconds - early
            return self._value

    def refused(self, value: Secret) -> None:
        """Forget this token; a newer one is kept."""
        if self._value == value:
            self._value = None

    def _is_ending(self) -> bool:
        return self._ends is not None and self._clock.monotonic() >= self._ends
