"""Request Tracker's REST 2.0 interface as calls: searches, single records, writes.

Three facts shape it. A search shows an account only the rows it may see, page by page, so for an
account without full sight a short or even an empty page proves nothing about what follows. A page
number drifts while rows come and go, so every search goes on behind the last id seen. And a write
answers 200 with sentences in the account's language whatever became of it, so nothing is read from
them: who writes, reads again. (Measured on RT 5.0.3; RT::REST2 in RT's documentation.)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from syncline.sdk.http import Response, Transport

Row = Mapping[str, Any]

PAGE = 100  # the most rows RT gives in one answer
UNSET = "1970-01-01T00:00:00Z"  # how RT writes a time that is not set

TICKET_LOG = "ObjectType = 'RT::Ticket'"
TICKET_FIELDS = (
    "Subject,Status,Priority,Owner,Requestor,Cc,Queue,CustomFields,Due,Created,LastUpdated,"
    "Resolved,EffectiveId,_hyperlinks"
)
_EXPANDED = {
    "fields[Queue]": "Name",
    "fields[Owner]": "Name",
    "fields[Requestor]": "EmailAddress,Name",
    "fields[Cc]": "EmailAddress,Name",
}

T = TypeVar("T")


def literal(text: str) -> str:
    """A text as a TicketSQL or TransactionSQL literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def strong(etag: str) -> str:
    """RT's own ETag, the number of a transaction, of one that a proxy marked for its packing:
    `W/"42"` and `"42-gzip"` match nothing."""
    number = re.search(r"\d+", etag)
    return f'"{number[0]}"' if number else ""


def any_of(field: str, values: Iterable[object]) -> str:
    """A condition that `field` is one of the numbers; RT 5.0 has no IN."""
    return "(" + " OR ".join(f"{field} = {value}" for value in values) + ")"


def id_of(value: Any) -> str:
    """The id of a reference, which RT writes as a number, a text or an object."""
    return str(value["id"] if isinstance(value, Mapping) else value)


def moment(text: str) -> datetime | None:
    """A time as RT's interface writes it (UTC, whole seconds); None where it is not set."""
    if not text or text == UNSET:
        return None
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def created(row: Row) -> datetime:
    """When a transaction or one of its parts was made; RT always knows."""
    at = moment(row["Created"])
    if at is None:
        raise ValueError(f"row {row.get('id')} has no time")
    return at


def chunks(items: Sequence[T]) -> list[Sequence[T]]:
    """Pieces of at most a page."""
    return [items[at : at + PAGE] for at in range(0, len(items), PAGE)]


