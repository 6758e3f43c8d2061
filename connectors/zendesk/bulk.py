"""Many writes at once: alone in one request, from three on as one job of Zendesk's.

A job saves requests, and the budget of writes a minute, which is small. What it refuses is sent
again alone: nothing of it was applied, and alone Zendesk says why in full.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from connectors.zendesk.client import PAGE, Row, chunks
from connectors.zendesk.jobs import Done, Jobs, verdict
from connectors.zendesk.wire import moved
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import Missing, Outcome, Record, Result, Update
from syncline.sdk.errors import (
    AuthRequired,
    Conflict,
    ConnectorError,
    Misconfigured,
    NotFound,
    Rejected,
)

JOB_FROM = 3  # below that, a job with its results and a read costs no fewer requests

_DONE = (Result.APPLIED, Result.AMBIGUOUS)

Fetch = Callable[[Sequence[str]], Awaitable[Mapping[str, Record | Missing]]]


class Sending(Protocol):
    """An item and what Zendesk is sent for it."""

    @property
    def item(self) -> Any: ...

    @property
    def body(self) -> dict[str, Any]: ...


Sent = TypeVar("Sent", bound=Sending)


class Bulk:
    """Writes many records of one kind; `fetch` reads them again."""

    def __init__(self, jobs: Jobs, fetch: Fetch) -> None:
        self._jobs = jobs
        self._fetch = fetch

    async def written(
        self,
        items: Sequence[Any],
        prepare: Callable[[Any], Awaitable[Sent]],
        alone: Callable[[Sent], Awaitable[Outcome]],
        job: Callable[[Sequence[Sent]], Awaitable[list[Outcome]]],
    ) -> list[Outcome]:
        """Items made ready, sent alone or in jobs, and the outcomes in the items' order.

        What cannot even be made ready is refused and harms no neighbour.
        """
        told: dict[int, Outcome] = {}
        ready: list[tuple[int, Sent]] = []
        for at, item in enumerate(items):
            try:
                ready.append((at, await prepare(item)))
            except (Rejected, Conflict, NotFound) as error:
                told[at] = replace(Outcome.of_error(error), id=getattr(item, "id", None))
        for some in chunks(ready, PAGE):
            sent = [one for _, one in some]
            try:
                new = await (outcomes(sent, alone) if len(sent) < JOB_FROM else job(sent))
            except (AuthRequired, Misconfigured) as error:
                if not any(one.result in _DONE for one in told.values()):
                    raise
                # What earlier requests did counts; the next call meets the error again.
                new = [Outcome(Result.RETRY, reason=str(error))] * len(sent)
            told |= zip((at for at, _ in some), new, strict=True)
        return [told[at] for at in range(len(items))]

    async def made(
        self,
        path: str,
        member: str,
        some: Sequence[Sent],
        alone: Callable[[Sent], Awaitable[Outcome]],
    ) -> list[Outcome]:
        """The outcomes of creates that were sent as one job."""
        bodies = {member: [sent.body for sent in some]}
        done = await self._started("POST", f"{path}/create_many", bodies, len(some))
        if isinstance(done, Outcome):
            return [done] * len(some)
        by_place = {int(r["index"]): r for r in done.results if r.get("index") is not None}
        if not by_place and len(done.results) == len(some):
            by_place = dict(enumerate(done.results))
        return await self._settled(some, by_place, done.why, alone)

    async def patched(
        self,
        path: str,
        member: str,
        some: Sequence[Sent],
        alone: Callable[[Sent], Awaitable[Outcome]],
    ) -> list[Outcome]:
        """The outcomes of updates that were sent as one job; what changes nothing is sent alone."""
        empty = [at for at, sent in enumerate(some) if not sent.body]
        full = [sent for sent in some if sent.body]
        bodies = {member: [{"id": int(sent.item.id), **sent.body} for sent in full]}
        told = await self._patched(path, bodies, full, alone) if full else []
        for at in empty:
            told[at:at] = await outcomes([some[at]], alone)
        return told

    async def _patched(
        self,
        path: str,
        bodies: object,
        some: Sequence[Sent],
        alone: Callable[[Sent], Awaitable[Outcome]],
    ) -> list[Outcome]:
        done = await self._started("PUT", f"{path}/update_many", bodies, len(some))
        if isinstance(done, Outcome):
            return [replace(done, id=sent.item.id) for sent in some]
        by_id = {str(r["id"]): r for r in done.results if r.get("id") is not None}
        by_place = {int(r["index"]): r for r in done.results if r.get("index") is not None}
        results = {
            at: result
            for at, sent in enumerate(some)
            if (result := by_id.get(sent.item.id) or by_place.get(at)) is not None
        }
        told = await self._settled(some, results, done.why, alone)
        return [
            _as_far_as_shown(sent.item, outcome) for sent, outcome in zip(some, told, strict=True)
        ]

    async def _started(self, method: str, path: str, bodies: object, items: int) -> Done | Outcome:
        """What a job told, or the outcome of all its items where there is none."""
        try:
            return await self._jobs.run(method, path, bodies, items)
        except (AuthRequired, Misconfigured):
            raise
        except ConnectorError as error:
            return Outcome.of_error(error)

    async def _settled(
        self,
        some: Sequence[Sent],
        results: Mapping[int, Row],
        why: str,
        alone: Callable[[Sent], Awaitable[Outcome]],
    ) -> list[Outcome]:
        """The outcomes of a job's items: done, sent alone where it refused, else unknown."""
        done = {at: str(r["id"]) for at, r in results.items() if verdict(r)}
        refused = [at for at, result in results.items() if verdict(result) is False]
        try:
            told_alone = await outcomes([some[at] for at in refused], alone)
        except (AuthRequired, Misconfigured) as error:
            told_alone = [Outcome(Result.RETRY, reason=str(error))] * len(refused)
        again = dict(zip(refused, told_alone, strict=True))
        shown = await self._shown(list(done.values()))
        told: list[Outcome] = []
        for at, sent in enumerate(some):
            if at in done:
                told.append(Outcome.applied(done[at], shown.get(done[at])))
            elif at in again:
                told.append(again[at])
            else:
                id = getattr(sent.item, "id", None)
                told.append(Outcome(Result.AMBIGUOUS, id=id, reason=why))
        return told

    async def _shown(self, ids: Sequence[str]) -> dict[str, Record]:
        """The records as they are; none where they cannot be read now, as the writes still hold."""
        try:
            found = await self._fetch(ids)
        except ConnectorError:
            return {}
        return {id: one for id, one in found.items() if isinstance(one, Record)}


def _as_far_as_shown(item: Update, outcome: Outcome) -> Outcome:
    """A job's outcome without the record where that does not show what was written.

    It was read after the job, so somebody may have come between; the tool's history tells.
    """
    record = outcome.record
    doubtful = record is not None and moved(item.patch, record.fields)
    return replace(outcome, record=None) if doubtful else outcome
