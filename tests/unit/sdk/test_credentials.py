"""Tokens are asked for once, replaced before their end and after a refusal, and never shown."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from syncline.sdk.credentials import Bearer, Token
from syncline.sdk.errors import AuthRequired, Misconfigured
from syncline.sdk.http import Transport
from tests.unit.sdk.loopback import Peer, Seen, Server, VirtualClock, serving, transport


class Desk:
    """A tool that gives tokens `secret-token-1`, `-2`, …, of which `refused` are no good.

    Where it refuses a token, `/late` does so only after another was welcome elsewhere.
    """

    def __init__(self, seconds: float | None = 600, refused: tuple[str, ...] = ()) -> None:
        self.seconds = seconds
        self.refused = refused
        self.given = 0
        self.welcomed = asyncio.Event()

    async def __call__(self, seen: Seen, peer: Peer) -> None:
        if seen.target == "/token":
            assert "authorization" not in seen.headers
            self.given += 1
            await asyncio.sleep(0.01)
            text = f"secret-token-{self.given}"
            await peer.answer(200, {"access_token": text, "expires_in": self.seconds})
        elif seen.headers.get("authorization", "").removeprefix("Bearer ") in self.refused:
            if seen.target == "/late":
                await self.welcomed.wait()
            await peer.answer(401, {"error": f"bad {seen.headers['authorization']}"})
        else:
            self.welcomed.set()
            await peer.answer(200, {"by": seen.headers.get("authorization")})


async def ask(http: Transport) -> Token:
    answer = await http.request("POST", "/token", mutating=False, authorised=False)
    told = answer.json()
    return Token.of(told["access_token"], told["expires_in"])


@asynccontextmanager
async def connected(
    desk: Desk, clock: VirtualClock, bearer: Bearer | None = None
) -> AsyncIterator[tuple[Server, Transport]]:
    """A transport to the desk, by the tokens that it gives."""
    bearer = bearer or Bearer(ask, clock)
    async with serving(desk) as server, transport(server, clock, credentials=bearer) as http:
        yield server, http


async def test_many_callers_share_the_one_token_that_is_asked_for() -> None:
    desk, clock = Desk(), VirtualClock()
    async with connected(desk, clock) as (server, http):
        answers = await asyncio.gather(*(http.request("GET", "/x") for _ in range(5)))
    assert {answer.json()["by"] for answer in answers} == {"Bearer secret-token-1"}
    assert desk.given == 1


async def test_a_token_is_replaced_before_it_ends() -> None:
    desk, clock = Desk(seconds=600), VirtualClock()
    async with connected(desk, clock) as (server, http):
        await http.request("GET", "/x")
        clock.advance(539)
        assert (await http.request("GET", "/x")).json()["by"] == "Bearer secret-token-1"
        clock.advance(1)
        assert (await http.request("GET", "/x")).json()["by"] == "Bearer secret-token-2"


async def test_a_token_without_a_told_end_is_kept() -> None:
    desk, clock = Desk(seconds=None), VirtualClock()
    async with connected(desk, clock) as (server, http):
        await http.request("GET", "/x")
        clock.advance(1_000_000)
        await http.request("GET", "/x")
    assert desk.given == 1


async def test_a_refused_token_is_replaced_once_even_for_a_write() -> None:
    desk, clock = Desk(refused=("secret-token-1",)), VirtualClock()
    async with connected(desk, clock) as (server, http):
        answer = await http.request("POST", "/x", json={"n": 1})
        assert http.log.counts == {"read": 2, "write": 2}
    assert answer.json()["by"] == "Bearer secret-token-2"
    bodies = [seen.body for seen in server.requests if seen.target == "/x"]
    assert [json.loads(body) for body in bodies] == [{"n": 1}, {"n": 1}]


async def test_a_refusal_that_comes_late_leaves_the_newer_token_in_use() -> None:
    desk, clock = Desk(refused=("secret-token-1",)), VirtualClock()
    async with connected(desk, clock) as (server, http):
        answers = await asyncio.gather(*(http.request("GET", path) for path in ("/late", "/x")))
    assert {answer.json()["by"] for answer in answers} == {"Bearer secret-token-2"}
    assert desk.given == 2


async def test_a_tool_that_refuses_every_token_is_asked_for_one_more_and_no_further() -> None:
    desk, clock = Desk(refused=("secret-token-1", "secret-token-2")), VirtualClock()
    async with connected(desk, clock) as (server, http):
        with pytest.raises(AuthRequired):
            await http.request("GET", "/x")
    assert desk.given == 2


async def test_a_token_never_goes_to_another_host() -> None:
    desk, clock = Desk(), VirtualClock()
    async with serving(desk) as other, connected(desk, clock) as (_, http):
        await http.request("GET", "/x")
        with pytest.raises(Misconfigured):
            await http.request("GET", f"http://127.0.0.1:{other.port}/x")
    assert other.requests == []


async def test_no_token_shows_in_text_log_or_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk, clock = Desk(refused=("secret-token-1", "secret-token-2")), VirtualClock()
    bearer = Bearer(ask, clock)
    async with connected(desk, clock, bearer) as (server, http):
        with pytest.raises(AuthRequired) as refused:
            await http.request("GET", "/x")
    seen = f"{refused.value!r} {vars(bearer)} {http!r} {caplog.text}"
    assert "secret-token" not in seen


async def test_a_token_that_no_header_can_carry_is_not_sent() -> None:
    async def broken(http: Transport) -> Token:
        return Token.of("two\r\nlines")

    clock = VirtualClock()
    async with connected(Desk(), clock, Bearer(broken, clock)) as (server, http):
        with pytest.raises(Misconfigured):
            await http.request("GET", "/x")
    assert server.requests == []
