"""A 429 that is about less than the whole connection holds less than the whole connection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from syncline.sdk.errors import AuthRequired, RateLimited
from syncline.sdk.limiter import RateScope, RecordLimited
from tests.unit.sdk.loopback import (
    Handler,
    Peer,
    Seen,
    Server,
    VirtualClock,
    answers,
    script,
    serving,
    transport,
)


def scope(headers: Mapping[str, str]) -> RateScope:
    match headers.get("x-about"):
        case "record":
            return "record"
        case "endpoint":
            return "endpoint"
    return "connection"


def limited(about: str, seconds: str = "20") -> Handler:
    return answers(429, None, x_about=about, retry_after=seconds)


def paths(server: Server) -> list[str]:
    return [seen.target for seen in server.requests]


async def test_a_429_of_an_endpoint_holds_its_calls_and_no_others() -> None:
    clock = VirtualClock()
    times: dict[str, list[float]] = {}

    async def busy_search(seen: Seen, peer: Peer) -> None:
        mine = times.setdefault(seen.target, [])
        mine.append(clock.monotonic())
        if seen.target == "/search" and len(mine) == 1:
            await peer.answer(429, None, {"Retry-After": "20", "X-About": "endpoint"})
        else:
            await peer.answer(200, {})

    async with (
        serving(busy_search) as server,
        transport(server, clock, rate_scope=scope, retry_reads=0) as tool,
    ):
        with pytest.raises(RateLimited):
            await tool.request("GET", "/search")
        await tool.request("GET", "/issue/7")
        await tool.request("GET", "/search")
    assert times == {"/search": [0.0, 20.0], "/issue/7": [0.0]}


async def test_an_endpoint_held_for_long_is_not_called_at_all() -> None:
    clock = VirtualClock()
    async with (
        serving(limited("endpoint", "3600")) as server,
        transport(server, clock, rate_scope=scope) as tool,
    ):
        for _ in range(2):
            with pytest.raises(RateLimited) as caught:
                await tool.request("GET", "/search")
            assert caught.value.retry_at == clock.now() + timedelta(hours=1)
    assert paths(server) == ["/search"]


async def test_a_429_of_one_record_is_told_at_once_and_delays_nothing() -> None:
    clock = VirtualClock()
    async with (
        serving(script(limited("record"), answers(204))) as server,
        transport(server, clock, rate_scope=scope) as tool,
    ):
        with pytest.raises(RecordLimited) as caught:
            await tool.request("PUT", "/issue/7", json={})
        assert caught.value.retry_at == clock.now() + timedelta(seconds=20)
        await tool.request("PUT", "/issue/8", json={})
    assert paths(server) == ["/issue/7", "/issue/8"]
    assert clock.monotonic() == 0.0


async def test_a_429_about_nothing_in_particular_holds_the_connection() -> None:
    clock = VirtualClock()
    async with (
        serving(script(limited("?"), answers(200, {}), answers(200, {}))) as server,
        transport(server, clock, rate_scope=scope) as tool,
    ):
        await asyncio.gather(tool.request("GET", "/a"), tool.request("GET", "/b"))
    assert clock.monotonic() >= 20.0


async def test_an_error_quotes_the_headers_that_tell_why() -> None:
    refused = answers(401, {}, x_login_reason="CAPTCHA needed")
    async with (
        serving(refused) as server,
        transport(server, telling=("X-Login-Reason",)) as tool,
    ):
        with pytest.raises(AuthRequired, match="CAPTCHA needed"):
            await tool.request("GET", "/")
