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


async def in_order(
    items: Sequence[T], record: Callable[[T], str], one: Callable[[T], Awaitable[Outcome]]
) -> list[Outcome]:
    """As `outcomes`, but the items of one record one after the other.

    After an item that may still come the record's later ones wait, so that their order is kept.
    """
    told: dict[int, Outcome] = {}

    async def of_record(places: Sequence[int]) -> Outcome:
        for place in places:
            try:
                (told[place],) = await outcomes([items[place]], one)
            except ConnectorError:
                if place == places[0]:
                    raise
                break  # what was done before counts; the next call meets the error again
            if told[place].result in (Result.RETRY, Result.AMBIGUOUS):
                break
        done = (told[p] for p in places if p in told and told[p].result is Result.APPLIED)
        return next(done, told[places[0]])

    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        places.setdefault(record(item), []).append(place)
    await outcomes(list(places.values()), of_record)
    waiting = Outcome(Result.RETRY, reason="an earlier one of this record is not settled yet")
    return [told.get(place, waiting) for place in range(len(items))]
