"""Search: filters over the index, which lags (developers.hubspot.com, "Search the CRM").

One sort, pages of at most 200 by an offset, and an end at 10,000 results. Archived records are not
found. The index sees a change moments after it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from operator import eq, ge, gt, le, lt
from typing import Any

from starlette.responses import Response

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.errors import invalid
from connectors.hubspot.fake.objects import Objects
from syncline.sandbox import Call, answer

MOST, PAGE, CAP = 200, 10, 10_000
GROUPS, FILTERS, ALL_FILTERS = 5, 6, 18
_COMPARISONS = {"EQ": eq, "GT": gt, "GTE": ge, "LT": lt, "LTE": le}


class Searching:
    """The search call."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.cap = CAP

    def search(self, call: Call) -> Response:
        kind, asked = call.path_params["kind"], call.json()
        groups = asked.get("filterGroups") or []
        _check(groups)
        limit, after = int(asked.get("limit") or PAGE), int(asked.get("after") or 0)
        if limit > MOST:
            raise invalid(f"limit: {limit} is more than {MOST}")
        if after + limit > self.cap:
            raise invalid("paging: the total number of results is limited to 10000")
        own = self._objects.portal.definitions(kind)
        for one in (f for group in groups for f in group["filters"]):
            if one["propertyName"] not in own:
                raise invalid(f"There was a problem with the request: {one['propertyName']}")
        found = [
            doc
            for doc in self._objects.portal.indexed(kind)
            if not groups or any(_fits(doc, group, own) for group in groups)
        ]
        found.sort(key=lambda doc: int(doc["id"]))
        for sort in (asked.get("sorts") or ())[:1]:
            about = own[sort["propertyName"]]
            downwards = sort.get("direction") == "DESCENDING"
            found.sort(key=partial(_place, about=about), reverse=downwards)
        page = found[after : after + limit]
        names = asked.get("properties") or ()
        body: dict[str, Any] = {
            "total": len(found),
            "results": call.listed([self._objects.shown(kind, doc, names) for doc in page]),
        }
        if after + limit < len(found):
            body["paging"] = {"next": {"after": str(after + limit)}}
        return answer(body)


def _check(groups: list[Any]) -> None:
    counts = [len(group["filters"]) for group in groups]
    if len(counts) > GROUPS or any(n > FILTERS for n in counts) or sum(counts) > ALL_FILTERS:
        raise invalid(f"at most {GROUPS} filterGroups of {FILTERS} filters, {ALL_FILTERS} in all")


def _fits(doc: Mapping[str, Any], group: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    return all(_passes(doc["properties"], one, own) for one in group["filters"])


def _passes(values: Mapping[str, Any], asked: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    about = own[asked["propertyName"]]
    value, operator = values.get(asked["propertyName"]), asked["operator"]
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (value is not None) is (operator == "HAS_PROPERTY")
    if value is None:
        return False
    if operator == "IN":
        return value in asked["values"]
    one, other = _comparable(value, about), _comparable(asked["value"], about)
    if operator not in _COMPARISONS:
        raise invalid(f"operator {operator} is not one of the allowed ones")
    return bool(_COMPARISONS[operator](one, other))


def _place(doc: Mapping[str, Any], about: p.Definition) -> Any:
    return _comparable(doc["properties"].get(about["name"]), about)


def _comparable(value: str | None, about: p.Definition) -> Any:
    """Times in milliseconds, ids and numbers as numbers, texts whatever their case."""
    if about["type"] == "datetime":
        if value is None or value.lstrip("-").isdecimal():
            return int(value or 0)
        return round(datetime.fromisoformat(value).astimezone(UTC).timestamp() * 1000)
    if about["type"] == "number" or about["name"] == "hs_object_id":
        return float(value or 0)
    return (value or "").casefold()
