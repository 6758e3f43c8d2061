"""A proxy on loopback that breaks the wire between a client and one real server, on request.

`python -m deployments.real.fault_proxy --upstream http://127.0.0.1:PORT` prints one line of
JSON with its address and runs until it is ended. Requests go to the upstream as they came, the
`Host` header included; replies come back as they were, so addresses inside them may name the
upstream itself. Only what belongs to one connection is changed (`Connection`, `Expect`).

    POST   /_proxy/faults     {"method", "path", "action", "times", "skip", "rate"} or a list
    GET    /_proxy/faults     the faults with what is left of them; DELETE forgets them
    GET    /_proxy/requests   [{"seq", "method", "path", "status", "mutating", "forwarded",
                              "fault"}], oldest first; DELETE empties it

Actions: `drop_before` (never forwarded, connection reset), `drop_after_apply` (forwarded, reply
discarded, connection reset), `hang_after_apply` (the same, but the connection stays open and
silent), `delay:SECONDS` (forwarded late, also when the client has given up by then),
`status:NNN` (answered here, never forwarded), `truncate_listing:PERCENT`. `path` is a prefix
of path and query, or a pattern when it starts with `^`. See `deployments.real.faults`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from deployments.real.faults import BadFault, Fault, parse, truncated
from deployments.real.http1 import (
    HEAD_LIMIT,
    HOP_BY_HOP,
    BadMessage,
    Head,
    Reader,
    Writer,
    raw_body,
    read_head,
    whole_body,
)

HOST = "127.0.0.1"
CONTROL = "/_proxy/"
AFTER_APPLY = ("drop_after_apply", "hang_after_apply")
READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Request Tracker takes searches by POST to a collection (docs/vendors/request-tracker.md).
SEARCH = re.compile(
    r"/REST/2\.0/(tickets|transactions|attachments|users|queues|groups|customfields)(\?|$)"
)


@dataclass
class Seen:
    """One request that came by; `status` is the server's, or the one answered in its place."""

    seq: int
    method: str
    path: str
    mutating: bool
    status: int | None = None
    forwarded: bool = False
    fault: str | None = None


