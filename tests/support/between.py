"""A stranger on the wire: between a connector and its tool's fake, who does what a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from syncline.sandbox import Fake, serving
from tests.unit.sdk.loopback import Peer, Seen, Server
from tests.unit.sdk.loopback import serving as listening

Instead = Callable[[Seen, Peer], Awaitable[bool]]
"""Answers a request in the tool's place, or says False and lets it through."""

PASSED_ON = ("content-type", "location", "etag", "retry-after", "date")


class Between:
    """Passes everything on. `instead` may answer itself; `change` bends the tool's answers."""

    def __init__(self, tool: str) -> None:
        self._http = httpx.AsyncClient(base_url=tool, trust_env=False, timeout=60)
        self.instead: Instead | None = None
        self.change: Callable[[bytes], bytes] | None = None
        self.server: Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def http_port(self) -> int:
        """Where the tool itself is."""
        return self._http.base_url.port or 80

    @property
    def credentials(self) -> set[str]:
        """What the connector showed so far to prove who it is, with what a log in gave it."""
        shown = {seen.headers.get("authorization", "") for seen in self.server.requests}
        return {text.partition(" ")[2] or text for text in shown if text}

    async def handle(self, seen: Seen, peer: Peer) -> None:
        if self.instead is not None and await self.instead(seen, peer):
            return
        answer = await self.asked(seen)
        content = self.change(answer.content) if self.change is not None else answer.content
        kept = {k.title(): answer.headers[k] for k in PASSED_ON if k in answer.headers}
        await peer.answer(answer.status_code, content, kept)

    async def asked(self, seen: Seen) -> httpx.Response:
        """What the tool answers to a request."""
        headers = {k: v for k, v in seen.headers.items() if k not in ("host", "content-length")}
        return await self._http.request(
            seen.method, seen.target, headers=headers, content=seen.body
        )

    async def log(self) -> list[dict[str, object]]:
        """What reached the tool."""
        rows: list[dict[str, object]] = (await self._http.get("/_sandbox/requests")).json()
        return rows

    async def aclose(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def between(fake: Fake) -> AsyncIterator[Between]:
    """The fake, and somebody before it whose address it takes for its own."""
    async with serving(fake) as tool:
        one = Between(tool)
        async with listening(one.handle) as one.server:
            fake.base_url_known(one.url)
            try:
                yield one
            finally:
                await one.aclose()
