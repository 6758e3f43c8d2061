"""S22: certificates are always verified, against the name in the URL, from TLS 1.2 on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from syncline.sdk.errors import Misconfigured, Retriable
from syncline.sdk.secrets import Secret
from tests.security.certificates import Authority
from tests.unit.sdk.loopback import Server, answers, serving, transport

HOST = "tool.internal.example"


async def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def get(server: Server, **options: object) -> int:
    base_url = f"https://{HOST}:{server.port}"
    async with transport(server, base_url=base_url, resolver=loopback, **options) as tool:
        return (await tool.request("GET", "/")).status


async def test_a_named_authority_is_trusted(authority: Authority) -> None:
    async with serving(answers(200, {}), authority.server(HOST)) as server:
        assert await get(server, ca_file=authority.ca_file) == 200
        assert server.requests[0].headers["host"] == f"{HOST}:{server.port}"


async def test_an_unknown_authority_is_refused_before_anything_is_sent(
    authority: Authority,
) -> None:
    async with serving(answers(200, {}), authority.server(HOST)) as server:
        with pytest.raises(Misconfigured, match="ca_file"):
            await get(server)
        assert server.requests == []


async def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    async with serving(answers(200, {}), authority.server("other.example")) as server:
        with pytest.raises(Misconfigured, match="certificate"):
            await get(server, ca_file=authority.ca_file)
        assert server.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
async def test_tls_before_1_2_is_refused(authority: Authority) -> None:
    context = authority.server(HOST)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(answers(200, {}), context) as server:
        with pytest.raises(Retriable):
            await get(server, ca_file=authority.ca_file, retry_reads=0)
        assert server.requests == []


async def test_a_ca_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("not a certificate", encoding="utf-8")
    async with serving(answers(200, {})) as server:
        for path in (empty, tmp_path / "missing.pem"):
            with pytest.raises(Misconfigured, match=path.name):
                await get(server, ca_file=path)


async def test_http_2_is_spoken_where_it_is_offered(authority: Authority) -> None:
    paths: list[str] = []
    context = authority.server(HOST, ("h2", "http/1.1"))
    listening = await asyncio.start_server(http_2(paths), "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    options = {"base_url": f"https://{HOST}:{port}", "ca_file": authority.ca_file}
    async with listening, transport(port, resolver=loopback, **options) as tool:
        answers = await asyncio.gather(*(tool.request("GET", f"/{n}") for n in range(3)))
        assert [answer.json() for answer in answers] == [{"h": 2}] * 3
    assert sorted(paths) == ["/0", "/1", "/2"]


def http_2(paths: list[str]) -> Callable[..., Awaitable[None]]:
    """Serves one connection in HTTP/2, answering `{"h":2}` to everything."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        writer.write(state.data_to_send())
        while data := await reader.read(65536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    paths.append(dict(event.headers)[b":path"].decode())
                    state.send_headers(event.stream_id, [(":status", "200")])
                    state.send_data(event.stream_id, b'{"h":2}', end_stream=True)
            writer.write(state.data_to_send())
        writer.close()

    return serve


async def test_credentials_stay_at_base_url_when_another_allowed_host_is_called(
    authority: Authority,
) -> None:
    secret = {"headers": {"Authorization": Secret("Bearer W1TNESS"), "X-App": "syncline"}}
    async with (
        serving(answers(200, {})) as server,
        serving(answers(200, {}), authority.server(HOST)) as login,
        transport(
            server,
            allowed_hosts=[f"{HOST}:{login.port}"],
            ca_file=authority.ca_file,
            resolver=loopback,
            **secret,
        ) as tool,
    ):
        await tool.request("GET", "/")
        await tool.request("POST", f"https://{HOST}:{login.port}/token", json={})
        assert server.requests[0].headers["authorization"] == "Bearer W1TNESS"
        assert "authorization" not in login.requests[0].headers
        assert login.requests[0].headers["x-app"] == "syncline"
