"""From a patch in the wire record's shape to the attributes of Redmine's PUT and POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.redmine.metadata import Metadata
from connectors.redmine.wire import PLAIN, READ_ONLY
from syncline.sdk.connector import Wire
from syncline.sdk.errors import Rejected

# Redmine takes an empty text as "none"; a null it would ignore for people.
NONE = ""


class Patching:
    """Translates for one connection; unknown names raise Rejected with the names there are."""

    def __init__(self, metadata: Metadata, link_field: str | None) -> None:
        self._metadata = metadata
        self._link_field = link_field

    async def attributes(self, patch: Wire, project: int | None) -> dict[str, Any]:
        """The attributes that set `patch` on an issue of `project` (for names of a project's own).

        Raises Rejected for a field that cannot be written, before anything is sent.
        """
        attributes: dict[str, Any] = {}
        customs: dict[str, object] = {}
        for name, value in patch.items():
            if name in PLAIN or name == "description":
                attributes[name] = NONE if value is None else value
            elif name in ("status", "priority", "tracker"):
                attributes[f"{name}_id"] = await self._metadata.id_of(name, value)
            elif name in ("category", "fixed_version"):
                attributes[f"{name}_id"] = await self._in_project(name, value, project)
            elif name in ("assigned_to", "parent"):
                attribute = "assigned_to_id" if name == "assigned_to" else "parent_issue_id"
                attributes[attribute] = _id(name, value)
            elif name == "project":
                attributes["project_id"] = await self.project(value)
            elif name == "custom_fields" and isinstance(value, Mapping):
                customs |= value
            elif name == "reference" and self._link_field:
                customs[self._link_field] = value
            else:
                why = "is read-only" if name in READ_ONLY else "is not a field of an issue"
                raise Rejected(f"{name!r} {why} in Redmine; the record is left as it is.")
        if customs:
            attributes["custom_fields"] = [await self.custom(n, v) for n, v in customs.items()]
        return attributes

    async def custom(self, name: str, value: object) -> dict[str, object]:
        """One custom field's entry, by its name."""
        field = await self._metadata.custom_field(name)
        return {"id": field["id"], "value": NONE if value is None else value}

    async def _in_project(self, kind: str, name: object, project: int | None) -> object:
        if name is None:
            return NONE
        if project is None:
            raise Rejected(f"{kind} {name!r} cannot be looked up: the issue's project is unknown.")
        return await self._metadata.id_of(kind, name, project)

    async def project(self, name: object) -> int:
        """The id of one of the scope's projects, by name or identifier."""
        projects = await self._metadata.projects()
        for identifier, project in projects.items():
            if name in (project["name"], identifier):
                return int(project["id"])
        known = ", ".join(project["name"] for project in projects.values())
        raise Rejected(f"The project {name!r} is outside the connection's scope: {known}.")


def _id(name: str, value: object) -> object:
    if value is None:
        return NONE
    text = str(value)
    if not text.isdecimal():
        raise Rejected(f"{name} {text!r} is not one of Redmine's ids; the record is left as it is.")
    return int(text)
