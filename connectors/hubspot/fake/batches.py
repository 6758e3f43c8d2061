"""Batch calls: at most a hundred inputs, an outcome for each, in no order that one may rely on.

Where some inputs fail, the answer is 207 with `errors`; which input an error is about is told by
the `objectWriteTraceId` that the input had. Without those one bad input refuses the whole batch.
(developers.hubspot.com, "Multi-status errors".)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from connectors.hubspot.fake.errors import Refused, asks_archived, invalid, missing
from connectors.hubspot.fake.objects import Objects
from connectors.hubspot.fake.portal import APP
from syncline.sandbox import Call, answer

MOST = 100
TRACE = "objectWriteTraceId"


class Batches:
    """The batch calls of the objects API."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.portal = objects.portal

    def read(self, call: Call) -> Response:
        """Those of the ids that there are; the others are an error in the 207."""
        kind, asked = call.path_params["kind"], call.json()
        archived = asks_archived(call)
        results, lost = [], []
        for one in inputs_of(asked):
            id = str(one["id"])
            doc = self.portal.state.table(kind).get(id)
            if name := asked.get("idProperty"):
                doc = self.portal.holder(kind, name, id)
            if doc is None or doc["archived"] is not archived:
                lost.append(id)
                continue
            history = asked.get("propertiesWithHistory") or ()
            results.append(self.objects.shown(kind, doc, asked.get("properties") or (), history))
        shown = call.listed(list(reversed(results)))
        if not lost:
            return answer({"status": "COMPLETE", "results": shown})
        error = {**missing(", ".join(lost)).body(), "context": {"ids": lost}}
        return answer(
            {"status": "COMPLETE", "results": shown, "numErrors": 1, "errors": [error]}, 207
        )

    def create(self, call: Call) -> Response:
        kind = call.path_params["kind"]

        def one(asked: Mapping[str, Any]) -> dict[str, Any]:
            doc = self.objects.made(kind, asked, call)
            return self.objects.shown(kind, doc, asked.get("properties") or ())

        return self._each(call, one, 201)

    def update(self, call: Call) -> Response:
        kind = call.path_params["kind"]

        def one(asked: Mapping[str, Any]) -> dict[str, Any]:
            values = asked.get("properties") or {}
            doc = self.portal.update(kind, str(asked["id"]), values, APP, call.lag)
            return self.objects.shown(kind, doc, values)

        return self._each(call, one, 200)

    def upsert(self, call: Call) -> Response:
        """By a property with unique values alone; `new` says which of the two it was."""
        kind = call.path_params["kind"]

        def one(asked: Mapping[str, Any]) -> dict[str, Any]:
            name, value = asked.get("idProperty"), str(asked["id"])
            if not name:
                raise invalid("idProperty is required", "REQUIRED_FIELD")
            holder = self.portal.holder(kind, name, value)
            values = {**(asked.get("properties") or {}), name: value}
            doc = (
                self.portal.create(kind, values, APP, call.lag)
                if holder is None
                else self.portal.update(kind, holder["id"], values, APP, call.lag)
            )
            return {**self.objects.shown(kind, doc, values), "new": holder is None}

        return self._each(call, one, 200)

    def archive(self, call: Call) -> Response:
        for one in inputs_of(call.json()):
            self.portal.archive(call.path_params["kind"], str(one["id"]))
            call.applied(str(one["id"]))
        return answer(status=204)

    def _each(
        self, call: Call, one: Callable[[Mapping[str, Any]], dict[str, Any]], done: int
    ) -> Response:
        inputs = inputs_of(call.json())
        ids = [str(asked["id"]) for asked in inputs if "id" in asked]
        if len(set(ids)) < len(ids):
            raise invalid("Duplicate IDs found in batch input. IDs must be unique.")
        results, errors = [], []
        for asked in inputs[: call.let_through(len(inputs))]:
            trace = asked.get(TRACE)
            try:
                row = one(asked)
            except Refused as refused:
                if trace is None:
                    # What went before it stays done: such a batch is not a transaction.
                    raise
                errors.append({**refused.body(), "context": {TRACE: [trace]}})
                continue
            call.applied(row["id"])
            results.append(row | ({TRACE: trace} if trace is not None else {}))
        body: dict[str, Any] = {"status": "COMPLETE", "results": list(reversed(results))}
        if errors:
            return answer({**body, "numErrors": len(errors), "errors": errors}, 207)
        return answer(body, done)


def inputs_of(asked: Mapping[str, Any], most: int = MOST) -> list[dict[str, Any]]:
    """The inputs of a batch; raises Refused where there are too many."""
    inputs: list[dict[str, Any]] = asked["inputs"]
    if not 1 <= len(inputs) <= most:
        raise invalid(f"inputs: there are {len(inputs)}, and from 1 to {most} are allowed")
    return inputs
