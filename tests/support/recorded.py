"""A real tool on loopback, or what it once said: the same tests run on either.

A `Stage` stands where the tool would. With an upstream it passes requests on and keeps each
exchange; without one it answers from the exchanges that were kept. A request is known by who sent
it, method, path with query, and body; the same request sent again gets the next answer kept for it.
An unknown request is answered 599 and named in `unknown`, so that no test passes on a guess.

Nothing secret is kept: who sent a request is a word for their credential, headers are left out but
for the content type, and the texts in `scrub` are replaced wherever they stand. To record anew, see
the docstring of the test module that uses it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from deployments.real.http1 import BadMessage, Head, Reader, Writer, read_head, whole_body

HOST = "127.0.0.1"
READS = ("GET", "HEAD")
KEPT_HEADERS = ("content-type", "etag", "location")
Who = Callable[[Head], str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; bodies are text, or base64 after the word `base64:`."""

    who: str
    method: str
    target: str
    sent: str
    status: int
    headers: dict[str, str]
    answer: str

    @property
    def request(self) -> tuple[str, str, str, str]:
        """What an answer is found by."""
        return self.who, self.method, self.target, self.sent


class Stage:
    """One tool for one test. `hub` is who the connector under test is, for counts and troubles.

    lose_answer     the hub's next write is applied and the connection reset without an answer
    refuse_once     the hub's next request gets a 429 to come back after a second
    down            the hub's requests get a 503

    `clean` takes out of an answer what should not be kept, live as well.
    """

    def __init__(
        self,
        who: Who,
        *,
        upstream: str | None = None,
        kept: list[Exchange] | None = None,
        scrub: Mapping[str, str] | None = None,
        is_read: Callable[[str, str], bool] | None = None,
        clean: Callable[[str], str] = str,
        hub: str = "hub",
    ) -> None:
        self.exchanges = list(kept or [])
        self.unknown: list[str] = []
        self.lose_answer = self.refuse_once = self.down = False
        self.port = 0
        self._who, self._hub = who, hub
        self._upstream = upstream
        self._scrub = dict(scrub or {})
        self._is_read = is_read or (lambda method, target: method in READS)
        self._clean = clean
        self._counts: dict[tuple[str, bool], int] = defaultdict(int)
        self._answers: dict[tuple[str, str, str, str], list[Exchange]] = defaultdict(list)
        for exchange in self.exchanges:
            self._answers[exchange.request].append(exchange)
        self._client = httpx.AsyncClient(timeout=60, trust_env=False)
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def count(self, who: str | None = None, *, mutating: bool) -> int:
        """How many requests somebody (the hub, by default) has sent."""
        return self._counts[who or self._hub, mutating]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Stage]:
        """Serve on a free port of 127.0.0.1."""
        server = await asyncio.start_server(self._accept, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await server.wait_closed()
            await self._client.aclose()

    async def _accept(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while (head := await read_head(reader)) is not None:
                body = await whole_body(reader, head, until_close=False)
                answer = await self._answer(head, body)
                if answer is None:
                    _reset(writer)
                    return
                writer.write(answer)
                await writer.drain()
        except (OSError, BadMessage, asyncio.CancelledError):
            _reset(writer)
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, head: Head, body: bytes) -> bytes | None:
        """The answer's bytes; None where the connection is to be cut off."""
        who = self._who(head)
        mutating = not self._is_read(head.first, head.second)
        self._counts[who, mutating] += 1
        lost = False
        if who == self._hub:
            if self.down:
                return _http(503, {}, b"")
            if self.refuse_once:
                self.refuse_once = False
                return _http(429, {"retry-after": "1"}, b"")
            if lost := self.lose_answer and mutating:
                self.lose_answer = False
        if self._upstream is None:
            exchange = self._kept(who, head, body)
        else:
            exchange = await self._asked(who, head, body)
        return None if lost else _http(exchange.status, exchange.headers, _bytes(exchange.answer))

    def _kept(self, who: str, head: Head, body: bytes) -> Exchange:
        request = (who, head.first, head.second, _text(body))
        answers = self._answers[request]
        if not answers:
            self.unknown.append(" ".join(request))
            return Exchange(*request, 599, {}, "")
        return answers.pop(0)

    async def _asked(self, who: str, head: Head, body: bytes) -> Exchange:
        headers = [(n, v) for n, v in head.headers if n.lower() not in ("host", "connection")]
        url = f"{self._upstream}{head.second}"
        reply = await self._client.request(head.first, url, headers=headers, content=body)
        told = {name: reply.headers[name] for name in KEPT_HEADERS if name in reply.headers}
        answer, target, sent = self._clean(_text(reply.content)), head.second, _text(body)
        for secret, word in self._scrub.items():
            answer, target, sent = (t.replace(secret, word) for t in (answer, target, sent))
            told = {name: value.replace(secret, word) for name, value in told.items()}
        exchange = Exchange(who, head.first, target, sent, reply.status_code, told, answer)
        self.exchanges.append(exchange)
        return exchange

    def save(self, path: Path) -> None:
        """Write the exchanges, one a line, so that a change of one is a line in a diff."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [json.dumps(list(asdict(e).values()), ensure_ascii=False) for e in self.exchanges]
        path.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def load(path: Path) -> list[Exchange]:
    """The exchanges of a recording; an error names the file where it was never made."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: this test was never recorded; see tests/support/recorded")
    rows: list[list[Any]] = json.loads(path.read_text(encoding="utf-8"))
    return [Exchange(*row) for row in rows]


def _http(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Recorded", *(f"{n}: {v}" for n, v in headers.items())]
    if status not in (204, 304):
        lines.append(f"content-length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(body).decode()}"


def _bytes(text: str) -> bytes:
    if text.startswith("base64:"):
        return base64.b64decode(text.removeprefix("base64:"))
    return text.encode()


def _reset(writer: Writer) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
