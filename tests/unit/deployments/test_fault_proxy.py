"""The fault proxy in front of a small real HTTP server, driven by a real client."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.real.fault_proxy import FaultProxy
from deployments.real.faults import truncated


class Upstream:
    """A counter that can be read and added to, and that echoes and lists."""

    def __init__(self) -> None:
        self.applied: list[str] = []
        self.heads: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            method, target, _ = head.split("\r\n")[0].split(" ")
            writer.write(self.reply(method, target, await self.body(reader, head)))
            await writer.drain()
        finally:
            writer.close()

    @staticmethod
    async def body(reader: asyncio.StreamReader, head: str) -> bytes:
        for line in head.lower().split("\r\n"):
            if line.startswith("content-length:"):
                return await reader.readexactly(int(line.split(":")[1]))
        if "transfer-encoding: chunked" not in head.lower():
            return b""
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body

    def reply(self, method: str, target: str, body: bytes) -> bytes:
        if method == "POST" and target.startswith("/add"):
            self.applied.append(body.decode())
            return answer({"id": len(self.applied)}, status="201 Created")
        if target == "/chunked":
            pieces = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (b"one, ", b"two"))
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"
        if target == "/until-close":
            return b"HTTP/1.0 200 OK\r\n\r\nno length"
        if target == "/nothing":
            return b'HTTP/1.1 204 No Content\r\nETag: "7"\r\n\r\n'
        if target == "/silent":
            return b""
        if target.startswith("/issues.json"):
            return answer({"issues": [{"id": n} for n in range(10)], "total_count": 10})
        digest = sha256(body).hexdigest()
        return answer({"method": method, "target": target, "sha256": digest, "size": len(body)})


def answer(data: Any, status: str = "200 OK") -> bytes:
    body = json.dumps(data).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\nX-Kept: as it was\r\n\r\n" + body


World = tuple[Upstream, FaultProxy, httpx.AsyncClient]


@asynccontextmanager
async def running(seed: int = 0) -> AsyncIterator[World]:
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    upstream.port = server.sockets[0].getsockname()[1]
    async with (
        server,
        FaultProxy(("127.0.0.1", upstream.port), seed=seed) as proxy,
        httpx.AsyncClient(base_url=proxy.base_url, timeout=5, trust_env=False) as client,
    ):
        yield upstream, proxy, client


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


async def ask(client: httpx.AsyncClient, **fault: Any) -> None:
    reply = await client.post("/_proxy/faults", json=fault)
    assert reply.status_code == 201, reply.text


async def seen(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    listing: list[dict[str, Any]] = (await client.get("/_proxy/requests")).json()
    return listing


async def test_a_request_and_its_reply_pass_unchanged(world: World) -> None:
    upstream, proxy, client = world
    reply = await client.put("/a/b?c=%20d", content=b"text", headers={"X-Mine": "1", "Host": "h"})
    assert reply.json()["method"] == "PUT"
    assert reply.json()["target"] == "/a/b?c=%20d"
    assert reply.headers["x-kept"] == "as it was"
    assert "x-mine: 1" in upstream.heads[0].lower()
    assert "host: h\r\n" in upstream.heads[0].lower()
    assert await seen(client) == [
        {
            "seq": 1,
            "method": "PUT",
            "path": "/a/b?c=%20d",
            "mutating": True,
            "status": 200,
            "forwarded": True,
            "fault": None,
        }
    ]


async def test_one_connection_carries_many_requests(world: World) -> None:
    _, proxy, _ = world
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    for number in range(3):
        writer.write(f"GET /n/{number} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        assert json.loads(await reader.readexactly(length))["target"] == f"/n/{number}"
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("/chunked", 200, "one, two"), ("/until-close", 200, "no length"), ("/nothing", 204, "")],
)
async def test_every_way_to_end_a_reply_passes(
    world: World, path: str, status: int, text: str
) -> None:
    _, _, client = world
    for _ in range(2):
        reply = await client.get(path)
        assert (reply.status_code, reply.text) == (status, text)


async def test_a_big_body_passes_with_a_length_and_in_chunks(world: World) -> None:
    _, _, client = world
    body = bytes(range(256)) * 40_000

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 100_001):
            yield body[at : at + 100_001]

    for content in (body, pieces()):
        reply = await client.post("/echo", content=content)
        assert reply.json()["size"] == len(body)
        assert reply.json()["sha256"] == sha256(body).hexdigest()


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(world: World) -> None:
    upstream, proxy, _ = world
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(
        b"POST /add HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b"late")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 201")
    assert upstream.applied == ["late"]
    writer.close()
    await writer.wait_closed()


async def test_many_clients_are_served_at_once(world: World) -> None:
    upstream, _, client = world
    await ask(client, action="delay:0.2", path="/add", times=None)
    async with asyncio.timeout(3):
        replies = await asyncio.gather(*(client.post("/add", content=b"x") for _ in range(40)))
    assert {reply.status_code for reply in replies} == {201}
    assert len(upstream.applied) == 40


async def test_a_request_dropped_before_never_arrives(world: World) -> None:
    upstream, _, client = world
    await ask(client, action="drop_before", method="POST", path="/add")
    with pytest.raises(httpx.TransportError):
        await client.post("/add", content=b"x")
    assert upstream.applied == []
    assert (await seen(client))[0] | {"seq": 0} == {
        "seq": 0,
        "method": "POST",
        "path": "/add",
        "mutating": True,
        "status": None,
        "forwarded": False,
        "fault": "drop_before",
    }


async def test_a_reply_dropped_after_apply_leaves_the_write_applied_once(world: World) -> None:
    upstream, _, client = world
    await ask(client, action="drop_after_apply", method="POST", path="/add")
    with pytest.raises(httpx.TransportError):
        await client.post("/add", content=b"x")
    assert upstream.applied == ["x"]
    entry = (await seen(client))[0]
    assert (entry["status"], entry["forwarded"]) == (201, True)


async def test_a_hanging_reply_times_out_after_the_write_was_applied(world: World) -> None:
    upstream, _, client = world
    await ask(client, action="hang_after_apply", method="POST", path="/add")
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/add", content=b"x", timeout=0.3)
    assert upstream.applied == ["x"]


async def test_a_delayed_write_arrives_although_the_client_gave_up(world: World) -> None:
    upstream, _, client = world
    await ask(client, action="delay:0.4", path="/add")
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/add", content=b"late", timeout=0.1)
    assert upstream.applied == []
    async with asyncio.timeout(3):
        while not upstream.applied:
            await asyncio.sleep(0.02)
    assert upstream.applied == ["late"]


async def test_a_status_is_answered_in_the_servers_place(world: World) -> None:
    upstream, _, client = world
    await ask(client, action="status:503", path="/add")
    assert (await client.post("/add", content=b"x")).status_code == 503
    assert (await client.post("/add", content=b"y")).status_code == 201
    assert upstream.applied == ["y"]


async def test_skip_lets_requests_through_and_times_ends_the_fault(world: World) -> None:
    _, _, client = world
    await ask(client, action="status:500", path="/n", skip=2, times=2)
    statuses = [(await client.get("/n")).status_code for _ in range(6)]
    assert statuses == [200, 200, 500, 500, 200, 200]


async def test_a_fault_strikes_only_its_method_and_path(world: World) -> None:
    _, _, client = world
    await ask(client, action="status:500", method="get", path=r"^/issues/\d+\.json", times=None)
    assert (await client.get("/issues/12.json?x=1")).status_code == 500
    assert (await client.get("/issues.json")).status_code == 200
    assert (await client.put("/issues/12.json")).status_code == 200


async def test_a_rate_strikes_the_same_requests_for_the_same_seed() -> None:
    runs = []
    for seed in (1, 1, 2):
        async with running(seed) as (_, _, client):
            await ask(client, action="status:500", path="/n", times=None, rate=0.5)
            runs.append([(await client.get("/n")).status_code for _ in range(30)])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert set(runs[0]) == {200, 500}


async def test_a_server_that_goes_silent_resets_the_client(world: World) -> None:
    _, _, client = world
    with pytest.raises(httpx.TransportError):
        await client.get("/silent")
    assert (await client.get("/n")).status_code == 200


async def test_a_server_that_is_down_is_a_bad_gateway() -> None:
    async with FaultProxy(("127.0.0.1", 1)) as proxy, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(proxy.base_url + "/n")).status_code == 502


async def test_searches_by_post_are_not_called_mutating(world: World) -> None:
    _, _, client = world
    for path in ("/REST/2.0/tickets?page=2", "/REST/2.0/tickets/bulk", "/REST/2.0/ticket"):
        await client.post(path)
    assert [entry["mutating"] for entry in await seen(client)] == [False, True, True]


async def test_the_log_and_the_faults_can_be_emptied(world: World) -> None:
    _, _, client = world
    await ask(client, action="status:500", path="/n", times=None)
    await client.get("/n")
    for name in ("faults", "requests"):
        assert len((await client.get(f"/_proxy/{name}")).json()) == 1
        assert (await client.delete(f"/_proxy/{name}")).status_code == 204
        assert (await client.get(f"/_proxy/{name}")).json() == []
    assert (await client.get("/n")).status_code == 200
    assert (await seen(client))[0]["seq"] == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "explode"},
        {"action": "status:many"},
        {"action": "delay:-1"},
        {"action": "drop_before", "rate": 0},
        {"action": "drop_before", "times": -1},
        {"action": "drop_before", "path": "^("},
        {"action": "drop_before", "tims": 1},
        ["drop_before"],
    ],
)
async def test_a_fault_that_cannot_be_understood_is_refused(world: World, fault: Any) -> None:
    _, proxy, client = world
    reply = await client.post("/_proxy/faults", json=fault)
    assert reply.status_code == 400
    assert reply.json()["message"]
    assert proxy.faults == []


async def test_a_truncated_listing_looks_whole(world: World) -> None:
    _, _, client = world
    await ask(client, action="truncate_listing:30", path="/issues.json")
    short = (await client.get("/issues.json")).json()
    assert short == {"issues": [{"id": n} for n in range(7)], "total_count": 7}
    assert len((await client.get("/issues.json")).json()["issues"]) == 10


@given(total=st.integers(0, 60), size=st.integers(1, 20), percent=st.integers(0, 100))
def test_pages_of_a_truncated_listing_agree(total: int, size: int, percent: int) -> None:
    kept = total - math.ceil(total * percent / 100)
    items: list[int] = []
    issues: list[int] = []
    page, more = 1, True
    while more:
        first = (page - 1) * size
        rows = list(range(first, min(first + size, total)))
        listing = {"items": rows, "count": len(rows), "total": total, "page": page}
        listing |= {"per_page": size, "pages": math.ceil(total / size)}
        if first + size < total:
            listing["next_page"] = f"http://upstream/?page={page + 1}"
        cut = json.loads(truncated(json.dumps(listing).encode(), percent))
        assert (cut["total"], cut["count"]) == (kept, len(cut["items"]))
        assert cut["pages"] == math.ceil(kept / size)
        items += cut["items"]
        offset = {"issues": rows, "total_count": total, "offset": first, "limit": size}
        cut_issues = json.loads(truncated(json.dumps(offset).encode(), percent))
        assert cut_issues["total_count"] == kept
        issues += cut_issues["issues"]
        more = "next_page" in cut
        page += 1
    assert items == issues == list(range(kept))


@pytest.mark.parametrize("body", [b"", b"no json", b"[1, 2]", b'{"id": 1}', b'{"items": 3}'])
def test_what_is_no_listing_is_not_truncated(body: bytes) -> None:
    assert truncated(body, 50) == body
