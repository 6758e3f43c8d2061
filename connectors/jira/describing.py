"""What the connection really is: account, projects, fields and options, and what to warn about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira.client import Client
from connectors.jira.config import JiraConfig
from connectors.jira.dialect import CLOUD, DATA_CENTER, handle
from connectors.jira.fields import Fields, custom_path
from connectors.jira.metadata import Metadata
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import Misconfigured

RECORD = "issue"
SUMMARY_LENGTH = 255
SERVICE_DESK = "service_desk"

_NEEDED = {
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "ADD_COMMENTS": "Add Comments",
    "CREATE_ATTACHMENTS": "Create Attachments",
    "LINK_ISSUES": "Link Issues",
}
_PLAIN = {
    "description": ("Description", "text"),
    "assignee": ("Assignee", "user"),
    "reporter": ("Reporter", "user"),
    "parent": ("Parent", "issue"),
    "labels": ("Labels", "list"),
    "duedate": ("Due date", "date"),
}
_READ_ONLY = {
    "creator": ("Creator", "user"),
    "created": ("Created", "datetime"),
    "updated": ("Updated", "datetime"),
    "resolutiondate": ("Resolved", "datetime"),
}


class Describer:
    """Describes one connection."""

    def __init__(self, client: Client, metadata: Metadata, config: JiraConfig) -> None:
        self._client = client
        self._metadata = metadata
        self._config = config

    async def describe(self) -> Schema:
        """The schema as it is now; raises AuthRequired or Misconfigured with what to do."""
        self._metadata.forget()
        server = await self._server()
        me = await self._metadata.me()
        projects = await self._metadata.projects()
        fields = await self._metadata.fields()
        schemas = await self._schemas(projects, fields)
        return Schema(
            account=f"{server['baseUrl']} account {handle(me)}",
            version=str(server["version"]),
            records={RECORD: RecordSchema(RECORD, {field.path: field for field in schemas})},
            text_format=self._client.dialect.text,
            warnings=tuple(await self._warnings(projects)),
        )

    async def _server(self) -> Mapping[str, Any]:
        """What the server says of itself; Misconfigured where it is of another kind."""
        server, said = await self._client.server(), self._client.dialect
        found = CLOUD if server.get("deploymentType") == "Cloud" else DATA_CENTER
        if found is not said:
            raise Misconfigured(
                f"{self._config.base_url} is {found.title}, and the connection says {said.title}. "
                f"Nothing was read; write `deployment: {found.deployment}`, with the `auth` that "
                "goes with it."
            )
        return server

    async def _schemas(
        self, projects: Mapping[str, Mapping[str, Any]], fields: Fields
    ) -> list[FieldSchema]:
        statuses, screens, priorities, resolutions = await asyncio.gather(
            asyncio.gather(*map(self._metadata.statuses, projects)),
            asyncio.gather(*map(self._metadata.screen, projects)),
            self._metadata.priorities(),
            self._metadata.resolutions(),
        )
        screen = {str(row["fieldId"]): row for rows in screens for row in rows}
        options = {
            "status": ("Status", _names(row for rows in statuses for row in rows)),
            "priority": ("Priority", tuple(priorities)),
            "issuetype": (
                "Issue Type",
                _names(kind for project in projects.values() for kind in project["issueTypes"]),
            ),
            "resolution": ("Resolution", tuple(resolutions)),
            "project": ("Project", tuple(projects)),
        }
        required = await self._metadata.always_required()
        return [
            FieldSchema("summary", "Summary", "string", required=True, max_length=SUMMARY_LENGTH),
            *(FieldSchema(p, label, "option", options=o) for p, (label, o) in options.items()),
            *(
                FieldSchema(path, label, kind, required=path in required)
                for path, (label, kind) in _PLAIN.items()
            ),
            *(
                FieldSchema(path, label, kind, read_only=True)
                for path, (label, kind) in _READ_ONLY.items()
            ),
            *(
                FieldSchema(
                    custom_path(field.name),
                    field.name,
                    "date" if field.kind == "interval" else field.kind,
                    options=_options(screen.get(field.id)),
                    required=field.id in required,
                    max_length=255 if field.kind == "text" else None,
                )
                for field in fields.all
            ),
        ]

    async def _warnings(self, projects: Mapping[str, Mapping[str, Any]]) -> list[str]:
        lacking = await asyncio.gather(*map(self._lacking, projects))
        warnings = [
            f"The account lacks the permission {name!r} in {key}."
            for key, names in zip(projects, lacking, strict=True)
            for name in names
        ]
        for key, project in projects.items():
            is_desk = project.get("projectTypeKey") == SERVICE_DESK
            if is_desk and not self._config.service_desk:
                warnings.append(
                    f"{key} is a service desk: without `service_desk: true` all its comments count"
                    " as internal, and none is written for customers."
                )
            if self._config.service_desk and not is_desk:
                warnings.append(
                    f"service_desk: {key} is no service desk, so its comments would count as"
                    " public; take the key out."
                )
        return warnings

    async def _lacking(self, project: str) -> list[str]:
        told = await self._client.get(
            "/mypermissions", projectKey=project, permissions=",".join(_NEEDED)
        )
        held = told["permissions"]
        return [
            name for key, name in _NEEDED.items() if not held.get(key, {}).get("havePermission")
        ]


def _names(rows: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row["name"]) for row in rows))


def _options(row: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    allowed: Sequence[Mapping[str, Any]] | None = (row or {}).get("allowedValues")
    return None if allowed is None else tuple(str(one["value"]) for one in allowed)
