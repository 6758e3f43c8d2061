"""The writing calls of the REST API: one record, or up to two hundred with a result each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from starlette.responses import Response

from connectors.salesforce.fake.calls import Reading, Route
from connectors.salesforce.fake.errors import Refused
from connectors.salesforce.fake.org import Org, Row, sources
from connectors.salesforce.fake.rules import Rules
from connectors.salesforce.fake.schema import OBJECTS
from syncline.sandbox import Answered, Call, answer

MOST = 200
_NOT_YET = Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


class Writing:
    """Writes as the integration user, whose id is `hub`."""

    def __init__(self, org: Org, rules: Rules, reading: Reading, hub: str) -> None:
        self._org = org
        self._rules = rules
        self._reading = reading
        self._hub = hub

    def routes(self) -> list[Route]:
        """The calls; those of many come first."""
        return [
            Route("POST", "/composite/sobjects", self._create_many, mutating=True),
            Route("PATCH", "/composite/sobjects", self._update_many, mutating=True),
            Route("DELETE", "/composite/sobjects", self._delete_many, mutating=True),
            Route("PATCH", "/composite/sobjects/{source}/{key}", self._upsert_many, mutating=True),
            Route("POST", "/sobjects/{source}", self._create, mutating=True),
            Route("POST", "/sobjects/{source}/", self._create, mutating=True),
            Route("PATCH", "/sobjects/{source}/{id}", self._update, mutating=True),
            Route("DELETE", "/sobjects/{source}/{id}", self._delete, mutating=True),
            Route("PATCH", "/sobjects/{source}/{key}/{value:path}", self._upsert, mutating=True),
        ]

    def _create(self, call: Call) -> Response:
        id = self._made(call, self._reading.source(call), call.json())
        return answer({"id": id, "success": True, "errors": []}, 201)

    def _update(self, call: Call) -> Response:
        source, id = self._reading.source(call), str(call.path_params["id"])
        row = self._reading.seen(source, id)
        since = call.headers.get("if-unmodified-since")
        if row is not None and since is not None:
            try:
                limit = parsedate_to_datetime(since)
            except ValueError:
                raise Refused("INVALID_HEADER", "invalid If-Unmodified-Since header") from None
            if self._modified(row) > limit.timestamp():
                raise Answered(answer(None, 412))
        self._changed(call, source, id, call.json())
        return answer(None, 204)

    def _delete(self, call: Call) -> Response:
        self._removed(call, str(call.path_params["id"]))
        return answer(None, 204)

    def _upsert(self, call: Call) -> Response:
        source, key = self._reading.source(call), str(call.path_params["key"])
        value = str(call.path_params["value"])
        id, made = self._upserted(call, source, key, {**call.json(), key: value})
        return answer(
            {"id": id, "success": True, "errors": [], "created": made}, 201 if made else 200
        )

    def _create_many(self, call: Call) -> Response:
        def one(record: Row) -> Row:
            return {"id": self._made(call, _type(record), _values(record))}

        return self._each(call, _records(call), one)

    def _update_many(self, call: Call) -> Response:
        records = _records(call)
        ids = [record.get("id") for record in records]
        if len(set(ids)) < len(ids):
            raise Refused("DUPLICATE_VALUE", "duplicate id in list")

        def one(record: Row) -> Row:
            id = str(record.get("id"))
            self._changed(call, _type(record), id, _values(record))
            return {"id": id}

        return self._each(call, records, one)

    def _delete_many(self, call: Call) -> Response:
        ids = call.query.get("ids", "").split(",")
        if len(ids) > MOST:
            raise Refused(
                "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records"
            )

        def one(id: str) -> Row:
            self._removed(call, id)
            return {"id": id}

        return self._each(call, ids, one)

    def _upsert_many(self, call: Call) -> Response:
        source, key = self._reading.source(call), str(call.path_params["key"])

        def one(record: Row) -> Row:
            id, made = self._upserted(call, source, key, _values(record))
            return {"id": id, "created": made}

        return self._each(call, _records(call), one)

    def _each(self, call: Call, items: Sequence[Any], one: Callable[[Any], Row]) -> Response:
        """A 200 whatever became of each item, in the order in which they came."""
        told, through = [], call.let_through(len(items))
        for at, item in enumerate(items):
            try:
                if at >= through:
                    raise _NOT_YET
                told.append({"success": True, "errors": [], **one(item)})
            except Refused as error:
                told.append(error.of_item())
        return answer(told)

    def _made(self, call: Call, source: str, values: Mapping[str, Any]) -> str:
        row = self._rules.create(source, values, self._hub)
        self._done(call, row["Id"], None)
        return str(row["Id"])

    def _changed(self, call: Call, source: str, id: str, values: Mapping[str, Any]) -> None:
        before = self._org.get(source, id)
        self._rules.update(source, id, values, self._hub)
        self._done(call, id, before)

    def _removed(self, call: Call, id: str) -> None:
        found = self._org.any(id)
        source = found[0] if found else next(iter(sources(id)), None)
        if source is None:
            raise Refused("MALFORMED_ID", f"malformed id {id}")
        self._rules.delete(source, id, self._hub)
        call.applied(id)

    def _upserted(
        self, call: Call, source: str, key: str, values: Mapping[str, Any]
    ) -> tuple[str, bool]:
        column = self._org.visible(source).get(key)
        if column is None or not column.external_id:
            raise Refused(
                "NOT_FOUND",
                f"Provided external ID field does not exist or is not accessible: {key}",
                status=404,
            )
        value = str(values.get(key) or "").casefold()
        if not value:
            raise Refused("MISSING_ARGUMENT", f"{key} not specified")
        rows = [
            row
            for row in self._org.rows(source).values()
            if not row["IsDeleted"] and str(row.get(key) or "").casefold() == value
        ]
        if len(rows) > 1:
            raise Refused("DUPLICATE_EXTERNAL_ID", f"{key}: more than one record found", status=300)
        if not rows:
            return self._made(call, source, values), True
        self._changed(call, source, rows[0]["Id"], values)
        return str(rows[0]["Id"]), False

    def _done(self, call: Call, id: str, before: Row | None) -> None:
        call.applied(id)
        if (lag := call.lag) is not None:
            self._org.hold(id, before, lag)

    def _modified(self, row: Row) -> float:
        return datetime.fromisoformat(row["LastModifiedDate"]).timestamp()


def _records(call: Call) -> list[Row]:
    body = call.json()
    records = body.get("records") if isinstance(body, Mapping) else None
    if not isinstance(records, list):
        raise Refused("JSON_PARSER_ERROR", "records is missing")
    if len(records) > MOST:
        words = f"record limit reached. cannot submit more than {MOST} records in one call"
        raise Refused("LIMIT_EXCEEDED", words)
    return records


def _type(record: Row) -> str:
    source = str((record.get("attributes") or {}).get("type"))
    if source not in OBJECTS:
        raise Refused("INVALID_TYPE", f"sObject type '{source}' is not supported.")
    return source


def _values(record: Row) -> Row:
    return {name: value for name, value in record.items() if name not in ("attributes", "id")}
