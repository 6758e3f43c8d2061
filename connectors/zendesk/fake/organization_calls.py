"""The calls about organizations: one, many by id, in jobs, and their merges and fields.

developer.zendesk.com, "Organizations", "Organization Fields", "Organization Merges".
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connectors.zendesk.fake.account import Actor, Row
from connectors.zendesk.fake.errors import malformed, not_found
from connectors.zendesk.fake.jobs import Asked, Done, Item
from connectors.zendesk.fake.office import Office
from connectors.zendesk.fake.organizations import (
    change_organization,
    create_or_update_organization,
    delete_organization,
    new_organization,
    start_merge,
    with_external_id,
)
from connectors.zendesk.fake.paging import page
from connectors.zendesk.fake.requests import Request, Route
from syncline.sandbox import answer


class OrganizationWork:
    """What is done to one item of a job, by its kind."""

    def __init__(self, office: Office) -> None:
        self._account = office.account

    def kinds(self) -> dict[str, Item]:
        """By the names that jobs show."""
        return {
            "Bulk Create Organization": self._create,
            "Bulk Update Organization": self._update,
            "Bulk Delete Organization": self._delete,
        }

    def _create(self, actor: Actor, index: int, item: Asked) -> Done:
        made = new_organization(self._account, item)
        return {"index": index, "id": made["id"]}, str(made["id"])

    def _update(self, actor: Actor, index: int, item: Asked) -> Done:
        found = self._account.organizations.get(str(item.get("id")))
        if found is None:
            raise not_found()
        change_organization(self._account, found, item)
        told = {"index": index, "id": found["id"], "action": "update", "status": "Updated"}
        return told | {"success": True}, str(found["id"])

    def _delete(self, actor: Actor, index: int, item: Asked) -> Done:
        delete_organization(self._account, str(item["id"]))
        told = {"index": index, "id": int(str(item["id"])), "action": "delete", "status": "Deleted"}
        return told | {"success": True}, str(item["id"])


def _listed(request: Request) -> Response:
    return answer(page(request, "organizations", request.account.organizations.values()))


def _shown(request: Request) -> Response:
    return answer({"organization": _one(request)})


def _one(request: Request) -> Row:
    row = request.account.organizations.get(request.id())
    if row is None:
        raise not_found()
    return row


def _many(request: Request) -> Response:
    account = request.account
    rows = [account.organizations.get(id) for id in request.ids()]
    rows += [with_external_id(account, id) for id in request.ids("external_ids")]
    found = [row for row in rows if row]
    return answer({"organizations": found, "count": len(found), "next_page": None})


def _created(request: Request) -> Response:
    return _written(request, new_organization(request.account, request.given("organization")), 201)


def _created_or_updated(request: Request) -> Response:
    row, new = create_or_update_organization(request.account, request.given("organization"))
    return _written(request, row, 201 if new else 200)


def _changed(request: Request) -> Response:
    wanted = request.given("organization")
    return _written(request, change_organization(request.account, _one(request), wanted), 200)


def _written(request: Request, row: Row, status: int) -> Response:
    request.call.applied(str(row["id"]))
    return answer({"organization": row}, status)


def _deleted(request: Request) -> Response:
    delete_organization(request.account, request.id())
    request.call.applied(request.id())
    return Response(status_code=204)


def _created_many(request: Request) -> Response:
    return _start(request, "Bulk Create Organization", request.several("organizations"))


def _changed_many(request: Request) -> Response:
    kind = "Bulk Update Organization"
    if ids := request.ids():
        same = request.given("organization")
        return _start(request, kind, [same | {"id": id} for id in ids])
    return _start(request, kind, request.several("organizations"))


def _deleted_many(request: Request) -> Response:
    ids = request.ids()
    if not ids:
        raise malformed("ids is missing")
    return _start(request, "Bulk Delete Organization", [{"id": id} for id in ids])


def _start(request: Request, kind: str, items: list[Any]) -> Response:
    job = request.office.jobs.start(request.call, request.actor, kind, items)
    return answer({"job_status": job})


def _merge_started(request: Request) -> Response:
    winner = request.given("organization_merge").get("winner_id")
    merge = start_merge(request.account, request.id(), winner)
    request.call.applied(request.id(), str(winner))
    return answer({"organization_merge": _as_told(merge)}, 202)


def _merge(request: Request) -> Response:
    merge = request.account.organization_merges.get(request.id())
    if merge is None:
        raise not_found()
    return answer({"organization_merge": _as_told(merge)})


def _merges(request: Request) -> Response:
    told = [
        _as_told(merge)
        for merge in request.account.organization_merges.values()
        if request.id() in (str(merge["loser_id"]), str(merge["winner_id"]))
    ]
    return answer({"organization_merges": told, "count": len(told)})


def _as_told(merge: Row) -> Row:
    return {name: value for name, value in merge.items() if not name.startswith("_")}


def _fields(request: Request) -> Response:
    return answer(
        page(request, "organization_fields", request.account.organization_fields.values())
    )


ROUTES = (
    Route("GET", "/organizations", _listed),
    Route("GET", "/organizations/show_many", _many),
    Route("POST", "/organizations", _created, mutating=True),
    Route("POST", "/organizations/create_or_update", _created_or_updated, mutating=True),
    Route("POST", "/organizations/create_many", _created_many, mutating=True, readers="admin"),
    Route("PUT", "/organizations/update_many", _changed_many, mutating=True),
    Route("DELETE", "/organizations/destroy_many", _deleted_many, mutating=True, readers="admin"),
    Route("GET", "/organizations/{id}", _shown),
    Route("PUT", "/organizations/{id}", _changed, mutating=True),
    Route("DELETE", "/organizations/{id}", _deleted, mutating=True),
    Route("POST", "/organizations/{id}/merge", _merge_started, mutating=True, readers="admin"),
    Route("GET", "/organizations/{id}/merges", _merges),
    Route("GET", "/organization_merges/{id}", _merge),
    Route("GET", "/organization_fields", _fields),
)
