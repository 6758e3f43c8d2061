"""The calls that start jobs, and those that look at them.

developer.zendesk.com, "Create Many Tickets", "Update Many Tickets", "Merge Tickets into Target
Ticket", "Deleted Tickets", "Job Statuses".
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connectors.zendesk.fake.account import Actor, Row
from connectors.zendesk.fake.errors import malformed, not_found
from connectors.zendesk.fake.jobs import Asked, Done, Item
from connectors.zendesk.fake.office import Office
from connectors.zendesk.fake.paging import page
from connectors.zendesk.fake.requests import Request, Route, few_enough
from connectors.zendesk.fake.users import sees
from syncline.sandbox import answer


class Work:
    """What is done to one item of a job, by its kind: gives the result and the changed ticket."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def kinds(self) -> dict[str, Item]:
        """By the names that jobs show."""
        return {
            "Bulk Create Ticket": self._create,
            "Bulk Update Ticket": self._update,
            "Bulk Delete Ticket": self._delete,
            "Permanent Ticket Deletion": self._scrub,
            "Ticket Merge": self._merge,
        }

    def _create(self, actor: Actor, index: int, item: Asked) -> Done:
        made, _ = self._office.desk.create(actor, item)
        return {"index": index, "id": made["id"]}, str(made["id"])

    def _update(self, actor: Actor, index: int, item: Asked) -> Done:
        found = self._ticket(actor, item.get("id"))
        wanted = {name: value for name, value in item.items() if name != "id"}
        _, audit = self._office.desk.update(actor, found, wanted)
        changed = str(found["id"]) if audit["events"] else None
        return _done(index, found["id"], "update", "Updated"), changed

    def _delete(self, actor: Actor, index: int, item: Asked) -> Done:
        found = self._ticket(actor, item["id"])
        self._office.bin.delete(actor, found)
        return _done(index, found["id"], "delete", "Deleted"), str(found["id"])

    def _scrub(self, actor: Actor, index: int, item: Asked) -> Done:
        self._office.bin.scrub(str(item["id"]))
        return _done(index, item["id"], "delete", "Deleted"), str(item["id"])

    def _merge(self, actor: Actor, index: int, item: Asked) -> Done:
        self._office.bin.merge(actor, item)
        return _done(index, item["source"], "update", "Updated"), str(item["source"])

    def _ticket(self, actor: Actor, id: object) -> Row:
        found = self._office.store.get(id)
        if found is None or not sees(self._office.account, actor.user, found):
            raise not_found()
        return found


def _done(index: int, id: object, action: str, status: str) -> Row:
    told = {"index": index, "id": int(str(id)), "action": action}
    return told | {"status": status, "success": True}


def _start(request: Request, kind: str, items: list[Any], status: int = 200) -> Response:
    job = request.office.jobs.start(request.call, request.actor, kind, items)
    return answer({"job_status": job}, status)


def _create_many(request: Request) -> Response:
    return _start(request, "Bulk Create Ticket", request.several("tickets"))


def _update_many(request: Request) -> Response:
    if ids := request.ids():
        same = request.given("ticket")
        return _start(request, "Bulk Update Ticket", [same | {"id": id} for id in ids])
    return _start(request, "Bulk Update Ticket", request.several("tickets"))


def _destroy_many(request: Request) -> Response:
    return _start(request, "Bulk Delete Ticket", [{"id": id} for id in _some(request)])


def _merged(request: Request) -> Response:
    target, body = request.ticket(), request.body()
    ids = body.get("ids")
    ids = ids.split(",") if isinstance(ids, str) else ids
    if not isinstance(ids, list) or not ids or not all(isinstance(i, int | str) for i in ids):
        raise malformed("ids is missing or no list of ids")
    few_enough(ids)
    common = {
        "target": str(target["id"]),
        "target_comment": body.get("target_comment"),
        "source_comment": body.get("source_comment"),
        "target_public": body.get("target_comment_is_public", False),
        "source_public": body.get("source_comment_is_public", False),
    }
    return _start(request, "Ticket Merge", [common | {"source": str(id)} for id in ids])


def _bin(request: Request) -> Response:
    entries = [
        {name: value for name, value in entry.items() if not name.startswith("_")}
        for entry in sorted(request.office.store.deleted.values(), key=lambda one: one["id"])
    ]
    return answer(page(request, "deleted_tickets", entries))


def _restored(request: Request) -> Response:
    request.office.bin.restore(request.id())
    request.applied(request.id())
    return answer({})


def _restored_many(request: Request) -> Response:
    for id in _some(request):
        request.office.bin.restore(id)
        request.applied(id)
    return answer({})


def _scrubbed(request: Request) -> Response:
    if request.id() not in request.office.store.deleted:
        raise not_found()
    return _start(request, "Permanent Ticket Deletion", [{"id": request.id()}])


def _scrubbed_many(request: Request) -> Response:
    return _start(request, "Permanent Ticket Deletion", [{"id": id} for id in _some(request)])


def _job(request: Request) -> Response:
    job = request.office.jobs.look(request.id())
    if job is None:
        raise not_found()
    return answer({"job_status": job})


def _some_jobs(request: Request) -> Response:
    jobs = (request.office.jobs.look(id) for id in request.ids())
    return answer({"job_statuses": [job for job in jobs if job]})


def _jobs(request: Request) -> Response:
    jobs = request.office.jobs.all()[: request.number("page[size]", 100, 100)]
    meta = {"has_more": False, "after_cursor": None, "before_cursor": None}
    return answer({"job_statuses": jobs, "meta": meta, "links": {"next": None, "prev": None}})


def _some(request: Request) -> list[str]:
    ids = request.ids()
    if not ids:
        raise malformed("ids is missing")
    return ids


ROUTES = (
    Route("POST", "/tickets/create_many", _create_many, mutating=True),
    Route("PUT", "/tickets/update_many", _update_many, mutating=True),
    Route("DELETE", "/tickets/destroy_many", _destroy_many, mutating=True),
    Route("POST", "/tickets/{id}/merge", _merged, mutating=True),
    Route("GET", "/deleted_tickets", _bin, limit="deleted-tickets"),
    Route("PUT", "/deleted_tickets/restore_many", _restored_many, mutating=True),
    Route("DELETE", "/deleted_tickets/destroy_many", _scrubbed_many, True, "admin"),
    Route("PUT", "/deleted_tickets/{id}/restore", _restored, mutating=True),
    Route("DELETE", "/deleted_tickets/{id}", _scrubbed, True, "admin"),
    Route("GET", "/job_statuses", _jobs),
    Route("GET", "/job_statuses/show_many", _some_jobs),
    Route("GET", "/job_statuses/{id}", _job),
)
