"""A real HTTP server on loopback that misbehaves when told, and a clock moved by sleeping only."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from syncline.sdk.http import Limits, Transport


@dataclass
class Seen:
    """One request as it came over the socket."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    """The server's end of a connection, for a handler to answer on or to break."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(
        self, status: int = 200, body: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        lines = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        lines |= headers or {}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
        await self.raw(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def drop(self) -> None:
        self.writer.transport.abort()


Handler = Callable[[Seen, Peer], Awaitable[None]]


@dataclass
class Server:
    """Listens on a free port of 127.0.0.1; `requests` holds everything that was received."""

    handler: Handler
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _peers: list[Peer] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Peer(reader, writer)
        self._peers.append(peer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                await self._one(peer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, peer: Peer) -> None:
        head = (await peer.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        pairs = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await peer.reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(method, target, headers, body)
        self.requests.append(seen)
        await self.handler(seen, peer)

    async def aclose(self) -> None:
        for peer in self._peers:
            peer.writer.transport.abort()
        while self._tasks:
            await asyncio.sleep(0.001)


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(handler)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await server.aclose()
        await listening.wait_closed()


def script(*answers: Callable[[Seen, Peer], Awaitable[None]]) -> Handler:
    """Answers the n-th request with the n-th handler, and every later one with the last."""
    remaining = list(answers)

    async def handle(seen: Seen, peer: Peer) -> None:
        await (remaining.pop(0) if len(remaining) > 1 else remaining[0])(seen, peer)

    return handle


def answers(status: int = 200, body: Any = None, **headers: str) -> Handler:
    """A handler that gives one answer; `retry_after="3"` becomes the header `retry-after`."""

    async def handle(seen: Seen, peer: Peer) -> None:
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        await peer.answer(status, body, named)

    return handle


async def drops(seen: Seen, peer: Peer) -> None:
    """A handler that has read the request and hangs up."""
    peer.drop()


async def hangs(seen: Seen, peer: Peer) -> None:
    """A handler that has read the request and never answers."""
    await peer.reader.read()


class VirtualClock:
    """Time that passes only by sleeping; `slept` lists every sleep in order."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, 0, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._seconds += seconds
        await asyncio.sleep(0)


def transport(server: Server | int, clock: VirtualClock | None = None, **options: Any) -> Transport:
    """A transport to the loopback server, with small limits; every option can be overridden."""
    port = server if isinstance(server, int) else server.port
    settings: dict[str, Any] = {
        "connection": "tool",
        "base_url": f"http://127.0.0.1:{port}",
        "limits": Limits(None, timeout_seconds=0.3),
        "clock": clock or VirtualClock(),
        "private_network": True,
    }
    return Transport(**settings | options)
