"""What a connection has to know of the account: properties, pipelines, owners, and who we are.

Each list is read at its first use and kept. A stage or an owner that is not in it makes it be read
once more, since an administrator may have added that.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.hubspot.client import Client, Row
from connectors.hubspot.config import HubSpotConfig
from connectors.hubspot.kinds import COMPANY, Kind
from syncline.sdk.errors import AuthRequired, Misconfigured, Rejected

_OWNERS_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of tickets or deals; its stages' names by id."""

    id: str
    label: str
    stages: Mapping[str, str]

    def stage(self, label: object) -> str:
        """The id of a stage by its name; raises Rejected naming those there are."""
        for id, name in self.stages.items():
            if name == label:
                return id
        there = ", ".join(self.stages.values())
        raise Rejected(
            f"HubSpot's pipeline {self.label!r} has no stage {label!r}; it has: {there}."
        )


class Metadata:
    """The lists of one connection."""

    def __init__(self, client: Client, config: HubSpotConfig) -> None:
        self._client = client
        self._config = config
        self._kept: dict[str, Any] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asked_again: set[str] = set()

    def forget(self) -> None:
        """Read everything anew at its next use."""
        self._kept.clear()
        self._asked_again.clear()

    async def account(self) -> Row:
        """The account that the token is for."""
        path = self._client.path("account-info", "/details")
        found: Row = await self._once("account", lambda: self._client.get(path))
        return found

    async def app(self) -> Row:
        """The private app that the token belongs to: its number and its scopes.

        The call takes the token in its body (developers.hubspot.com, "Private apps").
        """
        body = {"tokenKey": self._config.auth.access_token}
        path = "/oauth/v2/private-apps/get/access-token-info"
        found: Row = await self._once("app", lambda: self._client.ask(path, body))
        if not found.get("appId"):
            raise AuthRequired("HubSpot knows no private app of this token; nothing was read.")
        return found

    async def properties(self, kind: Kind) -> Mapping[str, Row]:
        """The properties of a record type by internal name."""
        path = self._client.path("crm/properties", f"/{kind.object}")
        rows = await self._once(path, lambda: self._client.pages(path))
        return {str(row["name"]): row for row in rows if not row.get("archived")}

    async def read(self, kind: Kind) -> list[str]:
        """The properties that are read: the type's own, and all that the account has added."""
        own = await self.properties(kind)
        added = [name for name, row in own.items() if not row.get("hubspotDefined")]
        fixed = ["createdate", kind.modified, "hs_merged_object_ids", *kind.computed]
        company = [kind.company] if kind.company else []
        return list(dict.fromkeys([*kind.properties, *fixed, *company, *sorted(added)]))

    async def pipelines(self, kind: Kind) -> Mapping[str, Pipeline]:
        """The pipelines of a record type by id, as HubSpot orders them; none where it has none."""
        if kind.pipeline is None:
            return {}
        path = self._client.path("crm/pipelines", f"/{kind.object}")
        rows = await self._once(path, lambda: self._client.pages(path))
        return {
            str(row["id"]): Pipeline(
                str(row["id"]),
                str(row["label"]),
                {str(stage["id"]): str(stage["label"]) for stage in row["stages"]},
            )
            for row in rows
        }

    async def names_for(self, kind: Kind, rows: Sequence[Row]) -> Mapping[str, Pipeline]:
        """The pipelines for these records; read once more where they name a stage not in them."""
        known = await self.pipelines(kind)
        if kind.stage is None:
            return known
        stages = {id for one in known.values() for id in one.stages}
        told = {row["properties"].get(kind.stage) for row in rows} - stages - {None}
        news = {f"{kind.name} {id}" for id in told} - self._asked_again
        if news:
            self._asked_again |= news
            self._kept.pop(self._client.path("crm/pipelines", f"/{kind.object}"), None)
            known = await self.pipelines(kind)
        return known

    async def scope(self, kind: Kind) -> Mapping[str, Pipeline]:
        """The pipelines in scope, the one for new records first; raises Misconfigured.

        Without pipelines in the scope all of them.
        """
        there = await self.pipelines(kind)
        if kind.pipeline is None or not self._config.scope.pipeline:
            return there
        by_label = {one.label: one for one in there.values()}
        chosen = [by_label[name] for name in self._config.scope.pipeline if name in by_label]
        if not chosen:
            raise Misconfigured(
                f"scope: none of {', '.join(self._config.scope.pipeline)} is a pipeline of "
                f"{kind.object}; there are: {', '.join(by_label) or 'none'}. Nothing was read."
            )
        return {one.id: one for one in chosen}

    async def meant(self, kind: Kind) -> Mapping[str, Pipeline]:
        """The pipelines whose stages a record in scope can have: where the scope names none of this
        record type's, all of them."""
        there, named = await self.pipelines(kind), self._config.scope.pipeline
        return {id: one for id, one in there.items() if one.label in named} or there

    async def primary_label(self, kind: Kind) -> int:
        """The number of the label `Primary` between this record type and companies."""
        path = self._client.path("crm/associations", f"/{kind.object}/{COMPANY.object}/labels")
        for row in await self._once(path, lambda: self._client.pages(path)):
            defined = row["category"] == "HUBSPOT_DEFINED"
            if defined and str(row.get("label") or "").casefold().startswith("primary"):
                return int(row["typeId"])
        raise Rejected(
            f"HubSpot has no label 'Primary' between {kind.object} and companies, so none can be "
            "given there. Nothing was written."
        )

    async def owners(self, *, anew: bool = False) -> Sequence[Row]:
        """All owners, the archived ones too: those HubSpot lists apart."""
        if anew:
            self._kept.pop("owners", None)
        found: Sequence[Row] = await self._once("owners", self._all_owners)
        return found

    async def _all_owners(self) -> list[Row]:
        path = self._client.path("crm/owners")
        rows: list[Row] = []
        for archived in (False, True):
            rows += await self._client.pages(path, limit=_OWNERS_A_PAGE, archived=archived)
        return rows

    async def _once(self, name: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """What was asked for once; whoever asks for what is being read already waits for it."""
        async with self._reading[name]:
            if name not in self._kept:
                self._kept[name] = await ask()
            return self._kept[name]
