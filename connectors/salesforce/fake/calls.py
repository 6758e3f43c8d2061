"""The reading calls of the REST API: versions, limits, describe, queries, records by id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from connectors.salesforce.fake import soql
from connectors.salesforce.fake.errors import Refused, no_such_column, not_found
from connectors.salesforce.fake.org import Org, Row
from connectors.salesforce.fake.schema import OBJECTS, Column
from syncline.sandbox import Call, answer

DATA = "/services/data"
BY_ID = 2_000
_LONGEST_ADDRESS = 16_384
_MASTER = "012000000000000AAA"
_LOCATOR_LIVES = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Route:
    """A call under `/services/data/vNN.N`."""

    method: str
    path: str
    handler: Callable[[Call], Response]
    mutating: bool = False


@dataclass(frozen=True, slots=True)
class _Locator:
    """The rows that a query has found, as they were then."""

    rows: Sequence[Row]
    until: datetime


class Reading:
    """Answers questions as the integration user sees the org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._locators: dict[str, _Locator] = {}

    def routes(self) -> list[Route]:
        """The calls."""
        both = ("/query", self._query), ("/queryAll", self._query_all)
        return [
            *(Route("GET", f"/limits{end}", self._limits) for end in ("", "/")),
            *(Route("GET", path + end, call) for path, call in both for end in ("", "/")),
            Route("GET", "/query/{locator}", self._more),
            Route("GET", "/sobjects/{source}/describe", self._describe),
            Route("GET", "/sobjects/{source}/deleted", self._deleted),
            Route("GET", "/sobjects/{source}/deleted/", self._deleted),
            Route("GET", "/sobjects/{source}/{id}", self._one),
            Route("POST", "/composite/sobjects/{source}", self._many),
        ]

    def shown(self, source: str, row: Row, names: Sequence[str], version: str) -> Row:
        """A record with these fields."""
        url = f"{DATA}/{version}/sobjects/{source}/{row['Id']}"
        values = {n: row.get(n) for n in names}
        if "VersionData" in values:  # the bytes have an address of their own
            values["VersionData"] = f"{url}/VersionData"
        return {"attributes": {"type": source, "url": url}, **values}

    def source(self, call: Call) -> str:
        """The object that a path names; raises Refused."""
        source = str(call.path_params["source"])
        if source not in OBJECTS or f"{source} read" in self._org.revoked:
            raise not_found()
        return source

    def seen(self, source: str, id: object) -> Row | None:
        """A record that this user may see and that is not deleted."""
        row = self._org.get(source, id)
        hidden = row is None or row["IsDeleted"] or row["Id"] in self._org.private
        return None if hidden else row

    def _limits(self, call: Call) -> Response:
        most = self._org.settings.daily_requests
        left = most - self._org.used()
        return answer({"DailyApiRequests": {"Max": most, "Remaining": left}})

    def _query(self, call: Call) -> Response:
        return self._queried(call, deleted=False)

    def _query_all(self, call: Call) -> Response:
        return self._queried(call, deleted=True)

    def _queried(self, call: Call, *, deleted: bool) -> Response:
        if len(str(call.request.url)) > _LONGEST_ADDRESS:
            raise Refused("URI_TOO_LONG", "URI Too Long", status=414)
        query = soql.parse(call.query.get("q", ""), self._org.visible)
        private = self._org.private
        if f"{query.source} read" in self._org.revoked:
            raise Refused("INVALID_TYPE", f"sObject type '{query.source}' is not supported.")
        if query.source == "FieldDefinition":
            found = query.of(self._org.definitions())
            return answer({"totalSize": len(found), "done": True, "records": call.listed(found)})
        rows = [
            row
            for row in self._org.listed(query.source)
            if row["Id"] not in private and (deleted or not row["IsDeleted"])
        ]
        version = str(call.path_params["version"])
        found = [self.shown(query.source, row, query.fields, version) for row in query.of(rows)]
        return self._page(call, f"01g{self._org.state.next('locator'):015d}", found, 0)

    def _more(self, call: Call) -> Response:
        name, _, at = str(call.path_params["locator"]).rpartition("-")
        locator = self._locators.get(name)
        if locator is None or locator.until <= self._org.clock.now():
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, name, locator.rows, int(at))

    def _page(self, call: Call, name: str, rows: Sequence[Row], at: int) -> Response:
        size = self._org.settings.batch_size
        told: Row = {"totalSize": len(rows), "done": at + size >= len(rows)}
        if not told["done"]:
            self._locators[name] = _Locator(rows, self._org.clock.now() + _LOCATOR_LIVES)
            version = call.path_params["version"]
            told["nextRecordsUrl"] = f"{DATA}/{version}/query/{name}-{at + size}"
        return answer({**told, "records": call.listed(rows[at : at + size])})

    def _describe(self, call: Call) -> Response:
        source = self.source(call)
        writable = f"{source} write" not in self._org.revoked
        types = [
            {"recordTypeId": row["Id"], "name": row["Name"], "developerName": row["DeveloperName"],
             "available": True, "active": True, "master": False}
            for row in self._org.rows("RecordType").values()
            if row["SobjectType"] == source
        ]  # fmt: skip
        master = {"recordTypeId": _MASTER, "name": "Master", "developerName": "Master"}
        return answer(
            {
                "name": source,
                "keyPrefix": OBJECTS[source][0],
                "createable": writable,
                "updateable": writable,
                "deletable": writable,
                "fields": [_described(one) for one in self._org.visible(source).values()],
                "recordTypeInfos": [
                    *types,
                    {**master, "available": not types, "active": True, "master": True},
                ],
            }
        )

    def _deleted(self, call: Call) -> Response:
        """Ids by when they were deleted, in minutes: seconds are ignored."""
        source = self.source(call)
        start, end = (_minute(call.query.get(name)) for name in ("start", "end"))
        if end <= start:
            raise Refused("INVALID_REPLICATION_DATE", "endDate before startDate")
        if start < self._org.clock.now() - timedelta(days=30):
            words = "startDate cannot be more than 30 days ago"
            raise Refused("INVALID_REPLICATION_DATE", words)
        rows = [
            {"id": row["id"], "deletedDate": row["deletedDate"]}
            for row in self._org.deletions.values()
            if row["object"] == source
            and start <= datetime.fromisoformat(row["deletedDate"]) < end + timedelta(minutes=1)
        ]
        edges = {"earliestDateAvailable": start.isoformat(), "latestDateCovered": end.isoformat()}
        return answer({"deletedRecords": rows, **edges})

    def _one(self, call: Call) -> Response:
        source = self.source(call)
        row = self.seen(source, call.path_params["id"])
        if row is None:
            raise not_found()
        wanted = call.query.get("fields")
        names = self._names(source, wanted.split(",") if wanted else None)
        return answer(self.shown(source, row, names, str(call.path_params["version"])))

    def _many(self, call: Call) -> Response:
        """Records by id: null for what is deleted, hidden or was never there."""
        source, asked = self.source(call), call.json()
        ids, version = asked.get("ids") or [], str(call.path_params["version"])
        if len(ids) > BY_ID:
            raise Refused("LIMIT_EXCEEDED", f"ids: at most {BY_ID} can be retrieved")
        if bad := next((id for id in ids if len(str(id)) not in (15, 18)), None):
            raise Refused("MALFORMED_ID", f"malformed id {bad}")
        names = self._names(source, asked.get("fields") or ["Id"])
        rows = [self.seen(source, id) for id in ids]
        found = [row and self.shown(source, row, names, version) for row in rows]
        call.listed([row for row in found if row])
        return answer(found)

    def _names(self, source: str, wanted: Sequence[str] | None) -> list[str]:
        visible = self._org.visible(source)
        for name in wanted or ():
            if name not in visible:
                raise no_such_column(name, source)
        return list(wanted or visible)


def _described(column: Column) -> dict[str, Any]:
    values = [{"value": one, "label": one, "active": True} for one in column.values]
    return {
        "name": column.name,
        "label": column.label or column.name.removesuffix("__c").replace("_", " "),
        "type": column.type,
        "length": column.length if column.type in ("string", "textarea", "email", "url") else 0,
        "picklistValues": values,
        "restrictedPicklist": column.restricted,
        "nillable": not column.required,
        "defaultedOnCreate": column.default is not None,
        "createable": column.writable,
        "updateable": column.writable,
        "custom": column.custom,
        "externalId": column.external_id,
        "unique": column.unique,
        "referenceTo": list(column.references),
    }


def _minute(text: str | None) -> datetime:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        raise Refused("INVALID_REPLICATION_DATE", f"invalid date: {text}") from None
    return at.replace(second=0, microsecond=0)
