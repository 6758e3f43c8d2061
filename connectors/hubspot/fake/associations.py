"""Associations between records, in batches, with the labels that HubSpot defines itself.

(developers.hubspot.com, "Associations v4" and "Association labels".) What a 207 says of each error
is unverified: here, the ids that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.batches import inputs_of
from connectors.hubspot.fake.errors import Refused, invalid, missing
from connectors.hubspot.fake.portal import Portal
from syncline.sandbox import Call, answer

# The numbers of the label and of an association without one (unverified; accounts tell them).
PRIMARY = {p.TICKETS: 26, p.DEALS: 5, p.CONTACTS: 1}
UNLABELLED = {p.TICKETS: 339, p.DEALS: 341, p.CONTACTS: 279}

Handler = Callable[[Call], Response]


class Associations:
    """The calls about associations."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def routes(self) -> list[tuple[str, str, Handler, bool]]:
        """By the dated path, and by the one that the official client asks."""
        routes: list[tuple[str, str, Handler, bool]] = []
        for version in ("/crm/associations/{version}", "/crm/v4/associations"):
            at = f"{version}/{{kind}}/{{other}}"
            routes += [
                ("POST", f"{at}/batch/read", self.read, False),
                ("POST", f"{at}/batch/create", self.create, True),
                ("POST", f"{at}/batch/labels/archive", self.archive_labels, True),
                ("GET", f"{at}/labels", self.labels, False),
            ]
        return routes

    def read(self, call: Call) -> Response:
        """What each record is tied to; a record without ties is an error in the 207."""
        kind, other = call.path_params["kind"], call.path_params["other"]
        results, errors = [], []
        for one in inputs_of(call.json(), 1000):
            ids = self.portal.associated(kind, str(one["id"]), other)
            if not ids:
                errors.append(
                    {**missing(one["id"]).body(), "context": {"fromObjectId": [one["id"]]}}
                )
                continue
            ties = [{"toObjectId": int(id), "associationTypes": []} for id in ids]
            results.append({"from": {"id": str(one["id"])}, "to": ties})
        told = {"status": "COMPLETE", "results": results}
        return answer(told | ({"errors": errors} if errors else {}), 207 if errors else 200)

    def labels(self, call: Call) -> Response:
        """The labels between two record types; an association without one has a number, too."""
        kind = self._of_a_company(call)
        rows = [
            {"category": "HUBSPOT_DEFINED", "typeId": UNLABELLED[kind], "label": None},
            {"category": "USER_DEFINED", "typeId": 9, "label": "Primary contractor"},
            {"category": "HUBSPOT_DEFINED", "typeId": PRIMARY[kind], "label": "Primary"},
        ]
        return answer({"results": rows})

    def create(self, call: Call) -> Response:
        """Tie records; the label `Primary` is taken off another company."""
        kind = self._of_a_company(call)

        def one(id: str, company: str, type: int) -> None:
            self.portal.get(kind, id)
            if type == PRIMARY[kind]:
                self.portal.make_primary(kind, id, company)
            elif type == UNLABELLED[kind]:
                self.portal.get(p.COMPANIES, company)
                self.portal.associate(kind, id, p.COMPANIES, company)
            else:
                raise invalid(f"invalid association type {type}", "INVALID_ASSOCIATION")

        return self._each(call, one, 201)

    def archive_labels(self, call: Call) -> Response:
        """Take labels off associations, which stay."""
        kind = self._of_a_company(call)

        def one(id: str, company: str, type: int) -> None:
            if type == PRIMARY[kind]:
                self.portal.no_primary(kind, id, company)

        return self._each(call, one, 204)

    def _of_a_company(self, call: Call) -> str:
        kind, other = call.path_params["kind"], call.path_params["other"]
        if kind not in PRIMARY or other != p.COMPANIES:
            raise invalid(f"There are no associations of {kind} and {other} here")
        return str(kind)

    def _each(self, call: Call, one: Callable[[str, str, int], None], done: int) -> Response:
        results, errors = [], []
        for asked in inputs_of(call.json()):
            id, company = str(asked["from"]["id"]), str(asked["to"]["id"])
            try:
                for type in asked["types"]:
                    one(id, company, int(type["associationTypeId"]))
            except Refused as refused:
                context = {"fromObjectId": [id], "toObjectId": [company]}
                errors.append({**refused.body(), "context": context})
                continue
            call.applied(id)
            results.append(_tie(call, id, company))
        body: Mapping[str, Any] = {"status": "COMPLETE", "results": results}
        if errors:
            return answer({**body, "numErrors": len(errors), "errors": errors}, 207)
        return answer(body, done) if done == 201 else answer(status=done)


def _tie(call: Call, id: str, company: str) -> dict[str, Any]:
    return {
        "fromObjectTypeId": p.TYPE_IDS[call.path_params["kind"]],
        "fromObjectId": id,
        "toObjectTypeId": p.TYPE_IDS[p.COMPANIES],
        "toObjectId": company,
        "labels": [],
    }
