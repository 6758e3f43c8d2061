"""Salesforce's REST API as calls: queries, many records by id, many writes in one request.

Errors come as a list of `{errorCode, message, fields}` with a status, or, in a write of many, as
one list for each record inside a 200. `Client` raises what `Transport` raises; an exhausted
allowance, which Salesforce answers with a 403 and no time to wait, holds the connection.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from syncline.sdk.clock import Clock
from syncline.sdk.errors import (
    Ambiguous,
    AuthRequired,
    Conflict,
    ConnectorError,
    Misconfigured,
    NotFound,
    RateLimited,
    Rejected,
    Retriable,
)
from syncline.sdk.http import Response, Transport
from syncline.sdk.redaction import redact

Row = Mapping[str, Any]
T = TypeVar("T")

VERSION = "67.0"
API = f"/services/data/v{VERSION}"
COLLECTION = 200  # the most records that one write takes
BY_ID = 2_000  # the most records that one reading by id takes
IN_LIST = 200  # ids of 21 characters: a query stays well below the 16 KB that an address may have

LIMIT = "REQUEST_LIMIT_EXCEEDED"
_TOLD = (400, 403, 404, 409, 412)
_LATER = ("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT")
_GONE = ("ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY")
_SHUT = ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED")
_NEXT = re.compile(r"/services/data/v\d+\.\d/query(?:All)?/[\w-]+")
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")

# Salesforce says of no limit when it ends: the daily one rolls on, so it is asked again.
_DAILY_HOLD = timedelta(minutes=5)
_CONCURRENT_HOLD = timedelta(seconds=30)
# The allowance is the org's: the rest of it is left to its people and other apps.
SHARE = 0.95


class Stale(Rejected):
    """A field or object is not there any more, or not for this user: describe it again."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of a query: how many rows it has in all, and Salesforce's time when it answered."""

    rows: list[Row]
    total: int
    at: datetime
    last: bool


class Client:
    """The calls of one connection."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self.transport = transport
        self.usage: tuple[int, int] | None = None
        self._clock = clock
        self._held: datetime | None = None

    def now(self) -> datetime:
        """The time by our clock."""
        return self._clock.now()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        mutating: bool | None = None,
        items: int = 1,
        expect_json: bool = True,
    ) -> Response:
        """One request; raises what Salesforce's errors mean."""
        if self._held is not None and self._clock.now() < self._held:
            raise self._limited("Salesforce's allowance of requests is used up")
        response = await self.transport.request(
            method,
            path if path.startswith(API) else f"{API}{path}",
            params=params,
            json=json,
            headers=headers,
            mutating=mutating,
            items=items,
            ok=(200, 201, 204, *_TOLD),
            expect_json=expect_json,
        )
        self._note(response)
        if response.status in _TOLD:
            raise self._error(response)
        return response

    async def query(self, soql: str, *, deleted: bool = False) -> AsyncIterator[Rows]:
        """The pages of a query; with `deleted` also what lies in the recycle bin.

        Whether there is more, Salesforce alone says: a page may be shorter than the last one.
        """
        path, params = ("/queryAll" if deleted else "/query"), {"q": soql}
        first = True
        while True:
            asked = params if first else None
            response = await self.call("GET", path, params=asked)
            told = response.json()
            rows, total, last = told["records"], int(told["totalSize"]), bool(told["done"])
            if first and last and len(rows) != total:
                raise _not_whole(len(rows), total)
            yield Rows(rows, total, _date(response), last)
            if last:
                return
            path, first = goes_on_at(told.get("nextRecordsUrl")), False

    async def rows(self, soql: str, *, deleted: bool = False) -> list[Row]:
        """All rows of a query."""
        found: list[Row] = []
        async for page in self.query(soql, deleted=deleted):
            found += page.rows
        if len(found) != page.total:
            raise _not_whole(len(found), page.total)
        return found

    async def write_many(
        self, method: str, path: str, records: Sequence[Mapping[str, Any]]
    ) -> list[Row]:
        """What became of each record, in order: `{id, success, errors}`."""
        body = {"allOrNone": False, "records": list(records)}
        response = await self.call(method, path, json=body, items=len(records))
        return results(response, len(records))

    def _note(self, response: Response) -> None:
        found = _USAGE.search(response.headers.get("sforce-limit-info", ""))
        if found is None:
            return
        used, allowed = self.usage = int(found[1]), int(found[2])
        if allowed and used > SHARE * allowed:
            self._held = self._clock.now() + _DAILY_HOLD

    def _limited(self, why: str) -> RateLimited:
        assert self._held is not None
        used = f" ({self.usage[0]} of {self.usage[1]} today)" if self.usage else ""
        return RateLimited(
            f"{why}{used}. Nothing was applied; Syncline asks again at {self._held:%H:%M:%S} UTC.",
            retry_at=self._held,
        )

    def _error(self, response: Response) -> ConnectorError:
        codes, said, status = _codes(response), problems(_told(response)), response.status
        if LIMIT in codes:
            concurrent = "concurrent" in said.casefold()
            self._held = self._clock.now() + (_CONCURRENT_HOLD if concurrent else _DAILY_HOLD)
            return self._limited(f"Salesforce takes no more requests now: {said}")
        if any(code in _SHUT for code in codes):
            return AuthRequired(
                f"Salesforce does not let this user use its API: {said}. Syncline stops this "
                "connection; allow it, then run `syncline check`.",
                status=status,
            )
        if status == 412:
            return Conflict(f"The record has changed: {said}. Nothing was applied.", status=status)
        if "INVALID_FIELD" in codes or "INVALID_TYPE" in codes:
            return Stale(f"Salesforce does not know this: {said}.", status=status)
        if status == 404 or any(code in _GONE for code in codes):
            return NotFound(f"Salesforce has no such record: {said}.", status=status)
        if any(code in _LATER for code in codes):
            return Retriable(f"Not now: {said}. Nothing was applied.", status=status)
        return Rejected(f"Salesforce refused this: {said}. Nothing was applied.", status=status)


