"""Many issues in one request: `createIssues`, `bulkFetchIssues`, `getBulkChangelogs`."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from starlette.responses import Response

from connectors.jira.fake.api import asked_fields, body, is_oauth, number, showing, strings
from connectors.jira.fake.editing import Editing, Refused
from connectors.jira.fake.errors import NO_ISSUE, collection, refuse
from connectors.jira.fake.issues import create
from connectors.jira.fake.limits import Limits
from connectors.jira.fake.showing import Shown
from connectors.jira.fake.site import Doc, Site
from syncline.sandbox import Call, Endpoint, answer

MOST_CREATES, MOST_FETCHED, MOST_CHANGELOGS, MOST_FIELD_IDS = 50, 100, 1000, 10


class Bulk:
    """The bulk endpoints that answer at once."""

    def __init__(self, site: Site, editing: Editing, limits: Limits) -> None:
        self._site = site
        self._editing = editing
        self._limits = limits

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        return [
            Endpoint("POST", "/rest/api/3/issue/bulk", self._create, mutating=True),
            Endpoint("POST", "/rest/api/3/issue/bulkfetch", self._fetch),
            Endpoint("POST", "/rest/api/3/changelog/bulkfetch", self._changelogs),
        ]

    def _create(self, call: Call) -> Response:
        given = body(call).get("issueUpdates")
        if not isinstance(given, list) or not 0 < len(given) <= MOST_CREATES:
            told = collection((f"Between 1 and {MOST_CREATES} issues must be given.",))
            whole = {"status": 400, "elementErrors": told}
            return answer({"issues": [], "errors": [whole]}, 400)
        issues: list[Shown] = []
        errors: list[Shown] = []
        for place, element in enumerate(given[: call.let_through(len(given))]):
            try:
                doc, shown = create(self._editing, self._site, call, element)
            except Refused as refused:
                errors.append(_failed(place, collection(refused.messages, refused.errors)))
                continue
            call.applied(doc["id"])
            issues.append(shown)
        for place in range(call.let_through(len(given)), len(given)):
            words = ("Issue could not be created, please try again.",)
            errors.append(_failed(place, collection(words)))
        return answer({"issues": issues, "errors": errors}, 201 if issues else 400)

    def _fetch(self, call: Call) -> Response:
        given = body(call)
        wanted = strings(given.get("issueIdsOrKeys"), "issueIdsOrKeys")
        if not wanted or len(wanted) > MOST_FETCHED:
            raise refuse(400, f"Between 1 and {MOST_FETCHED} issue ids or keys must be given.")
        fields = asked_fields(strings(given.get("fields"), "fields"), "*navigable")
        properties = strings(given.get("properties"), "properties")
        found: dict[int, Doc] = {}
        errors: list[Shown] = []
        for id in wanted:
            doc = self._site.find(id)
            if doc is None or doc["hidden"]:
                errors.append({"id": id, "errorMessage": NO_ISSUE})
            else:
                found[int(doc["id"])] = doc
        out = showing(self._site, call)
        issues = []
        for doc in call.listed([found[id] for id in sorted(found)]):
            shown = out.issue(doc, fields or [])
            if properties:
                kept = doc["properties"]
                shown["properties"] = {k: kept[k] for k in properties if k in kept}
            issues.append(shown)
        self._limits.cost(len(issues), is_oauth(call))
        return answer({"issues": issues, "issueErrors": errors})

    def _changelogs(self, call: Call) -> Response:
        given = body(call)
        wanted = strings(given.get("issueIdsOrKeys"), "issueIdsOrKeys")
        fields = strings(given.get("fieldIds"), "fieldIds")
        if not wanted or len(wanted) > MOST_CHANGELOGS:
            raise refuse(400, f"Between 1 and {MOST_CHANGELOGS} issue ids or keys must be given.")
        if len(fields) > MOST_FIELD_IDS:
            raise refuse(400, f"No more than {MOST_FIELD_IDS} field ids can be given.")
        most = number(given.get("maxResults"), 1000, 10_000) or 1000
        start = _started(given.get("nextPageToken"))
        rows = self._histories(wanted, fields)
        out = showing(self._site, call)
        logs: dict[str, list[Shown]] = {}
        for _, id, history, items in rows[start : start + most]:
            # Here, and only here, a moment is a number: the description's own example shows it.
            shown_history = {**out.history(history, items), "created": history["created"]}
            logs.setdefault(id, []).append(shown_history)
        shown: Shown = {
            "issueChangeLogs": [{"issueId": i, "changeHistories": h} for i, h in logs.items()]
        }
        if start + most < len(rows):
            shown["nextPageToken"] = base64.urlsafe_b64encode(
                json.dumps(start + most).encode()
            ).decode()
        return answer(shown)

    def _histories(
        self, wanted: list[str], fields: list[str]
    ) -> list[tuple[tuple[int, int], str, Doc, list[Doc]]]:
        """Histories by moment and issue; issues that cannot be seen are left out."""
        rows = []
        docs = {d["id"]: d for w in wanted if (d := self._site.find(w)) and not d["hidden"]}
        for id, doc in docs.items():
            for history in doc["histories"]:
                items = [i for i in history["items"] if not fields or i["fieldId"] in fields]
                if items:
                    rows.append(((history["created"], int(id)), id, history, items))
        return sorted(rows, key=lambda row: row[0])


def _failed(place: int, errors: Shown) -> Shown:
    return {"status": 400, "elementErrors": errors, "failedElementNumber": place}


def _started(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(str(token))))
    except (ValueError, TypeError):
        raise refuse(400, "The nextPageToken is invalid or expired.") from None
