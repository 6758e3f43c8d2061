"""As much of HTTP/1.1 as a proxy on loopback needs: heads, and bodies passed on in pieces.

A message is its start line, its headers in the order they came, and a body that is known by
length, sent in chunks, ended by the closing connection, or absent (RFC 9112, section 6).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

PIECE = 64 * 1024
HEAD_LIMIT = 256 * 1024
# They speak of one connection, and there are two of them here (RFC 9110, section 7.6.1).
HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "upgrade", "expect"})

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


class BadMessage(Exception):
    """What came is not HTTP/1.1 as this module knows it."""


@dataclass(frozen=True)
class Head:
    """A start line in its three parts and the headers, in order."""

    first: str
    second: str
    third: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value of a header, or the empty text; names are given in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def chunked(self) -> bool:
        """True when the body comes in chunks."""
        return "chunked" in self.get("transfer-encoding").lower()

    @property
    def length(self) -> int | None:
        """The announced length of the body, if one is announced."""
        text = self.get("content-length")
        if text and not (text.isascii() and text.isdigit()):
            raise BadMessage(f"Content-Length is {text!r}")
        return int(text) if text else None

    def without(self, *names: str) -> Head:
        """The same head without these headers."""
        kept = tuple((key, value) for key, value in self.headers if key.lower() not in names)
        return Head(self.first, self.second, self.third, kept)

    def plus(self, name: str, value: str) -> Head:
        """The same head with one more header."""
        return Head(self.first, self.second, self.third, (*self.headers, (name, value)))

    def encode(self) -> bytes:
        """The bytes of the head, the empty line included."""
        lines = [f"{self.first} {self.second} {self.third}".rstrip()]
        lines += [f"{key}: {value}" for key, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_head(reader: Reader) -> Head | None:
    """The next head, or None when the other side has closed the connection between messages."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise BadMessage("the connection ended inside a head") from None
        return None
    except asyncio.LimitOverrunError:
        raise BadMessage(f"a head of more than {HEAD_LIMIT} bytes") from None
    start, *lines = raw.decode("latin-1").strip("\r\n").split("\r\n")
    parts = start.split(" ", 2)
    if len(parts) < 2:
        raise BadMessage(f"no start line: {start[:80]!r}")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadMessage(f"no header: {line[:80]!r}")
        headers.append((name, value.strip()))
    return Head(parts[0], parts[1], parts[2] if len(parts) > 2 else "", tuple(headers))


async def raw_body(reader: Reader, head: Head, *, until_close: bool) -> AsyncIterator[bytes]:
    """The body as it is on the wire, chunk framing included, in pieces.

    Without a length and without chunks it ends with the connection if `until_close`, else
    there is none.
    """
    if head.chunked:
        async for piece in _chunks(reader):
            yield piece
    elif head.length is not None:
        left = head.length
        while left:
            piece = await reader.read(min(left, PIECE))
            if not piece:
                raise BadMessage("the connection ended inside a body")
            left -= len(piece)
            yield piece
    elif until_close:
        while piece := await reader.read(PIECE):
            yield piece


async def whole_body(reader: Reader, head: Head, *, until_close: bool) -> bytes:
    """The content of a body, without framing."""
    raw = b"".join([piece async for piece in raw_body(reader, head, until_close=until_close)])
    return _dechunked(raw) if head.chunked else raw


async def _chunks(reader: Reader) -> AsyncIterator[bytes]:
    try:
        while True:
            line = await reader.readuntil(b"\r\n")
            yield line
            left = _chunk_size(line) + 2
            if left == 2:
                break
            while left:
                piece = await reader.readexactly(min(left, PIECE))
                left -= len(piece)
                yield piece
        # Trailers, if any, then the empty line that ends the body.
        while line != b"\r\n":
            line = await reader.readuntil(b"\r\n")
            yield line
    except asyncio.IncompleteReadError:
        raise BadMessage("the connection ended inside a chunked body") from None


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError:
        raise BadMessage(f"no chunk size: {line[:80]!r}") from None


def _dechunked(raw: bytes) -> bytes:
    content = bytearray()
    at = 0
    while True:
        end = raw.index(b"\r\n", at)
        size = _chunk_size(raw[at:end])
        if size == 0:
            return bytes(content)
        content += raw[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
