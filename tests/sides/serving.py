"""A `MemoryTool` behind HTTP on loopback: the server, the credential, the log and the faults.

What a fault means on this level: `drop_before`, `drop_after_apply` and `torn:K` close the socket
without a byte of an answer; `retry` is a 429 and `down` a 503, both with `Retry-After: 1`, which
the hub's transport may absorb by waiting and asking again; `reject` is a 422. A fault's `times`
count requests here: a listing of three pages loses records on all of them with `times=3`. A
function that raises makes a 500; crashes are for the in-memory side.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial
from typing import Any, ClassVar

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from syncline.simulation.faults import Call, Fault
from syncline.simulation.tool import Item, MemoryTool, Refused, State, Unknown

FIELD_NAMES = ("title", "body", "status", "priority", "labels", "assignee", "custom")


class DroppedConnection(Exception):
    """The answer is not to be sent."""


@dataclass(slots=True)
class Asked:
    """One request on its way through the tool."""

    request: Request
    body: Any
    tool: MemoryTool
    call: Call
    fault: Fault | None

    def query(self, name: str) -> str | None:
        value = self.request.query_params.get(name)
        return value or None

    def ids(self, name: str = "ids") -> list[str]:
        return (self.query(name) or "").split(",") if self.query(name) else []

    def apply(
        self, items: Sequence[Any], one: Callable[[Any], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Write items as far as the fault lets them through; one result an item, with a status."""
        name = self.fault.name if self.fault else None
        number = self.fault.number if self.fault and name in ("partial", "torn") else len(items)
        done = [self._one(item, one) for item in items[: 0 if name == "drop_before" else number]]
        self.call.applied = sum(result["status"] < 300 for result in done)
        if (later := self.tool.faults.take(self.call.kind, "after")) and callable(later.action):
            later.action(self.call)
        if name in ("drop_before", "drop_after_apply", "torn"):
            raise DroppedConnection
        return done + [{"status": 429, "message": "not now"} for _ in items[number:]]

    def listing(self) -> list[tuple[Item, State]]:
        """What a search finds, less what a fault makes it lose."""
        found = self.tool.listing()
        if self.fault and self.fault.name == "listing_loses":
            ids = sorted(item.id for item, _ in found)
            lost = set(ids[: -(-len(ids) * self.fault.number // 100)])
            return [pair for pair in found if pair[0].id not in lost]
        return found

    def visible(self, id: str) -> Item:
        """A record that the hub may see; raises `Unknown`."""
        item = self.tool.item(id)
        if item.now.hidden:
            raise Unknown(id, hidden=True)
        return item

    def _one(self, item: Any, one: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        try:
            return one(item)
        except Refused as refusal:
            return {"status": 422, "message": str(refusal)}
        except Unknown as unknown:
            return {"status": 403 if unknown.hidden else 404, "message": str(unknown)}


Handler = Callable[[Asked], Response]
KindOf = Callable[[Request, Any], str]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the tool's API and what a request to it is called in the log."""

    method: str
    path: str
    kind: str | KindOf
    handler: Handler
    mutating: bool = False


def answer(content: Any = None, status: int = 200, **headers: str) -> Response:
    """A JSON answer; without content an empty one."""
    body = b"" if content is None else orjson.dumps(content)
    return Response(body, status, headers, None if content is None else "application/json")


def app(tool: MemoryTool, endpoints: Sequence[Endpoint]) -> Starlette:
    """The tool's API as an ASGI application."""
    return Starlette(
        routes=[
            Route(endpoint.path, partial(_serve, tool, endpoint), methods=[endpoint.method])
            for endpoint in endpoints
        ]
    )


async def _serve(tool: MemoryTool, endpoint: Endpoint, request: Request) -> Response:
    response = await _respond(tool, endpoint, request)
    response.headers["Date"] = format_datetime(tool.clock.now(), usegmt=True)
    return response


async def _respond(tool: MemoryTool, endpoint: Endpoint, request: Request) -> Response:
    raw = await request.body()
    if request.headers.get("authorization") != f"Bearer {tool.token}":
        return answer({"message": "who are you?"}, 401)
    body = orjson.loads(raw) if raw else None
    kind = endpoint.kind if isinstance(endpoint.kind, str) else endpoint.kind(request, body)
    call = tool.log.begin(kind, _ids(request, body), endpoint.mutating)
    fault = tool.faults.take(kind)
    call.fault = fault.name if fault else None
    try:
        if refusal := _struck(call, fault, endpoint.mutating):
            return refusal
        return endpoint.handler(Asked(request, body, tool, call, fault))
    except Unknown as unknown:
        return answer({"message": str(unknown)}, 403 if unknown.hidden else 404)
    except DroppedConnection:
        _Abortable.drop(request)
        await asyncio.sleep(0)
        return answer()


def _struck(call: Call, fault: Fault | None, mutating: bool) -> Response | None:
    """The answer of a fault that strikes before anything is done."""
    if fault is None:
        return None
    if callable(fault.action):
        fault.action(call)
    elif fault.name in ("retry", "down"):
        status = 429 if fault.name == "retry" else 503
        return answer({"message": "not now"}, status, **{"Retry-After": "1"})
    elif fault.name == "reject":
        return answer({"message": "the tool refuses it"}, 422)
    elif not mutating and fault.name != "listing_loses":
        raise DroppedConnection
    return None


def _ids(request: Request, body: Any) -> tuple[str, ...]:
    if "id" in request.path_params:
        return (request.path_params["id"],)
    if isinstance(body, dict) and "ids" in body:
        return tuple(body["ids"])
    if isinstance(body, dict) and (items := body.get("create") or body.get("update")):
        return tuple(item.get("id") or item["external_id"] for item in items)
    asked = request.query_params.get("ids")
    return tuple(asked.split(",")) if asked else ()


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
        scope = request.scope
        cls.open[tuple(scope["client"]), tuple(scope["server"])].abort()


@asynccontextmanager
async def served(application: Callable[..., Awaitable[None]]) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port of 127.0.0.1, in this loop; gives its address."""
    config = uvicorn.Config(
        application, lifespan="off", ws="none", log_config=None, access_log=False
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Abortable(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        await server.wait_closed()