class FaultProxy:
    """The proxy in front of `upstream` (host, port); use it as an asynchronous context."""

    def __init__(self, upstream: tuple[str, int], *, port: int = 0, seed: int = 0) -> None:
        self.upstream = upstream
        self.port = port
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        self._seen = 0
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """Where clients connect to."""
        return f"http://{HOST}:{self.port}"

    async def __aenter__(self) -> FaultProxy:
        self._server = await asyncio.start_server(self._accept, HOST, self.port, limit=HEAD_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (OSError, BadMessage):
            _reset(writer)
        except asyncio.CancelledError:
            # Only __aexit__ cancels: the connection ends with the proxy.
            _reset(writer)
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve_one(self, reader: Reader, writer: Writer) -> bool:
        """Serve one request; True when the connection can carry another."""
        head = await read_head(reader)
        if head is None:
            return False
        if head.third != "HTTP/1.1":
            await _answer(writer, 505, {"message": "HTTP/1.1 only"})
            return False
        if head.second.startswith(CONTROL):
            await _admit_body(head, writer)
            body = await whole_body(reader, head, until_close=False)
            await _answer(writer, *self._control(head.first, head.second, body))
            return True
        seen = self._note(head)
        fault = self._fault_for(head)
        seen.fault = fault.action if fault else None
        if fault is None:
            return await self._forward(head, reader, writer, seen, None)
        return await self._strike(fault, head, reader, writer, seen)

    async def _strike(
        self, fault: Fault, head: Head, reader: Reader, writer: Writer, seen: Seen
    ) -> bool:
        if fault.name == "drop_before":
            _reset(writer)
            return False
        if fault.name == "status":
            await _admit_body(head, writer)
            await whole_body(reader, head, until_close=False)
            seen.status = int(fault.value)
            await _answer(writer, seen.status, {"message": "answered by the fault proxy"})
            return True
        if fault.name == "delay":
            await asyncio.sleep(fault.value)
        return await self._forward(head, reader, writer, seen, fault)

    async def _forward(
        self, head: Head, reader: Reader, writer: Writer, seen: Seen, fault: Fault | None
    ) -> bool:
        """Pass the request on and the reply back.

        Each request has an upstream connection of its own: none is ever found stale, so the
        proxy itself never has to wonder whether a request was applied.
        """
        action = fault.name if fault else ""
        try:
            up_reader, up_writer = await asyncio.open_connection(*self.upstream, limit=HEAD_LIMIT)
        except OSError:
            await _answer(writer, 502, {"message": "the upstream server does not answer"})
            return False
        await _admit_body(head, writer)
        sending = asyncio.create_task(_send_request(head, reader, up_writer, action))
        try:
            seen.forwarded = True
            reply = await _final_head(up_reader)
            seen.status = int(reply.second)
            if action in AFTER_APPLY:
                await _whole_reply(head, reply, up_reader)
                keep = False
            elif fault and action == "truncate_listing":
                body = truncated(await _whole_reply(head, reply, up_reader), fault.value)
                keep = await _send_whole(head, reply, body, writer)
            else:
                keep = await _relay(head, reply, up_reader, writer)
            keep = keep and sending.done()
        finally:
            await _end(sending, up_writer)
        if action == "hang_after_apply":
            while await reader.read(HEAD_LIMIT):
                pass
        if action in AFTER_APPLY:
            _reset(writer)
        return keep

    def _note(self, head: Head) -> Seen:
        search = head.first == "POST" and SEARCH.match(head.second) is not None
        mutating = head.first not in READS and not search
        self._seen += 1
        seen = Seen(self._seen, head.first, head.second, mutating)
        self.requests.append(seen)
        return seen

    def _fault_for(self, head: Head) -> Fault | None:
        for fault in self.faults:
            if fault.matches(head.first, head.second) and fault.strikes(self._dice):
                return fault
        return None

    def _control(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON that answer a call under /_proxy/."""
        if path == CONTROL + "faults" and method == "POST":
            try:
                data = json.loads(body)
                asked = [parse(each) for each in (data if isinstance(data, list) else [data])]
            except (ValueError, BadFault) as error:
                return 400, {"message": str(error)}
            self.faults.extend(asked)
            return 201, [fault.shown() for fault in asked]
        lists: dict[str, list[Any]] = {"faults": self.faults, "requests": self.requests}
        known = lists.get(path.removeprefix(CONTROL))
        if known is None or method not in ("GET", "DELETE"):
            return 404, {"message": f"no {method} {path}; see deployments/real/fault_proxy.py"}
        if method == "DELETE":
            known.clear()
            return 204, None
        return 200, [asdict(each) for each in known]


async def _send_request(head: Head, reader: Reader, up: Writer, action: str) -> None:
    out = head.without(*HOP_BY_HOP).plus("Connection", "close")
    if action == "truncate_listing":
        # A packed listing could not be cut.
        out = out.without("accept-encoding")
    up.write(out.encode())
    async for piece in raw_body(reader, head, until_close=False):
        up.write(piece)
        await up.drain()
    await up.drain()


async def _final_head(reader: Reader) -> Head:
    """The reply's head, past any interim ones (1xx)."""
    while True:
        head = await read_head(reader)
        if head is None:
            raise BadMessage("the upstream closed the connection without a reply")
        if not head.second.startswith("1"):
            return Head("HTTP/1.1", head.second, head.third, head.headers)


async def _whole_reply(head: Head, reply: Head, reader: Reader) -> bytes:
    return b"" if _bare(head, reply) else await whole_body(reader, reply, until_close=True)


async def _send_whole(head: Head, reply: Head, body: bytes, writer: Writer) -> bool:
    out = reply.without(*HOP_BY_HOP)
    if not _bare(head, reply):
        out = out.without("content-length", "transfer-encoding")
        out = out.plus("Content-Length", str(len(body)))
    writer.write(out.encode() + body)
    await writer.drain()
    return True


async def _relay(head: Head, reply: Head, reader: Reader, writer: Writer) -> bool:
    """Send the reply on as it arrives; True when the client can see where it ends."""
    framed = _bare(head, reply) or reply.chunked or reply.length is not None
    out = reply.without(*HOP_BY_HOP)
    writer.write((out if framed else out.plus("Connection", "close")).encode())
    if not _bare(head, reply):
        async for piece in raw_body(reader, reply, until_close=True):
            writer.write(piece)
            await writer.drain()
    await writer.drain()
    return framed


def _bare(head: Head, reply: Head) -> bool:
    """True for a reply that has no body whatever its headers say."""
    return head.first == "HEAD" or reply.second in ("204", "304")


async def _end(sending: asyncio.Task[None], up: Writer) -> None:
    """Give up what is not sent yet and close the upstream connection."""
    sending.cancel()
    with suppress(asyncio.CancelledError, OSError, BadMessage):
        await sending
    up.close()
    with suppress(OSError):
        await up.wait_closed()


async def _admit_body(head: Head, writer: Writer) -> None:
    if head.get("expect").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()


async def _answer(writer: Writer, status: int, data: Any) -> None:
    body = b"" if status in (204, 304) else json.dumps(data).encode()
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Fault"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    if status not in (204, 304):
        headers += (("Content-Length", str(len(body))),)
    writer.write(Head("HTTP/1.1", str(status), phrase, headers).encode() + body)
    await writer.drain()


def _reset(writer: Writer) -> None:
    """End the connection with a reset rather than an orderly close."""
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve(upstream: tuple[str, int], port: int, seed: int) -> None:
    """Run a proxy until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with FaultProxy(upstream, port=port, seed=seed) as proxy:
        print(json.dumps({"base_url": proxy.base_url, "pid": os.getpid()}), flush=True)
        await ended.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; exit code 0 after an orderly end."""
    parser = argparse.ArgumentParser(prog="deployments.real.fault_proxy")
    parser.add_argument("--upstream", required=True, help="http://127.0.0.1:PORT")
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--seed", type=int, default=0, help="of the dice behind `rate`")
    args = parser.parse_args(argv)
    address = urlsplit(args.upstream)
    if address.scheme != "http" or not address.hostname or not address.port:
        parser.error("--upstream is http://HOST:PORT")
    asyncio.run(serve((address.hostname, address.port), args.port, args.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
