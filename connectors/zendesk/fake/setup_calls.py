"""The calls about what administrators set up, and about files.

developer.zendesk.com, "Ticket Fields", "Ticket Forms", "Custom Ticket Statuses", "Attachments".
"""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.responses import Response

from connectors.zendesk.fake.account import Row
from connectors.zendesk.fake.errors import invalid, malformed, not_found
from connectors.zendesk.fake.fields import CLASSES, new_field
from connectors.zendesk.fake.paging import page
from connectors.zendesk.fake.requests import Request, Route
from syncline.sandbox import answer


def _show_field(request: Request, field: Row) -> Row:
    return field | {"url": request.account.url(f"ticket_fields/{field['id']}")}


def _fields(request: Request) -> Response:
    rows = request.account.fields.values()
    return answer(page(request, "ticket_fields", rows, partial(_show_field, request)))


def _field(request: Request) -> Response:
    field = request.account.fields.get(request.id())
    if field is None:
        raise not_found()
    return answer({"ticket_field": _show_field(request, field)})


def _new_field(request: Request) -> Response:
    wanted = request.given("ticket_field")
    if wanted.get("type") not in CLASSES:
        raise invalid("type", "Type: is invalid")
    names = [one["name"] for one in wanted.get("custom_field_options") or ()]
    more = {n: wanted[n] for n in ("regexp_for_validation", "tag", "required") if n in wanted}
    field = new_field(request.account, wanted["type"], str(wanted.get("title")), names, **more)
    return answer({"ticket_field": _show_field(request, field)}, 201)


def _statuses(request: Request) -> Response:
    if not request.account.settings.custom_statuses:
        raise not_found()
    rows = request.account.statuses.values()
    return answer({"custom_statuses": list(rows)})


def _status(request: Request) -> Response:
    row = request.account.statuses.get(request.id())
    if row is None or not request.account.settings.custom_statuses:
        raise not_found()
    return answer({"custom_status": row})


def _forms(request: Request) -> Response:
    fields = [field["id"] for field in request.account.fields.values()]
    form = {
        "id": 1,
        "name": "Default ticket form",
        "raw_name": "Default ticket form",
        "active": True,
        "default": True,
        "end_user_visible": True,
        "position": 1,
        "ticket_field_ids": fields,
        "in_all_brands": True,
        "restricted_brand_ids": [],
        "agent_conditions": [],
        "end_user_conditions": [],
    }
    return answer(page(request, "ticket_forms", [form]))


def _uploaded(request: Request) -> Response:
    name = request.call.query.get("filename")
    if not name:
        raise malformed("filename is required")
    kind = request.call.headers.get("content-type", "application/octet-stream")
    token = request.call.query.get("token")
    upload = request.office.uploads.take(name, kind, request.call.body, token)
    return answer({"upload": upload}, 201)


def _discarded(request: Request) -> Response:
    request.office.uploads.discard(request.id("token"))
    return answer(None, 204)


def _attachment(request: Request) -> Response:
    wanted = request.id()
    for audit in request.office.store.audits.values():
        for event in audit["events"]:
            for file in event.get("attachments") or ():
                if str(file["id"]) == wanted:
                    return answer({"attachment": request.office.uploads.shown(file)})
    raise not_found()


def download(request: Request) -> Response:
    """A file is given by another host than the API's: here by another path."""
    secret = request.call.path_params["secret"]
    request.office.uploads.content(secret)
    name = quote(request.call.query.get("name", ""))
    place = f"{request.account.base_url}/zdusercontent/{secret}?name={name}"
    return answer(None, 302, {"Location": place})


def content(request: Request) -> Response:
    """The file itself."""
    kind, body = request.office.uploads.content(request.call.path_params["secret"])
    name = request.call.query.get("name", "file")
    told = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(body, media_type=kind, headers={"Content-Disposition": told})


ROUTES = (
    Route("GET", "/ticket_fields", _fields),
    Route("POST", "/ticket_fields", _new_field, True, "admin"),
    Route("GET", "/ticket_fields/{id}", _field),
    Route("GET", "/ticket_forms", _forms),
    Route("GET", "/custom_statuses", _statuses),
    Route("GET", "/custom_statuses/{id}", _status),
    Route("POST", "/uploads", _uploaded, mutating=True),
    Route("DELETE", "/uploads/{token}", _discarded, mutating=True),
    Route("GET", "/attachments/{id}", _attachment),
)
