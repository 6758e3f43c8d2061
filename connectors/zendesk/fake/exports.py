"""The incremental exports: everything that changed since, in the order in which it changed.

developer.zendesk.com, "Incremental Exports" and "Using the Incremental Exports API". Tickets are
found by `generated_timestamp`, which also moves when nobody changed anything; the last minute is
left out; deleted tickets are told of with the status `deleted`.
"""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

import orjson
from starlette.responses import Response

from connectors.zendesk.fake.account import Row, seconds_of
from connectors.zendesk.fake.errors import Refused, malformed
from connectors.zendesk.fake.paging import address
from connectors.zendesk.fake.requests import Request, Route
from connectors.zendesk.fake.showing import alongside, show_comment, show_ticket
from connectors.zendesk.fake.store import Place
from connectors.zendesk.fake.users import seen, sees
from connectors.zendesk.fake.users import shown as shown_user
from syncline.sandbox import answer

_LEFT_OUT = 60
_MOST = 1000
_LIMIT = "incremental-exports"


def _tickets(request: Request) -> Response:
    cursor, size = request.call.query.get("cursor"), request.number("per_page", _MOST, _MOST)
    after = _place(cursor) if cursor else (_start(request), -1)
    rows, all_of_them = request.office.store.changed(after, _until(request), size)
    last = _cursor((rows[-1]["generated_timestamp"], rows[-1]["id"])) if rows else cursor
    shown = _visible(request, rows)
    body: dict[str, Any] = {
        "tickets": [show_ticket(request, row) for row in request.call.listed(shown)],
        "after_url": address(request, {"cursor": last, "start_time": None}) if last else None,
        "before_url": None,
        "after_cursor": last,
        "before_cursor": None,
        "end_of_stream": all_of_them,
    }
    # A thousand tickets are what costs time here.
    content = orjson.dumps(body | alongside(request, body["tickets"]))
    return Response(content, media_type="application/json")


def _tickets_by_time(request: Request) -> Response:
    """The older export: a page ends at a second, which the next one begins with again."""
    start, size = _start(request), request.number("per_page", _MOST, _MOST)
    rows, all_of_them = request.office.store.changed((start, -1), _until(request), size)
    end = rows[-1]["generated_timestamp"] if rows else start
    shown = [show_ticket(request, r) for r in request.call.listed(_visible(request, rows))]
    body = {"tickets": shown, "count": len(shown), "end_of_stream": all_of_them, "end_time": end}
    following = {"next_page": address(request, {"start_time": end})}
    return answer(body | following | alongside(request, shown))


def _visible(request: Request, rows: list[Row]) -> list[Row]:
    gone = request.call.query.get("exclude_deleted") == "true"
    rows = [row for row in rows if not (gone and row["status"] == "deleted")]
    return seen(request.account, request.user, rows)


def _users(request: Request) -> Response:
    cursor = request.call.query.get("cursor")
    after = _place(cursor) if cursor else (_start(request), -1)
    size = request.number("per_page", _MOST, _MOST)
    rows = _changed(request, list(request.account.users.values()), after)
    page = rows[:size]
    last = _cursor((seconds_of(page[-1]["updated_at"]), page[-1]["id"])) if page else cursor
    users = [shown_user(request.account, row) for row in request.call.listed(page)]
    following = address(request, {"cursor": last, "start_time": None}) if last else None
    return answer(
        {
            "users": users,
            "after_url": following,
            "after_cursor": last,
            "end_of_stream": len(rows) <= size,
        }
    )


def _organizations(request: Request) -> Response:
    """By time alone: a page begins with the second that the page before ended with."""
    start, account = _start(request), request.account
    told = [*account.organizations.values(), *account.deleted_organizations.values()]
    rows = _changed(request, told, (start, -1))
    page = rows[: request.number("per_page", _MOST, _MOST)]
    end = seconds_of(page[-1]["updated_at"]) if page else start
    body = {"organizations": request.call.listed(page), "count": len(page), "end_time": end}
    following = address(request, {"start_time": end})
    return answer(body | {"next_page": following, "end_of_stream": len(rows) == len(page)})


def _events(request: Request) -> Response:
    start, size = _start(request), request.number("per_page", _MOST, _MOST)
    with_comments = "comment_events" in request.included()
    until = _until(request)
    found = [
        audit
        for audit in request.office.store.audits.values()
        if start <= seconds_of(audit["created_at"]) <= until
        and _may_read(request, audit["ticket_id"])
    ]
    found.sort(key=lambda audit: (audit["created_at"], audit["id"]))
    page = found[:size]
    events = [_event(request, audit, with_comments) for audit in request.call.listed(page)]
    end = events[-1]["timestamp"] if events else start
    body = {"ticket_events": events, "count": len(events), "end_time": end}
    following = address(request, {"start_time": end})
    return answer(body | {"next_page": following, "end_of_stream": len(found) == len(page)})


def _event(request: Request, audit: Row, with_comments: bool) -> Row:
    children = []
    for event in audit["events"]:
        if event["type"] == "Comment":
            told = show_comment(request, event) if with_comments else {"id": event["id"]}
            children.append(told | {"event_type": "Comment", "via": audit["via"]["channel"]})
        else:
            name, value = event["field_name"], event["value"]
            change = {"event_type": event["type"], name: value}
            if "previous_value" in event:
                change["previous_value"] = event["previous_value"]
            children.append({"id": event["id"], "via": audit["via"]["channel"]} | change)
    return {
        "id": audit["id"],
        "ticket_id": audit["ticket_id"],
        "timestamp": seconds_of(audit["created_at"]),
        "created_at": audit["created_at"],
        "updater_id": audit["author_id"],
        "via": audit["via"]["channel"],
        "event_type": "Audit",
        "child_events": children,
    }


def _may_read(request: Request, id: int) -> bool:
    ticket = request.office.store.get(id)
    return ticket is not None and sees(request.account, request.user, ticket)


def _changed(request: Request, rows: list[Row], after: Place) -> list[Row]:
    def place(row: Row) -> Place:
        return seconds_of(row["updated_at"]), row["id"]

    until = _until(request)
    return sorted((row for row in rows if after < place(row) and place(row)[0] <= until), key=place)


def _until(request: Request) -> int:
    return request.account.seconds() - _LEFT_OUT


def _start(request: Request) -> int:
    text = request.call.query.get("start_time", "")
    if not text.removeprefix("-").isdecimal():
        raise malformed("start_time is missing or no number")
    if int(text) > request.account.seconds() - _LEFT_OUT:
        words = "Too recent start_time. Use a start_time older than 60 seconds"
        raise Refused(422, "InvalidValue", words)
    return int(text)


def _cursor(place: Place) -> str:
    return base64.b64encode(f"{place[0]}.0||{place[1]}|".encode()).decode()


def _place(cursor: str) -> Place:
    try:
        seconds, id = base64.b64decode(cursor).decode().rstrip("|").split("||")
        return int(float(seconds)), int(id)
    except ValueError:
        raise Refused(400, "InvalidCursor", "The cursor is not valid") from None


_export = partial(Route, "GET", readers="admin", limit=_LIMIT)

ROUTES = (
    _export("/incremental/tickets/cursor", _tickets),
    _export("/incremental/tickets", _tickets_by_time),
    _export("/incremental/users/cursor", _users),
    _export("/incremental/organizations", _organizations),
    _export("/incremental/ticket_events", _events),
)
