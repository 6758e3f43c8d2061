"""Serving a fake on loopback, in this process and loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar

import uvicorn
from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from syncline.sandbox.app import application
from syncline.sandbox.fake import Fake

HOST = "127.0.0.1"


class _Abortable(H11Protocol):
    """A connection that can be cut off in the middle, as a broken network does."""

    open: ClassVar[dict[tuple[Any, Any], asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.open[self.client, self.server] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.pop((self.client, self.server), None)
        super().connection_lost(exc)

    @classmethod
    def drop(cls, request: Request) -> None:
        """Cut the connection that a request came by; nothing happens if it is gone."""
        scope = request.scope
        if transport := cls.open.get((tuple(scope["client"]), tuple(scope["server"]))):
            transport.abort()


@asynccontextmanager
async def serving(fake: Fake, port: int = 0) -> AsyncIterator[str]:
    """Serve a fake at an address of this machine, which is given; port 0 is any free one.

    Raises OSError where the port is taken.
    """
    config = uvicorn.Config(
        application(fake, _Abortable.drop),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Abortable(config=config, server_state=state, app_state={}), HOST, port
    )
    deliveries = asyncio.create_task(fake.hooks.run())
    try:
        url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        fake.base_url_known(url)
        yield url
    finally:
        deliveries.cancel()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        with suppress(asyncio.CancelledError):
            await deliveries
        await asyncio.sleep(0)
        await server.wait_closed()
        fake.state.commit()
