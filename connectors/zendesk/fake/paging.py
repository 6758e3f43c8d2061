"""Lists in pages: by cursor (`page[size]`), or by number, which ends at row 10,000.

developer.zendesk.com, "Pagination".
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from connectors.zendesk.fake.account import Row
from connectors.zendesk.fake.errors import Refused, malformed
from connectors.zendesk.fake.requests import MANY, Request

DEEPEST = 10_000
Key = Callable[[Row], tuple[int, ...]]


def by_id(row: Row) -> tuple[int, ...]:
    """The usual order."""
    return (row["id"],)


def page(
    request: Request,
    member: str,
    rows: Iterable[Row],
    show: Callable[[Row], Row] = dict,
    key: Key = by_id,
    *,
    most: int = MANY,
) -> dict[str, Any]:
    """One page of `rows`, which stand in the order of `key`; raises Refused."""
    everything = rows if isinstance(rows, list) else list(rows)
    if "page[size]" in request.call.query or "page[after]" in request.call.query:
        return by_cursor(request, member, everything, show, key, most=most)
    return _by_number(request, member, everything, show, most)


def by_cursor(
    request: Request,
    member: str,
    rows: list[Row],
    show: Callable[[Row], Row],
    key: Key = by_id,
    *,
    most: int = MANY,
) -> dict[str, Any]:
    """One page by cursor, whether or not the request says so; raises Refused."""
    size = request.number("page[size]", most, most)
    after = request.call.query.get("page[after]")
    if after:
        place = decoded(after)
        rows = rows[bisect_right(rows, place, key=key) :]
    some = rows[:size]
    more = len(rows) > size
    cursor = encoded(key(some[-1])) if some else None
    first = encoded(key(some[0])) if some else None
    following = {"page[after]": cursor, "page[size]": size}
    return {
        member: [show(row) for row in request.call.listed(some)],
        "meta": {"has_more": more, "after_cursor": cursor, "before_cursor": first},
        "links": {"next": address(request, following) if more else None, "prev": None},
    }


def _by_number(
    request: Request, member: str, rows: list[Row], show: Callable[[Row], Row], most: int
) -> dict[str, Any]:
    size = request.number("per_page", most, most)
    number = request.number("page", 1, 10**9)
    if number * size > DEEPEST:
        raise Refused(
            400,
            "InvalidPaginationDepth",
            f"Number-based pagination is limited to {DEEPEST} records. Use cursor pagination.",
        )
    end = number * size
    following = address(request, {"page": number + 1}) if end < len(rows) else None
    return {
        member: [show(row) for row in request.call.listed(rows[end - size : end])],
        "count": len(rows),
        "next_page": following,
        "previous_page": address(request, {"page": number - 1}) if number > 1 else None,
    }


def address(request: Request, changed: dict[str, Any]) -> str:
    """This request's own address with other parameters."""
    query = {**dict(request.call.query), **changed}
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{request.account.base_url}{request.call.request.url.path}?{urlencode(kept)}"


def encoded(place: tuple[int, ...]) -> str:
    """A place in a list as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def decoded(cursor: str) -> tuple[int, ...]:
    """The inverse of `encoded`; raises Refused."""
    try:
        return tuple(int(part) for part in json.loads(base64.urlsafe_b64decode(cursor)))
    except ValueError:
        raise malformed("Invalid cursor") from None
