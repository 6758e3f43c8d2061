"""Making and changing issues: screens, required fields, operations, transitions, the changelog.

The API, the async jobs and the web page all come through here, so a person and an integration are
refused for the same reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.jira.fake import workflow
from connectors.jira.fake.commenting import Commenting
from connectors.jira.fake.faces import BadValue
from connectors.jira.fake.fields import read, words
from connectors.jira.fake.site import Doc, Event, Site, with_fields
from connectors.jira.fake.vocabulary import (
    ALWAYS_REQUIRED,
    DEFAULT_PRIORITY,
    FIELDS,
    SUBTASK,
    FieldDef,
    ProjectDef,
    create_screen,
    edit_screen,
)

OPERATIONS = {"labels": ("add", "remove", "set"), "options": ("add", "remove", "set")}


class Refused(Exception):
    """What was asked for is refused: `messages` for the whole, `errors` by field."""

    def __init__(self, *messages: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join((*messages, *(errors or {}).values())))
        self.messages = messages
        self.errors = dict(errors or {})


@dataclass(frozen=True, slots=True)
class Request:
    """What a request says of an issue: `IssueUpdateDetails`."""

    fields: Mapping[str, Any]
    update: Mapping[str, Any]
    properties: Mapping[str, Any]
    transition: str | None = None

    @classmethod
    def of(cls, body: Any) -> Request:
        """Read a body; Refused where it is no such thing."""
        if not isinstance(body, dict):
            raise Refused("INVALID_INPUT")
        fields, update = body.get("fields") or {}, body.get("update") or {}
        properties, transition = body.get("properties") or [], body.get("transition") or {}
        sound = all(isinstance(part, dict) for part in (fields, update, transition))
        if not sound or not all(isinstance(v, list) for v in (properties, *update.values())):
            raise Refused("INVALID_INPUT")
        if not all(isinstance(p, dict) and "key" in p and "value" in p for p in properties):
            raise Refused("INVALID_INPUT")
        return cls(
            fields,
            update,
            {str(p["key"]): p["value"] for p in properties},
            str(transition["id"]) if "id" in transition else None,
        )


class Editing:
    """Changes of issues, made for an account."""

    def __init__(self, site: Site, commenting: Commenting) -> None:
        self._site = site
        self._commenting = commenting

    def required(self, type: str) -> tuple[str, ...]:
        """The fields an issue of this type cannot be without."""
        return (*ALWAYS_REQUIRED, *self._site.setting("required").get(type, ()))

    def create(self, request: Request, actor: str, lag: timedelta | None = None) -> Doc:
        """A new issue, or Refused and nothing made."""
        project = self._project(request)
        now = self._site.now()
        doc: Doc = {
            "id": "0",
            "key": "",
            "project": project.id,
            "creator": actor,
            "created": now,
            "updated": now,
            "archived": False,
            "hidden": False,
            "properties": dict(request.properties),
            "histories": [],
            "links": [],
            "fields": {
                "priority": DEFAULT_PRIORITY,
                "reporter": actor,
                "labels": [],
            },
        }
        values = self._values(
            request, doc, self._site.screen(create_screen(project.id)), creating=True
        )
        values.pop("project", None)
        values["status"] = workflow.first(values["issuetype"])
        id = str(self._site.state.next("issue", 20000))
        doc = with_fields({**doc, "id": id, "key": self._site.next_key(project)}, values)
        self._site.save(doc, lag)
        self._site.tell(Event("jira:issue_created", doc, actor, kind="issue_created"))
        return self._remarks(request, doc, actor, lag)

    def _project(self, request: Request) -> ProjectDef:
        given = request.fields.get("project")
        wanted = given.get("id", given.get("key", "")) if isinstance(given, dict) else ""
        project = self._site.project(str(wanted)) if wanted else None
        if project is None:
            raise Refused(errors={"project": "Specify a valid project ID or key"})
        return project

    def edit(self, doc: Doc, request: Request, actor: str, lag: timedelta | None = None) -> Doc:
        """The issue with its fields changed, or Refused and nothing changed."""
        self._writable(doc)
        values = self._values(request, doc, self._site.screen(edit_screen(doc["project"])))
        if request.properties:
            doc = {**doc, "properties": {**doc["properties"], **request.properties}}
            self._site.save(doc, lag)
        doc = self.apply(doc, values, actor, lag)
        return self._remarks(request, doc, actor, lag)

    def transition(
        self, doc: Doc, request: Request, actor: str, lag: timedelta | None = None
    ) -> Doc:
        """The issue moved along a transition, or Refused and nothing changed."""
        self._writable(doc)
        type, status = doc["fields"]["issuetype"], doc["fields"]["status"]
        steps = {t.id: t for t in workflow.available(type, status, self._site.closed_steps)}
        if request.transition is None:
            raise Refused("Missing 'transition' identifier")
        step = steps.get(request.transition)
        if step is None:
            raise Refused(
                "It isn't possible to transition the issue with this transition: it is not valid "
                f"for this issue ({request.transition})."
            )
        values = self._values(request, doc, step.screen)
        missing = [f for f in step.required if not values.get(f)]
        if missing:
            raise Refused(errors={f: f"{FIELDS[f].name} is required." for f in missing})
        if step.target in (workflow.DONE, workflow.REFUSED):
            values.setdefault("resolution", step.resolves)
        else:
            values["resolution"] = None
        values["status"] = step.target
        doc = self.apply(doc, values, actor, lag)
        return self._remarks(request, doc, actor, lag)

    @staticmethod
    def _writable(doc: Doc) -> None:
        if doc["archived"]:
            raise Refused("You can't edit this issue as it is archived.")

    def _remarks(self, request: Request, doc: Doc, actor: str, lag: timedelta | None) -> Doc:
        for operation in request.update.get("comment", ()):
            doc = self._commenting.add(doc, operation["add"], actor, lag)[0]
        return doc

    # values

    def _values(
        self, request: Request, doc: Doc, screen: Sequence[str], creating: bool = False
    ) -> dict[str, Any]:
        """What the request makes of fields; all its mistakes are told at once."""
        errors: dict[str, str] = {}
        values: dict[str, Any] = {}
        both = set(request.fields) & set(request.update)
        if both:
            raise Refused(f"Field '{min(both)}' is given in both 'fields' and 'update'.")
        self._comments_are_sound(request)
        wanted = {**request.fields, **request.update}
        wanted.pop("comment", None)
        for id in sorted(wanted, key=lambda name: name != "issuetype"):
            field = FIELDS.get(id)
            if field is None or id not in screen:
                errors[id] = (
                    f"Field '{id}' cannot be set. It is not on the appropriate screen, or unknown."
                )
                continue
            if id == "project":
                continue
            try:
                now = with_fields(doc, values)
                if id in request.update:
                    values[id] = self._operated(field, now, request.update[id])
                else:
                    values[id] = read(self._site, field, request.fields[id], now)
            except BadValue as bad:
                if bad.whole:
                    raise Refused(str(bad)) from None
                errors[id] = str(bad)
        self._nothing_missing(doc, values, errors, creating)
        if errors:
            raise Refused(errors=errors)
        return values

    def _nothing_missing(
        self, doc: Doc, values: dict[str, Any], errors: dict[str, str], creating: bool
    ) -> None:
        type = values.get("issuetype", doc["fields"].get("issuetype"))
        if type is None:
            errors.setdefault("issuetype", "Specify an issue type")
        elif type == SUBTASK and not values.get("parent", doc["fields"].get("parent")):
            errors.setdefault("parent", "Issue type is a sub-task but parent issue is not given.")
        if creating and "summary" not in values:
            errors.setdefault("summary", "You must specify a summary of the issue.")
        for id in self.required(type)[len(ALWAYS_REQUIRED) :] if type else ():
            touched = creating or id in values
            if touched and not values.get(id):
                errors.setdefault(id, f"{FIELDS[id].name} is required.")

    def _comments_are_sound(self, request: Request) -> None:
        for operation in request.update.get("comment", ()):
            if not isinstance(operation, dict) or "add" not in operation:
                raise Refused("INVALID_INPUT")
            try:
                self._commenting.check(operation["add"])
            except BadValue as bad:
                raise Refused(str(bad)) from None

    def _operated(self, field: FieldDef, doc: Doc, operations: Any) -> Any:
        """The value after `add`, `remove` and `set` operations."""
        kept = doc["fields"].get(field.id)
        for operation in operations:
            if not isinstance(operation, dict) or len(operation) != 1:
                raise BadValue("INVALID_INPUT", whole=True)
            verb, operand = next(iter(operation.items()))
            if verb not in OPERATIONS.get(field.kind, ("set",)):
                raise BadValue(f"Operation '{verb}' is not supported by this field.")
            if verb == "set":
                kept = read(self._site, field, operand, doc)
                continue
            change = read(self._site, field, [operand], doc)
            kept = sorted({*(kept or []), *change} if verb == "add" else set(kept) - set(change))
        return kept

    # the change itself

    def apply(
        self,
        doc: Doc,
        values: Mapping[str, Any],
        actor: str,
        lag: timedelta | None = None,
        **parts: Any,
    ) -> Doc:
        """The issue with these kept values, and its history; what changes nothing leaves no trace.

        `parts` are changes outside the fields; their history items come as `items`.
        """
        items = [*parts.pop("items", ()), *self._items(doc, values)]
        if not items:
            return doc
        now = self._site.now()
        history = {
            "id": str(self._site.state.next("history", 30000)),
            "author": actor,
            "created": now,
            "items": items,
        }
        values = dict(values)
        if "resolution" in values and values["resolution"] != doc["fields"].get("resolution"):
            values["resolutiondate"] = now if values["resolution"] else None
        doc = {**with_fields(doc, values), **parts}
        doc = {**doc, "updated": now, "histories": [*doc["histories"], history]}
        self._site.save(doc, lag)
        self._site.tell(Event("jira:issue_updated", doc, actor, history, kind="issue_generic"))
        return doc

    def _items(self, doc: Doc, values: Mapping[str, Any]) -> list[Doc]:
        items = []
        for id, value in values.items():
            old, field = doc["fields"].get(id), FIELDS[id]
            if (old or None) != (value or None):
                told = words(self._site, field, old), words(self._site, field, value)
                items.append(item(field, *told))
        return items

    def move(self, doc: Doc, project: ProjectDef, actor: str) -> Doc:
        """The issue in another project: a new key, the same id."""
        if doc["fields"]["issuetype"] not in project.types:
            raise Refused(errors={"issuetype": "The issue type selected is invalid."})
        key = self._site.next_key(project)
        old = self._site.project(doc["project"])
        moved = [
            _plain_item("project", (doc["project"], old.name if old else ""), project),
            {**_plain_item("Key", (None, doc["key"]), project), "to": None, "toString": key},
        ]
        return self.apply(doc, {}, actor, items=moved, project=project.id, key=key)


def item(
    field: FieldDef, old: tuple[str | None, str | None], new: tuple[str | None, str | None]
) -> Doc:
    """`ChangeDetails`: one field's change, as ids and as text."""
    return {
        "field": field.name if field.custom else field.id,
        "fieldtype": "custom" if field.custom else "jira",
        "fieldId": field.id,
        "from": old[0],
        "fromString": old[1],
        "to": new[0],
        "toString": new[1],
    }


def _plain_item(name: str, old: tuple[str | None, str], project: ProjectDef) -> Doc:
    return {
        "field": name,
        "fieldtype": "jira",
        "fieldId": name.lower(),
        "from": old[0],
        "fromString": old[1],
        "to": project.id,
        "toString": project.name,
    }
