"""S25: a hostile tool can waste its own time, not our memory."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from syncline.sdk.errors import Ambiguous, Rejected, Retriable
from syncline.sdk.http import Limits
from tests.unit.sdk.loopback import Handler, Peer, Seen, answers, serving, transport

MIB = 1024 * 1024
SMALL = Limits(None, max_response_bytes=MIB, timeout_seconds=2.0)


def packed(content: bytes, encoding: str = "gzip") -> Handler:
    async def handle(seen: Seen, peer: Peer) -> None:
        await peer.answer(200, content, {"Content-Encoding": encoding})

    return handle


async def endless(seen: Seen, peer: Peer) -> None:
    await peer.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while True:
            await peer.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    except ConnectionError:
        return


async def drips(seen: Seen, peer: Peer) -> None:
    await peer.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    try:
        while True:
            await peer.raw(b" ")
            await asyncio.sleep(0.02)
    except ConnectionError:
        return


async def claims_ten_gigabytes(seen: Seen, peer: Peer) -> None:
    await peer.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nx")


async def test_a_packed_answer_is_unpacked() -> None:
    async with serving(packed(gzip.compress(b'{"a":[1,2]}', mtime=0))) as server:
        async with transport(server) as tool:
            assert (await tool.request("GET", "/")).json() == {"a": [1, 2]}
        assert server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("handler", [endless, claims_ten_gigabytes])
async def test_an_answer_over_the_cap_is_not_read_to_its_end(handler: Handler) -> None:
    async with serving(handler) as server, transport(server, limits=SMALL) as tool:
        with pytest.raises(Rejected, match="larger than 1048576 bytes"):
            await tool.request("GET", "/")
        with pytest.raises(Ambiguous, match="larger than"):
            await tool.request("POST", "/")


async def test_a_gzip_bomb_is_stopped_at_the_cap() -> None:
    bomb = gzip.compress(b"\0" * (256 * MIB), compresslevel=9)
    assert len(bomb) < MIB
    async with serving(packed(bomb)) as server, transport(server, limits=SMALL) as tool:
        tracemalloc.start()
        try:
            with pytest.raises(Rejected, match="larger than"):
                await tool.request("GET", "/", expect_json=False)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * MIB


async def test_an_answer_of_exactly_the_cap_is_read() -> None:
    content = b"x" * MIB
    for handler in (answers(200, content), packed(gzip.compress(content, mtime=0))):
        async with serving(handler) as server, transport(server, limits=SMALL) as tool:
            assert (await tool.request("GET", "/", expect_json=False)).content == content


@pytest.mark.parametrize(
    ("content", "encoding", "why"),
    [
        (zlib.compress(b"{}"), "gzip", "not the gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", "inside its gzip"),
        (gzip.compress(b"{}", mtime=0) + b"more", "gzip", "after the end"),
        (b"\x0b\x01\x80{}\x03", "br", "not asked for"),
    ],
)
async def test_an_answer_that_cannot_be_unpacked_is_no_answer(
    content: bytes, encoding: str, why: str
) -> None:
    async with (
        serving(packed(content, encoding)) as server,
        transport(server, retry_reads=0) as tool,
    ):
        with pytest.raises(Retriable, match=why):
            await tool.request("GET", "/")


@pytest.mark.parametrize("depth", [300, 5_000])
async def test_json_nested_too_deep_is_no_answer(depth: int) -> None:
    async with (
        serving(answers(200, b"[" * depth + b"]" * depth)) as server,
        transport(server, retry_reads=0) as tool,
    ):
        with pytest.raises(Retriable, match="not the JSON"):
            await tool.request("GET", "/")


async def test_json_of_ordinary_depth_is_read() -> None:
    async with (
        serving(answers(200, b"[" * 200 + b'"' + b"x" * 400 + b'"' + b"]" * 200)) as server,
        transport(server) as tool,
    ):
        assert (await tool.request("GET", "/")).status == 200


async def test_a_dripping_answer_ends_with_the_whole_exchange() -> None:
    async with serving(drips) as server:
        limits = Limits(None, timeout_seconds=0.2)
        async with transport(server, limits=limits, retry_reads=0) as tool:
            with pytest.raises(Retriable, match="took too long"):
                await asyncio.wait_for(tool.request("GET", "/"), 60)


async def test_an_error_page_over_the_cap_still_means_its_status() -> None:
    async with (
        serving(answers(400, b"x" * (2 * MIB))) as server,
        transport(server, limits=SMALL) as tool,
    ):
        with pytest.raises(Rejected):
            await tool.request("POST", "/")
