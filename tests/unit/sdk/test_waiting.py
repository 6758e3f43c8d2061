"""The transport waits as long as a tool says, and does not hammer one that is down (I28)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from syncline.sdk.errors import RateLimited, Rejected, Retriable
from syncline.sdk.http import Limits, RateHeaders
from tests.unit.sdk.loopback import (
    Peer,
    Seen,
    VirtualClock,
    answers,
    drops,
    script,
    serving,
    transport,
)

# Waiting when told


async def test_a_429_holds_every_call_of_the_connection() -> None:
    clock = VirtualClock()
    times: list[float] = []

    async def first_429(seen: Seen, peer: Peer) -> None:
        times.append(clock.monotonic())
        if len(times) == 1:
            await peer.answer(429, None, {"Retry-After": "20"})
        else:
            await peer.answer(200, {})

    async with (
        serving(first_429) as server,
        transport(server, clock, limits=Limits(None, concurrent=1)) as tool,
    ):
        await asyncio.gather(*(tool.request("GET", "/") for _ in range(3)))
    assert times == [0.0, 20.0, 20.0, 20.0]


async def test_a_retry_after_date_is_measured_on_the_tools_own_clock() -> None:
    clock = VirtualClock()
    dates = {
        "date": "Wed, 21 Oct 2015 07:28:00 GMT",
        "retry_after": "Wed, 21 Oct 2015 07:28:40 GMT",
    }
    async with (
        serving(script(answers(503, None, **dates), answers(200, {}))) as server,
        transport(server, clock) as tool,
    ):
        await tool.request("GET", "/")
    assert clock.monotonic() == 40.0


async def test_a_long_wait_is_told_to_the_caller_and_no_further_request_is_sent() -> None:
    clock = VirtualClock()
    async with serving(answers(429, None, retry_after="3600")) as server:
        async with transport(server, clock) as tool:
            for _ in range(2):
                with pytest.raises(RateLimited) as caught:
                    await tool.request("GET", "/")
                assert caught.value.retry_at == clock.now() + timedelta(hours=1)
        assert len(server.requests) == 1
        assert clock.slept == []


async def test_a_429_that_names_no_time_waits_ten_seconds() -> None:
    clock = VirtualClock()
    async with (
        serving(script(answers(429), answers(200, {}))) as server,
        transport(server, clock) as tool,
    ):
        await tool.request("GET", "/")
    assert clock.monotonic() == 10.0


async def test_a_spent_budget_holds_the_connection_until_its_reset() -> None:
    clock = VirtualClock()
    rates = RateHeaders(remaining="x-left", reset="x-reset", reset_as="seconds")
    handler = script(answers(200, {}, x_left="0", x_reset="9"), answers(200, {}, x_left="5"))
    async with serving(handler) as server, transport(server, clock, rate_headers=rates) as tool:
        await tool.request("GET", "/")
        assert clock.monotonic() == 0.0
        await tool.request("GET", "/")
        assert clock.monotonic() == 9.0


# A tool that is down


async def test_a_dead_tool_is_probed_and_not_hammered() -> None:
    clock = VirtualClock()
    async with serving(answers(503)) as server, transport(server, clock) as tool:
        for _ in range(100):
            with pytest.raises(Retriable):
                await tool.request("GET", "/")
        assert len(server.requests) == 10
        for _ in range(4):
            clock.advance(30)
            with pytest.raises(Retriable, match="looks again in 30 s"):
                await tool.request("GET", "/")
        assert len(server.requests) == 14


async def test_a_tool_that_is_back_is_used_again_at_the_next_probe() -> None:
    clock = VirtualClock()
    dead = [drops] * 10
    async with serving(script(*dead, answers(200, {}))) as server, transport(server, clock) as tool:
        for _ in range(3):
            with pytest.raises(Retriable):
                await tool.request("GET", "/")
        clock.advance(30)
        for _ in range(3):
            assert (await tool.request("GET", "/")).status == 200


async def test_a_tool_that_refuses_records_is_not_taken_for_dead() -> None:
    async with serving(answers(400)) as server, transport(server) as tool:
        for _ in range(15):
            with pytest.raises(Rejected):
                await tool.request("POST", "/issue", json={})
        assert len(server.requests) == 15


async def test_a_retry_after_of_zero_is_no_licence_to_hammer() -> None:
    clock = VirtualClock()
    async with serving(answers(429, None, retry_after="0")) as server:
        async with transport(server, clock) as tool:
            with pytest.raises(RateLimited):
                await tool.request("GET", "/")
        assert len(server.requests) == 5
        assert clock.monotonic() > 3.5
