"""Comments: `getComments`, `addComment`, `updateComment`, `deleteComment`, `getCommentsByIds`, and
the properties of comments. A customer reads a comment unless `sd.public.comment` says internal."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from connectors.jira.fake.api import account, body, page, refusing, showing, strings, window
from connectors.jira.fake.commenting import OWN_ROLES, Commenting
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.limits import Limits
from connectors.jira.fake.site import Doc, Site, changed
from syncline.sandbox import Call, Endpoint, answer


class Comments:
    """The endpoints of comments."""

    def __init__(self, site: Site, commenting: Commenting, limits: Limits) -> None:
        self._site = site
        self._commenting = commenting
        self._limits = limits

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        all_of = "/rest/api/3/issue/{id}/comment"
        one = f"{all_of}/{{comment}}"
        properties = "/rest/api/3/comment/{comment}/properties"
        return [
            Endpoint("POST", "/rest/api/3/comment/list", self._by_ids),
            Endpoint("GET", all_of, self._list),
            Endpoint("POST", all_of, self._add, mutating=True),
            Endpoint("GET", one, self._get),
            Endpoint("PUT", one, self._edit, mutating=True),
            Endpoint("DELETE", one, self._delete, mutating=True),
            Endpoint("GET", properties, self._property_keys),
            Endpoint("GET", f"{properties}/{{key}}", self._property),
            Endpoint("PUT", f"{properties}/{{key}}", self._set_property, mutating=True),
            Endpoint("DELETE", f"{properties}/{{key}}", self._drop_property, mutating=True),
        ]

    def _readable(self, comment: Doc | None) -> bool:
        if comment is None:
            return False
        visibility = comment["visibility"]
        name = visibility and visibility.get("value", visibility.get("identifier"))
        doc = self._site.issues.get(comment["issue"])
        return doc is not None and not doc["hidden"] and (not name or name in OWN_ROLES)

    def _comment(self, call: Call) -> Doc:
        id = call.path_params["comment"]
        comment = self._site.comments.get(id)
        if comment is None or not self._readable(comment):
            raise refuse(404, f"Can not find a comment for the id: {id}.")
        issue = call.path_params.get("id")
        if issue is not None and self._site.visible(issue)["id"] != comment["issue"]:
            raise refuse(404, f"Can not find a comment for the id: {id}.")
        return comment

    def _issue_of(self, comment: Doc) -> Doc:
        doc = self._site.visible(comment["issue"])
        self._limits.written(doc["id"])
        return doc

    def _list(self, call: Call) -> Response:
        doc = self._site.visible(call.path_params["id"])
        rows = [c for c in self._site.comments_of(doc["id"]) if self._readable(c)]
        order = call.query.get("orderBy", "created")
        if order not in ("created", "-created", "+created"):
            raise refuse(400, f"Cannot order by '{order}'.")
        if order == "-created":
            rows.reverse()
        start, most = window(call, 100, 5000)
        out = showing(self._site, call)
        properties = "properties" in (call.query.get("expand") or "")
        shown = call.listed(rows[start : start + most])
        return answer(
            {
                "startAt": start,
                "maxResults": most,
                "total": len(rows),
                "comments": [out.comment(c, properties) for c in shown],
            }
        )

    def _by_ids(self, call: Call) -> Response:
        ids = strings(body(call).get("ids"), "ids")
        if not ids or len(ids) > 1000:
            raise refuse(400, "Between 1 and 1000 comment ids must be given.")
        out = showing(self._site, call)
        found = [c for i in ids if (c := self._site.comments.get(i)) and self._readable(c)]
        properties = "properties" in (call.query.get("expand") or "")
        rows = [out.comment(c, properties) for c in call.listed(found)]
        return answer(page(self._site, "comment/list", rows, 0, 1_048_576))

    def _get(self, call: Call) -> Response:
        properties = "properties" in (call.query.get("expand") or "")
        return answer(showing(self._site, call).comment(self._comment(call), properties))

    def _add(self, call: Call) -> Response:
        doc = self._site.visible(call.path_params["id"])
        self._limits.written(doc["id"])
        if doc["archived"]:
            raise refuse(403, "You can't edit this issue as it is archived.")
        with refusing():
            doc, comment = self._commenting.add(doc, body(call), account(call), call.lag)
        call.applied(doc["id"], comment["id"])
        return answer(showing(self._site, call).comment(comment), 201)

    def _edit(self, call: Call) -> Response:
        comment = self._comment(call)
        doc = self._issue_of(comment)
        with refusing():
            comment = self._commenting.change(doc, comment, body(call), account(call), call.lag)
        call.applied(doc["id"], comment["id"])
        return answer(showing(self._site, call).comment(comment))

    def _delete(self, call: Call) -> Response:
        comment = self._comment(call)
        doc = self._issue_of(comment)
        self._commenting.remove(doc, comment, account(call), call.lag)
        call.applied(doc["id"], comment["id"])
        return answer(status=204)

    # properties

    def _property_keys(self, call: Call) -> Response:
        comment = self._comment(call)
        url = self._site.url(f"comment/{comment['id']}/properties")
        keys = [{"key": k, "self": f"{url}/{k}"} for k in comment["properties"]]
        return answer({"keys": keys})

    def _property(self, call: Call) -> Response:
        comment, key = self._comment(call), call.path_params["key"]
        if key not in comment["properties"]:
            raise refuse(404, f"The property with key '{key}' does not exist.")
        return answer({"key": key, "value": comment["properties"][key]})

    def _set_property(self, call: Call) -> Response:
        comment, key = self._comment(call), call.path_params["key"]
        status = 200 if key in comment["properties"] else 201
        properties = {**comment["properties"], key: call.json()}
        self._site.save_comment(changed(comment, properties=properties))
        call.applied(comment["id"])
        return answer(status=status)

    def _drop_property(self, call: Call) -> Response:
        comment, key = self._comment(call), call.path_params["key"]
        properties = {k: v for k, v in comment["properties"].items() if k != key}
        self._site.save_comment(changed(comment, properties=properties))
        call.applied(comment["id"])
        return answer(status=204)
