"""Batches for tools without bulk calls: one call an item, at once, one outcome an item."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from syncline.sdk.connector import Outcome, Result
from syncline.sdk.errors import AuthRequired, ConnectorError, Misconfigured

T = TypeVar("T")


async def outcomes(items: Sequence[T], one: Callable[[T], Awaitable[Outcome]]) -> list[Outcome]:
    """`one` for each item, concurrently within the connection's limit, as outcomes in order.

    An error of the whole connection is raised when nothing was done; once something was, its
    receipts are worth more, and the next call meets the error again.
    """
    results = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    told: list[Outcome] = []
    broken: ConnectorError | None = None
    for result in results:
        if isinstance(result, Outcome):
            told.append(result)
        elif isinstance(result, AuthRequired | Misconfigured):
            broken = result
            told.append(Outcome(Result.RETRY, reason=str(result)))
        elif isinstance(result, ConnectorError):
            told.append(Outcome.of_error(result))
        else:
            raise result
    done = any(o.result in (Result.APPLIED, Result.AMBIGUOUS) for o in told)
    if broken is not None and not done:
        raise broken
    return told
