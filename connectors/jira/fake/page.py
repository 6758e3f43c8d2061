"""What the web page for people shows of the site, and what people do there.

People see hidden and archived issues, and pass the checks of the API: a refusal has Jira's words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from connectors.jira.fake import workflow
from connectors.jira.fake.commenting import Commenting
from connectors.jira.fake.editing import Editing, Refused, Request
from connectors.jira.fake.faces import BadValue
from connectors.jira.fake.showing import is_internal
from connectors.jira.fake.site import Doc, Event, Site, changed
from connectors.jira.fake.vocabulary import (
    DEFAULT_PRIORITY,
    DISCOVERY,
    EDIT_SCREEN,
    FIELDS,
    POINTS,
    PRIORITIES,
    PROJECTS,
    RESOLUTIONS,
    STATUSES,
    TYPES,
    FieldDef,
    Named,
    ProjectDef,
    by_id,
    by_name,
    edit_screen,
)
from syncline.sandbox import Field, Refusal, Remark, Row, Sheet, Shown

COLUMNS = ("status", "issuetype", "priority", "assignee", "labels", "duedate")
Kind: TypeAlias = Literal["text", "long", "choice", "set", "date"]
KINDS: dict[str, Kind] = {
    "adf": "long", "labels": "set", "options": "set", "date": "date", "interval": "date",
}  # fmt: skip
CHOICES: dict[str, tuple[Named, ...]] = {
    "priority": PRIORITIES,
    "status": STATUSES,
    "issuetype": TYPES,
    "resolution": RESOLUTIONS,
}


class Page:
    """The site as people see it."""

    def __init__(self, site: Site, editing: Editing, commenting: Commenting) -> None:
        self._site = site
        self._editing = editing
        self._commenting = commenting

    def people(self) -> Sequence[str]:
        """Active people, not the integration."""
        bot = "Syncline"
        return [u["name"] for u in self._site.users.values() if u["active"] and u["name"] != bot]

    def _account(self, name: str) -> str:
        for user in self._site.users.values():
            if user["name"] == name:
                return str(user["id"])
        raise Refusal(f"There is no account for '{name}'.")

    def _issue(self, id: str) -> Doc:
        doc = self._site.find(id)
        if doc is None:
            raise Refusal("Issue does not exist or you do not have permission to see it.")
        return doc

    # showing

    def board(self) -> Sequence[Row]:
        """Newest first."""
        rows = []
        for doc in reversed(list(self._site.issues.values())):
            cells = {FIELDS[name].name: self._text(doc, FIELDS[name]) for name in COLUMNS}
            rows.append(Row("issue", doc["id"], doc["key"], doc["fields"]["summary"], cells))
        return rows

    def sheet(self, id: str) -> Sheet:
        """One issue with its comments and remote links."""
        doc = self._issue(id)
        _, *rest = edit_screen(doc["project"])
        names = ("summary", "status", *rest, "resolution")
        fields = [self._field(doc, FIELDS[name]) for name in names]
        fields.append(
            Field(POINTS, FIELDS[POINTS].name, self._text(doc, FIELDS[POINTS]), "readonly")
        )
        return Sheet(
            title=f"{doc['key']} {doc['fields']['summary']}",
            fields=fields,
            comments=[
                Remark(
                    self._name(c["author"]),
                    self._site.face.plain(c["body"]),
                    not is_internal(c),
                    datetime.fromtimestamp(c["created"] / 1000, UTC),
                )
                for c in self._site.comments_of(doc["id"])
            ],
            links=[Shown(k["object"]["title"], k["object"]["url"]) for k in doc["links"]],
            can_comment=("public", "internal"),
            actions=self._actions(doc),
        )

    def _actions(self, doc: Doc) -> Sequence[str]:
        others = [f"move to {p.key}" for p in self._homes(doc)]
        return [
            "delete",
            "restore" if doc["archived"] else "archive",
            "show" if doc["hidden"] else "hide",
            *others,
        ]

    def _homes(self, doc: Doc) -> Sequence[ProjectDef]:
        """The other projects that an issue can move to: no idea leaves its own, no other comes."""
        home = doc["project"]
        return [p for p in PROJECTS if p.id != home and DISCOVERY not in (p.id, home)]

    def _name(self, account: str | None) -> str:
        return str((self._site.users.get(account) or {}).get("name", "")) if account else ""

    def _field(self, doc: Doc, field: FieldDef) -> Field:
        options = [o.name for o in self._choices(field)]
        if field.id == "status":
            steps = self._steps(doc)
            reach = {doc["fields"]["status"], *(s.target for s in steps)}
            options = [s.name for s in self._site.choices(STATUSES) if s.id in reach]
        elif field.kind == "user":
            options = [u["name"] for u in self._site.users.values() if u["active"]]
        if options and field.kind in ("user", "option", "resolution"):
            options.insert(0, "")
        plain: Kind = "choice" if options else "text"
        kind = KINDS.get(field.kind, plain)
        return Field(field.id, field.name, self._text(doc, field), kind, options)

    def _text(self, doc: Doc, field: FieldDef) -> str:
        kept = doc["fields"].get(field.id)
        if kept is None:
            return ""
        match field.kind:
            case "adf":
                return self._site.face.plain(kept)
            case "user":
                return self._name(kept)
            case "labels":
                return ", ".join(kept)
            case "interval":
                return str(json.loads(kept)["end"])
            case "options":
                return ", ".join(o.name for o in self._choices(field) if o.id in kept)
            case "parent":
                parent = self._site.issues.get(kept)
                return parent["key"] if parent else ""
        found = by_id(self._choices(field), str(kept))
        return found.name if found else str(kept)

    def _choices(self, field: FieldDef) -> tuple[Named, ...]:
        return self._site.choices(field.options or CHOICES.get(field.kind, ()))

    def _steps(self, doc: Doc) -> Sequence[workflow.Transition]:
        at = doc["fields"]["issuetype"], doc["fields"]["status"]
        return workflow.available(*at, self._site.closed_steps)

    # doing

    def edit(self, id: str, person: str, values: Mapping[str, str]) -> None:
        """Set fields; a status goes along the one transition that leads there."""
        doc, actor = self._issue(id), self._account(person)
        new = {n: t.replace("\r\n", "\n").strip() for n, t in values.items() if n in FIELDS}
        new = {n: t for n, t in new.items() if t != self._text(doc, FIELDS[n]).strip()}
        moving = {"status", "resolution"} if "status" in new else set()
        rest = {n: self._given(FIELDS[n], t) for n, t in new.items() if n not in moving}
        try:
            if rest:
                doc = self._editing.edit(doc, Request(rest, {}, {}), actor)
            if moving:
                self._go(doc, new["status"], new.get("resolution", ""), actor)
        except Refused as refused:
            raise Refusal(str(refused)) from None

    def _go(self, doc: Doc, status: str, resolution: str, actor: str) -> None:
        target, steps = by_name(self._site.choices(STATUSES), status), self._steps(doc)
        step = next((s for s in steps if target and s.target == target.id), None)
        if step is None:
            raise Refusal(f"No transition leads from here to '{status}'.")
        fields: dict[str, Any] = {}
        if "resolution" in step.screen and resolution:
            fields["resolution"] = {"name": resolution}
        self._editing.transition(doc, Request(fields, {}, {}, step.id), actor)

    def _given(self, field: FieldDef, text: str) -> Any:
        """What a form says of a field, as the API would be told it."""
        text = text.strip()
        if field.kind == "adf":
            return self._made(text) if text else None
        if field.kind in ("labels", "options"):
            parts = [p.strip() for p in text.split(",") if p.strip()]
            return parts if field.kind == "labels" else [{"value": p} for p in parts]
        if not text:
            return None
        match field.kind:
            case "user":
                return self._site.face.reference(self._site.users.get(self._account(text)) or {})
            case "option":
                return {"value": text}
            case "priority" | "issuetype" | "resolution":
                return {"name": text}
            case "parent":
                return {"key": text}
            case "interval":
                return json.dumps({"start": text, "end": text})
        return text

    def _made(self, text: str) -> Any:
        return self._site.face.made(re.split(r"\n{2,}", text.replace("\r", "")))

    def remark(self, id: str, person: str, text: str, public: bool) -> None:
        """Comment on an issue."""
        told = [] if public else [{"key": "sd.public.comment", "value": {"internal": True}}]
        body = self._made(text)
        try:
            given = {"body": body, "properties": told}
            self._commenting.add(self._issue(id), given, self._account(person))
        except BadValue as bad:
            raise Refusal(str(bad)) from None

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """What a new issue asks for."""
        types = [t.name for t in self._site.choices(TYPES) if t.level == 0]
        empty: Doc = {"fields": {"priority": DEFAULT_PRIORITY}}
        fields = [
            self._field(empty, FIELDS[name])
            for name in self._site.screen(EDIT_SCREEN)
            if name != "issuetype"
        ]
        return {"issue": [Field("issuetype", "Issue Type", types[0], "choice", types), *fields]}

    def make(self, person: str, values: Mapping[str, str]) -> str:
        """A new issue in the first project that takes its type; its id."""
        name = values.get("issuetype") or "Task"
        type = by_name(self._site.choices(TYPES), name)
        homes = [p for p in self._site.there(PROJECTS) if type is None or type.id in p.types]
        home = homes[0].id
        fields: dict[str, Any] = {"project": {"id": home}, "issuetype": {"name": name}}
        for name, text in values.items():
            if name in edit_screen(home) and name != "issuetype" and text.strip():
                fields[name] = self._given(FIELDS[name], text)
        try:
            doc = self._editing.create(Request(fields, {}, {}), self._account(person))
        except Refused as refused:
            raise Refusal(str(refused)) from None
        return str(doc["id"])

    def act(self, id: str, person: str, action: str) -> None:
        """Delete, archive, restore, hide, show, or move to another project."""
        doc, actor = self._issue(id), self._account(person)
        project = self._site.project(action.removeprefix("move to "))
        if action == "delete":
            self._site.remove(doc)
            self._site.tell(Event("jira:issue_deleted", doc, actor, kind="issue_deleted"))
        elif action in ("archive", "restore"):
            self._site.save(changed(doc, archived=action == "archive"))
        elif action in ("hide", "show"):
            self._site.save(changed(doc, hidden=action == "hide"))
        elif action.startswith("move to ") and project is not None:
            try:
                self._editing.move(doc, project, actor)
            except Refused as refused:
                raise Refusal(str(refused)) from None
        else:
            raise Refusal(f"Nobody can '{action}' an issue.")
