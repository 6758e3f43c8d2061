"""The calls about users and groups.

developer.zendesk.com, "Users", "Groups", "Group Memberships".
"""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from connectors.zendesk.fake.account import Row
from connectors.zendesk.fake.errors import malformed, not_found
from connectors.zendesk.fake.paging import page
from connectors.zendesk.fake.requests import Request, Route
from connectors.zendesk.fake.users import (
    change_user,
    create_or_update,
    find,
    new_user,
    shown,
    suggested,
)
from syncline.sandbox import answer


def _me(request: Request) -> Response:
    return answer({"user": shown(request.account, request.user)})


def _user(request: Request) -> Row:
    found = request.account.user(request.id())
    if found is None:
        raise not_found()
    return found


def _shown(request: Request) -> Response:
    return answer({"user": shown(request.account, _user(request))})


def _listed(request: Request) -> Response:
    query = request.call.query
    roles = {*query.getlist("role[]"), *query.getlist("role")}
    rows = [u for u in request.account.users.values() if not roles or u["role"] in roles]
    return answer(page(request, "users", rows, partial(shown, request.account)))


def _many(request: Request) -> Response:
    account = request.account
    found = [account.user(id) for id in request.ids()]
    found += [find(account, "external_id", id) for id in request.ids("external_ids")]
    users = [shown(account, user) for user in found if user]
    return answer({"users": users, "count": len(users), "next_page": None, "previous_page": None})


def _searched(request: Request) -> Response:
    query = request.call.query
    if "external_id" in query:
        found = suggested(request.account, f"external_id:{query['external_id']}")
    elif "query" in query:
        found = suggested(request.account, query["query"])
    else:
        raise malformed("query or external_id is required")
    return answer(page(request, "users", found, partial(shown, request.account)))


def _created(request: Request) -> Response:
    user = new_user(request.account, request.given("user"))
    return answer({"user": shown(request.account, user)}, 201)


def _created_or_updated(request: Request) -> Response:
    user, new = create_or_update(request.account, request.given("user"))
    return answer({"user": shown(request.account, user)}, 201 if new else 200)


def _changed(request: Request) -> Response:
    before, wanted = _user(request), request.given("user")
    user = change_user(request.account, before, wanted)
    if any(before[name] != user[name] for name in ("name", "email", "organization_id")):
        # What a ticket shows of its requester is part of the export: it is told of again.
        store = request.office.store
        for ticket in [t for t in store.live() if t["requester_id"] == user["id"]]:
            request.office.desk.touch(ticket)
    return answer({"user": shown(request.account, user)})


def _groups(request: Request) -> Response:
    return answer(page(request, "groups", request.account.groups.values()))


def _group(request: Request) -> Response:
    row = request.account.groups.get(request.id())
    if row is None:
        raise not_found()
    return answer({"group": row})


def _memberships(request: Request) -> Response:
    rows = [
        {"id": user["id"] + group, "user_id": user["id"], "group_id": group}
        | {"default": group == user["default_group_id"]}
        for user in request.account.users.values()
        for group in user["_group_ids"]
        if request.call.path_params.get("id") in (None, str(group))
    ]
    rows.sort(key=lambda row: row["id"])
    return answer(page(request, "group_memberships", rows))


def _users_of(request: Request) -> Response:
    rows = [u for u in request.account.users.values() if request.id() in map(str, u["_group_ids"])]
    return answer(page(request, "users", rows, partial(shown, request.account)))


ROUTES = (
    Route("GET", "/users", _listed),
    Route("GET", "/users/me", _me, readers="anybody"),
    Route("GET", "/users/show_many", _many),
    Route("GET", "/users/search", _searched),
    Route("POST", "/users", _created, mutating=True),
    Route("POST", "/users/create_or_update", _created_or_updated, mutating=True),
    Route("GET", "/users/{id}", _shown),
    Route("PUT", "/users/{id}", _changed, mutating=True),
    Route("GET", "/groups", _groups),
    Route("GET", "/groups/assignable", _groups),
    Route("GET", "/groups/{id}", _group),
    Route("GET", "/groups/{id}/users", _users_of),
    Route("GET", "/groups/{id}/memberships", _memberships),
    Route("GET", "/group_memberships", _memberships),
)
