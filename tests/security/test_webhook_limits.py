"""S8: nothing holds up the receiver of webhooks: a flood, a body without end, a slow store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from syncline import receiving as receiver
from syncline.receiving import AT_ONCE, Receiver
from syncline.simulation.clock import START, WakingClock
from tests.security.webhook_calls import BODIES, BOTH, connections, forged, signed
from tests.support.webhooks import Place, receiving

pytestmark = pytest.mark.usefixtures("webhook_secrets")


async def test_a_flood_at_one_address_is_limited_and_hinders_no_other(tmp_path: Path) -> None:
    clock = WakingClock(START)
    async with receiving(tmp_path, connections(), clock) as place:
        headers, body = forged("tracker", "another key")
        unknown = f"{place.base}/webhooks/{'0' * 64}"
        for url in (place.url("tracker"), unknown):
            statuses = []
            for _ in range(AT_ONCE + 20):
                answer = await place.client.post(url, headers=[*headers], content=body)
                statuses.append(answer.status_code)
            assert statuses == [404] * AT_ONCE + [429] * 20
        assert (await place.call("tracker", *signed("tracker"))).status_code == 429
        assert (await place.call("desk", *signed("desk"))).status_code == 200
        clock.advance(1)
        assert (await place.call("tracker", *signed("tracker"))).status_code == 200
        assert await place.rows() == BOTH


async def test_many_made_up_addresses_cost_no_memory(place: Place) -> None:
    endpoints = await place.hub.endpoints()
    one = Receiver(endpoints, place.hub.store, WakingClock(), await place.hub.secret())
    for number in range(3000):
        one._stranger(f"{number}" * 10_000)
    assert len(one._strangers) == receiver.STRANGERS
    assert max(map(len, one._strangers)) <= 100


@pytest.mark.parametrize("connection", BODIES)
@pytest.mark.parametrize("depth", [2_000, 500_000])
async def test_json_without_bottom_is_refused_and_the_next_call_is_taken(
    place: Place, connection: str, depth: int
) -> None:
    for deep in (b"[" * depth, b'{"issue":' * (depth // 10), b"[" * depth + b"]" * depth):
        assert (await place.call(connection, *signed(connection, deep))).status_code == 404
    assert (await place.call(connection, *signed(connection))).status_code == 200
    assert len(await place.rows()) == 1


async def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(
    place: Place,
) -> None:
    for end in (place.ends["tracker"], "0" * 64):
        answer = await _raw(place, end, "Content-Length: 10737418240", lambda writer: None)
        assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_without_end_is_cut_off(place: Place) -> None:
    sent = 0

    def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        for _ in range(1024):
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536

    answer = await _raw(place, place.ends["tracker"], "Transfer-Encoding: chunked", endless)
    assert sent == 64 * 1024 * 1024
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert (await place.call("tracker", *signed("tracker"))).status_code == 200


async def test_a_body_that_does_not_come_is_not_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "BODY_SECONDS", 0.1)
    answer = await _raw(place, place.ends["tracker"], "Content-Length: 7", lambda writer: None)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def _raw(
    place: Place, end: str, header: str, send: Callable[[asyncio.StreamWriter], None]
) -> bytes:
    """What is answered to a call whose body is sent by hand, until the receiver hangs up."""
    host, port = place.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /webhooks/{end} HTTP/1.1\r\nHost: hub\r\n{header}\r\n\r\n".encode())
    send(writer)
    answer = b""
    try:
        async with asyncio.timeout(20):
            while chunk := await reader.read(65536):
                answer += chunk
    except ConnectionError:
        pass  # it hung up on what was still coming
    writer.close()
    return answer


async def test_while_the_store_is_down_the_tool_is_asked_to_send_again(tmp_path: Path) -> None:
    store = "sqlite:///state.db?timeout=0.05"
    async with receiving(tmp_path, connections(), store=store) as place:
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await place.call("tracker", *signed("tracker"))
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            assert (await place.call("tracker", *forged("tracker", "empty"))).status_code == 404
        assert (await place.call("tracker", *signed("tracker"))).status_code == 200
        assert await place.rows() == [("tracker", "issue", "10007")]


async def test_a_store_that_takes_too_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = "sqlite:///state.db?timeout=20"
    async with receiving(tmp_path, connections(), store=store) as place:
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with monkeypatch.context() as patch:
                patch.setattr(receiver, "STORE_SECONDS", 0.1)
                async with asyncio.timeout(5):
                    assert (await place.call("tracker", *signed("tracker"))).status_code == 503
        # What was begun is stored all the same, so that the call that comes again is a replay.
        assert (await place.call("tracker", *signed("tracker"))).status_code == 200
        assert await place.rows() == [("tracker", "issue", "10007")]
