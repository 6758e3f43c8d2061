"""What the account may do, as its roles say: asked where Redmine would ignore a call silently."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from connectors.redmine.client import Client
from connectors.redmine.metadata import Metadata
from syncline.sdk.errors import Rejected

NEEDED: Mapping[str, str] = {
    "view_issues": "View issues",
    "add_issues": "Add issues",
    "edit_issues": "Edit issues",
    "add_issue_notes": "Add notes",
    "view_private_notes": "View private notes",
    "set_notes_private": "Set notes as private",
    "edit_own_issue_notes": "Edit own notes",
}


class Rights:
    """The account's permissions in the scope's projects."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata
        self._missing: Mapping[str, tuple[str, ...]] | None = None
        self._looking = asyncio.Lock()

    def forget(self) -> None:
        """Ask again at the next question."""
        self._missing = None

    async def missing(self) -> Mapping[str, tuple[str, ...]]:
        """The needed permissions the account lacks, with the projects where it does."""
        async with self._looking:
            if self._missing is None:
                self._missing = await self._look()
            return self._missing

    async def require(self, permission: str) -> None:
        """Raises Rejected where the account lacks the permission in one of the projects."""
        if permission in (missing := await self.missing()):
            raise Rejected(
                f"The account may not do this: its role lacks {NEEDED[permission]!r} in "
                f"{', '.join(missing[permission])}. Nothing was written; an administrator can"
                " grant it, or the connection can say `internal_notes: plain`."
            )

    async def _look(self) -> Mapping[str, tuple[str, ...]]:
        me = await self._metadata.me()
        if me.get("admin"):
            return {}
        projects = await self._metadata.project_ids()
        roles = {m["project"]["id"]: [r["id"] for r in m["roles"]] for m in me["memberships"]}
        ids = {role for project in projects.values() for role in roles.get(project, ())}
        granted = dict(zip(ids, await asyncio.gather(*map(self._role, ids)), strict=True))
        lacking: dict[str, tuple[str, ...]] = {}
        for permission in NEEDED:
            for name, project in projects.items():
                if not any(permission in granted[role] for role in roles.get(project, ())):
                    lacking[permission] = (*lacking.get(permission, ()), name)
        return lacking

    async def _role(self, role: int) -> frozenset[str]:
        answer = await self._client.get(f"/roles/{role}.json")
        return frozenset(answer["role"]["permissions"])
