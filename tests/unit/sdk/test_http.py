"""The transport against a real server: what is sent, what is repeated, and what never is."""

from __future__ import annotations

import asyncio
import gzip
import socket
import warnings
from datetime import timedelta

import orjson
import pytest

from syncline.sdk import permit
from syncline.sdk.errors import Ambiguous, Misconfigured, RateLimited, Retriable
from syncline.sdk.secrets import Secret
from tests.unit.sdk.loopback import (
    Handler,
    Peer,
    Seen,
    VirtualClock,
    answers,
    drops,
    hangs,
    script,
    serving,
    transport,
)


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


async def closes_halfway(seen: Seen, peer: Peer) -> None:
    await peer.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id":')
    peer.writer.close()


async def answers_no_json(seen: Seen, peer: Peer) -> None:
    await peer.answer(201, b'{"id": ')


async def answers_broken_gzip(seen: Seen, peer: Peer) -> None:
    await peer.answer(200, gzip.compress(b'{"id": 1}')[:-9], {"Content-Encoding": "gzip"})


# What is sent


async def test_a_read_gives_the_decoded_answer() -> None:
    async with serving(answers(200, {"key": "APP-1"}, x_version="7")) as server:
        async with transport(server) as tool:
            response = await tool.request(
                "GET", "/issue/APP-1", params={"fields": "*all", "n": None}
            )
        assert (response.status, response.json()) == (200, {"key": "APP-1"})
        assert response.headers["X-Version"] == "7"
        assert response.json() is response.json()
        assert response.text == '{"key":"APP-1"}'
        assert server.requests[0].target == "/issue/APP-1?fields=%2Aall"


async def test_a_path_stands_under_the_path_of_base_url() -> None:
    async with serving(answers(200, {})) as server:
        async with transport(server, base_url=f"http://127.0.0.1:{server.port}/jira/") as tool:
            await tool.request("GET", "/rest/api/2/search?startAt=50", params={"maxResults": 100})
        assert server.requests[0].target == "/jira/rest/api/2/search?startAt=50&maxResults=100"


async def test_parameters_arrive_as_they_were_given() -> None:
    async with serving(answers(200, {})) as server:
        async with transport(server) as tool:
            params = {"jql": 'a = "x & y" + 100%', "id": [1, 2], "deep": True}
            await tool.request("GET", "/search", params=params)
        assert server.requests[0].target == (
            "/search?jql=a%20%3D%20%22x%20%26%20y%22%20%2B%20100%25&id=1&id=2&deep=true"
        )


async def test_json_headers_and_basic_authentication_are_sent() -> None:
    async with serving(answers(201, {"id": "1"})) as server:
        options = {"basic_auth": ("ops@acme.example", Secret("hunter22")), "headers": {"X-A": "1"}}
        async with transport(server, **options) as tool:
            body = {"title": "é", "client_secret": Secret("s3cret-value")}
            await tool.request("POST", "/issue", json=body, headers={"If-Match": "4"})
        sent = server.requests[0]
        assert orjson.loads(sent.body) == {"title": "é", "client_secret": "s3cret-value"}
        assert sent.headers["content-type"] == "application/json"
        assert sent.headers["authorization"] == "Basic b3BzQGFjbWUuZXhhbXBsZTpodW50ZXIyMg=="
        assert (sent.headers["x-a"], sent.headers["if-match"]) == ("1", "4")


async def test_a_file_is_sent_as_a_form_and_sent_whole_again_after_a_429() -> None:
    async with serving(script(answers(429, None, retry_after="1"), answers(200, {}))) as server:
        async with transport(server) as tool:
            await tool.request("POST", "/files", files={"f": ("a.txt", b"hello", "text/plain")})
        assert [b"hello" in seen.body for seen in server.requests] == [True, True]


async def test_cookies_of_the_tool_are_not_kept() -> None:
    async with serving(answers(200, {}, set_cookie="session=1; Path=/")) as server:
        async with transport(server) as tool:
            await tool.request("GET", "/")
            await tool.request("GET", "/")
        assert "cookie" not in server.requests[1].headers


async def test_one_client_and_one_connection_serve_consecutive_requests() -> None:
    async with serving(answers(200, {})) as server:
        async with transport(server) as tool:
            for _ in range(5):
                await tool.request("GET", "/")
        assert server.connections == 1


async def test_requests_are_counted_by_kind_and_remembered_without_ids() -> None:
    async with serving(script(answers(200, {}), answers(200, {}), answers(204))) as server:
        async with transport(server) as tool:
            await tool.request("GET", "/issue/APP-1")
            await tool.request("POST", "/search", json={}, mutating=False)
            await tool.request("PUT", "/issue/APP-1", json={}, items=3)
        assert tool.log.counts == {"read": 2, "write": 1}
        seen = [(e.method, e.template, e.status, e.mutating, e.items) for e in tool.log.recent]
        assert seen == [
            ("GET", "/issue/{}", 200, False, 1),
            ("POST", "/search", 200, False, 1),
            ("PUT", "/issue/{}", 204, True, 3),
        ]


# Writes: nothing that may have been applied is sent twice


