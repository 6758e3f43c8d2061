"""What Jira's administrators configured: account, projects, fields, names. Read when first needed.

A name that is not in a kept list is looked up once more, since an administrator may have added it,
and is then refused with the names there are.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira.client import Client
from connectors.jira.dialect import handle
from connectors.jira.fields import Field, Fields, custom_field
from connectors.jira.package import Package
from syncline.sdk.errors import Misconfigured, NotFound, Rejected

_PAGE = 200  # SPEC getCreateIssueMetaIssueTypeId: the most in one answer


class Metadata:
    """The configuration that one connection sees."""

    def __init__(
        self,
        client: Client,
        package: Package,
        scope: Sequence[str],
        wanted: Sequence[str] | None,
    ) -> None:
        self._client = client
        self._package = package
        self._scope = scope
        self._wanted = wanted
        self._me: Mapping[str, Any] | None = None
        self._projects: dict[str, Mapping[str, Any]] = {}
        self._fields: Fields | None = None
        self._everything: Sequence[Mapping[str, Any]] | None = None
        self._screens: dict[str, list[Mapping[str, Any]]] = {}
        self._required: dict[str, Mapping[str, Sequence[str]]] = {}
        # Whoever asks for what is being read already waits for it.
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def forget(self) -> None:
        """Read everything anew at its next use."""
        self._me = self._fields = self._everything = None
        self._projects = {}
        self._screens = {}

    async def me(self) -> Mapping[str, Any]:
        """The account behind the token."""
        async with self._reading["me"]:
            if self._me is None:
                self._me = await self._package.call(lambda jira: jira.myself())
            return self._me

    async def my_id(self) -> str:
        """The account's handle."""
        return str(handle(await self.me()))

    async def projects(self) -> Mapping[str, Mapping[str, Any]]:
        """The scope's projects by key; raises Misconfigured naming one that is not there."""
        async with self._reading["projects"]:
            if not self._projects:
                found = await asyncio.gather(*(self.project(key) for key in self._scope))
                self._projects = dict(zip(self._scope, found, strict=True))
            return self._projects

    async def project(self, key: str) -> Mapping[str, Any]:
        """A project as Jira shows it now; raises Misconfigured where it shows none."""
        try:
            shown = await self._package.call(lambda jira: jira.project(key).raw)
        except NotFound as error:
            raise Misconfigured(
                f"The project {key!r} of the connection's scope is not there, or closed to this "
                "account: Jira does not tell which. Nothing was read; check the key, and the "
                "account's permission Browse Projects."
            ) from error
        return dict(shown)

    async def priorities(self) -> Mapping[str, str]:
        """The site's priorities: ids by name."""
        return await self._package.call(lambda jira: {p.name: p.id for p in jira.priorities()})

    async def resolutions(self) -> Mapping[str, str]:
        """The site's resolutions: ids by name."""
        return await self._package.call(lambda jira: {r.name: r.id for r in jira.resolutions()})

    async def statuses(self, project: str) -> Sequence[Mapping[str, Any]]:
        """The statuses of a project, each once, of all its issue types."""
        types = await self._client.get(f"/project/{project}/statuses")
        found = {str(s["id"]): s for kind in types for s in kind["statuses"]}
        return list(found.values())

    async def required(self, project: str) -> Mapping[str, Sequence[str]]:
        """The fields that each issue type of a project requires on its create screen, by ids."""
        await self.screen(project)
        return self._required[project]

    async def always_required(self) -> frozenset[str]:
        """The fields that every issue type of every project requires: a sub-task's parent is not
        what an issue has to have."""
        types = [await self.required(key) for key in await self.projects()]
        fields = [frozenset(ids) for of in types for ids in of.values()]
        return frozenset.intersection(*fields) if fields else frozenset()

    async def screen(self, project: str) -> Sequence[Mapping[str, Any]]:
        """The fields of the screens on which issues of a project are made, each once."""
        async with self._reading[f"screen {project}"]:
            if project not in self._screens:
                path = f"/issue/createmeta/{project}/issuetypes"
                kinds, shown = self._client.dialect.members
                types = await self._pages(path, kinds)
                rows = await asyncio.gather(
                    *(self._pages(f"{path}/{kind['id']}", shown) for kind in types)
                )
                self._required[project] = {
                    str(kind["name"]): [str(f["fieldId"]) for f in found if f.get("required")]
                    for kind, found in zip(types, rows, strict=True)
                }
                fields = {str(field["fieldId"]): field for found in rows for field in found}
                self._screens[project] = list(fields.values())
            return self._screens[project]

    async def _pages(self, path: str, member: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        while True:
            told = await self._client.get(path, startAt=len(found), maxResults=_PAGE)
            found += told[member]
            if not told[member] or len(found) >= told["total"]:
                return found

    # custom fields

    @property
    def known_fields(self) -> Fields | None:
        """The custom fields, where they have been read already."""
        return self._fields

    async def fields(self) -> Fields:
        """The custom fields that are read: those the connection names, or of the create screens.

        Raises Misconfigured for a name that no field has.
        """
        async with self._reading["fields"]:
            if self._fields is None:
                self._fields = Fields(
                    tuple(await self._named(self._wanted))
                    if self._wanted is not None
                    else tuple(await self._on_screens())
                )
            return self._fields

    def _custom(self, row: Mapping[str, Any]) -> Field | None:
        return custom_field(row, self._client.dialect)

    async def _named(self, names: Sequence[str]) -> list[Field]:
        found = []
        for name in names:
            fields = [f for f in await self._all() if f.get("custom") and f["name"] == name]
            fits = [field for row in fields if (field := self._custom(row))]
            if len(fits) != 1:
                what = "no" if not fits else "more than one"
                raise Misconfigured(
                    f"custom_fields: Jira has {what} custom field {name!r} of a kind that can be "
                    "synced. Nothing was read; correct the name, or rename the field in Jira."
                )
            found += fits
        return found

    async def _on_screens(self) -> list[Field]:
        await self.projects()
        screens = await asyncio.gather(*(self.screen(key) for key in self._scope))
        rows = {str(row["fieldId"]): row for screen in screens for row in screen}
        fields = [field for row in rows.values() if (field := self._custom(row))]
        names = [field.name for field in fields]
        # Of two fields with one name nobody can tell which is meant.
        return [field for field in fields if names.count(field.name) == 1]

    async def _all(self) -> Sequence[Mapping[str, Any]]:
        if self._everything is None:
            self._everything = await self._package.call(lambda jira: jira.fields())
        return self._everything

    async def names(self) -> Mapping[str, str]:
        """The names of all fields of the site by id, for people to read."""
        async with self._reading["names"]:
            return {str(row["id"]): str(row["name"]) for row in await self._all()}

    async def field(self, name: str) -> Field:
        """The custom field of a name, also one that is not read; raises Rejected where none is."""
        known = (await self.fields()).named(name)
        if known is not None:
            return known
        async with self._reading["names"]:
            rows = [row for row in await self._all() if row.get("custom")]
        fits = [f for row in rows if row["name"] == name and (f := self._custom(row))]
        if len(fits) == 1:
            return fits[0]
        names = ", ".join(f.name for f in (await self.fields()).all)
        raise Rejected(
            f"Jira has no one custom field {name!r} that can be written; there are: {names}."
        )
