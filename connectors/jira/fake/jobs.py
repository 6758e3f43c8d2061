"""Work that is taken on now and done a moment later: `submitBulkEdit`, `submitBulkTransition`,
`submitBulkDelete`, `getBulkOperationProgress`, `bulkSetIssuePropertiesByIssue`,
`bulkSetIssuesPropertiesList`, `getTask`.

A job runs when the tool's clock has passed its moment and the next request arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from starlette.responses import Response

from connectors.jira.fake.api import account, body, objects, strings
from connectors.jira.fake.editing import Editing, Refused, Request
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.site import Doc, Event, Site, changed
from syncline.sandbox import Answered, Call, Endpoint, answer

ROOT = "/rest/api/3"
MOST_ISSUES, MOST_FIELDS, AT_ONCE = 1000, 200, 5
TAKES_MS = 1_000


class Jobs:
    """The endpoints of asynchronous bulk work, and the work."""

    def __init__(self, site: Site, editing: Editing) -> None:
        self._site = site
        self._editing = editing
        self._tasks = site.state.table("task")
        self._calls: dict[str, Call] = {}

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        bulk, properties = f"{ROOT}/bulk/issues", f"{ROOT}/issue/properties"
        return [
            Endpoint("POST", f"{bulk}/fields", self._fields, mutating=True),
            Endpoint("POST", f"{bulk}/transition", self._transition, mutating=True),
            Endpoint("POST", f"{bulk}/delete", self._delete, mutating=True),
            Endpoint("GET", f"{ROOT}/bulk/queue/{{task}}", self._progress),
            Endpoint("POST", f"{properties}/multi", self._by_issue, mutating=True),
            Endpoint("POST", properties, self._same, mutating=True),
            Endpoint("GET", f"{ROOT}/task/{{task}}", self._task),
        ]

    # taking on

    def _take(self, call: Call, kind: str, work: list[tuple[str, Any]]) -> Doc:
        """A task; `work` is a list of (issue id or key, what to do with it)."""
        now = self._site.now()
        if sum(1 for t in self._tasks.values() if t["status"] == "ENQUEUED") >= AT_ONCE:
            raise _bulk_error("Too many bulk operations are running; try again later.", 429)
        task: Doc = {
            "id": str(self._site.state.next("task", 10641)),
            "kind": kind,
            "status": "ENQUEUED",
            "account": account(call),
            "created": now,
            "due": now + TAKES_MS,
            "work": work[: call.let_through(len(work))],
            "total": len(work),
            "done": [],
            "failed": {},
            "unknown": 0,
        }
        self._tasks.put(task["id"], task)
        self._calls[task["id"]] = call
        return task

    @staticmethod
    def _selected(given: Doc) -> list[str]:
        ids = strings(given.get("selectedIssueIdsOrKeys"), "selectedIssueIdsOrKeys")
        if not ids or len(ids) > MOST_ISSUES:
            raise _bulk_error(f"Between 1 and {MOST_ISSUES} issues must be selected.")
        return ids

    def _fields(self, call: Call) -> Response:
        given = body(call)
        actions = strings(given.get("selectedActions"), "selectedActions")
        if len(actions) > MOST_FIELDS:
            raise _bulk_error(f"No more than {MOST_FIELDS} fields can be edited.")
        edited = given.get("editedFieldsInput")
        edits = dict(_edits(edited if isinstance(edited, dict) else {}))
        stray = sorted(set(edits) - set(actions))
        if stray or not edits:
            listed = ", ".join(stray)
            raise _bulk_error(
                "The following editedFieldInput values are not listed as selectedActions : "
                + listed
            )
        work = [(id, edits) for id in self._selected(given)]
        return answer({"taskId": self._take(call, "edit", work)["id"]}, 201)

    def _transition(self, call: Call) -> Response:
        work = [
            (id, str(one.get("transitionId")))
            for one in objects(body(call).get("bulkTransitionInputs"), "bulkTransitionInputs")
            for id in self._selected(one)
        ]
        if not 0 < len(work) <= MOST_ISSUES:
            raise _bulk_error(f"Between 1 and {MOST_ISSUES} issues must be selected.")
        if any(self._site.find(id) is None for id, _ in work):
            raise _bulk_error("Some of the issues in the issueIdsOrKeys are not valid")
        return answer({"taskId": self._take(call, "transition", work)["id"]}, 201)

    def _delete(self, call: Call) -> Response:
        work = [(id, None) for id in self._selected(body(call))]
        return answer({"taskId": self._take(call, "delete", work)["id"]}, 201)

    def _by_issue(self, call: Call) -> Response:
        issues = objects(body(call).get("issues"), "issues")
        if not 0 < len(issues) <= 100:
            raise refuse(400, "Between 1 and 100 issues must be given.")
        work = [(str(one.get("issueID")), one.get("properties") or {}) for one in issues]
        return self._taken(call, work)

    def _same(self, call: Call) -> Response:
        given = body(call)
        ids = strings(given.get("entitiesIds"), "entitiesIds")
        if not ids or len(ids) > 10_000:
            raise refuse(400, "Between 1 and 10000 entity ids must be given.")
        return self._taken(call, [(id, given.get("properties") or {}) for id in ids])

    def _taken(self, call: Call, work: list[tuple[str, Any]]) -> Response:
        if not all(isinstance(p, dict) and 0 < len(p) <= 10 for _, p in work):
            raise refuse(400, "Between 1 and 10 properties must be given for each issue.")
        task = self._take(call, "properties", work)
        return answer(status=303, headers={"Location": self._site.url(f"task/{task['id']}")})

    # doing

    def run_due(self) -> None:
        """Do what is due by the tool's clock."""
        now = self._site.now()
        due = [t for t in self._tasks.values() if t["status"] == "ENQUEUED" and t["due"] <= now]
        for task in due:
            done, failed, unknown = [], {}, 0
            call = self._calls.pop(task["id"], None)
            for id, what in task["work"]:
                doc = self._site.find(id)
                if doc is None or doc["hidden"]:
                    unknown += 1
                    continue
                try:
                    DOERS[task["kind"]](self, doc, what, task["account"])
                except Refused as refused:
                    failed[doc["id"]] = [*refused.messages, *refused.errors.values()]
                    continue
                done.append(int(doc["id"]))
                if call is not None:
                    call.applied(doc["id"])
            finished = changed(task, status="COMPLETE", done=done, failed=failed, unknown=unknown)
            self._tasks.put(task["id"], finished)

    def _edit_one(self, doc: Doc, edits: Doc, actor: str) -> None:
        sets = {id: e["set"] for id, e in edits.items() if "set" in e}
        others = {id: e["update"] for id, e in edits.items() if "update" in e}
        self._editing.edit(doc, Request(sets, others, {}), actor)

    def _move_one(self, doc: Doc, transition: str, actor: str) -> None:
        self._editing.transition(doc, Request({}, {}, {}, transition), actor)

    def _delete_one(self, doc: Doc, _: None, actor: str) -> None:
        self._site.remove(doc)
        self._site.tell(Event("jira:issue_deleted", doc, actor, kind="issue_deleted"))

    def _set_one(self, doc: Doc, properties: Doc, actor: str) -> None:
        self._site.save(changed(doc, properties={**doc["properties"], **properties}))

    # asking

    def _asked(self, call: Call) -> Doc:
        id = call.path_params["task"]
        task = self._tasks.get(id)
        if task is None:
            raise refuse(404, f"The task with ID {id} was not found.")
        return task

    def _progress(self, call: Call) -> Response:
        task = self._asked(call)
        if task["kind"] == "properties":
            raise refuse(400, "The task associated with this taskId is not a bulk operation task")
        complete = task["status"] == "COMPLETE"
        shown: Doc = {
            "taskId": task["id"],
            "status": "COMPLETE" if complete else "RUNNING",
            "progressPercent": 100 if complete else 0,
            "submittedBy": {"accountId": task["account"]},
            "created": task["created"],
            "started": task["created"],
            "updated": task["due"] if complete else task["created"],
            "totalIssueCount": task["total"],
        }
        if complete:
            shown["processedAccessibleIssues"] = task["done"]
            shown["failedAccessibleIssues"] = task["failed"]
            shown["invalidOrInaccessibleIssueCount"] = task["unknown"]
        return answer(shown)

    def _task(self, call: Call) -> Response:
        task = self._asked(call)
        complete = task["status"] == "COMPLETE"
        shown: Doc = {
            "self": self._site.url(f"task/{task['id']}"),
            "id": task["id"],
            "description": "Set issue properties",
            "status": "COMPLETE" if complete else "RUNNING",
            "submittedBy": 10000,
            "progress": 100 if complete else 0,
            "elapsedRuntime": TAKES_MS if complete else 0,
            "submitted": task["created"],
            "started": task["created"],
            "lastUpdate": task["due"] if complete else task["created"],
        }
        if complete:
            shown["finished"] = task["due"]
            shown["result"] = {"updated": task["done"], "notFound": task["unknown"]}
        return answer(shown)


