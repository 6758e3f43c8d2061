"""HubSpot's REST interface as calls. The date in its paths is the connection's `api_version`.

Searches have a limit of their own, five a second in the whole account, and no header tells what
is left of it: they are spaced out here. A batch is one request of at most a hundred inputs, each
with an outcome of its own. `Client` raises what `Transport` raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from syncline.sdk.clock import Clock
from syncline.sdk.http import Response, Transport

Row = Mapping[str, Any]

BATCH = 100  # inputs of a batch, and rows of a list
FOUND = 200  # the most rows of a search
TRACE = "objectWriteTraceId"

_TIES = 1000
_SEARCHES_A_SECOND = 4.0
_READ, _DONE = (200, 207), (200, 201, 204, 207)
# What HubSpot answers to a batch of which it has applied nothing.
_REFUSED = (400, 404, 409)

T = TypeVar("T")


def moment(text: str) -> datetime:
    """A time as HubSpot gives it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def milliseconds(text: str | datetime) -> int:
    """A time in milliseconds since 1970, as searches compare it."""
    at = moment(text) if isinstance(text, str) else text
    return round(at.timestamp() * 1000)


def numbers(ids: Sequence[str]) -> list[str]:
    """Those of `ids` that can be ids in HubSpot, once each."""
    return [id for id in dict.fromkeys(ids) if id.isascii() and id.isdecimal()]


def chunks(items: Sequence[T], size: int = BATCH) -> list[Sequence[T]]:
    """Pieces of at most `size`."""
    return [items[at : at + size] for at in range(0, len(items), size)]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, whether there is more, and HubSpot's time when it answered."""

    rows: Sequence[Row]
    more: bool
    answered: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch told of its inputs, by their trace; `refused`: the whole of it, and why."""

    results: Mapping[str, Row]
    errors: Mapping[str, Row]
    refused: Row | None = None


class Client:
    """The calls of one connection."""

    def __init__(self, transport: Transport, version: str, clock: Clock) -> None:
        self.transport = transport
        self._version = version
        self._clock = clock
        self._turn = asyncio.Lock()
        self._next_search = 0.0

    def path(self, area: str, tail: str = "") -> str:
        """A path of the API: what it is about, the version, and the rest."""
        return f"/{area}/{self._version}{tail}"

    async def get(self, path: str, **query: object) -> Any:
        """The JSON at a path. A token without the scope for it stops the connection."""
        response = await self.transport.request("GET", path, params=query, forbidden="auth")
        return response.json()

    async def pages(self, path: str, **query: object) -> list[Row]:
        """All rows of a list, by its `after`: a short page need not be the last one."""
        rows: list[Row] = []
        after: str | None = None
        while True:
            answer = await self.get(path, **query, after=after)
            rows += answer["results"]
            if (after := _next(answer)) is None:
                return rows

    async def objects(self, kind: str, after: str | None, **query: object) -> tuple[list[Row], Any]:
        """A page of the list of a type, by id, and where it goes on; not of a lagging index."""
        path = self.path("crm/objects", f"/{kind}")
        answer = await self.get(path, limit=BATCH, after=after, **query)
        return answer["results"], _next(answer)

    async def many(
        self, kind: str, ids: Sequence[str], properties: Sequence[str], **more: object
    ) -> list[Row]:
        """Those records of `ids` that there are, a hundred in one request, in any order.

        `more`: `idProperty` to name them otherwise, `propertiesWithHistory`, `archived`.
        """
        archived = more.pop("archived", None)
        size = BATCH // 2 if "propertiesWithHistory" in more else BATCH
        rows: list[Row] = []
        for some in chunks(ids, size):
            asked = {"inputs": [{"id": id} for id in some], "properties": properties, **more}
            path = self.path("crm/objects", f"/{kind}/batch/read")
            rows += (await self.ask(path, asked, archived=archived))["results"]
        return rows

    async def search(
        self, kind: str, filters: Sequence[Row], sort: str, properties: Sequence[str]
    ) -> Found:
        """The first page of what passes all filters, by one property upwards."""
        await self._in_turn()
        asked = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": properties,
            "limit": FOUND,
        }
        response = await self._asked(self.path("crm/objects", f"/{kind}/search"), asked)
        answer = response.json()
        told = response.headers.get("date")
        at = parsedate_to_datetime(told).astimezone(UTC) if told else self._clock.now()
        return Found(answer["results"], _next(answer) is not None, at)

    async def ties(self, kind: str, other: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the records of another type that each of `ids` is associated with."""
        found: dict[str, list[str]] = {id: [] for id in ids}
        path = self.path("crm/associations", f"/{kind}/{other}/batch/read")
        waiting: list[dict[str, str]] = [{"id": id} for id in found]
        while waiting:
            asked, waiting = waiting[:_TIES], waiting[_TIES:]
            for row in (await self.ask(path, {"inputs": asked}))["results"]:
                id = str(row["from"]["id"])
                found[id] += [str(one["toObjectId"]) for one in row["to"]]
                if (after := _next(row)) is not None:
                    waiting.append({"id": id, "after": after})
        return found

    async def ask(self, path: str, body: object, **query: object) -> Any:
        """What a POST that only reads answers."""
        return (await self._asked(path, body, **query)).json()

    async def batch(self, kind: str, action: str, inputs: Sequence[Row]) -> Written:
        """A batch of writes, each input with its `objectWriteTraceId`."""
        response = await self.write(
            "POST",
            self.path("crm/objects", f"/{kind}/batch/{action}"),
            {"inputs": inputs},
            ok=(*_DONE, *_REFUSED),
            items=len(inputs),
        )
        body = response.json() or {}
        if response.status in _REFUSED:
            return Written({}, {}, body)
        results = {str(row[TRACE]): row for row in body.get("results") or () if TRACE in row}
        errors = {
            str(trace): error
            for error in body.get("errors") or ()
            for trace in (error.get("context") or {}).get(TRACE) or ()
        }
        return Written(results, errors)

    async def write(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        ok: Sequence[int] = _DONE,
        items: int = 1,
    ) -> Response:
        """A POST, PATCH or DELETE."""
        return await self.transport.request(
            method, path, json=body, items=items, ok=ok, forbidden="auth"
        )

    async def _asked(self, path: str, body: object, **query: object) -> Response:
        return await self.transport.request(
            "POST", path, params=query, json=body, mutating=False, ok=_READ, forbidden="auth"
        )

    async def _in_turn(self) -> None:
        async with self._turn:
            wait = self._next_search - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            self._next_search = self._clock.monotonic() + 1 / _SEARCHES_A_SECOND


def _next(answer: Row) -> str | None:
    after = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)
