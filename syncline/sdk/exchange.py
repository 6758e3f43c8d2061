"""One request and its answer, within limits: the only place where bytes meet the network.

`Exchange.send` never raises for what the network or the tool does. It gives an `Answer`, possibly
damaged, or a `Failure` that says whether the request may have reached the tool: that one bit
decides whether a write is safe to repeat. Raising happens elsewhere, so that no traceback holds a
frame in which a credential stands in clear.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpcore
import httpx

from syncline.sdk.egress import Egress, PinnedBackend, certificate_refused
from syncline.sdk.errors import EgressRefused, Misconfigured
from syncline.sdk.limiter import Limits

# A tool may answer slowly, but not drip for ever: the whole exchange against one silence.
_WHOLE_TO_SILENCE = 10

_NOT_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
_LOST = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What the tool answered. `damage` says why there is no body to rely on, and is else None."""

    status: int
    headers: httpx.Headers
    content: bytes
    damage: str | None = None
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `sent` is False only when certainly no byte of the request left."""

    what: str
    sent: bool
    refused: EgressRefused | None = None
    bad_certificate: bool = False


class Exchange:
    """The httpx client of one connection, made at the first request (17 to 50 ms)."""

    def __init__(self, egress: Egress, limits: Limits, ca_file: Path | None) -> None:
        self._egress = egress
        self._limits = limits
        self._ca_file = ca_file
        self._client: httpx.AsyncClient | None = None

    def client(self) -> httpx.AsyncClient:
        """The one client; raises `Misconfigured` where `ca_file` cannot be read."""
        if self._client is None:
            silence = self._limits.timeout_seconds
            self._client = httpx.AsyncClient(
                transport=_PinnedTransport(self._egress, self._limits, self._tls()),
                timeout=httpx.Timeout(silence),
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
                headers={"accept-encoding": "gzip", "user-agent": "syncline"},
                follow_redirects=False,
                trust_env=False,
            )
        return self._client

    async def aclose(self) -> None:
        """Close the connections; a later request opens new ones."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def send(self, request: httpx.Request) -> Answer | Failure:
        """Send once and read the whole answer."""
        try:
            async with asyncio.timeout(self._limits.timeout_seconds * _WHOLE_TO_SILENCE):
                response = await self.client().send(request, stream=True)
                return await self._read(response)
        except EgressRefused as refusal:
            return Failure(str(refusal), sent=False, refused=refusal.with_traceback(None))
        except _NOT_SENT as error:
            return Failure(_words(error), sent=False, bad_certificate=certificate_refused(error))
        except (*_LOST, OSError) as error:
            return Failure(_words(error), sent=True)

    async def _read(self, response: httpx.Response) -> Answer:
        status, headers = response.status_code, response.headers
        encoding = headers.get("content-encoding", "identity").strip().lower()
        body = _Body(encoding, self._limits.max_response_bytes)
        try:
            if not body.refuses_length(headers.get("content-length", "")):
                async for chunk in response.stream:  # type: ignore[union-attr]
                    if body.damage is not None:
                        break
                    body.feed(chunk)
        except (*_LOST, OSError) as error:
            body.damage = f"the answer broke off ({_words(error)})"
        finally:
            await response.aclose()
        return Answer(status, headers, body.content(), body.damage, body.too_large)

    def _tls(self) -> ssl.SSLContext | None:
        if not self._egress.uses_tls:
            return None
        context = httpx.create_ssl_context(trust_env=False)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except OSError as error:
                raise Misconfigured(
                    f"ca_file {self._ca_file} cannot be read as PEM certificates; nothing was sent."
                ) from error
        return context


class _Body:
    """Collects a body as it comes, stops at the cap, and unpacks gzip no further than the cap."""

    def __init__(self, encoding: str, cap: int) -> None:
        self._cap = cap
        self._room = cap
        self._parts: list[bytes] = []
        self._gzip = zlib.decompressobj(wbits=31) if encoding in ("gzip", "x-gzip") else None
        self._encoding = encoding
        self.damage: str | None = None
        self.too_large = False

    def refuses_length(self, declared: str) -> bool:
        if declared.isdecimal() and int(declared) > self._cap:
            self._too_large()
        return self.damage is not None

    def feed(self, chunk: bytes) -> None:
        if self._gzip is not None:
            chunk = self._unpacked(chunk)
        elif self._encoding != "identity":
            self.damage = (
                f"the answer is packed as {self._encoding[:20]!r}, which was not asked for"
            )
            return
        self._room -= len(chunk)
        if self._room < 0:
            self._too_large()
            return
        self._parts.append(chunk)

    def content(self) -> bytes:
        if self.damage is None and self._parts and self._gzip is not None and not self._gzip.eof:
            self.damage = "the answer broke off inside its gzip"
        return b"" if self.damage is not None else b"".join(self._parts)

    def _unpacked(self, chunk: bytes) -> bytes:
        assert self._gzip is not None
        try:
            unpacked = self._gzip.decompress(chunk, self._room + 1)
        except zlib.error:
            self.damage = "the answer is not the gzip it claims to be"
            return b""
        if self._gzip.unused_data:
            self.damage = "the answer goes on after the end of its gzip"
        return unpacked

    def _too_large(self) -> None:
        self.too_large = True
        self.damage = f"the answer is larger than {self._cap} bytes"


class _PinnedTransport(httpx.AsyncBaseTransport):
    """httpx over a pool whose sockets go only where the guard has looked."""

    def __init__(self, egress: Egress, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=limits.concurrent,
            max_keepalive_connections=limits.concurrent,
            # Well under the idle time-outs of common servers: a write sent into a connection that
            # is just being closed is ambiguous.
            keepalive_expiry=5.0,
            http1=True,
            http2=egress.uses_tls,
            network_backend=PinnedBackend(egress),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Stream(answer.stream),  # type: ignore[arg-type]
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()  # type: ignore[attr-defined]


def _words(error: BaseException) -> str:
    """The error's class as words: its text may quote the request."""
    name = type(error).__name__.removesuffix("Error")
    return {
        "Connect": "connection refused or broken",
        "ConnectTimeout": "no connection in time",
        "PoolTimeout": "no free connection in time",
        "ReadTimeout": "no answer in time",
        "WriteTimeout": "the request was not taken in time",
        "Timeout": "the exchange took too long",
    }.get(name, "the connection was dropped")