Doer = Callable[[Jobs, Doc, Any, str], None]
DOERS: dict[str, Doer] = {
    "edit": Jobs._edit_one,
    "transition": Jobs._move_one,
    "delete": Jobs._delete_one,
    "properties": Jobs._set_one,
}


def _bulk_error(message: str, status: int = 400) -> Answered:
    return Answered(answer({"errors": [{"message": message}]}, status))


def _edits(given: Doc) -> Iterator[tuple[str, Doc]]:
    """What `JiraIssueFields` asks for, as the edit of a single issue would say it."""
    for group, read in EDITS.items():
        for one in objects(given.get(group), group):
            yield str(one.get("fieldId")), read(one)
    if given.get("priority"):
        yield "priority", {"set": {"id": _inside(given, "priority", "priorityId")}}
    if given.get("issueType"):
        yield "issuetype", {"set": {"id": _inside(given, "issueType", "issueTypeId")}}


def _labels(one: Doc) -> Doc:
    names = [label.get("name") for label in objects(one.get("labels"), "labels")]
    match one.get("bulkEditMultiSelectFieldOption"):
        case "ADD" | "REMOVE" as verb:
            return {"update": [{verb.lower(): name} for name in names]}
        case "REMOVE_ALL":
            return {"set": []}
    return {"set": names}


def _inside(given: Doc, name: str, part: str) -> Any:
    whole = given.get(name)
    return whole.get(part) if isinstance(whole, dict) else None


def _option(given: Any) -> Doc | None:
    chosen = isinstance(given, dict) and given.get("optionId")
    return {"id": str(given["optionId"])} if chosen else None


EDITS: dict[str, Callable[[Doc], Doc]] = {
    "singleLineTextFields": lambda one: {"set": one.get("text")},
    "richTextFields": lambda one: {"set": _inside(one, "richText", "adfValue")},
    "datePickerFields": lambda one: {"set": _inside(one, "date", "formattedDate")},
    "singleSelectFields": lambda one: {"set": _option(one.get("option"))},
    "multipleSelectFields": lambda one: {
        "set": [_option(o) for o in objects(one.get("options"), "options")]
    },
    "singleSelectClearableUserPickerFields": lambda one: {"set": one.get("user")},
    "labelsFields": _labels,
}
