"""Names to ids and back: what Redmine's administrators configured, read once and when needed.

Each list is fetched at its first use and kept. A name that is not in a kept list is looked up once
more, since an administrator may have added it, and is then refused with the names there are.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.redmine.client import Client, Issue
from syncline.sdk.errors import AuthRequired, Misconfigured, NotFound, Rejected

Named = Mapping[str, int]

_LISTS = {
    "status": ("/issue_statuses.json", "issue_statuses"),
    "priority": ("/enumerations/issue_priorities.json", "issue_priorities"),
    "tracker": ("/trackers.json", "trackers"),
}
_OF_PROJECT = ("category", "fixed_version")


class Metadata:
    """The lists of one connection."""

    def __init__(self, client: Client, scope: Sequence[str]) -> None:
        self._client = client
        self._scope = scope
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self._projects: dict[str, dict[str, Any]] = {}
        self._fields: list[dict[str, Any]] | None = None
        self._configured: list[dict[str, Any]] | None = None
        self._administers = True
        self._me: dict[str, Any] | None = None
        self._newest: list[Issue] | None = None
        self._read_again: set[str] = set()
        # Whoever asks for what is being read already waits for it.
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def forget(self) -> None:
        """Read everything anew at its next use."""
        self._lists.clear()
        self._projects = {}
        self._fields = self._configured = self._me = self._newest = None
        self._administers = True
        self._read_again.clear()

    async def me(self) -> Mapping[str, Any]:
        """The account behind the key; a key that is not accepted raises AuthRequired."""
        async with self._reading["me"]:
            if self._me is None:
                path, include = "/users/current.json", {"include": "memberships"}
                answer = await self._client.transport.request(
                    "GET", path, params=include, forbidden="auth"
                )
                self._me = answer.json()["user"]
            return self._me

    async def my_id(self) -> int:
        """The account's user id."""
        return int((await self.me())["id"])

    async def refuses_strangers(self) -> bool:
        """Whether a wrong key is refused: else Redmine serves it as nobody's, with fewer rows."""
        try:
            await self._client.transport.request(
                "GET",
                "/issues.json",
                params={"limit": 1},
                headers={"X-Redmine-API-Key": "not-a-key"},
                forbidden="auth",
            )
        except AuthRequired:
            return True
        return False

    async def projects(self) -> Mapping[str, Mapping[str, Any]]:
        """The scope's projects by identifier; raises Misconfigured naming one that is not there."""
        async with self._reading["projects"]:
            if not self._projects:
                found = await asyncio.gather(*(self._project(name) for name in self._scope))
                self._projects = dict(zip(self._scope, found, strict=True))
            return self._projects

    async def project_ids(self) -> Named:
        """The scope's projects' ids by identifier."""
        return {name: project["id"] for name, project in (await self.projects()).items()}

    async def _project(self, name: str) -> dict[str, Any]:
        include = "trackers,issue_categories,issue_custom_fields"
        try:
            answer = await self._client.get(f"/projects/{name}.json", include=include)
        except NotFound as error:
            why = "closed to this account or archived" if error.hidden else "not there"
            raise Misconfigured(
                f"The project {name!r} of the connection's scope is {why}; nothing was read. Check"
                " the identifier in the project's address, and the account's membership."
            ) from error
        project: dict[str, Any] = answer["project"]
        return project

    async def listed(self, kind: str, project: int | None = None) -> Sequence[Mapping[str, Any]]:
        """The entries of a list; categories and versions are a project's."""
        key = _key(kind, project)
        async with self._reading[key]:
            if key not in self._lists:
                self._lists[key] = await self._read(kind, project)
            return self._lists[key]

    async def _read(self, kind: str, project: int | None) -> list[dict[str, Any]]:
        if kind == "category":
            # Its own list needs the right to manage categories; the project shows it to everybody.
            answer = await self._client.get(f"/projects/{project}.json", include="issue_categories")
            return list(answer["project"]["issue_categories"])
        path, member = _LISTS.get(kind, (f"/projects/{project}/versions.json", "versions"))
        return list((await self._client.get(path))[member])

    async def id_of(self, kind: str, name: object, project: int | None = None) -> int:
        """The id behind a name; raises Rejected naming what there is."""
        key = _key(kind, project)
        while True:
            entries = await self.listed(kind, project)
            for entry in entries:
                if entry["name"] == name:
                    return int(entry["id"])
            if key in self._read_again:
                break
            self._read_again.add(key)
            self._lists.pop(key, None)
        names = ", ".join(entry["name"] for entry in entries)
        raise Rejected(f"Redmine has no {kind.replace('_', ' ')} {name!r}; there are: {names}.")

    async def names(self, kind: str, project: int | None = None) -> Mapping[str, str]:
        """Names by id as text."""
        return {str(e["id"]): str(e["name"]) for e in await self.listed(kind, project)}

    async def custom_fields(self) -> Sequence[Mapping[str, Any]]:
        """Custom fields of issues: all that is configured for an administrator, else what shows.

        Without administrator rights only names and ids are told, by the project and by the issues
        that changed last.
        """
        async with self._reading["custom fields"]:
            if self._fields is None:
                configured = await self._configured_for("issue")
                self._fields = await self._shown_fields() if configured is None else configured
            return self._fields

    async def _configured_for(self, record: str) -> list[dict[str, Any]] | None:
        """What is configured for a record type; None where only administrators are told."""
        async with self._reading["configured fields"]:
            if self._administers and self._configured is None:
                try:
                    told = await self._client.get("/custom_fields.json")
                    self._configured = list(told["custom_fields"])
                except NotFound:
                    self._administers = False
            told = self._configured
            return None if told is None else [f for f in told if f["customized_type"] == record]

    async def _shown_fields(self) -> list[dict[str, Any]]:
        fields = [f for p in (await self.projects()).values() for f in p["issue_custom_fields"]]
        fields += [f for issue in await self.newest() for f in issue.get("custom_fields", ())]
        return _shown(fields)

    async def newest(self) -> Sequence[Issue]:
        """The issues of the scope that changed last, at most a page of them."""
        async with self._reading["newest"]:
            if self._newest is None:
                scope = ("project_id", "=", tuple((await self.project_ids()).values()))
                self._newest = await self._client.issues(scope, sort="updated_on:desc")
            return self._newest

    async def custom_field(self, name: str) -> Mapping[str, Any]:
        """The custom field of that name; raises Rejected naming what there is."""
        while True:
            fields = await self.custom_fields()
            for field in fields:
                if field["name"] == name:
                    return field
            if "custom field" in self._read_again:
                break
            self._read_again.add("custom field")
            self._fields = self._configured = self._newest = None
        names = ", ".join(field["name"] for field in fields)
        raise Rejected(f"Redmine has no custom field {name!r} on issues; there are: {names}.")

    async def version_fields(self) -> Sequence[Mapping[str, Any]]:
        """Custom fields of versions: all for an administrator, else those that versions show."""
        configured = await self._configured_for("version")
        if configured is not None:
            return configured
        lists = [
            await self.listed("fixed_version", id) for id in (await self.project_ids()).values()
        ]
        return _shown(f for rows in lists for row in rows for f in row.get("custom_fields", ()))

    async def version_field(self, name: str) -> Mapping[str, Any]:
        """The custom field of versions of that name; raises Rejected naming what there is.

        One that is not known is looked up anew each time: the first version may show it.
        """
        for known in (True, False):
            if not known:
                self._configured = None
                for project in (await self.project_ids()).values():
                    self._lists.pop(_key("fixed_version", project), None)
            fields = await self.version_fields()
            for field in fields:
                if field["name"] == name:
                    return field
        names = ", ".join(field["name"] for field in fields)
        raise Rejected(f"Redmine has no custom field {name!r} on versions; there are: {names}.")


def _shown(fields: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each field once, by its id, with what records tell of it."""
    shown: dict[int, dict[str, Any]] = {}
    for field in fields:
        seen = shown.setdefault(field["id"], {"id": field["id"], "name": field["name"]})
        seen["multiple"] = seen.get("multiple", False) or field.get("multiple", False)
    return list(shown.values())


def _key(kind: str, project: int | None) -> str:
    return f"{kind} {project}" if kind in _OF_PROJECT else kind
