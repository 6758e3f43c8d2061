"""The calls of the Tickets API: one ticket, lists, comments, audits, tags.

developer.zendesk.com, "Tickets", "Ticket Comments", "Ticket Audits", "Tags".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from starlette.responses import Response

from connectors.zendesk.fake.account import Row, seconds_of
from connectors.zendesk.fake.desk import CLOSED
from connectors.zendesk.fake.errors import Refused, invalid, malformed, not_found
from connectors.zendesk.fake.paging import Key, by_id, page
from connectors.zendesk.fake.requests import Request, Route
from connectors.zendesk.fake.showing import alongside, show_audit, show_comment, show_ticket
from connectors.zendesk.fake.users import seen
from syncline.sandbox import answer

_ARCHIVED = 120 * 24 * 3600
_KEY_KEPT = 2 * 3600
_KEY_LENGTH = 255


def _listed(request: Request) -> Response:
    rows = _of_lists(request, request.call.query.get("external_id"))
    key = _order(request)
    if key is not by_id:
        rows.sort(key=key)
    body = page(request, "tickets", rows, partial(show_ticket, request), key)
    return answer(body | alongside(request, body["tickets"]))


def _of_lists(request: Request, external_id: str | None = None) -> list[Row]:
    """What lists show: nothing that is deleted, hidden or archived."""
    oldest = request.account.seconds() - _ARCHIVED
    listed = [
        row
        for row in request.office.store.live()
        if external_id in (None, row["external_id"])
        and not (row["status"] == "closed" and seconds_of(row["updated_at"]) < oldest)
    ]
    return seen(request.account, request.user, listed)


def _order(request: Request) -> Key:
    asked = request.call.query.get("sort") or request.call.query.get("sort_by") or "id"
    name, down = asked.lstrip("-"), asked.startswith("-")
    down = down or request.call.query.get("sort_order") == "desc"
    sign = -1 if down else 1
    if name in ("updated_at", "created_at"):
        return lambda row: (sign * seconds_of(row[name]), sign * row["id"])
    if name != "id":
        raise malformed(f"sort is not valid: {asked}")
    return (lambda row: (-row["id"],)) if down else by_id


def _counted(request: Request) -> Response:
    value = len(_of_lists(request))
    return answer({"count": {"value": value, "refreshed_at": request.account.stamp()}})


def _shown(request: Request) -> Response:
    ticket = show_ticket(request, request.ticket())
    extra = alongside(request, [ticket])
    return answer({"ticket": ticket} | extra)


def _many(request: Request) -> Response:
    found = (request.office.store.get(id) for id in dict.fromkeys(request.ids()))
    rows = seen(request.account, request.user, [row for row in found if row])
    tickets = [show_ticket(request, row) for row in request.call.listed(rows)]
    body = {"tickets": tickets, "count": len(tickets), "next_page": None, "previous_page": None}
    return answer(body | alongside(request, tickets))


def _created(request: Request) -> Response:
    key = request.call.headers.get("idempotency-key")
    if key is None:
        return answer(_create(request), 201)
    if not 0 < len(key) <= _KEY_LENGTH:
        raise malformed(f"Idempotency-Key must have 1 to {_KEY_LENGTH} characters")
    kept, now = request.account.state.table("idempotency"), request.account.seconds()
    digest = hashlib.sha256(request.call.body).hexdigest()
    known = kept.get(key)
    if known and known["at"] > now - _KEY_KEPT:
        if known["body"] != digest:
            words = "Request parameters don't match the given idempotency key"
            raise Refused(400, "IdempotentRequestError", words)
        return answer(known["answer"], 201, {"x-idempotency-lookup": "hit"})
    body = _create(request)
    kept.put(key, {"at": now, "body": digest, "answer": body})
    return answer(body, 201, {"x-idempotency-lookup": "miss"})


def _create(request: Request) -> Row:
    ticket, audit = request.office.desk.create(request.actor, request.given("ticket"))
    request.applied(str(ticket["id"]))
    return {"ticket": show_ticket(request, ticket), "audit": show_audit(request, audit)}


def _updated(request: Request) -> Response:
    ticket, wanted = request.ticket(), request.given("ticket")
    body = request.call.json()
    wanted = {
        name: body[name] for name in ("safe_update", "updated_stamp") if name in body
    } | wanted
    request.office.limits.update_of(request.user, ticket)
    changed, audit = request.office.desk.update(request.actor, ticket, wanted)
    if audit["events"]:
        request.applied(str(ticket["id"]))
    told = {"ticket": show_ticket(request, changed), "audit": show_audit(request, audit)}
    return answer(told)


def _safety(request: Request) -> Row:
    """A safe update may be asked for beside the ticket as well as in it."""
    body = request.body()
    return {name: body[name] for name in ("safe_update", "updated_stamp") if name in body}


def _deleted(request: Request) -> Response:
    request.office.bin.delete(request.actor, request.ticket())
    request.applied(request.id())
    return answer(None, 204)


def _comments(request: Request) -> Response:
    rows = request.office.store.comments_of(request.ticket()["id"])
    down = "-created_at" in request.call.query.get("sort", "")
    down = down or request.call.query.get("sort_order") == "desc"
    key: Key = (lambda row: (-row["id"],)) if down else by_id
    rows = sorted(rows, key=key)
    body = page(request, "comments", rows, partial(show_comment, request), key)
    return answer(body | alongside(request, body["comments"]))


def _comment_count(request: Request) -> Response:
    value = len(request.office.store.comments_of(request.ticket()["id"]))
    return answer({"count": {"value": value, "refreshed_at": request.account.stamp()}})


def _redacted(request: Request) -> Response:
    words = str(request.body().get("text") or "")
    if not words:
        raise invalid("text", "Text: cannot be blank")

    def without(event: Row) -> Row:
        if words not in event["body"] + event["plain_body"]:
            raise invalid("text", "Text: is not in the comment")
        names = ("body", "html_body", "plain_body")
        return event | {name: event[name].replace(words, "▇" * len(words)) for name in names}

    return _comment_changed(request, without)


def _made_private(request: Request) -> Response:
    return _comment_changed(request, lambda event: event | {"public": False})


def _comment_changed(request: Request, change: Callable[[Row], Row]) -> Response:
    ticket, id = request.ticket(), request.id("comment")
    if ticket["status"] == "closed":
        raise invalid("status", CLOSED)
    comment = request.office.desk.hide_words(ticket, id, change)
    request.applied(str(ticket["id"]))
    return answer({"comment": show_comment(request, comment)})


def _audits(request: Request) -> Response:
    rows = request.office.store.audits_of(request.ticket()["id"])
    body = page(request, "audits", rows, partial(show_audit, request))
    return answer(body)


def _audit(request: Request) -> Response:
    for audit in request.office.store.audits_of(request.ticket()["id"]):
        if str(audit["id"]) == request.id("audit"):
            return answer({"audit": show_audit(request, audit)})
    raise not_found()


def _tags(request: Request) -> Response:
    return answer({"tags": request.ticket()["tags"]})


def _change_tags(request: Request, name: str) -> Response:
    ticket, body = request.ticket(), request.body()
    wanted = {name: body.get("tags") or []} | _safety(request)
    request.office.limits.update_of(request.user, ticket)
    changed, audit = request.office.desk.update(request.actor, ticket, wanted)
    if audit["events"]:
        request.applied(str(ticket["id"]))
    return answer({"tags": changed["tags"]}, 201 if name == "tags" else 200)


ROUTES = (
    Route("GET", "/tickets", _listed, limit="tickets-index"),
    Route("GET", "/tickets/count", _counted),
    Route("GET", "/tickets/show_many", _many),
    Route("POST", "/tickets", _created, mutating=True),
    Route("GET", "/tickets/{id}", _shown),
    Route("PUT", "/tickets/{id}", _updated, mutating=True),
    Route("DELETE", "/tickets/{id}", _deleted, mutating=True),
    Route("GET", "/tickets/{id}/comments", _comments),
    Route("GET", "/tickets/{id}/comments/count", _comment_count),
    Route("PUT", "/tickets/{id}/comments/{comment}/redact", _redacted, mutating=True),
    Route("PUT", "/tickets/{id}/comments/{comment}/make_private", _made_private, mutating=True),
    Route("GET", "/tickets/{id}/audits", _audits),
    Route("GET", "/tickets/{id}/audits/{audit}", _audit),
    Route("GET", "/tickets/{id}/tags", _tags),
    Route("PUT", "/tickets/{id}/tags", partial(_change_tags, name="additional_tags"), True),
    Route("POST", "/tickets/{id}/tags", partial(_change_tags, name="tags"), True),
    Route("DELETE", "/tickets/{id}/tags", partial(_change_tags, name="remove_tags"), True),
)
