"""PostHog as people use it: the fake over HTTP for the connector, and its forms for people.

People act inside the fake, so that all requests it counts are the connector's. The tool's clock
stands still and moves with the connector's: who waits, lets time pass in PostHog.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.posthog import PostHogConnector
from connectors.posthog.config import PostHogConfig
from connectors.posthog.fake import PostHogFake
from connectors.posthog.fake.project import HUB, KEY, PROJECT
from syncline.sandbox import Call, Endpoint, Hooks, State, ToolClock, serving
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
WRONG = "phx-a-key-nobody-gave-out"
API = f"/api/projects/{PROJECT}/"
COMPANY = "company"


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


class Watched(PostHogFake):
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


class PostHogWorld:
    """People at PostHog; what they do is done to early-access features."""

    secrets: Sequence[str] = (KEY, WRONG)
    listing = f"{API}early_access_feature/"

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

    async def create(self, fields: Wire) -> str:
        number = self.fake.state.next("a person's flag")
        flag = self.fake.flags.create({"key": f"by-hand-{number}"}, HUB)
        body = {"stage": "draft", **_texts(fields), "feature_flag_id": flag["id"]}
        return str(self.fake.features.create(body, HUB)["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.features.change(id, _texts(patch))

    async def delete(self, id: str) -> None:
        self.fake.features.remove(id)

    async def hide(self, id: str) -> None:
        raise NotImplementedError("PostHog hides no record here")

    async def leave_scope(self, id: str) -> None:
        raise NotImplementedError("PostHog has no scope to leave here")

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        raise NotImplementedError("PostHog has no comments here")

    async def links_shown(self, id: str) -> Sequence[str]:
        raise NotImplementedError("PostHog shows no links here")

    async def somebody(self) -> tuple[str, str]:
        raise NotImplementedError("PostHog has nobody to assign here")

    async def settle(self) -> None:
        self.tool.advance(60)

    async def trouble(self, kind: Trouble) -> None:
        if kind is Trouble.LOST_ANSWER:
            await self.fault("POST", self.listing, "drop_after_apply")
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("POST", self.listing, "rate_limit:30")
        else:
            await self.fault("GET", API, "status:503", times=1000)

    async def recover(self) -> None:
        (await self.http.delete("/_sandbox/faults")).raise_for_status()
        self.tool.advance(120)


class AnnotationWorld(PostHogWorld):
    """People at PostHog who write annotations."""

    listing = f"{API}annotations/"

    async def create(self, fields: Wire) -> str:
        body = {"content": _content(fields), "date_marker": None, "scope": "project"}
        return str(self.fake.annotations.create(body, HUB)["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.annotations.change(id, {"content": _content(patch)})

    async def delete(self, id: str) -> None:
        self.fake.annotations.remove(id)

    async def leave_scope(self, id: str) -> None:
        self.fake.annotations.change(id, {"scope": "dashboard"})


class GroupWorld(PostHogWorld):
    """People at PostHog whose groups are companies."""

    listing = "/batch/"

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str) -> None:
        super().__init__(fake, tool, base_url)
        fake.analytics.group(COMPANY, "the-first", {"name": "The first"})

    async def create(self, fields: Wire) -> str:
        key = str(fields["key"])
        self.fake.analytics.group(COMPANY, key, dict(fields["properties"]))
        return key

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.analytics.group(COMPANY, id, dict(patch["properties"]))

    async def delete(self, id: str) -> None:
        """PostHog's people cannot; its support can."""
        self.fake.analytics.drop_group(COMPANY, id)


def _content(fields: Wire) -> str:
    return "\n".join(filter(None, (fields.get("name"), fields.get("note"))))


def _texts(fields: Wire) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in fields.items()}


def config(world: PostHogWorld, key: str = KEY, **more: Any) -> PostHogConfig:
    """A connection to this world."""
    options: dict[str, Any] = {
        "auth": {"personal_api_key": Secret(key)},
        "scope": {"project": PROJECT},
        **more,
    }
    return PostHogConfig(
        connector="posthog", base_url=world.base_url, private_network=True, **options
    )


@asynccontextmanager
async def opened(
    world: PostHogWorld, key: str = KEY, **more: Any
) -> AsyncIterator[PostHogConnector]:
    """A connector in this world, closed at the end."""
    connector = PostHogConnector.open("analytics", config(world, key, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


@asynccontextmanager
async def living(kind: type[PostHogWorld] = PostHogWorld) -> AsyncIterator[PostHogWorld]:
    """An empty project, served on loopback."""
    tool = ToolClock(START)
    fake = Watched(State(), tool, Hooks())
    async with serving(fake) as base_url:
        world = kind(fake, tool, base_url)
        try:
            yield world
        finally:
            await world.http.aclose()
