"""The calls about users and groups.

developer.zendesk.com, "Users", "Groups", "Group Memberships".
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from connectors.zendesk.fake.account import Actor, Row
from connectors.zendesk.fake.errors import malformed, not_found
from connectors.zendesk.fake.jobs import Asked, Done, Item
from connectors.zendesk.fake.office import Office
from connectors.zendesk.fake.paging import page
from connectors.zendesk.fake.requests import Request, Route
from connectors.zendesk.fake.users import (
    change_user,
    create_or_update,
    delete_user,
    find,
    mail_about,
    merge_users,
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
    users = [user for user in request.account.users.values() if user["active"]]
    rows = [user for user in users if not roles or user["role"] in roles]
    return answer(page(request, "users", rows, partial(shown, request.account)))


def _many(request: Request) -> Response:
    account = request.account
    found = [account.user(id) for id in request.ids()]
    found += [find(account, "external_id", id) for id in request.ids("external_ids")]
    users = [shown(account, user) for user in found if user and user["active"]]
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
    wanted = request.given("user")
    return _written(request, None, new_user(request.account, wanted), wanted, 201)


def _created_or_updated(request: Request) -> Response:
    wanted = request.given("user")
    user, new = create_or_update(request.account, wanted)
    return _written(request, None if new else user, user, wanted, 201 if new else 200)


def _changed(request: Request) -> Response:
    before, wanted = _user(request), request.given("user")
    user = change_user(request.account, before, wanted)
    if any(before[name] != user[name] for name in ("name", "email", "organization_id")):
        # What a ticket shows of its requester is part of the export: it is told of again.
        store = request.office.store
        for ticket in [t for t in store.live() if t["requester_id"] == user["id"]]:
            request.office.desk.touch(ticket)
    return _written(request, before, user, wanted, 200)


def _written(request: Request, before: Row | None, user: Row, wanted: Row, status: int) -> Response:
    mail_about(request.account, before, user, wanted)
    request.call.applied(str(user["id"]))
    return answer({"user": shown(request.account, user)}, status)


def _deleted(request: Request) -> Response:
    user = delete_user(request.account, _user(request))
    request.call.applied(str(user["id"]))
    return answer({"user": shown(request.account, user)})


def _merged(request: Request) -> Response:
    winner = request.account.user(request.given("user").get("id"))
    if winner is None or not winner["active"]:
        raise not_found()
    user = merge_users(request.account, _user(request), winner)
    request.call.applied(request.id(), str(user["id"]))
    return answer({"user": shown(request.account, user)})


def _created_many(request: Request) -> Response:
    return _start(request, "Bulk Create User", request.several("users"))


def _created_or_updated_many(request: Request) -> Response:
    return _start(request, "Bulk Create Or Update User", request.several("users"))


def _changed_many(request: Request) -> Response:
    if ids := request.ids():
        same = request.given("user")
        return _start(request, "Bulk Update User", [same | {"id": id} for id in ids])
    return _start(request, "Bulk Update User", request.several("users"))


def _start(request: Request, kind: str, items: list[Any]) -> Response:
    job = request.office.jobs.start(request.call, request.actor, kind, items)
    return answer({"job_status": job})


def _fields(request: Request) -> Response:
    return answer(page(request, "user_fields", request.account.user_fields.values()))


class UserWork:
    """What is done to one item of a job, by its kind."""

    def __init__(self, office: Office) -> None:
        self._account = office.account

    def kinds(self) -> dict[str, Item]:
        """By the names that jobs show."""
        return {
            "Bulk Create User": self._create,
            "Bulk Update User": self._update,
            "Bulk Create Or Update User": self._create_or_update,
        }

    def _create(self, actor: Actor, index: int, item: Asked) -> Done:
        return self._done(index, None, new_user(self._account, item), item)

    def _create_or_update(self, actor: Actor, index: int, item: Asked) -> Done:
        user, new = create_or_update(self._account, item)
        return self._done(index, None if new else user, user, item)

    def _update(self, actor: Actor, index: int, item: Asked) -> Done:
        before = self._account.user(item.get("id"))
        if before is None or not before["active"]:
            raise not_found()
        return self._done(index, before, change_user(self._account, before, item), item)

    def _done(self, index: int, before: Row | None, user: Row, item: Asked) -> Done:
        mail_about(self._account, before, user, item)
        action, status = ("update", "Updated") if before else ("create", "Created")
        told = {"index": index, "id": user["id"], "email": user["email"], "action": action}
        return told | {"status": status, "success": True}, str(user["id"])


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
    Route("POST", "/users/create_many", _created_many, True, "admin"),
    Route("POST", "/users/create_or_update_many", _created_or_updated_many, True, "admin"),
    Route("PUT", "/users/update_many", _changed_many, mutating=True),
    Route("GET", "/users/{id}", _shown),
    Route("PUT", "/users/{id}", _changed, mutating=True),
    Route("DELETE", "/users/{id}", _deleted, mutating=True),
    Route("PUT", "/users/{id}/merge", _merged, mutating=True),
    Route("GET", "/user_fields", _fields),
    Route("GET", "/groups", _groups),
    Route("GET", "/groups/assignable", _groups),
    Route("GET", "/groups/{id}", _group),
    Route("GET", "/groups/{id}/users", _users_of),
    Route("GET", "/groups/{id}/memberships", _memberships),
    Route("GET", "/group_memberships", _memberships),
)
