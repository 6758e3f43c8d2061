"""Mixpanel as people use it: the fake over HTTP for the connector, and its forms for people.

People act inside the fake, so that all requests it counts are the connector's. The tool's clock
stands still and moves with the connector's: who waits, lets time pass in Mixpanel.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from connectors.mixpanel import MixpanelConnector
from connectors.mixpanel.config import MixpanelConfig
from connectors.mixpanel.fake import MixpanelFake
from connectors.mixpanel.fake.app import ENGAGE
from connectors.mixpanel.fake.office import (
    DATA_GROUP_ID,
    GROUP_KEY,
    HUB,
    HUB_SECRET,
    PROJECT,
    TOKEN,
)
from syncline.sandbox import Call, Endpoint, Hooks, State, ToolClock, serving
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
WRONG = "a-secret-nobody-gave-out"
ANNOTATIONS = f"/api/app/projects/{PROJECT}/annotations"
PROPERTIES = {"note": "text", "seats": "number", "trial": "bool", "since": "date"} | {
    "seen": "datetime",
    "products": "set",
}

W = TypeVar("W", bound="MixpanelWorld")


class TiedClock:
    """The connector's clock: the tool's own, so that waiting lets time pass there."""

    def __init__(self, tool: ToolClock) -> None:
        self._tool = tool

    def now(self) -> datetime:
        return self._tool.now()

    def monotonic(self) -> float:
        return (self._tool.now() - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self._tool.advance(seconds + 1e-6)
        await asyncio.sleep(0)


class Watched(MixpanelFake):
    """A fake that counts the requests it answers, by whether they are to change something."""

    seen: dict[bool, int]

    def endpoints(self) -> Sequence[Endpoint]:
        self.seen = {False: 0, True: 0}
        return [replace(one, handler=self._counted(one)) for one in super().endpoints()]

    def _counted(self, endpoint: Endpoint) -> Callable[[Call], Any]:
        def handler(call: Call) -> Any:
            self.seen[bool(endpoint.mutating)] += 1
            return endpoint.handler(call)

        return handler


class MixpanelWorld:
    """People at Mixpanel."""

    secrets: Sequence[str] = (HUB_SECRET, TOKEN, WRONG)
    writes: str
    reads: tuple[str, str]

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str) -> None:
        self.fake, self.tool, self.base_url = fake, tool, base_url
        self.clock = TiedClock(tool)
        self.http = httpx.AsyncClient(base_url=base_url, trust_env=False)

    def requests(self) -> Requests:
        return Requests(self.fake.seen[False], self.fake.seen[True])

    async def fault(self, method: str, path: str, action: str, times: int = 1) -> None:
        """Let this happen to the next requests of a path."""
        told = {"method": method, "path": path, "action": action, "times": times}
        (await self.http.post("/_sandbox/faults", json=told)).raise_for_status()

    async def hide(self, id: str) -> None:
        raise NotImplementedError("Mixpanel hides no record here")

    async def leave_scope(self, id: str) -> None:
        raise NotImplementedError("Mixpanel has no scope to leave here")

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        raise NotImplementedError("Mixpanel has no comments here")

    async def links_shown(self, id: str) -> Sequence[str]:
        raise NotImplementedError("Mixpanel shows no links here")

    async def somebody(self) -> tuple[str, str]:
        raise NotImplementedError("Mixpanel has nobody to assign here")

    async def settle(self) -> None:
        self.tool.advance(600)

    async def trouble(self, kind: Trouble) -> None:
        if kind is Trouble.LOST_ANSWER:
            await self.fault("POST", self.writes, "drop_after_apply")
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("POST", self.writes, "rate_limit:30")
        else:
            await self.fault(*self.reads, "status:503", times=1000)

    async def recover(self) -> None:
        (await self.http.delete("/_sandbox/faults")).raise_for_status()
        self.tool.advance(120)


class AnnotationWorld(MixpanelWorld):
    """People who write annotations."""

    writes = ANNOTATIONS
    reads = ("GET", ANNOTATIONS)

    async def create(self, fields: Wire) -> str:
        body = {"description": _text(fields), "date": f"{fields['date']} 00:00:00"}
        return str(self.fake.annotations.create(body, "ann")["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.annotations.change(id, {"description": _text(patch)})

    async def delete(self, id: str) -> None:
        self.fake.annotations.remove(id)


class ProfileWorld(MixpanelWorld):
    """People who keep profiles in Mixpanel's own pages; those of a segment are in scope."""

    kind = "group"
    path = "group_id"
    writes = "/groups"
    reads = ("POST", ENGAGE)
    only = {"segment": "b2b"}

    async def create(self, fields: Wire) -> str:
        has = {name: value for name, value in fields.items() if name != self.path}
        id = str(fields.get(self.path) or f"id {self.fake.state.next('a profile by hand')}")
        self.fake.profiles.edit(self.kind, id, {**self.only, **has})
        return id

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.profiles.edit(self.kind, id, dict(patch))

    async def delete(self, id: str) -> None:
        self.fake.profiles.remove(self.kind, id)

    async def leave_scope(self, id: str) -> None:
        self.fake.profiles.edit(self.kind, id, {"segment": "b2c"})

    def shown(self, id: str) -> dict[str, Any]:
        """A profile as it is seen now."""
        return self.fake.profiles.table(self.kind)[id]


class UserWorld(ProfileWorld):
    """The same, of users."""

    kind = "user"
    path = "distinct_id"
    writes = "/engage"


def _text(fields: Wire) -> str:
    return "\n".join(filter(None, (fields.get("name"), fields.get("note"))))


def config(world: MixpanelWorld, secret: str = HUB_SECRET, **more: Any) -> MixpanelConfig:
    """A connection to this world."""
    only = getattr(world, "only", {})
    kept = {"fields": PROPERTIES, "only": only}
    options: dict[str, Any] = {
        "auth": {"username": HUB, "secret": Secret(secret), "project_token": Secret(TOKEN)},
        "scope": {
            "project": PROJECT,
            "group": {"key": GROUP_KEY, "data_group_id": DATA_GROUP_ID, **kept},
            "users": kept,
        },
        **more,
    }
    return MixpanelConfig(
        connector="mixpanel", base_url=world.base_url, private_network=True, **options
    )


@asynccontextmanager
async def opened(
    world: MixpanelWorld, secret: str = HUB_SECRET, **more: Any
) -> AsyncIterator[MixpanelConnector]:
    """A connector in this world, closed at the end."""
    connector = MixpanelConnector.open("analytics", config(world, secret, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


@asynccontextmanager
async def living(kind: type[W]) -> AsyncIterator[W]:
    """An empty project, served on loopback."""
    tool = ToolClock(START)
    fake = Watched(State(), tool, Hooks())
    async with serving(fake) as base_url:
        world = kind(fake, tool, base_url)
        try:
            yield world
        finally:
            await world.http.aclose()
