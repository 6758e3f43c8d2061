"""Entity properties of issues: `getIssuePropertyKeys`, `getIssueProperty`, `setIssueProperty`,
`deleteIssueProperty`. Setting one neither counts as an update of the issue nor is in its changelog;
a search finds it only where an app declared it indexed."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from connectors.jira.fake.errors import refuse
from connectors.jira.fake.limits import Limits
from connectors.jira.fake.site import Doc, Site, changed
from syncline.sandbox import Call, Endpoint, answer

LONGEST_KEY, LONGEST_VALUE = 255, 32_768


class Properties:
    """The endpoints of issues' entity properties."""

    def __init__(self, site: Site, limits: Limits) -> None:
        self._site = site
        self._limits = limits

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        root = "/rest/api/3/issue/{id}/properties"
        return [
            Endpoint("GET", root, self._keys),
            Endpoint("GET", f"{root}/{{key}}", self._get),
            Endpoint("PUT", f"{root}/{{key}}", self._set, mutating=True),
            Endpoint("DELETE", f"{root}/{{key}}", self._delete, mutating=True),
        ]

    def _asked(self, call: Call) -> tuple[Doc, str]:
        return self._site.visible(call.path_params["id"]), call.path_params["key"]

    def _keys(self, call: Call) -> Response:
        doc = self._site.visible(call.path_params["id"])
        url = self._site.url(f"issue/{doc['id']}/properties")
        return answer({"keys": [{"self": f"{url}/{k}", "key": k} for k in doc["properties"]]})

    def _get(self, call: Call) -> Response:
        doc, key = self._asked(call)
        if key not in doc["properties"]:
            raise refuse(404, f"The property with key '{key}' does not exist.")
        return answer({"key": key, "value": doc["properties"][key]})

    def _set(self, call: Call) -> Response:
        doc, key = self._asked(call)
        self._limits.written(doc["id"])
        if not call.body.strip():
            raise refuse(400, "The property value cannot be empty.")
        if len(call.body.decode("utf-8", "replace")) > LONGEST_VALUE:
            raise refuse(400, f"The property value is longer than {LONGEST_VALUE} characters.")
        if len(key) > LONGEST_KEY:
            raise refuse(400, f"The property key is longer than {LONGEST_KEY} characters.")
        status = 200 if key in doc["properties"] else 201
        properties = {**doc["properties"], key: call.json()}
        self._site.save(changed(doc, properties=properties), call.lag)
        call.applied(doc["id"])
        return answer(status=status)

    def _delete(self, call: Call) -> Response:
        doc, key = self._asked(call)
        self._limits.written(doc["id"])
        if key not in doc["properties"]:
            raise refuse(404, f"The property with key '{key}' does not exist.")
        properties = {k: v for k, v in doc["properties"].items() if k != key}
        self._site.save(changed(doc, properties=properties), call.lag)
        call.applied(doc["id"])
        return answer(status=204)
