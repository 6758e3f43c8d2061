"""Zendesk's REST interface as calls: single records, many by id, lists by cursor, writes.

Lists are read by cursor (`page[size]`, `page[after]`); the older page numbers end at row 10,000.
`Client` raises what `Transport` raises.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

from syncline.sdk.clock import Clock
from syncline.sdk.errors import Rejected, Retriable
from syncline.sdk.http import Response, Transport
from syncline.sdk.limiter import RateScope
from syncline.sdk.outcome import Forbidden
from syncline.sdk.redaction import redact

Row = Mapping[str, Any]

API = "/api/v2"
PAGE = 100  # the most rows of a list, of `show_many` and of a job

_MINUTE = 60
_DONE = (200, 201, 202, 204)
INVALID = 422  # a record that does not pass Zendesk's checks

T = TypeVar("T")


def moment(text: str) -> datetime:
    """A time as Zendesk writes it: UTC in whole seconds."""
    return datetime.fromisoformat(text).astimezone(UTC)


def seconds(text: str) -> int:
    """A time of Zendesk in seconds since 1970."""
    return int(moment(text).timestamp())


def stamp(version: int) -> str:
    """The inverse of `seconds`."""
    return datetime.fromtimestamp(version, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def numbers(ids: Sequence[str]) -> list[str]:
    """Those of `ids` that can be ids in Zendesk, once each."""
    return [id for id in dict.fromkeys(ids) if id.isascii() and id.isdecimal()]


def chunks(items: Sequence[T], size: int = PAGE) -> list[Sequence[T]]:
    """Pieces of at most `size`."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def segment(id: str) -> str:
    """An id as one segment of a path, whatever a tool has told for one."""
    return quote(id, safe="")


class Client:
    """The calls of one connection."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def get(
        self,
        path: str,
        params: Mapping[str, object] | None = None,
        *,
        forbidden: Forbidden | None = None,
    ) -> Any:
        """The JSON at a path under `/api/v2`; a 403 is a `NotFound` that is hidden."""
        response = await self.transport.request(
            "GET", f"{API}{path}", params=params, forbidden=forbidden
        )
        return response.json()

    async def pages(self, path: str, member: str, **params: object) -> AsyncIterator[list[Row]]:
        """A list by cursor, page by page."""
        async for answer in self.answers(path, **params):
            yield answer[member]

    async def answers(self, path: str, **params: object) -> AsyncIterator[Row]:
        """The whole answers of a list by cursor, which may bring more than its rows."""
        after: str | None = None
        while True:
            asked = {**params, "page[size]": PAGE, "page[after]": after}
            answer = await self.get(path, asked)
            yield answer
            meta = answer.get("meta") or {}
            if not meta.get("has_more"):
                return
            if meta.get("after_cursor") in (None, after):
                raise Retriable(f"{path}: Zendesk's list does not go on. It is read again later.")
            after = meta["after_cursor"]

    async def many(self, path: str, member: str, ids: Sequence[str], by: str = "ids") -> list[Row]:
        """The rows of `ids` that there are, a hundred in one request."""
        answers = await together(
            self.get(f"{path}/show_many", {by: ",".join(some)}) for some in chunks(ids)
        )
        return [row for answer in answers for row in answer[member]]

    async def write(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        items: int = 1,
    ) -> Response:
        """A POST, PUT or DELETE; raises Rejected with Zendesk's sentences where a record does not
        pass its checks."""
        response = await self.transport.request(
            method, f"{API}{path}", json=body, headers=headers, items=items, ok=(*_DONE, INVALID)
        )
        if response.status == INVALID:
            raise Rejected(refusal(response.json()), status=INVALID)
        return response


def refusal(body: Any) -> str:
    """What Zendesk says is wrong (developer.zendesk.com, "Errors"): its sentences by field, else
    its words for the whole."""
    told = body if isinstance(body, Mapping) else {}
    details = told.get("details")
    problems = details.values() if isinstance(details, Mapping) else ()
    rows = [one for some in problems if isinstance(some, list) for one in some]
    said = [str(r["description"]) for r in rows if isinstance(r, Mapping) and r.get("description")]
    whole = (told.get("description"), told.get("error"))
    return redact("; ".join(said or [str(one) for one in whole if one][:1]) or "no reason is told")


def rate_scope(headers: Mapping[str, str]) -> RateScope:
    """What a 429 of Zendesk's is about: the account, one call, or one ticket.

    Calls with a limit of their own name it in a header, `Zendesk-RateLimit-…`. A ticket takes
    thirty updates in ten minutes, so whoever is to wait longer than a minute was too fast for one.
    """
    if headers.get("x-rate-limit-remaining", "0").strip() in ("", "0"):
        return "connection"
    named = any(name.lower().startswith("zendesk-ratelimit-") for name in headers)
    wait = headers.get("retry-after", "").strip()
    return "record" if not named and wait.isdecimal() and int(wait) > _MINUTE else "endpoint"


class Budget:
    """`async with budget:` waits until one request more stays within a number a minute.

    Zendesk counts some lists apart from the account's own limit, and few of them.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self._sent: deque[float] = deque(maxlen=per_minute)

    async def __aenter__(self) -> None:
        async with self._turn:
            if len(self._sent) == self._sent.maxlen:
                wait = self._sent[0] + _MINUTE - self._clock.monotonic()
                if wait > 0:
                    await self._clock.sleep(wait)
            self._sent.append(self._clock.monotonic())

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


async def together(calls: Any) -> list[Any]:
    """The results in order; the first error only when none of the calls is under way any more."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
