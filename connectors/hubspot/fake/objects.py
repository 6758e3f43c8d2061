"""Single records and lists over the API, with the properties that were named and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from starlette.responses import Response

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.errors import Refused, asks_archived, invalid, missing
from connectors.hubspot.fake.portal import APP, Portal
from syncline.sandbox import Call, answer

MOST_LISTED, LISTED = 100, 10
# The association of a note with a record of each type (developers.hubspot.com, "Associations").
NOTE_ASSOCIATIONS = {202: p.CONTACTS, 190: p.COMPANIES, 214: p.DEALS, 228: p.TICKETS}

Handler = Callable[[Call], Response]


def refusing(handler: Handler) -> Handler:
    """A handler whose refusals are answered in HubSpot's shape."""

    @wraps(handler)
    def answered(call: Call) -> Response:
        try:
            return handler(call)
        except Refused as refused:
            return refused.response()

    return answered


class Objects:
    """The calls about one record, and the list of all."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def shown(
        self,
        kind: str,
        doc: Mapping[str, Any],
        named: Iterable[str] = (),
        history: Sequence[str] = (),
    ) -> dict[str, Any]:
        """A record as it is answered; names that there are not are passed over in silence."""
        always = ("hs_object_id", p.created(kind), p.modified(kind))
        known = self.portal.definitions(kind)
        wanted = dict.fromkeys((*always, *(list(named) or p.SHOWN[kind]), *history))
        told = {
            "id": doc["id"],
            "properties": {n: doc["properties"].get(n) for n in wanted if n in known},
            "createdAt": doc["createdAt"],
            "updatedAt": doc["updatedAt"],
            "archived": doc["archived"],
        }
        if doc["archived"]:
            told["archivedAt"] = doc["archivedAt"]
        if history:
            told["propertiesWithHistory"] = {n: doc["history"].get(n, []) for n in history}
        return told

    def one(self, call: Call) -> Response:
        kind, archived = call.path_params["kind"], asks_archived(call)
        self.portal.definitions(kind)
        id = call.path_params["id"]
        if name := call.query.get("idProperty"):
            holder = self.portal.holder(kind, name, id)
            if holder is None:
                raise missing(id)
            id = holder["id"]
        doc = self.portal.get(kind, id, archived=archived)
        return answer(self.shown(kind, doc, _names(call)))

    def list(self, call: Call) -> Response:
        """By id, a page after the id that `after` names (page size 10, at most 100)."""
        kind, archived = call.path_params["kind"], asks_archived(call)
        self.portal.definitions(kind)
        limit = int(call.query.get("limit", LISTED))
        if limit > MOST_LISTED:
            raise invalid(f"limit: {limit} is more than {MOST_LISTED}")
        after = int(call.query.get("after", "0"))
        docs = [d for d in self.portal.state.table(kind).values() if d["archived"] is archived]
        docs = sorted((d for d in docs if int(d["id"]) > after), key=lambda d: int(d["id"]))
        page = docs[:limit]
        body: dict[str, Any] = {
            "results": call.listed([self.shown(kind, doc, _names(call)) for doc in page])
        }
        if len(docs) > limit:
            body["paging"] = {"next": {"after": page[-1]["id"], "link": ""}}
        return answer(body)

    def create(self, call: Call) -> Response:
        kind, asked = call.path_params["kind"], call.json()
        doc = self.made(kind, asked, call)
        call.applied(doc["id"])
        return answer(self.shown(kind, doc, asked.get("properties", ())), 201)

    def made(self, kind: str, asked: Mapping[str, Any], call: Call) -> dict[str, Any]:
        """A record with the associations that its create names."""
        ties = [_tie(kind, one) for one in asked.get("associations") or ()]
        for other, id in ties:
            self.portal.get(other, id)
        doc = self.portal.create(kind, asked.get("properties") or {}, APP, call.lag)
        for other, id in ties:
            self.portal.associate(kind, doc["id"], other, id)
        return doc

    def update(self, call: Call) -> Response:
        kind, id = call.path_params["kind"], call.path_params["id"]
        doc = self.portal.update(kind, id, call.json().get("properties") or {}, APP, call.lag)
        call.applied(id)
        return answer(self.shown(kind, doc))

    def archive(self, call: Call) -> Response:
        """204, also for what is not there."""
        self.portal.archive(call.path_params["kind"], call.path_params["id"])
        call.applied(call.path_params["id"])
        return answer(status=204)

    def merge(self, call: Call) -> Response:
        kind, asked = call.path_params["kind"], call.json()
        made = self.portal.merge(kind, asked["primaryObjectId"], asked["objectIdToMerge"], APP)
        call.applied(made["id"])
        return answer(self.shown(kind, made))


def _names(call: Call) -> list[str]:
    return [n for words in call.query.getlist("properties") for n in words.split(",") if n]


def _tie(kind: str, asked: Mapping[str, Any]) -> tuple[str, str]:
    type = asked["types"][0]["associationTypeId"]
    if kind != p.NOTES or type not in NOTE_ASSOCIATIONS:
        raise invalid(f"invalid association type {type}", "INVALID_ASSOCIATION")
    return NOTE_ASSOCIATIONS[type], str(asked["to"]["id"])
