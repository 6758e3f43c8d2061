"""The tool as people use it: the fake over HTTP for the connector, and its forms for people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors._template import TemplateConnector, config
from connectors._template.fake import PROJECT, TOKEN, TemplateFake
from syncline.sandbox import Call, Company, Endpoint, Hooks, State, ToolClock, serving
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
WRONG = "a-token-nobody-gave-out"


class Clock:
    """The connector's clock: the tool's own, so that waiting lets time pass there."""

    def __init__(self, tool: ToolClock) -> None:
        self._tool = tool

    def now(self) -> datetime:
        return self._tool.now()

    def monotonic(self) -> float:
        return (self._tool.now() - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self._tool.advance(seconds)
        await asyncio.sleep(0)


class Watched(TemplateFake):
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


class World:
    """People at the tool. They act inside the fake, so all requests it counts are ours."""

    secrets: Sequence[str] = (TOKEN, WRONG)

    def __init__(self, fake: Watched, tool: ToolClock, http: httpx.AsyncClient) -> None:
        self.fake, self.tool, self._http = fake, tool, http
        self.base_url = str(http.base_url)

    def requests(self) -> Requests:
        return Requests(self.fake.seen[False], self.fake.seen[True])

    async def create(self, fields: Wire) -> str:
        return str(self.fake.create(fields)["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.change(id, patch)

    async def delete(self, id: str) -> None:
        self.fake.act("ticket", id, "", "delete")

    async def hide(self, id: str) -> None:
        self.fake.put(id, {"hidden": True})

    async def leave_scope(self, id: str) -> None:
        self.fake.put(id, {"project": "elsewhere"})

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        raise NotImplementedError

    async def links_shown(self, id: str) -> Sequence[str]:
        raise NotImplementedError

    async def somebody(self) -> tuple[str, str]:
        person = next(iter(self.fake.state.table("person").values()))
        return person["id"], person["email"]

    async def settle(self) -> None:
        self.tool.advance(60)

    async def trouble(self, kind: Trouble) -> None:
        method, action = {
            Trouble.LOST_ANSWER: ("POST", "drop_after_apply"),
            Trouble.RATE_LIMIT: ("POST", "rate_limit:30"),
            Trouble.DOWN: ("GET", "status:503"),
        }[kind]
        times = 1000 if kind is Trouble.DOWN else 1
        told = {"method": method, "path": "/tickets", "action": action, "times": times}
        (await self._http.post("/_sandbox/faults", json=told)).raise_for_status()

    async def recover(self) -> None:
        (await self._http.delete("/_sandbox/faults")).raise_for_status()
        self.tool.advance(120)


@asynccontextmanager
async def opened(world: World, token: str) -> AsyncIterator[TemplateConnector]:
    """The connector on this world, closed at the end."""
    said = config.TemplateConfig(
        connector="template",
        base_url=world.base_url,
        private_network=True,
        auth=config.Auth(token=Secret(token)),
        scope=config.Scope(project=PROJECT),
    )
    clock = Clock(world.tool)
    connector = TemplateConnector.open("template", said, clock)
    try:
        yield connector
    finally:
        await connector.aclose()


class Fixtures:
    """What the suite asks for."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        tool = ToolClock(START)
        fake = Watched(State(), tool, Hooks())
        fake.seed(Company.made(seed=1, records=0))
        async with serving(fake) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
            yield World(fake, tool, http)

    @pytest.fixture
    async def connector(self, world: World) -> AsyncIterator[TemplateConnector]:
        async with opened(world, TOKEN) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: World) -> AsyncIterator[TemplateConnector]:
        async with opened(world, WRONG) as connector:
            yield connector
