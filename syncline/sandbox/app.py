"""A fake as an ASGI application: the vendor's API with its log and faults, and beside it the
control calls and the page for people.

A request to the vendor's API goes through `_Vendor.answered`: noted, struck by a fault, let in,
handled, made durable, answered or not.
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from syncline.sandbox import control, pages
from syncline.sandbox.calls import Answered, BadJson, Call, Endpoint
from syncline.sandbox.fake import Fake
from syncline.sandbox.faults import AFTER, BEFORE, Faults
from syncline.sandbox.journal import Entry, Journal
from syncline.sandbox.loopback import host_of, is_loopback

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
WATCH_SECONDS = 0.05
SETTINGS = "sandbox.settings"

Drop = Callable[[Request], None]
"""Cuts a request's connection, so that not a byte of an answer leaves."""


def application(fake: Fake, drop: Drop) -> Starlette:
    """Everything that a fake serves."""
    journal, faults = Journal(), Faults()
    vendor = _Vendor(fake, journal, faults, drop)
    fake.clock.offset = timedelta(seconds=_settings(fake).get("clock", 0))
    own = [*pages.routes(fake), *control.routes(fake, journal, faults, partial(keep_clock, fake))]
    unknown = Endpoint("", "/{path:path}", lambda call: fake.refused(404), open=True)
    routes = [
        Route(endpoint.path, partial(vendor.answered, endpoint), methods=[endpoint.method])
        for endpoint in fake.endpoints()
    ]
    rest = Route(unknown.path, partial(vendor.answered, unknown), methods=METHODS)
    return Starlette(routes=[*own, *routes, rest], middleware=[Middleware(_LoopbackOnly)])


def keep_clock(fake: Fake) -> None:
    """A clock that was put forward stays so over a restart."""
    settings = {**_settings(fake), "clock": fake.clock.offset.total_seconds()}
    fake.state.table(SETTINGS).put("settings", settings)
    fake.state.commit()


def _settings(fake: Fake) -> dict[str, float]:
    return fake.state.table(SETTINGS).get("settings") or {}


class _Lost(Exception):
    """The answer is not to be sent."""


class _Vendor:
    """The vendor's API."""

    def __init__(self, fake: Fake, journal: Journal, faults: Faults, drop: Drop) -> None:
        self._fake = fake
        self._journal = journal
        self._faults = faults
        self._drop = drop

    async def answered(self, endpoint: Endpoint, request: Request) -> Response:
        """The answer to one request."""
        body = await request.body()
        entry = self._journal.begin(self._fake.clock.now(), request.method, request.url.path)
        call = Call(request, body, entry, self._faults)
        try:
            response = await self._struck(endpoint, call, entry)
            entry.status = response.status_code
        except _Lost:
            self._drop(request)
            await asyncio.sleep(0)
            response = Response(b"", 500)
        response.headers["Date"] = format_datetime(self._fake.clock.now(), usegmt=True)
        return response

    async def _struck(self, endpoint: Endpoint, call: Call, entry: Entry) -> Response:
        """Handle the request as the faults in force let it be; raises _Lost."""
        request = call.request
        entry.mutating = _mutating(endpoint, call)
        fault = self._faults.take(request.method, request.url.path, *BEFORE, *AFTER)
        if fault and fault.action == "drop_before":
            raise _Lost
        if fault and fault.action in BEFORE:
            limited = fault.action == "rate_limit"
            refuse = self._fake.rate_limited if limited else self._fake.refused
            return refuse(int(fault.number))
        response = await self._handled(endpoint, call)
        self._fake.state.commit()
        if fault and fault.action == "status_after_apply":
            response = self._fake.refused(int(fault.number))
        if fault and fault.action == "drop_after_apply":
            raise _Lost
        if fault and fault.action == "hang_after_apply":
            while not await request.is_disconnected():
                await asyncio.sleep(WATCH_SECONDS)
            raise _Lost
        return response

    async def _handled(self, endpoint: Endpoint, call: Call) -> Response:
        fake = self._fake
        try:
            if not endpoint.open and (refusal := fake.authorised(call)):
                return refusal
            given = endpoint.handler(call)
            return await _awaited(given) if inspect.isawaitable(given) else given
        except Answered as answered:
            return answered.response
        except BadJson:
            return fake.bad_json()
        except Exception:
            # A fault of the fake itself: loud in its log, and an error of the tool to who asked.
            traceback.print_exc()
            return fake.refused(500)


async def _awaited(given: Awaitable[Response]) -> Response:
    return await given


def _mutating(endpoint: Endpoint, call: Call) -> bool:
    if isinstance(endpoint.mutating, bool):
        return endpoint.mutating
    try:
        return endpoint.mutating(call)
    except Exception:
        return False  # a body that makes no sense changes nothing


class _LoopbackOnly:
    """Refuses a request that names another host: a page of the web whose name was made to lead
    here (DNS rebinding) must not read the sandbox."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Request(scope).headers.get("host", "") if scope["type"] == "http" else "localhost"
        if is_loopback(host_of(f"http://{host}")):
            await self._app(scope, receive, send)
        else:
            refusal = PlainTextResponse("A sandbox answers to this machine's own name only.", 403)
            await refusal(scope, receive, send)
