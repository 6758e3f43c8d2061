"""Searches: an index that lags behind, and no more than a thousand results.

developer.zendesk.com, "Search" and "Searching with the Zendesk API". Of the query language the
words `type`, `status`, `priority`, `tags`, `subject`, `description`, `external_id`, `requester`,
`assignee`, `group`, `created`, `updated`, `solved`, `fieldvalue` and `custom_field_ID` are known.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import partial

from starlette.responses import Response

from connectors.zendesk.fake.account import Row, seconds_of
from connectors.zendesk.fake.errors import Refused, malformed
from connectors.zendesk.fake.fields import PRIORITIES, STATUSES, values_of
from connectors.zendesk.fake.paging import by_cursor, by_id, page
from connectors.zendesk.fake.requests import Request, Route
from connectors.zendesk.fake.showing import show_ticket
from connectors.zendesk.fake.users import seen, shown
from syncline.sandbox import answer

_CAP = 1000
_TERM = re.compile(r'(-?)(?:([\w]+)(:|<=|>=|<|>))?("[^"]*"|\S+)')
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    ":": operator.eq,
}
Fits = Callable[[Row], bool]


def _search(request: Request) -> Response:
    size, number = request.number("per_page", 100, 100), request.number("page", 1, 10**9)
    if size * number > _CAP:
        words = "Invalid search: Requested response size was greater than Search Response Limits"
        raise Refused(422, "invalid", words)
    rows = _sorted(request, _found(request))
    body = page(request, "results", rows, partial(_result, request))
    if body["count"] > _CAP and size * number == _CAP:
        body["next_page"] = None
    return answer(body | {"facets": None})


def _count(request: Request) -> Response:
    return answer({"count": len(_found(request))})


def _export(request: Request) -> Response:
    kind = request.call.query.get("filter[type]")
    if kind not in ("ticket", "user", "organization", "group"):
        raise Refused(400, "invalid", "filter[type] is required")
    rows = sorted(_found(request, kind), key=by_id)
    return answer(by_cursor(request, "results", rows, partial(_result, request), most=_CAP))


def _result(request: Request, row: Row) -> Row:
    if "ticket_form_id" in row:
        return show_ticket(request, row) | {"result_type": "ticket"}
    if "role" in row:
        return shown(request.account, row) | {"result_type": "user"}
    return row | {"result_type": "organization" if "domain_names" in row else "group"}


def _sorted(request: Request, rows: list[Row]) -> list[Row]:
    name = request.call.query.get("sort_by", "updated_at")
    down = request.call.query.get("sort_order", "desc") != "asc"
    if name not in ("created_at", "updated_at"):
        raise malformed(f"sort_by is not valid: {name}")
    return sorted(rows, key=lambda row: (row[name], row["id"]), reverse=down)


def _found(request: Request, kind: str | None = None) -> list[Row]:
    query = request.call.query.get("query")
    if query is None or not query.strip():
        raise Refused(422, "invalid", "Invalid search: query is missing")
    terms = _TERM.findall(query)
    kinds = [value for _, name, _, value in terms if name == "type"]
    kind = kind or (kinds[0] if kinds else "ticket")
    fits = [_fits(request, *term) for term in terms if term[1] != "type"]
    return [row for row in _rows(request, kind) if all(one(row) for one in fits)]


def _rows(request: Request, kind: str) -> list[Row]:
    account = request.account
    if kind == "ticket":
        lag = account.settings.search_lag
        return seen(account, request.user, request.office.store.indexed(lag))
    tables = {"user": account.users, "organization": account.organizations, "group": account.groups}
    return list(tables[kind].values()) if kind in tables else []


def _fits(request: Request, minus: str, name: str, sign: str, value: str) -> Fits:
    positive = _positive(request, name, sign, value.strip('"'))
    return (lambda row: not positive(row)) if minus else positive


def _positive(request: Request, name: str, sign: str, value: str) -> Fits:
    for ranked, ranks in (("status", STATUSES), ("priority", PRIORITIES)):
        if name == ranked and value in ranks:
            compare, wanted = _COMPARE[sign], ranks.index(value)
            return lambda row: (
                row.get(ranked) in ranks and compare(ranks.index(row[ranked]), wanted)
            )
    if name in ("created", "updated"):
        return _by_date(f"{name}_at", sign, value)
    if name == "tags":
        return lambda row: value in row.get("tags", ())
    if name in ("requester", "assignee"):
        user = request.account.user_by_email(value)
        id = user["id"] if user else int(value) if value.isdecimal() else None
        return lambda row: id is not None and row.get(f"{name}_id") == id
    if name == "group":
        return lambda row: str(row.get("group_id")) == value
    if name == "fieldvalue":
        return lambda row: value in map(str, values_of(row).values())
    if name.startswith("custom_field_"):
        id = int(name.rsplit("_", 1)[1])
        return lambda row: str(values_of(row).get(id)) == value
    if name:
        return lambda row: _holds(row, (name,), value)
    return lambda row: _holds(row, ("subject", "description", "name", "email"), value)


def _holds(row: Row, names: tuple[str, ...], value: str) -> bool:
    if names == ("external_id",):
        return str(row.get("external_id") or "").casefold() == value.casefold()
    return any(value.casefold() in str(row.get(name) or "").casefold() for name in names)


def _by_date(name: str, sign: str, value: str) -> Fits:
    try:
        wanted, day = seconds_of(value), len(value) == 10
    except ValueError:
        raise Refused(422, "invalid", f"Invalid search: {value} is no date") from None
    if day and sign == ":":
        return lambda row: row[name][:10] == value
    compare = _COMPARE[sign]
    return lambda row: compare(seconds_of(row[name]), wanted)


ROUTES = (
    Route("GET", "/search", _search, limit="search-index"),
    Route("GET", "/search/count", _count, limit="search-index"),
    Route("GET", "/search/export", _export, limit="search-export"),
)
