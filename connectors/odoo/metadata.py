"""What the administrators of an Odoo configured: read once, when needed, and names to ids.

A name that is not in a kept list is looked up once more, since somebody may have added it, and is
then refused with the names there are. Tags are made when they are missing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from connectors.odoo.client import Client, Row
from connectors.odoo.config import OdooConfig
from connectors.odoo.records import RECORDS, RecordType
from syncline.sdk.errors import AuthRequired, Misconfigured, NotFound, Rejected

_ATTRIBUTES = ["readonly", "size"]


class Rights(NamedTuple):
    """What this account may do with the records of a model."""

    read: bool
    write: bool
    create: bool


class Metadata:
    """The lists of one connection."""

    def __init__(self, client: Client, config: OdooConfig) -> None:
        self._client = client
        self._database = config.database
        self._scope = config.scope.project
        self._key_field = config.key_field
        self._me: int | None = None
        self._projects: Mapping[str, int] | None = None
        self._fields: dict[str, Mapping[str, Any]] = {}
        self._rights: dict[str, Rights] = {}
        self._names: dict[tuple[str, int | None], dict[str, int]] = {}
        self._subtypes: Mapping[str, int] | None = None
        # Whoever asks for what is being read already waits for it.
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def forget(self) -> None:
        """Read everything anew at its next use."""
        self._me = self._projects = self._subtypes = None
        self._fields.clear()
        self._rights.clear()
        self._names.clear()

    async def me(self) -> int:
        """The user behind the key; raises AuthRequired, or Misconfigured for a wrong database."""
        async with self._reading["me"]:
            if self._me is None:
                try:
                    answer = await self._client.read("res.users", "context_get")
                except NotFound as error:
                    if error.hidden:
                        raise AuthRequired(str(error), status=error.status) from error
                    raise Misconfigured(
                        f"There is no database {self._database!r} at this address, or it is no Odoo"
                        " 19 or later. Nothing was read; check `database` and `base_url`.",
                        status=error.status,
                    ) from error
                self._me = int(answer["uid"])
            return self._me

    async def fields(self, model: str) -> Mapping[str, Any]:
        """Those of our fields that this account sees; NotFound where the module is not installed.

        Odoo leaves out what it has not, and what the account may not see.
        """
        async with self._reading[model]:
            if model not in self._fields:
                kinds = (kind for kind in RECORDS.values() if kind.model == model)
                asked = {n: None for kind in kinds for n in kind.specification(self._key_field, ())}
                self._fields[model] = await self._client.read(
                    model, "fields_get", allfields=list(asked), attributes=_ATTRIBUTES
                )
            return self._fields[model]

    async def rights(self, model: str) -> Rights:
        """What this account may do: `fields_get` also answers who may not read a single record."""
        if model not in self._rights:

            async def may(operation: str) -> bool:
                return bool(
                    await self._client.read(model, "has_access", ids=[], operation=operation)
                )

            write = await may("write")
            read = write or await may("read")
            self._rights[model] = Rights(read, write, write and await may("create"))
        return self._rights[model]

    async def absent(self, kind: RecordType) -> tuple[str, ...]:
        """What a read would ask for and this account cannot see."""
        key_field = self._key_field
        known = await self.fields(kind.model)
        if key_field is not None and key_field not in known:
            raise Misconfigured(
                f"key_field: {kind.model} has no field {key_field!r} that this account sees."
                " Nothing was read; an administrator can add it, as a text field."
            )
        asked = kind.specification(key_field, ())
        return tuple(name for name in asked if name not in known)

    async def projects(self) -> Mapping[str, int]:
        """The scope's projects by name; raises Misconfigured naming one that cannot be told."""
        if not self._scope:
            return {}  # and there may be no such model
        async with self._reading["projects"]:
            if self._projects is None:
                domain = [["name", "in", list(self._scope)], ["active", "=", True]]
                rows = await self._client.all("project.project", domain, {"name": {}})
                for name in self._scope:
                    found = [row for row in rows if row["name"] == name]
                    if len(found) != 1:
                        raise Misconfigured(
                            f"{len(found)} projects that this account sees are named {name!r};"
                            " nothing was read. The scope names each by a name of its own."
                        )
                by_name = {row["name"]: int(row["id"]) for row in rows}
                self._projects = {name: by_name[name] for name in self._scope}
            return self._projects

    async def stages(self, kind: RecordType) -> list[Row]:
        """Id and name of the stages there are to choose from, as they are now."""
        domain = [["project_ids", "in", list((await self.projects()).values())]]
        return await self._client.all(
            kind.stages, domain if kind.record == "task" else [], {"name": {}}
        )

    async def stage(self, kind: RecordType, name: object, project: int | None) -> int:
        """The id of a stage; those of tasks are a project's. Raises Rejected naming what is."""
        domain = [["project_ids", "in", [project]]] if kind.record == "task" else []
        key = (kind.stages, project if kind.record == "task" else None)
        for known in (True, False):
            if not known or key not in self._names:
                rows = await self._client.all(kind.stages, domain, {"name": {}})
                self._names[key] = {row["name"]: row["id"] for row in reversed(rows)}
            if name in self._names[key]:
                return self._names[key][str(name)]
        names = ", ".join(self._names[key]) or "none"
        raise Rejected(
            f"Odoo has no such stage for this {kind.record}: {name!r}; there are: {names}."
        )

    async def tags(self, kind: RecordType, names: Sequence[str]) -> list[int]:
        """The ids of tags; those that are missing are made."""
        key = (kind.tags, None)
        known = self._names.setdefault(key, {})
        if any(name not in known for name in names):
            rows = await self._client.all(kind.tags, [["name", "in", list(names)]], {"name": {}})
            known |= {row["name"]: row["id"] for row in reversed(rows)}
        missing = [name for name in dict.fromkeys(names) if name not in known]
        if missing:
            values = [{"name": name} for name in missing]
            made = await self._client.write(kind.tags, "create", vals_list=values)
            known |= dict(zip(missing, made, strict=True))
        return [known[name] for name in names]

    async def subtype(self, *, internal: bool) -> int:
        """What makes a message a note, or one that a customer reads."""
        if self._subtypes is None:
            rows = await self._client.all(
                "mail.message.subtype", [["res_model", "=", False]], {"name": {}}
            )
            self._subtypes = {row["name"]: row["id"] for row in reversed(rows)}
        name = "Note" if internal else "Discussions"
        if name not in self._subtypes:
            raise Rejected(f"Odoo has no kind of message {name!r} any more; nothing was written.")
        return self._subtypes[name]
