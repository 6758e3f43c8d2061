"""The receiver of webhooks: it proves who calls, keeps which records a call hints at, and answers.

A call costs one insert, and nothing else is done before the answer. Nothing that it says is kept
but ids, and nothing is done about them here: a forged or repeated call can change nothing.

Whoever does not know both an address and its secret learns nothing. An address that leads nowhere
is answered like a wrong signature: with the same words, after the same work, under the same limit.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from syncline.endpoints import Endpoint, token
from syncline.sdk.clock import Clock
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import LARGEST_BODY, Delivery, Headers, Hint, Refused, Webhook
from syncline.store import inbox
from syncline.store.errors import StoreError
from syncline.store.store import Store

HOST = "127.0.0.1"

AT_ONCE = 500
PER_SECOND = 20.0
"""Calls that one address takes at once, and how fast that is filled up again: a bulk edit in a tool
comes as hundreds of calls. What is refused comes again, or is found by asking."""

STRANGERS = 1000
"""Addresses that lead nowhere, of which we remember how often they were called."""

CONNECTIONS = 64
"""Open at the same time, each with a body of 1 MiB at most; the next is told to come again."""

BODY_SECONDS = 10.0
STORE_SECONDS = 8.0
"""Zendesk gives a call up after ten seconds or so (docs/vendors/zendesk.md)."""

TOLD_SECONDS = 60.0
FORGET_SECONDS = 3600.0
ENDING_SECONDS = 5.0

_log = logging.getLogger("syncline.webhooks")


class Receiver:
    """What comes in for these endpoints, as an ASGI application: `app`.

    `key` is the workspace's secret.
    """

    def __init__(
        self, endpoints: Sequence[Endpoint], store: Store, clock: Clock, key: bytes
    ) -> None:
        self._store = store
        self._clock = clock
        self._nobody = _Nobody([Secret(token(key, ""))])
        self._doors = {one.token: _Door(one.webhook, clock, one.connection) for one in endpoints}
        self._strangers: OrderedDict[str, _Door] = OrderedDict()
        self.app = Starlette(routes=[Route("/{path:path}", self._answered, methods=["POST"])])

    async def forget_old(self) -> None:
        """Take away, every hour, the hints that are too old to be worth a read. Never returns."""
        while True:
            with suppress(StoreError):  # the next hour is as good
                await self._store.write(inbox.forget, self._clock.now() - inbox.KEPT)
            await self._clock.sleep(FORGET_SECONDS)

    async def _answered(self, request: Request) -> Response:
        # What a proxy puts before the end of the address is its own business.
        end = request.path_params["path"].rpartition("/")[2]
        door = self._doors.get(end) or self._stranger(end)
        if not door.admits():
            return _closing("Too many calls.", 429)
        try:
            body = await _body(request)
        except _TooLarge:
            return _closing("Too large.", 413)
        except TimeoutError:
            return _closing("Too slow.", 408)
        except ClientDisconnect:
            return Response(status_code=400)
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw]
        try:
            delivery = door.webhook.receive(headers, body, self._clock.now())
        except Refused as refusal:
            door.tell(refusal)
            return PlainTextResponse("Nothing here.", 404)
        return await self._kept(door.connection, delivery)

    async def _kept(self, connection: str, delivery: Delivery) -> Response:
        """200 once the hints are in the store; 503, so that the call comes again, otherwise."""
        if not delivery.hints:
            return Response()
        records = [(hint.record, hint.id) for hint in delivery.hints]
        now = self._clock.now()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._store.write(inbox.put, connection, delivery.key, records, now)
        except (StoreError, TimeoutError) as error:
            _log.warning("A call for %s was not kept: %s", connection, error or "store too slow")
            return PlainTextResponse("Try again.", 503, {"Retry-After": "30"})
        return Response()

    def _stranger(self, end: str) -> _Door:
        name = end[:100]
        door = self._strangers.pop(name, None) or _Door(self._nobody, self._clock)
        self._strangers[name] = door
        if len(self._strangers) > STRANGERS:
            self._strangers.popitem(last=False)
        return door


class _Door:
    """One address: what is behind it, and how many more calls it takes now."""

    def __init__(self, webhook: Webhook, clock: Clock, connection: str = "") -> None:
        self.webhook = webhook
        self.connection = connection
        self._clock = clock
        self._left = float(AT_ONCE)
        self._at = clock.monotonic()
        self._told_at: float | None = None

    def admits(self) -> bool:
        """Whether one more call is within the limit."""
        now = self._clock.monotonic()
        self._left = min(AT_ONCE, self._left + (now - self._at) * PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def tell(self, refusal: Refused) -> None:
        """Tell the operator that a connection's call was refused, once a minute at most."""
        now = self._clock.monotonic()
        if self.connection and (self._told_at is None or now - self._told_at >= TOLD_SECONDS):
            self._told_at = now
            _log.warning("A call for %s was refused: %s.", self.connection, refusal)


class _Nobody(Webhook):
    """What is behind an address that leads nowhere: as much work, and always in vain."""

    def signature(self, headers: Headers) -> bytes:
        raise Refused("nobody is here")

    def hints(self, payload: Any) -> Iterable[Hint]:
        return ()


class _TooLarge(Exception):
    """The body is larger than is taken."""


async def _body(request: Request) -> bytes:
    """The whole body. Raises _TooLarge as soon as it is known to be, and TimeoutError."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > LARGEST_BODY:
        raise _TooLarge
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise _TooLarge
    return bytes(body)


def _closing(words: str, status: int) -> Response:
    """An answer after which the connection is closed: what was not read of it never is."""
    return PlainTextResponse(words, status, {"Connection": "close", "Retry-After": "30"})


@asynccontextmanager
async def serving(receiver: Receiver, host: str = HOST, port: int = 0) -> AsyncIterator[str]:
    """Receive at an address of this machine, which is given, while the block runs.

    Port 0 is any free one. Raises OSError where it cannot be had. At the end, calls that are being
    answered are answered.
    """
    config = uvicorn.Config(
        receiver.app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: H11Protocol(config=config, server_state=state, app_state={}), host, port
    )
    forgetting = asyncio.create_task(receiver.forget_old())
    try:
        yield f"http://{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        forgetting.cancel()
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=ENDING_SECONDS)
        for connection in list(state.connections):
            connection.transport.abort()
        await server.wait_closed()
        with suppress(asyncio.CancelledError):
            await forgetting