class Client:
    """The calls; they raise what `Transport` raises."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def get(self, path: str, **params: str) -> Any:
        """The JSON at `path`; a 403 is a `NotFound` that is hidden."""
        return (await self.transport.request("GET", f"/{path}", params=params)).json()

    async def tickets(self, query: str, fields: str = TICKET_FIELDS) -> AsyncIterator[list[Row]]:
        """Tickets of a TicketSQL query by ascending id, page by page. Deleted ones never show."""
        params = {"fields": fields, **_EXPANDED}
        after, page = 0, 1
        while True:
            answer = await self._search("tickets", query, params, after, page)
            if rows := answer["items"]:
                yield rows
                after, page = int(rows[-1]["id"]), 1
            if _sees_all(answer):
                if len(rows) < PAGE:
                    return
            elif not rows:
                # Rows that can be seen may stand behind a page of rows that cannot.
                if not await self.newest("tickets", f"id > {after} AND {query}"):
                    return
                page += 1

    async def tickets_of(self, ids: Sequence[str]) -> list[Row]:
        """At most a page of tickets by id, in one request; merged ones with the id they went to."""
        query = f"{any_of('id', ids)} AND EffectiveId > 0"
        params = {"fields": TICKET_FIELDS, **_EXPANDED}
        rows: list[Row] = (await self._search("tickets", query, params))["items"]
        return rows

    async def log(
        self, query: str, fields: str, after: int = 0, told: Collection[int] = ()
    ) -> AsyncIterator[list[Row]]:
        """Transactions of tickets behind id `after`, page by page by ascending id.

        The newest page is read first: where it holds nothing but what was `told`, that was the only
        request. Else it says how far to read, whatever stays hidden on the way.
        """
        query = f"{TICKET_LOG} AND {query}"
        params = {"fields": fields, "fields[Creator]": "Name,EmailAddress,RealName"}
        answer = await self._search("transactions", query, params, after, order="DESC")
        rows: list[Row] = answer["items"][::-1]
        nothing_new = all(int(row["id"]) in told for row in rows)
        if nothing_new or (_sees_all(answer) and len(rows) < PAGE):
            yield rows
            return
        newest, page = int(rows[-1]["id"]), 1
        while after < newest:
            rows = (await self._search("transactions", query, params, after, page))["items"]
            if rows:
                yield rows
                after, page = int(rows[-1]["id"]), 1
            elif not await self.newest("transactions", f"id > {after} AND {query}"):
                return
            else:
                page += 1

    async def ticket(self, id: str) -> tuple[Row, str]:
        """One ticket by its own address, with the ETag that its next change makes stale."""
        params = {"fields[Queue]": "Name", "fields[Owner]": "Name"}
        response = await self.transport.request("GET", f"/ticket/{segment(id)}", params=params)
        row: Row = response.json()
        return row, strong(response.headers.get("etag", ""))

    async def newest(self, path: str, query: str, fields: str = "", count: int = 1) -> list[Row]:
        """The last rows by id, newest first."""
        asked = {
            "query": query,
            "orderby": "id",
            "order": "DESC",
            "per_page": str(count),
            "fields": fields,
            **_EXPANDED,
        }
        rows: list[Row] = (await self.get(path, **asked))["items"]
        return rows

    async def parts(self, transaction_ids: Sequence[str], fields: str, *limits: Row) -> list[Row]:
        """The MIME parts of these transactions, which can be seen, that fit `limits`."""
        found: list[Row] = []
        for some in chunks(transaction_ids):
            search = [{"field": "TransactionId", "value": int(one)} for one in some]
            found += await self.rows("attachments", [*search, *limits], fields)
        return found

    async def rows(self, path: str, search: Sequence[Row], fields: str, **params: str) -> list[Row]:
        """All rows of a JSON search, none of which may be hidden.

        Limits on one field are alternatives. RT drops a limit on a field it does not search by, and
        then shows everything: use only fields known to work.
        """
        found: list[Row] = []
        page = 0
        while len(found) == page * PAGE:
            page += 1
            asked = {**params, "fields": fields, "orderby": "id", "per_page": str(PAGE)}
            response = await self.transport.request(
                "POST",
                f"/{path}",
                params=asked | {"page": str(page)},
                json=list(search),
                mutating=False,
                items=len(search),
            )
            found += response.json()["items"]
        return found

    async def values(self, field: str) -> list[Row]:
        """The values that a select field offers, with their ids."""
        found: list[Row] = []
        page = 0
        while len(found) == page * PAGE:
            page += 1
            path = f"customfield/{segment(field)}/values"
            found += (await self.get(path, per_page=str(PAGE), page=str(page)))["items"]
        return found

    async def write(
        self, method: str, path: str, body: object, *, etag: str = "", items: int = 1
    ) -> Response:
        """A POST or PUT; with `etag` only if nobody changed the ticket, else `Conflict`."""
        headers = {"If-Match": etag} if etag else None
        return await self.transport.request(
            method, f"/{path}", json=body, headers=headers, items=items
        )

    async def _search(
        self,
        path: str,
        query: str,
        params: Mapping[str, str],
        after: int = 0,
        page: int = 1,
        order: str = "ASC",
    ) -> Any:
        """One answer of a search by id, behind `after`: a page number alone would drift."""
        asked = {
            "query": f"id > {after} AND {query}",
            "orderby": "id",
            "order": order,
            "per_page": str(PAGE),
            **params,
        }
        if page > 1:
            asked["page"] = str(page)
        return await self.get(path, **asked)


def _sees_all(answer: Row) -> bool:
    """RT tells the total only to an account from which no row is hidden."""
    return answer.get("total") is not None


def segment(text: str) -> str:
    """A name as one segment of a path."""
    return quote(text, safe="")


async def together(calls: Iterable[Awaitable[T]]) -> list[T]:
    """The results in order; the first error only when none of the calls is under way any more."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results  # type: ignore[return-value]
