"""What the site is set up with: `getServerInfo`, fields, create metadata, projects, types,
statuses, priorities, resolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response

from connectors.jira.fake import workflow
from connectors.jira.fake.api import page, showing, window
from connectors.jira.fake.editing import Editing
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.showing import Showing, Shown
from connectors.jira.fake.site import Doc, Site
from connectors.jira.fake.vocabulary import (
    CATEGORIES,
    FIELDS,
    PRIORITIES,
    PROJECTS,
    RESOLUTIONS,
    STATUSES,
    TYPES,
    FieldDef,
    ProjectDef,
    TypeDef,
    create_screen,
)
from syncline.sandbox import Call, Endpoint, answer

ROOT = "/rest/api/3"
PERMISSIONS = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "ADD_COMMENTS",
    "CREATE_ATTACHMENTS",
    "LINK_ISSUES",
    "DELETE_ISSUES",
    "ADMINISTER",
    "BULK_CHANGE",
)


class Metadata:
    """The endpoints that describe the site."""

    def __init__(self, site: Site, editing: Editing) -> None:
        self._site = site
        self._editing = editing

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        meta = f"{ROOT}/issue/createmeta/{{project}}/issuetypes"
        routes: list[tuple[str, Callable[[Call], Response]]] = [
            (f"{ROOT}/serverInfo", self._server),
            (f"{ROOT}/field", self._fields),
            (f"{ROOT}/field/search", self._field_search),
            (meta, self._create_types),
            (f"{meta}/{{type}}", self._create_fields),
            (f"{ROOT}/project", self._projects),
            (f"{ROOT}/project/search", self._project_search),
            (f"{ROOT}/project/{{project}}", self._project),
            (f"{ROOT}/project/{{project}}/statuses", self._project_statuses),
            (f"{ROOT}/issuetype", self._types),
            (f"{ROOT}/issuetype/project", self._types),
            (f"{ROOT}/priority", self._priorities),
            (f"{ROOT}/priority/search", self._priority_search),
            (f"{ROOT}/resolution", self._resolutions),
            (f"{ROOT}/status", self._statuses),
            (f"{ROOT}/statuscategory", self._categories),
            (f"{ROOT}/mypermissions", self._permissions),
            (f"{ROOT}/configuration", self._configuration),
        ]
        # Whoever asks is told what this server is, at the same address of every deployment.
        asked = Endpoint("GET", "/rest/api/2/serverInfo", self._server, open=True)
        return [asked, *(Endpoint("GET", path, handler) for path, handler in routes)]

    def _server(self, call: Call) -> Response:
        now = Showing(self._site, "UTC").moment(self._site.now())
        return answer(_server_info(self._site, now))

    def _configuration(self, call: Call) -> Response:
        return answer(
            {
                "votingEnabled": True,
                "watchingEnabled": True,
                "unassignedIssuesAllowed": True,
                "subTasksEnabled": True,
                "issueLinkingEnabled": True,
                "timeTrackingEnabled": False,
                "attachmentsEnabled": True,
            }
        )

    def _permissions(self, call: Call) -> Response:
        wanted = [p for p in (call.query.get("permissions") or "").split(",") if p]
        if not self._site.face.cloud:
            wanted = list(PERMISSIONS)  # it takes no such parameter, and tells all
        if not wanted:
            raise refuse(400, "The 'permissions' query parameter is required.")
        unknown = [p for p in wanted if p not in PERMISSIONS]
        if unknown:
            raise refuse(400, f"Unrecognized permission: {unknown[0]}")
        return answer(
            {
                "permissions": {
                    p: {
                        "id": str(10 + PERMISSIONS.index(p)),
                        "key": p,
                        "name": p.replace("_", " ").capitalize(),
                        "type": "GLOBAL" if p in ("ADMINISTER", "BULK_CHANGE") else "PROJECT",
                        "description": "",
                        "havePermission": p not in self._site.setting("revoked"),
                    }
                    for p in wanted
                }
            }
        )

    # fields

    def _fields(self, call: Call) -> Response:
        there = self._site.screen(tuple(FIELDS))
        return answer([field_details(FIELDS[id], self._site) for id in there])

    def _field_search(self, call: Call) -> Response:
        wanted = {t for v in call.query.getlist("type") for t in v.split(",")}
        rows = [
            {"id": f.id, "name": f.name, "schema": schema(f), "description": ""}
            for f in FIELDS.values()
            if not wanted or ("custom" if f.custom else "system") in wanted
        ]
        return answer(page(self._site, "field/search", rows, *window(call, 50, 50)))

    def _create_types(self, call: Call) -> Response:
        project, out = self._wanted_project(call), showing(self._site, call)
        rows = [out.type(t) for t in self._types_of(project)]
        return answer(_listed(self._site.face.members[0], rows, *window(call, 50, 200)))

    def _create_fields(self, call: Call) -> Response:
        project, out = self._wanted_project(call), showing(self._site, call)
        type = call.path_params["type"]
        if type not in project.types:
            raise refuse(404, "Issue type with given id was not found")
        required = self._editing.required(type)
        rows = [
            {
                **field_meta(FIELDS[id], id in required, out, self._site, project),
                "fieldId": id,
            }
            for id in self._site.screen(create_screen(project.id))
        ]
        return answer(_listed(self._site.face.members[1], rows, *window(call, 50, 200)))

    # projects

    def _wanted_project(self, call: Call) -> ProjectDef:
        name = call.path_params["project"]
        project = self._site.project(name)
        if project is None:
            raise refuse(404, f"No project could be found with key '{name}'.")
        return project

    @staticmethod
    def _types_of(project: ProjectDef) -> list[TypeDef]:
        return [t for t in TYPES if t.id in project.types]

    def _projects(self, call: Call) -> Response:
        out = showing(self._site, call)
        return answer([out.project(p) for p in self._site.there(PROJECTS)])

    def _project_search(self, call: Call) -> Response:
        out = showing(self._site, call)
        keys = call.query.getlist("keys")
        there = self._site.there(PROJECTS)
        rows = [out.project(p) for p in there if not keys or p.key in keys]
        return answer(page(self._site, "project/search", rows, *window(call, 50, 100)))

    def _project(self, call: Call) -> Response:
        project, out = self._wanted_project(call), showing(self._site, call)
        shown = out.project(project)
        shown["issueTypes"] = [out.type(t) for t in self._types_of(project)]
        shown["description"], shown["style"] = "", "classic"
        shown["components"], shown["versions"] = [], []
        return answer(shown)

    def _project_statuses(self, call: Call) -> Response:
        project, out = self._wanted_project(call), showing(self._site, call)
        shown = []
        for type in self._types_of(project):
            whole = out.type(type)
            own = workflow.statuses(type.id)
            short = {name: whole[name] for name in ("self", "id", "name", "subtask")}
            there = self._site.choices(STATUSES)
            statuses = [out.status(s) for s in there if s.id in own]
            shown.append({**short, "statuses": statuses})
        return answer(shown)

    # lists

    def _types(self, call: Call) -> Response:
        out = showing(self._site, call)
        return answer([out.type(t) for t in self._site.there(TYPES)])

    def _priorities(self, call: Call) -> Response:
        return answer(self._priority_rows(call))

    def _priority_search(self, call: Call) -> Response:
        rows = self._priority_rows(call)
        return answer(page(self._site, "priority/search", rows, *window(call, 50, 50)))

    def _priority_rows(self, call: Call) -> list[Shown]:
        out = showing(self._site, call)
        return [
            {**out.priority(p), "description": p.description}
            for p in self._site.choices(PRIORITIES)
        ]

    def _resolutions(self, call: Call) -> Response:
        out = showing(self._site, call)
        return answer([out.resolution(r) for r in self._site.choices(RESOLUTIONS)])

    def _statuses(self, call: Call) -> Response:
        out = showing(self._site, call)
        return answer([out.status(s) for s in self._site.choices(STATUSES)])

    def _categories(self, call: Call) -> Response:
        return answer(
            [
                {
                    "self": self._site.url(f"statuscategory/{number}"),
                    "id": number,
                    "key": key,
                    "colorName": colour,
                    "name": name,
                }
                for key, (number, colour, name) in CATEGORIES.items()
            ]
        )


def _server_info(site: Site, now: str) -> Doc:
    numbers = [1001, 0, 0] if site.face.cloud else [10, 3, 5]
    return {
        "baseUrl": site.base,
        "displayUrl": site.base,
        "version": "1001.0.0-SNAPSHOT" if site.face.cloud else "10.3.5",
        "versionNumbers": numbers,
        "deploymentType": "Cloud" if site.face.cloud else "Server",
        "buildNumber": 100288,
        "buildDate": now,
        "serverTime": now,
        "scmInfo": "sandbox",
        "serverTitle": "Jira",
        "serverTimeZone": "Etc/UTC",
    }


def _listed(name: str, rows: Sequence[Any], start: int, most: int) -> Doc:
    """The page shape of create metadata, which has its rows under a name of their own."""
    shown = list(rows[start : start + most])
    return {"startAt": start, "maxResults": most, "total": len(rows), name: shown}


def schema(field: FieldDef) -> Shown:
    """`JsonTypeBean`: what kind of value the field has."""
    shown: Shown = {"type": field.type}
    if field.items:
        shown["items"] = field.items
    if field.custom:
        return {**shown, "custom": field.custom, "customId": int(field.id.partition("_")[2])}
    return {**shown, "system": field.id}


def field_details(field: FieldDef, site: Site) -> Shown:
    """`FieldDetails`."""
    number, name = field.id.partition("_")[2], site.setting("renamed").get(field.id, field.name)
    clauses = [f"cf[{number}]", name] if field.custom else [field.id]
    return {
        "id": field.id,
        "key": field.id,
        "name": name,
        "custom": field.custom is not None,
        "orderable": field.kind not in ("moment", "comment"),
        "navigable": field.navigable,
        "searchable": True,
        "clauseNames": clauses,
        "schema": schema(field),
    }


def field_meta(
    field: FieldDef, required: bool, out: Showing, site: Site, project: ProjectDef | None
) -> Shown:
    """`FieldMetadata`: what a screen lets one say of a field."""
    several = field.kind in ("labels", "options")
    shown: Shown = {
        "required": required,
        "schema": schema(field),
        "name": site.setting("renamed").get(field.id, field.name),
        "key": field.id,
        "hasDefaultValue": field.id in ("priority", "reporter"),
        "operations": ["add", "set", "remove"] if several else ["set"],
    }
    if field.kind == "user":
        shown["autoCompleteUrl"] = site.url("user/assignable/search?query=")
    match field.kind:
        case "priority":
            shown["allowedValues"] = [out.priority(p) for p in site.choices(PRIORITIES)]
        case "resolution":
            shown["allowedValues"] = [out.resolution(r) for r in RESOLUTIONS]
        case "option" | "options":
            shown["allowedValues"] = [out.option(o) for o in site.choices(field.options)]
        case "issuetype":
            own = project.types if project else ()
            shown["allowedValues"] = [out.type(t) for t in TYPES if t.id in own]
        case "project":
            shown["allowedValues"] = [out.project(p) for p in site.there(PROJECTS)]
    return shown
