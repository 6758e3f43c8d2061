"""Issues one at a time: `getIssue`, `createIssue`, `editIssue`, `deleteIssue`, transitions,
`getChangeLogs`, `getEditIssueMeta`, and archiving."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from connectors.jira.fake import workflow
from connectors.jira.fake.api import (
    account,
    asked_fields,
    body,
    page,
    refusing,
    showing,
    strings,
    window,
)
from connectors.jira.fake.editing import Editing, Refused, Request
from connectors.jira.fake.errors import collection, refuse
from connectors.jira.fake.limits import Limits
from connectors.jira.fake.metadata import field_meta
from connectors.jira.fake.showing import Showing, Shown
from connectors.jira.fake.site import Doc, Event, Site, changed
from connectors.jira.fake.vocabulary import EPIC, FIELDS, edit_screen
from syncline.sandbox import Call, Endpoint, answer

ROOT = "/rest/api/3/issue"


class Issues:
    """The endpoints of single issues."""

    def __init__(self, site: Site, editing: Editing, limits: Limits) -> None:
        self._site = site
        self._editing = editing
        self._limits = limits

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        one = f"{ROOT}/{{id}}"
        return [
            Endpoint("POST", ROOT, self._create, mutating=True),
            Endpoint("PUT", f"{ROOT}/archive", self._archive, mutating=True),
            Endpoint("PUT", f"{ROOT}/unarchive", self._archive, mutating=True),
            Endpoint("GET", one, self._get),
            Endpoint("PUT", one, self._edit, mutating=True),
            Endpoint("DELETE", one, self._delete, mutating=True),
            Endpoint("PUT", f"{one}/assignee", self._assign, mutating=True),
            # The official client asks for this one of no version in particular.
            Endpoint("PUT", "/rest/api/latest/issue/{id}/assignee", self._assign, mutating=True),
            Endpoint("GET", f"{one}/transitions", self._transitions),
            Endpoint("POST", f"{one}/transitions", self._transition, mutating=True),
            Endpoint("GET", f"{one}/changelog", self._changelog),
            Endpoint("GET", f"{one}/editmeta", self._editmeta),
        ]

    def _one(self, call: Call) -> Doc:
        return self._site.visible(call.path_params["id"])

    def writable(self, call: Call) -> Doc:
        """The issue named in the path, unless it is written too often."""
        doc = self._one(call)
        self._limits.written(doc["id"])
        return doc

    def _get(self, call: Call) -> Response:
        doc = self._one(call)
        names = call.query.getlist("fields")
        out = showing(self._site, call)
        shown = out.issue(doc, asked_fields(names, "*all") or [])
        for name in (n for part in call.query.getlist("properties") for n in part.split(",")):
            shown.setdefault("properties", {})
            if name == "*all":
                shown["properties"].update(doc["properties"])
            elif name in doc["properties"]:
                shown["properties"][name] = doc["properties"][name]
        return answer(self._expanded(doc, shown, call.query.get("expand") or "", out))

    def _expanded(self, doc: Doc, shown: Shown, expand: str, out: Showing) -> Shown:
        wanted = expand.split(",")
        if "changelog" in wanted:
            shown["changelog"] = out.changelog(doc)
        if "transitions" in wanted:
            shown["transitions"] = self._steps(doc, out, fields=False)
        if "names" in wanted:
            shown["names"] = {id: FIELDS[id].name for id in shown["fields"]}
        if "editmeta" in wanted:
            shown["editmeta"] = {
                "fields": self._meta(doc, self._site.screen(edit_screen(doc["project"])), out)
            }
        return shown

    def _create(self, call: Call) -> Response:
        with refusing():
            doc, shown = create(self._editing, self._site, call, body(call))
        call.applied(doc["id"])
        return answer(shown, 201)

    def _edit(self, call: Call) -> Response:
        doc = self.writable(call)
        with refusing():
            doc = self._editing.edit(doc, Request.of(body(call)), account(call), call.lag)
        call.applied(doc["id"])
        if call.query.get("returnIssue") == "true":
            out = showing(self._site, call)
            return answer(out.issue(doc, asked_fields(None, "*all") or []))
        return answer(status=204)

    def _assign(self, call: Call) -> Response:
        doc = self.writable(call)
        given = body(call)
        wanted = given if any(given.values()) else None
        with refusing():
            request = Request({"assignee": wanted}, {}, {})
            self._editing.edit(doc, request, account(call), call.lag)
        call.applied(doc["id"])
        return answer(status=204)

    def _delete(self, call: Call) -> Response:
        doc = self.writable(call)
        children = self._site.children(doc["id"])
        if doc["fields"]["issuetype"] == EPIC:
            children = []  # an epic's issues stay
        if children and call.query.get("deleteSubtasks") != "true":
            raise refuse(
                400,
                f"The issue '{doc['key']}' has subtasks. You must specify the 'deleteSubtasks' "
                "parameter to delete this issue and all its subtasks.",
            )
        for gone in (*children, doc):
            self._site.remove(gone, call.lag)
            event = Event("jira:issue_deleted", gone, account(call), kind="issue_deleted")
            self._site.tell(event)
            call.applied(gone["id"])
        return answer(status=204)

    # transitions

    def _transitions(self, call: Call) -> Response:
        doc = self._one(call)
        fields = "transitions.fields" in (call.query.get("expand") or "")
        steps = self._steps(doc, showing(self._site, call), fields)
        wanted = call.query.get("transitionId")
        shown = [s for s in steps if wanted in (None, s["id"])]
        return answer({"expand": "transitions", "transitions": shown})

    def _steps(self, doc: Doc, out: Showing, fields: bool) -> list[Shown]:
        type, status = doc["fields"]["issuetype"], doc["fields"]["status"]
        steps: list[Shown] = []
        if "TRANSITION_ISSUES" in self._site.setting("revoked"):
            return steps
        for step in workflow.available(type, status, self._site.closed_steps):
            shown = out.transition(step)
            if fields:
                shown["fields"] = self._meta(doc, step.screen, out, step.required)
            steps.append(shown)
        return steps

    def _meta(
        self, doc: Doc, screen: Sequence[str], out: Showing, required: Sequence[str] | None = None
    ) -> Shown:
        if required is None:
            required = self._editing.required(doc["fields"]["issuetype"])
        project = self._site.project(doc["project"])
        return {
            id: field_meta(FIELDS[id], id in required, out, self._site, project) for id in screen
        }

    def _transition(self, call: Call) -> Response:
        doc = self.writable(call)
        with refusing():
            doc = self._editing.transition(doc, Request.of(body(call)), account(call), call.lag)
        call.applied(doc["id"])
        return answer(status=204)

    def _editmeta(self, call: Call) -> Response:
        out = showing(self._site, call)
        doc = self._one(call)
        screen = self._site.screen(edit_screen(doc["project"]))
        return answer({"fields": self._meta(doc, screen, out)})

    def _changelog(self, call: Call) -> Response:
        doc = self._one(call)
        out = showing(self._site, call)
        start, most = window(call, 100, 100)
        rows = [out.history(h, h["items"]) for h in doc["histories"]]
        return answer(page(self._site, f"issue/{doc['id']}/changelog", rows, start, most))

    # archive

    def _archive(self, call: Call) -> Response:
        wanted = strings(body(call).get("issueIdsOrKeys"), "issueIdsOrKeys")
        archived = call.request.url.path.endswith("/archive")
        missing, done = [], 0
        for id in wanted[:1000]:
            doc = self._site.find(id)
            if doc is None or doc["hidden"]:
                missing.append(id)
                continue
            self._site.save(changed(doc, archived=archived), call.lag)
            call.applied(doc["id"])
            done += 1
        if not done:
            raise refuse(400, "No valid issue to archive or unarchive. Bad request.")
        errors = {}
        if missing:
            told = {"count": len(missing), "issueIdsOrKeys": missing, "message": "Issue not found."}
            errors["issuesNotFound"] = told
        return answer({"numberOfIssuesUpdated": done, "errors": errors})


def create(editing: Editing, site: Site, call: Call, given: object) -> tuple[Doc, Shown]:
    """Make an issue and answer with `CreatedIssue`; a transition that fails leaves it made."""
    request = Request.of(given)
    doc = editing.create(request, account(call), call.lag)
    shown: Shown = {"id": doc["id"], "key": doc["key"], "self": site.url(f"issue/{doc['id']}")}
    if request.transition is not None:
        status, errors = 200, collection()
        try:
            move = Request({}, {}, {}, request.transition)
            doc = editing.transition(doc, move, account(call), call.lag)
        except Refused as refused:
            status, errors = 400, collection(refused.messages, refused.errors)
        shown["transition"] = {"status": status, "errorCollection": errors}
    return doc, shown
