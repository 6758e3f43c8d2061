"""The calls of Zendesk's own Jira integration: which issue belongs to which ticket.

developer.zendesk.com, "Jira Links". They are refused with 403 until the integration's permission
to manage links is switched on.
"""

from __future__ import annotations

from starlette.responses import Response

from connectors.zendesk.fake.account import Row
from connectors.zendesk.fake.errors import Refused, invalid, malformed, not_found
from connectors.zendesk.fake.requests import MANY, Request, Route
from syncline.sandbox import Table, answer

_PATH = "/api/services/jira/links"


def _allowed(request: Request) -> None:
    if not request.account.settings.jira_links:
        raise Refused(403, "Forbidden", "Managing links is not enabled for this integration.")


def _listed(request: Request) -> Response:
    _allowed(request)
    query, rows = request.call.query, list(_table(request).values())
    for name in ("ticket_id", "issue_id", "issue_key"):
        wanted = query.get(f"filter[{name}]")
        if wanted is not None:
            rows = [row for row in rows if str(row[name]) == wanted]
    since = query.get("since_id") or query.get("page[after]") or "0"
    if not since.isdecimal():
        raise malformed("since_id is no number")
    rows = [row for row in rows if row["id"] > int(since)]
    size = request.number("page[size]", MANY, MANY)
    some, more = request.call.listed(rows[:size]), len(rows) > size
    meta = {"has_more": more, "after_cursor": str(rows[size - 1]["id"]) if more else None}
    links = [_show(request, row) for row in some]
    return answer({"links": links, "total": len(rows), "meta": meta})


def _shown(request: Request) -> Response:
    _allowed(request)
    return answer({"link": _show(request, _one(request))})


def _created(request: Request) -> Response:
    _allowed(request)
    body = request.body()
    wanted = body["link"] if isinstance(body.get("link"), dict) else body
    values = {name: str(wanted.get(name) or "") for name in ("ticket_id", "issue_id", "issue_key")}
    for name, value in values.items():
        if not value:
            raise invalid(name, f"{name}: cannot be blank")
    request.ticket(values["ticket_id"])
    for row in _table(request).values():
        if (row["ticket_id"], row["issue_id"]) == (values["ticket_id"], values["issue_id"]):
            problem = "Issue: is already linked to this ticket"
            raise invalid("base", {"description": problem, "error": "DuplicateValue"})
    now = request.account.stamp()
    link: Row = {"id": request.account.new_id(), **values, "created_at": now, "updated_at": now}
    _table(request).put(str(link["id"]), link)
    request.applied(values["ticket_id"])
    return answer({"link": _show(request, link)})


def _deleted(request: Request) -> Response:
    _allowed(request)
    link = _one(request)
    _table(request).delete(str(link["id"]))
    request.applied(link["ticket_id"])
    return answer(None, 204)


def _one(request: Request) -> Row:
    link = _table(request).get(request.id())
    if link is None:
        raise not_found()
    return link


def _table(request: Request) -> Table:
    return request.account.jira_links


def _show(request: Request, link: Row) -> Row:
    return link | {"url": f"{request.account.base_url}{_PATH}/{link['id']}"}


ROUTES = (
    Route("GET", _PATH, _listed),
    Route("POST", _PATH, _created, mutating=True),
    Route("GET", f"{_PATH}/{{id}}", _shown),
    Route("DELETE", f"{_PATH}/{{id}}", _deleted, mutating=True),
)
