"""Leave to change a tool, asked for at the last moment before a request that does so is sent.

A run may sleep through its own end: a laptop is closed, a rate limit makes it wait. Whoever runs
one says how it proves that it may still act (`granted_by`); requests that change nothing need no
leave.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_confirm: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("permit", default=None)


@contextmanager
def granted_by(confirm: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Within the block, and in tasks begun there, `confirm` is asked before each such request."""
    before = _confirm.get()
    _confirm.set(confirm)
    try:
        yield
    finally:
        _confirm.set(before)


async def confirm() -> None:
    """Return where the run may still change tools, at once if it proved so lately; else raise."""
    ask = _confirm.get()
    if ask is not None:
        await ask()