def results(response: Response, sent: int) -> list[Row]:
    """The results of a write of many; raises Ambiguous where there are others than were sent."""
    told = response.json()
    if not isinstance(told, list) or len(told) != sent:
        raise Ambiguous(
            f"{sent} records were sent, and Salesforce does not say what became of each. Syncline "
            "looks for evidence and does not send them again."
        )
    return told


def problems(errors: Sequence[Row]) -> str:
    """Salesforce's words for what is wrong, with the fields that they are about."""
    said = []
    for one in errors:
        words = f"{one.get('message')} [{code_of(one)}]"
        fields = [field for field in one.get("fields") or () if field not in words]
        said.append(f"{words} ({', '.join(fields)})" if fields else words)
    return redact("; ".join(said[:5]) or "no reason is told")


def code_of(error: Row) -> str:
    """An error's code, which has another name inside a write of many."""
    return str(error.get("errorCode") or error.get("statusCode") or "")


def is_gone(errors: Sequence[Row]) -> bool:
    """Whether these errors of one record say that it is not there."""
    return any(code_of(one) in _GONE and not one.get("fields") for one in errors)


def is_later(errors: Sequence[Row]) -> bool:
    """Whether the same write of one record may succeed later."""
    return any(code_of(one) in (*_LATER, LIMIT) for one in errors)


def goes_on_at(url: object) -> str:
    """Where a query goes on: a path of this API at this org, and nothing else."""
    if not isinstance(url, str) or not _NEXT.fullmatch(url):
        raise Misconfigured(
            f"Salesforce says that a list goes on at {str(url)[:120]!r}, which is no address of "
            "its queries. It was not followed."
        )
    return url


def moment(text: str) -> datetime:
    """A time as Salesforce writes it: `2026-01-05T09:00:00.000+0000`."""
    return datetime.fromisoformat(text).astimezone(UTC)


def seconds(text: str) -> int:
    """A time of Salesforce's in seconds since 1970."""
    return int(moment(text).timestamp())


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Pieces of at most `size`."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def _told(response: Response) -> list[Row]:
    try:
        told = response.json()
    except ValueError:
        return []
    rows = told if isinstance(told, list) else [told]
    return [row for row in rows if isinstance(row, Mapping)]


def _codes(response: Response) -> list[str]:
    return [code_of(one) for one in _told(response)]


def _date(response: Response) -> datetime:
    try:
        return parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError as error:
        raise Retriable(
            "Salesforce's answer does not tell its time, so nobody knows up to where it is "
            "complete. It is asked again later."
        ) from error


def _not_whole(rows: int, total: int) -> Retriable:
    return Retriable(
        f"Salesforce told {rows} of {total} rows. Nothing was concluded; it is asked again later."
    )
