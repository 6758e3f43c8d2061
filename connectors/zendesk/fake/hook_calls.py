"""The calls about webhooks. developer.zendesk.com, "Webhooks"."""

from __future__ import annotations

from starlette.responses import Response

from connectors.zendesk.fake.account import Row
from connectors.zendesk.fake.requests import Request, Route
from connectors.zendesk.fake.webhooks import shown
from syncline.sandbox import answer


def _listed(request: Request) -> Response:
    rows = [shown(row) for row in request.office.webhooks.table.values()]
    meta = {"has_more": False, "after_cursor": None, "before_cursor": None}
    return answer({"webhooks": rows, "meta": meta, "links": {"next": None, "prev": None}})


def _created(request: Request) -> Response:
    row = request.office.webhooks.create(request.given("webhook"))
    return answer({"webhook": shown(row | {"created_by": str(request.user["id"])})}, 201)


def _shown(request: Request) -> Response:
    return answer({"webhook": shown(request.office.webhooks.get(request.id()))})


def _changed(request: Request) -> Response:
    hooks = request.office.webhooks
    hooks.change(hooks.get(request.id()), request.given("webhook"))
    return answer(None, 204)


def _deleted(request: Request) -> Response:
    hooks = request.office.webhooks
    hooks.table.delete(hooks.get(request.id())["id"])
    return answer(None, 204)


def _secret(request: Request) -> Response:
    return _told(request.office.webhooks.get(request.id()))


def _new_secret(request: Request) -> Response:
    hooks = request.office.webhooks
    response = _told(hooks.new_secret(hooks.get(request.id())))
    response.status_code = 201
    return response


def _told(row: Row) -> Response:
    return answer({"signing_secret": {"algorithm": "SHA256", "secret": row["_secret"]}})


ROUTES = (
    Route("GET", "/webhooks", _listed, readers="admin"),
    Route("POST", "/webhooks", _created, True, "admin"),
    Route("GET", "/webhooks/{id}", _shown, readers="admin"),
    Route("PUT", "/webhooks/{id}", _changed, True, "admin"),
    Route("PATCH", "/webhooks/{id}", _changed, True, "admin"),
    Route("DELETE", "/webhooks/{id}", _deleted, True, "admin"),
    Route("GET", "/webhooks/{id}/signing_secret", _secret, readers="admin"),
    Route("POST", "/webhooks/{id}/signing_secret", _new_secret, True, "admin"),
)
