"""Files: versions of documents, linked to records; and calls of several steps.

(Object Reference, ContentVersion, ContentDocumentLink; REST API Developer Guide, "Composite") That
a link is for all users unless it says otherwise is unverified, and the worse of the two.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import Response

from connectors.salesforce.fake.calls import DATA, Reading, Route
from connectors.salesforce.fake.errors import Refused, not_found
from connectors.salesforce.fake.org import Org, Row
from connectors.salesforce.fake.rules import Rules
from connectors.salesforce.fake.schema import OBJECTS
from syncline.sandbox import Call, answer

MOST_STEPS = 25
_REFERENCE = re.compile(r"@\{(\w+)\.(\w+)\}")
_HALTED = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction "
    "failed.",
}


class Files:
    """Steps as the integration user, whose id is `hub`."""

    def __init__(self, org: Org, rules: Rules, reading: Reading, hub: str) -> None:
        self._org = org
        self._rules = rules
        self._reading = reading
        self._hub = hub

    def routes(self) -> list[Route]:
        """The calls."""
        return [
            Route("POST", "/composite", self._composite, mutating=True),
            Route("GET", "/sobjects/ContentVersion/{id}/VersionData", self._bytes),
        ]

    def _bytes(self, call: Call) -> Response:
        row = self._reading.seen("ContentVersion", call.path_params["id"])
        if row is None:
            raise not_found()
        content = b64decode(str(row["VersionData"] or ""))
        return Response(content, media_type="application/octetstream")

    def _composite(self, call: Call) -> Response:
        """Steps one after the other, which may name what came before; all of them or none."""
        steps = call.json().get("compositeRequest")
        if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
            raise Refused("LIMIT_EXCEEDED", f"compositeRequest: 1 to {MOST_STEPS}")
        if call.json().get("allOrNone") is not True:
            raise Refused("INVALID_INPUT", "The sandbox takes steps with allOrNone alone")
        tables = {source: dict(self._org.rows(source).items()) for source in OBJECTS}
        done: dict[str, Any] = {}
        told: list[Row] = []
        for step in steps:
            try:
                status, body = self._step(call, step, done)
            except Refused as error:
                self._back(tables)
                failed = _told(step, error.status or 400, error.body())
                halted = [_told(one, 400, [_HALTED]) for one in steps]
                halted[len(told)] = failed
                return answer({"compositeResponse": halted})
            done[step["referenceId"]] = body
            told.append(_told(step, status, body))
        call.applied(*(one["id"] for one in done.values() if "id" in one))
        return answer({"compositeResponse": told})

    def _step(self, call: Call, step: Row, done: Mapping[str, Any]) -> tuple[int, Row]:
        def value(found: re.Match[str]) -> str:
            return str(done[found[1]][found[2]])

        url = urlsplit(_REFERENCE.sub(value, step["url"]))
        version = str(call.path_params["version"])
        source, _, id = url.path.removeprefix(f"{DATA}/{version}/sobjects/").partition("/")
        if source not in OBJECTS:
            raise not_found()
        if step["method"] == "POST":
            values = {
                name: _REFERENCE.sub(value, one) if isinstance(one, str) else one
                for name, one in step["body"].items()
            }
            return 201, {"id": self._rules.create(source, values, self._hub)["Id"], "success": True}
        row = self._reading.seen(source, id)
        if row is None:
            raise not_found()
        names = dict(parse_qsl(url.query))["fields"].split(",")
        return 200, self._reading.shown(source, row, names, version)

    def _back(self, tables: Mapping[str, Mapping[str, Row]]) -> None:
        for source, before in tables.items():
            table = self._org.rows(source)
            for id in [id for id in table if id not in before]:
                table.delete(id)
            for id, row in before.items():
                table.put(id, row)


def _told(step: Row, status: int, body: Any) -> Row:
    return {
        "body": body,
        "httpHeaders": {},
        "httpStatusCode": status,
        "referenceId": step["referenceId"],
    }
