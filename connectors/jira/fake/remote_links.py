"""Links to things elsewhere: `getRemoteIssueLinks`, `createOrUpdateRemoteIssueLink`,
`updateRemoteIssueLink`, `deleteRemoteIssueLinkByGlobalId`, `deleteRemoteIssueLinkById`.

Posting a known `globalId` replaces that link: what the request leaves out becomes null."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from connectors.jira.fake.api import account, body
from connectors.jira.fake.editing import Editing
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.limits import Limits
from connectors.jira.fake.site import Doc, Site
from syncline.sandbox import Call, Endpoint, answer

LONGEST_GLOBAL_ID = 255
APPLICATIONS = "/rest/applinks/latest/listApplicationlinks"  # what the official client asks first


class RemoteLinks:
    """The endpoints of remote issue links."""

    def __init__(self, site: Site, editing: Editing, limits: Limits) -> None:
        self._site = site
        self._editing = editing
        self._limits = limits

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        root = "/rest/api/3/issue/{id}/remotelink"
        return [
            Endpoint("GET", APPLICATIONS, self._applications),
            Endpoint("GET", root, self._list),
            Endpoint("POST", root, self._put, mutating=True),
            Endpoint("DELETE", root, self._delete_by_global_id, mutating=True),
            Endpoint("GET", f"{root}/{{link}}", self._get),
            Endpoint("PUT", f"{root}/{{link}}", self._update, mutating=True),
            Endpoint("DELETE", f"{root}/{{link}}", self._delete, mutating=True),
        ]

    def _issue(self, call: Call, write: bool = False) -> Doc:
        doc = self._site.visible(call.path_params["id"])
        if write:
            self._limits.written(doc["id"])
        return doc

    def _show(self, doc: Doc, link: Doc) -> Doc:
        url = self._site.url(f"issue/{doc['id']}/remotelink/{link['id']}")
        shown = {"id": link["id"], "self": url}
        shown |= {k: link[k] for k in ("globalId", "application", "relationship") if link[k]}
        kept = {name: value for name, value in link["object"].items() if value is not None}
        return {**shown, "object": {"icon": {}, "status": {"icon": {}}, **kept}}

    def _applications(self, call: Call) -> Response:
        return answer({"list": []})

    def _list(self, call: Call) -> Response:
        doc = self._issue(call)
        wanted = call.query.get("globalId")
        if wanted is None:
            return answer([self._show(doc, link) for link in call.listed(doc["links"])])
        link = _by_global_id(doc, wanted)
        if link is None:
            raise refuse(404, errors={"globalId": "No remote issue link exists with this id."})
        return answer(self._show(doc, link))

    def _get(self, call: Call) -> Response:
        doc = self._issue(call)
        return answer(self._show(doc, self._one(doc, call)))

    def _one(self, doc: Doc, call: Call) -> Doc:
        id = call.path_params["link"]
        for link in doc["links"]:
            if str(link["id"]) == id:
                return dict(link)
        raise refuse(404, f"No remote issue link exists with id '{id}'.")

    def _put(self, call: Call) -> Response:
        doc, given = self._issue(call, write=True), _sound(body(call))
        old = _by_global_id(doc, given["globalId"]) if given["globalId"] else None
        id = old["id"] if old else self._site.state.next("remote link", 50000)
        self._save(doc, {**given, "id": id}, account(call), call.lag)
        call.applied(doc["id"])
        url = self._site.url(f"issue/{doc['id']}/remotelink/{id}")
        return answer({"id": id, "self": url}, 200 if old else 201)

    def _update(self, call: Call) -> Response:
        doc = self._issue(call, write=True)
        old = self._one(doc, call)
        self._save(doc, {**_sound(body(call)), "id": old["id"]}, account(call), call.lag)
        call.applied(doc["id"])
        return answer(status=204)

    def _delete_by_global_id(self, call: Call) -> Response:
        doc = self._issue(call, write=True)
        wanted = call.query.get("globalId")
        if not wanted:
            raise refuse(400, errors={"globalId": "A global id must be given."})
        link = _by_global_id(doc, wanted)
        if link is None:
            raise refuse(404, errors={"globalId": "No remote issue link exists with this id."})
        return self._remove(call, doc, link)

    def _delete(self, call: Call) -> Response:
        doc = self._issue(call, write=True)
        return self._remove(call, doc, self._one(doc, call))

    def _remove(self, call: Call, doc: Doc, link: Doc) -> Response:
        links = [known for known in doc["links"] if known["id"] != link["id"]]
        items = [_item(link, gone=True)]
        self._editing.apply(doc, {}, account(call), call.lag, items=items, links=links)
        call.applied(doc["id"])
        return answer(status=204)

    def _save(self, doc: Doc, link: Doc, actor: str, lag: timedelta | None) -> None:
        links = list(doc["links"])
        for at, known in enumerate(links):
            if known["id"] == link["id"]:
                links[at] = link
                break
        else:
            links.append(link)
        self._editing.apply(doc, {}, actor, lag, items=[_item(link)], links=links)


def _by_global_id(doc: Doc, wanted: str) -> Doc | None:
    return next((dict(k) for k in doc["links"] if k["globalId"] == wanted), None)


def _sound(given: Doc) -> Doc:
    """What is kept of a `RemoteIssueLinkRequest`; what it leaves out is null."""
    thing: Any = given.get("object")
    if not isinstance(thing, dict):
        raise refuse(400, errors={"object": "'object' is required."})
    for name in ("title", "url"):
        if not isinstance(thing.get(name), str) or not thing[name]:
            raise refuse(400, errors={name: f"'{name}' is required."})
    global_id = given.get("globalId")
    if global_id is not None and len(str(global_id)) > LONGEST_GLOBAL_ID:
        raise refuse(400, errors={"globalId": "'globalId' is longer than 255 characters."})
    return {
        "globalId": global_id,
        "application": given.get("application"),
        "relationship": given.get("relationship"),
        "object": {n: thing.get(n) for n in ("url", "title", "summary", "icon", "status")},
    }


def _item(link: Doc, gone: bool = False) -> Doc:
    title = str(link["object"]["title"])
    told = (str(link["id"]), f'This issue links to "{title}"')
    old, new = (told, (None, None)) if gone else ((None, None), told)
    return {
        "field": "RemoteIssueLink",
        "fieldtype": "jira",
        "fieldId": "RemoteIssueLink",
        "from": old[0],
        "fromString": old[1],
        "to": new[0],
        "toString": new[1],
    }
