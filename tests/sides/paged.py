"""A tool with a page-numbered REST API, and its connector: one record a write, nothing answered.

`GET records` lists by time of change, in pages that shift while they are read, and filters by
`updated_since`, `updated_until` (both inclusive, to the second), `ids` and `external_id`. `PUT`
and `DELETE` answer 204; `If-Match` with a version that is no longer current answers 412.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response as HttpResponse

from syncline.sdk.connector import (
    Capabilities,
    CensusPage,
    Create,
    CreateSearch,
    FindResult,
    Found,
    Missing,
    Outcome,
    Page,
    Person,
    Record,
    Result,
    Update,
)
from syncline.sdk.errors import Ambiguous, Conflict, ConnectorError, NotFound, Rejected
from syncline.sdk.http import Response
from syncline.simulation.tool import BOT, Item, MemoryTool, State
from syncline.simulation.wire import shows
from syncline.simulation.workflow import steps_to
from tests.sides.http_side import HttpSide, record_of, schema, shown
from tests.sides.serving import FIELD_NAMES, Asked, Endpoint, answer, app

PER_PAGE = 100
_TRIES = 3


class PagedConnector(HttpSide):
    """Speaks to `paged_app`."""

    name = "paged"
    capabilities = Capabilities(
        conditional_update=True, find_by_key=True, deletes=("delete",), bulk_fetch=PER_PAGE
    )

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        since, until, page, total = cursor, None, 1, None
        covered = None
        while True:
            query = {"updated_since": since, "updated_until": until, "page": page}
            response = await self._get(**query)
            covered = covered or self._covered(response)
            found = response.json()
            records = [record_of(raw) for raw in found["records"]]
            last = records[-1].updated_at if found["total"] > page * PER_PAGE and records else None
            more = last is not None or until is not None
            yield Page(records, since if more else covered)
            if until is not None:
                # Within one second only page numbers tell records apart. Did one leave meanwhile,
                # the rest moved up, and this second is read again.
                if total is not None and found["total"] != total:
                    page, total = 1, None
                elif last is not None:
                    page, total = page + 1, found["total"]
                else:
                    since, until, page, total = _next_second(until), None, 1, None
            elif last is None:
                return
            elif last.isoformat() != since:
                since = last.isoformat()
            else:
                until = since

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        versions: dict[str, int | None] = {}
        total, page = None, 1
        while total != len(versions):
            found = (await self._get(columns="version", page=page)).json()
            if total is not None and found["total"] != total or not found["records"]:
                page, versions = 0, {}
            versions |= {raw["id"]: raw["version"] for raw in found["records"]}
            total, page = found["total"], page + 1
        yield CensusPage(versions)

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        answers: dict[str, Record | Missing] = {}
        for at in range(0, len(ids), PER_PAGE):
            chunk = ids[at : at + PER_PAGE]
            for raw in (await self._get(ids=",".join(chunk))).json()["records"]:
                answers[raw["id"]] = record_of(raw)
        for id in ids:
            if id not in answers:
                answers[id] = await self._fetch_one(id)
        return answers

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return [await self._create(item) for item in items]

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return [await self._update(item) for item in items]

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        results = []
        for item in items:
            found = (await self._get(external_id=item.key)).json()["records"]
            results.append(
                FindResult(Found.YES, record_of(found[0])) if found else FindResult(Found.NO)
            )
        return results

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        if how not in self.capabilities.deletes:
            return await super().remove(record, ids, how)
        return [await self._remove(id) for id in ids]

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return {p.handle: p for p in await self._people(login=",".join(handles))}

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return {p.email or "": p for p in await self._people(mail=",".join(emails))}

    async def _get(self, **query: Any) -> Response:
        return await self.http.request("GET", "/records", params={"per_page": PER_PAGE, **query})

    def _covered(self, response: Response) -> str:
        """The moment up to which this listing is complete, by the tool's own clock."""
        now = parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
        return (now - self.search_lag).isoformat()

    async def _fetch_one(self, id: str) -> Record | Missing:
        try:
            return record_of((await self.http.request("GET", _path(id))).json())
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))

    async def _create(self, item: Create) -> Outcome:
        body = {**item.fields, "external_id": item.key}
        try:
            response = await self.http.request("POST", "/records", json=body)
        except ConnectorError as error:
            return Outcome.of_error(error)
        return Outcome.applied(response.headers["location"].rpartition("/")[2])

    async def _update(self, item: Update) -> Outcome:
        version, expected = item.version, item.expected
        try:
            for _ in range(_TRIES):
                if version is None:
                    now = record_of((await self.http.request("GET", _path(item.id))).json())
                    if not shows(now.fields, expected):
                        return Outcome(Result.CONFLICT, id=item.id, reason="other values by now")
                    version = now.version
                try:
                    return await self._put(item, version or 0)
                except Conflict:
                    version = None
        except ConnectorError as error:
            return Outcome.of_error(error)
        return Outcome(Result.RETRY, reason=f"record {item.id} keeps changing; nothing was applied")

    async def _put(self, item: Update, version: int) -> Outcome:
        """The patch, as one write or as the steps of a workflow."""
        applied = False
        for step in await self._steps(item):
            try:
                response = await self.http.request(
                    "PUT", _path(item.id), json=step, headers={"If-Match": f'"{version}"'}
                )
            except (Conflict, Rejected) as error:
                if not applied:
                    raise
                raise Ambiguous(f"{error} The record was left on its way.") from error
            version, applied = int(response.headers["etag"].strip('"')), True
        return Outcome.applied(item.id)

    async def _steps(self, item: Update) -> list[Mapping[str, Any]]:
        if "status" not in item.patch:
            return [item.patch]
        graph = (await self.http.request("GET", "/schema")).json()["workflow"]
        current = item.expected.get("status")
        path = steps_to(graph, current or "", item.patch["status"])
        if path is None:
            raise Rejected(f"record {item.id}: no way from {current} to {item.patch['status']}")
        return [*({"status": status} for status in path[:-1]), item.patch]

    async def _remove(self, id: str) -> Outcome:
        try:
            await self.http.request("DELETE", _path(id))
        except ConnectorError as error:
            return Outcome.of_error(error)
        return Outcome.applied(id)

    async def _people(self, **query: str) -> list[Person]:
        found = (await self.http.request("GET", "/people", params=query)).json()
        return [Person(raw["login"], raw["mail"], raw["name"]) for raw in found]


