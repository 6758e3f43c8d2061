"""Every question to a tool comes to an end. A tool that is ill, or somebody who passes for it, may
tell of a next page for ever; what reads it would run, and grow, without end.

A question is one call of a connector's method, or one page of a listing. `Connector` watches its
methods by itself, so neither connectors nor who calls them need to think of it.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, Protocol, TypeVar

from syncline.sdk.errors import Retriable

AGAIN = 1_000
"""Times that one question may get one and the same answer at one address, and pages in a row that a
listing may repeat: one that begins anew repeats some."""
MOST = 100_000
"""Answers to one question, and pages of one listing: more than a tool of this kind holds."""


class Marked(Protocol):
    """A page that can be known again."""

    def mark(self) -> Hashable:
        """The same for the same records in the same versions."""
        ...


P = ParamSpec("P")
T = TypeVar("T")
Pg = TypeVar("Pg", bound=Marked)


class _Question:
    """The answers to one question."""

    def __init__(self) -> None:
        self.count = 0
        self.given: Counter[int] = Counter()

    def answered(self, what: str, answer: bytes) -> None:
        self.count += 1
        mark = hash((what, answer))
        self.given[mark] += 1
        if self.given[mark] >= AGAIN:
            raise _endless(f"{AGAIN} answers to {what} that are all the same")
        if self.count >= MOST:
            raise _endless(f"{MOST} answers, the last to {what}")


_asked: ContextVar[_Question | None] = ContextVar("question", default=None)


@contextmanager
def question() -> Iterator[None]:
    """What is asked within the block, also by tasks begun there, is one question."""
    token = _asked.set(_Question())
    try:
        yield
    finally:
        _asked.reset(token)


def answered(what: str, answer: bytes) -> None:
    """A tool has answered. Retriable where the question it belongs to has no end."""
    asked = _asked.get()
    if asked is not None:
        asked.answered(what, answer)


def ending(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """A connector's method, each of whose calls is one question."""

    @functools.wraps(method)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        with question():
            return await method(*args, **kwargs)

    return asked


def ending_pages(method: Callable[P, AsyncIterator[Pg]]) -> Callable[P, AsyncIterator[Pg]]:
    """A connector's listing, each of whose pages is one question."""

    @functools.wraps(method)
    async def listed(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Pg]:
        pages = method(*args, **kwargs)
        given: set[int] = set()
        count = again = 0
        try:
            while True:
                try:
                    with question():
                        page = await anext(pages)
                except StopAsyncIteration:
                    return
                mark = hash(page.mark())
                count, again = count + 1, again + 1 if mark in given else 0
                given.add(mark)
                if again >= AGAIN or count >= MOST:
                    raise _endless(f"{count} pages of a list, the last {again} of them not new")
                yield page
        finally:
            # Who reads no further ends the connector's listing with this one.
            if isinstance(pages, AsyncGenerator):
                await pages.aclose()

    return listed


def _endless(what: str) -> Retriable:
    return Retriable(
        f"The tool tells of a next page for ever: {what}. It is asked again in the next pass; if "
        "that ends the same, the fault is with the tool, or with what stands between."
    )