@pytest.mark.parametrize(
    "handler",
    [
        drops,
        hangs,
        closes_halfway,
        answers_no_json,
        answers_broken_gzip,
        answers(500),
        answers(502),
        answers(503),
        answers(504),
        answers(408),
        answers(207, {}),
        answers(303, None, location="/elsewhere"),
    ],
)
async def test_a_write_with_an_unknown_outcome_is_ambiguous_and_sent_once(handler: Handler) -> None:
    async with serving(handler) as server:
        async with transport(server) as tool:
            with pytest.raises(Ambiguous):
                await tool.request("POST", "/issue", json={"title": "x"})
        await asyncio.sleep(0.02)
        assert len(server.requests) == 1
        assert tool.log.counts == {"read": 0, "write": 1}


async def test_who_was_overtaken_may_read_and_sends_no_write() -> None:
    class Overtaken(Exception):
        pass

    async def refuse() -> None:
        raise Overtaken

    async with serving(answers(200, {})) as server:
        async with transport(server) as tool:
            with permit.granted_by(refuse):
                await tool.request("GET", "/issue")
                with pytest.raises(Overtaken):
                    await tool.request("POST", "/issue", json={})
        assert [seen.method for seen in server.requests] == ["GET"]


async def test_a_write_is_not_repeated_on_a_connection_the_tool_closed_in_between() -> None:
    async with serving(script(answers(200, {}), drops)) as server:
        async with transport(server) as tool:
            await tool.request("GET", "/")
            with pytest.raises(Ambiguous):
                await tool.request("POST", "/issue", json={})
        assert [seen.method for seen in server.requests] == ["GET", "POST"]


async def test_a_write_to_a_closed_port_is_retriable_and_counts_as_not_sent() -> None:
    clock = VirtualClock()
    async with transport(closed_port(), clock) as tool:
        with pytest.raises(Retriable, match="Nothing was applied"):
            await tool.request("POST", "/issue", json={})
    assert tool.log.counts == {"read": 0, "write": 0}
    assert len(tool.log.recent) == 5


async def test_a_write_is_repeated_after_429_when_the_tool_says() -> None:
    clock = VirtualClock()
    async with serving(script(answers(429, None, retry_after="7"), answers(201, {}))) as server:
        async with transport(server, clock) as tool:
            await tool.request("POST", "/issue", json={})
        assert len(server.requests) == 2
        assert clock.monotonic() == 7.0


async def test_a_write_refused_by_503_with_retry_after_is_reported_and_not_repeated() -> None:
    clock = VirtualClock()
    async with serving(answers(503, None, retry_after="30")) as server:
        async with transport(server, clock) as tool:
            with pytest.raises(RateLimited) as caught:
                await tool.request("POST", "/issue", json={})
        assert len(server.requests) == 1
        assert caught.value.retry_at == clock.now() + timedelta(seconds=30)


# Reads are repeated, within bounds


@pytest.mark.parametrize(
    "trouble", [drops, hangs, closes_halfway, answers(502), answers(503), answers(504)]
)
async def test_a_read_survives_a_passing_trouble(trouble: Handler) -> None:
    clock = VirtualClock()
    async with serving(script(trouble, trouble, answers(200, {"id": 1}))) as server:
        async with transport(server, clock) as tool:
            assert (await tool.request("GET", "/issue")).json() == {"id": 1}
        assert len(server.requests) == 3
        first, second = clock.slept
        assert 0.25 <= first <= 0.5
        assert 0.5 <= second <= 1.0


async def test_a_read_gives_up_after_the_declared_number_of_repeats() -> None:
    async with serving(answers(503)) as server:
        async with transport(server, retry_reads=2) as tool:
            with pytest.raises(Retriable) as caught:
                await tool.request("GET", "/")
        assert len(server.requests) == 3
        assert caught.value.status == 503


async def test_a_read_gives_up_when_two_minutes_are_over() -> None:
    clock = VirtualClock()
    async with serving(answers(503)) as server:
        async with transport(server, clock, retry_reads=1000) as tool:
            with pytest.raises(Retriable):
                await tool.request("GET", "/")
        assert clock.monotonic() <= 120


async def test_a_500_is_not_repeated() -> None:
    async with serving(answers(500, {"message": "boom"})) as server:
        async with transport(server) as tool:
            with pytest.raises(Retriable, match="boom"):
                await tool.request("GET", "/")
        assert len(server.requests) == 1


async def test_a_read_answered_with_no_json_is_repeated() -> None:
    broken = script(answers(200, b"<html>"), answers(200, b""), answers(200, {"id": 1}))
    async with serving(broken) as server:
        async with transport(server) as tool:
            assert (await tool.request("GET", "/")).json() == {"id": 1}
        assert len(server.requests) == 3


# What is not sent


async def test_what_has_no_json_form_is_not_sent() -> None:
    async with serving(answers(200, {})) as server, transport(server) as tool:
        with pytest.raises(TypeError, match="object"):
            await tool.request("POST", "/issue", json={"a": object()})
        assert server.requests == []


async def test_a_header_that_cannot_be_sent_is_named_and_nothing_is_sent() -> None:
    async with serving(answers(200, {})) as server:
        with pytest.raises(Misconfigured, match="Authorization") as caught:
            transport(server, headers={"Authorization": Secret("Bearer abcdef\n")})
        assert "abcdef" not in str(caught.value)
        assert server.requests == []


async def test_a_closed_transport_leaves_no_socket_behind() -> None:
    async with serving(answers(200, {})) as server:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            tool = transport(server)
            await tool.request("GET", "/")
            await tool.aclose()
            await tool.aclose()