def _path(id: str) -> str:
    return f"/records/{quote(id, safe='')}"


def _next_second(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(seconds=1)).isoformat()


def paged_app(tool: MemoryTool) -> Starlette:
    """The tool."""
    return app(
        tool,
        [
            Endpoint("GET", "/schema", "describe", schema),
            Endpoint("GET", "/people", "people", _list_people),
            Endpoint("GET", "/records", _kind_of_listing, _list),
            Endpoint("POST", "/records", "create", _post, mutating=True),
            Endpoint("GET", "/records/{id}", "fetch", _show),
            Endpoint("PUT", "/records/{id}", "update", _replace, mutating=True),
            Endpoint("DELETE", "/records/{id}", "remove", _delete, mutating=True),
        ],
    )


def _kind_of_listing(request: Request, _: object) -> str:
    kinds = {"ids": "fetch", "external_id": "find", "columns": "census"}
    return next((kind for name, kind in kinds.items() if name in request.query_params), "changes")


def _second(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()


def _list(asked: Asked) -> HttpResponse:
    found = _matching(asked)
    size, page = int(asked.query("per_page") or 25), int(asked.query("page") or 1)
    rows = found[(page - 1) * size : page * size]
    if asked.query("columns") == "version":
        records = [{"id": item.id, "version": state.version} for item, state in rows]
    else:
        records = [shown(item, state) for item, state in rows]
    return answer({"total": len(found), "page": page, "records": records})


def _matching(asked: Asked) -> list[tuple[Item, State]]:
    if ids := asked.ids():
        items = [asked.tool.items[id] for id in ids if id in asked.tool.items]
        return [(item, item.now) for item in items if not item.now.hidden]
    found = asked.listing()
    if since := asked.query("updated_since"):
        found = found[bisect_left(found, since, key=lambda pair: _second(pair[1].updated_at)) :]
    if until := asked.query("updated_until"):
        found = [pair for pair in found if _second(pair[1].updated_at) <= until]
    if key := asked.query("external_id"):
        found = [pair for pair in found if pair[0].key == key]
    if asked.query("columns"):
        found = [pair for pair in found if not pair[1].deleted]
    return found


def _show(asked: Asked) -> HttpResponse:
    item = asked.visible(asked.request.path_params["id"])
    return answer(shown(item, item.now))


def _post(asked: Asked) -> HttpResponse:
    fields = {name: asked.body[name] for name in FIELD_NAMES if name in asked.body}

    def create(_: None) -> dict[str, Any]:
        id = asked.tool.create(fields, by=BOT, key=asked.body.get("external_id"))
        return {"status": 201, "Location": f"/records/{quote(id, safe='')}"}

    return _single(asked.apply([None], create)[0])


def _replace(asked: Asked) -> HttpResponse:
    id = asked.request.path_params["id"]

    def put(_: None) -> dict[str, Any]:
        now = asked.visible(id).now
        if asked.request.headers.get("if-match", f'"{now.version}"') != f'"{now.version}"':
            return {"status": 412, "message": "changed meanwhile"}
        return {"status": 204, "ETag": f'"{asked.tool.edit(id, asked.body, by=BOT)}"'}

    return _single(asked.apply([None], put)[0])


def _delete(asked: Asked) -> HttpResponse:
    id = asked.request.path_params["id"]

    def delete(_: None) -> dict[str, Any]:
        asked.visible(id)
        asked.tool.delete(id, by=BOT)
        return {"status": 204}

    return _single(asked.apply([None], delete)[0])


def _single(result: dict[str, Any]) -> HttpResponse:
    status, message = result.pop("status"), result.pop("message", None)
    return answer({"message": message} if message else None, status, **result)


def _list_people(asked: Asked) -> HttpResponse:
    people = asked.tool.people.values()
    logins, mails = asked.ids("login"), asked.ids("mail")
    found = [p for p in people if p.handle in logins or (p.email in mails and p.active)]
    return answer([{"login": p.handle, "mail": p.email, "name": p.name} for p in found])
