"""Intercom's REST interface as calls: one record, a page of a search, a write.

`VERSION` is the one place that names the version of the interface; without the header Intercom
takes the version that the app was set to. `Client` raises what `Transport` raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from syncline.sdk.errors import NotFound, Rejected, Retriable
from syncline.sdk.http import Response, Transport, safe_error
from syncline.sdk.outcome import Forbidden

Row = Mapping[str, Any]
Filter = Mapping[str, Any]

VERSION = "2.15"
PAGE = 150  # the most rows of a search

_NOT_FOUND, _CONFLICT = 404, 409
_TRIES = 3


class Taken(Rejected):
    """Another record has what Intercom keeps unique: an address, or an id of ours."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search: `total` of the whole, `after` the next page, `answered` when."""

    rows: Sequence[Row]
    total: int
    after: str | None
    answered: int


def moment(seconds: int) -> datetime:
    """A time as Intercom writes it: whole seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def where(field: str, operator: str, value: object) -> Filter:
    """One condition of a search."""
    return {"field": field, "operator": operator, "value": value}


def both(*filters: Filter) -> Filter:
    """All of the conditions, fifteen at most."""
    return {"operator": "AND", "value": list(filters)}


class Client:
    """The calls of one connection."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def get(self, path: str, *, forbidden: Forbidden | None = None) -> Any:
        """The JSON at a path; a 404 is a `NotFound`."""
        return (await self.transport.request("GET", path, forbidden=forbidden)).json()

    async def search(
        self,
        what: str,
        query: Filter,
        sort: str,
        *,
        after: str | None = None,
        descending: bool = False,
    ) -> Found:
        """A page of `tickets` or `contacts` that fit, by a field, the smallest first or last."""
        body = {
            "query": query,
            "sort": {"field": sort, "order": "descending" if descending else "ascending"},
            "pagination": {"per_page": PAGE, **({"starting_after": after} if after else {})},
        }
        response = await self.transport.request(
            "POST", f"/{what}/search", json=body, mutating=False, items=PAGE
        )
        told = response.json()
        rows = told["tickets"] if "tickets" in told else told["data"]
        keys = [row[sort] for row in rows]
        if keys != sorted(keys, reverse=descending):
            raise Retriable(
                f"Intercom's search for {what} did not keep to the order by {sort}. Nothing was "
                "taken from it; it is read again later."
            )
        pages = told.get("pages") or {}
        following = (pages.get("next") or {}).get("starting_after")
        return Found(rows, told["total_count"], following, answered(response))

    async def everything(self, what: str, query: Filter) -> list[Row]:
        """All rows that fit. `starting_after` counts rows, and a row that came or went meanwhile
        moves the others: then it is read again from the start."""
        for _ in range(_TRIES):
            rows: dict[str, Row] = {}
            totals, after = set(), None
            while True:
                found = await self.search(what, query, "created_at", after=after)
                rows |= {row["id"]: row for row in found.rows}
                totals.add(found.total)
                after = found.after
                if after is None:
                    break
            if totals == {len(rows)}:
                return list(rows.values())
        raise Retriable(
            f"Intercom's {what} kept changing while they were counted. They are read again later."
        )

    async def write(self, method: str, path: str, body: Row) -> Row:
        """A POST or PUT; raises Rejected where the record is there and what it names is not.

        A 404 says both that a record and that the assignee of a patch is not there; its code tells
        (Intercom's OpenAPI, `PUT /tickets/{id}`).
        """
        response = await self.transport.request(
            method, path, json=dict(body), ok=(200, _NOT_FOUND, _CONFLICT), forbidden="rejected"
        )
        if response.status == 200:
            told: Row = response.json()
            return told
        refusal = f"Intercom refused {method} {path} ({safe_error(response)}). Nothing was applied."
        if response.status == _CONFLICT:
            raise Taken(refusal, status=_CONFLICT)
        if code(response) == "assignee_not_found":
            raise Rejected(refusal, status=_NOT_FOUND)
        raise NotFound(refusal, status=_NOT_FOUND)


def answered(response: Response) -> int:
    """When Intercom answered, by its own clock."""
    return int(parsedate_to_datetime(response.headers["date"]).timestamp())


def code(response: Response) -> str:
    """The code of a refusal."""
    told = response.json()
    errors = told.get("errors") if isinstance(told, Mapping) else None
    return str(errors[0].get("code", "")) if errors else ""
