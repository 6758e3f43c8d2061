"""S5, S17, S25 for every connector that has files: what a file says of itself is not believed.

A file comes from a customer's mail, or from whoever may write a comment. Its name and its type are
theirs to choose, and a tool that is not what it seems tells the size.
"""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import orjson
import pytest

from syncline.sdk.connector import Attachment, Connector, Create, NewAttachment, Visibility
from syncline.sdk.errors import ConnectorError, Rejected
from tests.support.between import between
from tests.support.connections import OPENED, PLAYED, connector_of, fake_of, opened
from tests.support.driving import LONG_AGO
from tests.support.suites import suites_of
from tests.unit.sdk.loopback import Handler, Peer, Seen, Server, VirtualClock, serving

INTERNAL = Visibility.INTERNAL
LARGEST = 10 * 1024 * 1024
CONTENT = re.compile(r"/attachment/content/|/secure/attachment/|/VersionData|/zdusercontent/")
"""Where the fakes have the bytes of a file."""

filed = pytest.mark.parametrize(
    "name", [name for name in OPENED if connector_of(name).capabilities.attachments]
)


@asynccontextmanager
async def having(
    name: str, folder: Path, content: Handler
) -> AsyncIterator[tuple[Connector, str, str, Server]]:
    """A connector, a record type and a record, in a tool that answers for files as told; one
    without a fake answers everything so."""
    record, suite = next(iter(suites_of(name).items()))
    if name not in PLAYED:
        async with (
            serving(content) as server,
            opened(folder, name, f"http://127.0.0.1:{server.port}", VirtualClock()) as connector,
        ):
            yield connector, record, "1", server
        return

    async def instead(seen: Seen, peer: Peer) -> bool:
        if CONTENT.search(seen.target):
            await content(seen, peer)
            return True
        return False

    async with (
        between(fake_of(name)) as wire,
        opened(folder, name, wire.url, VirtualClock()) as connector,
    ):
        (made,) = await connector.create(record, [Create("k", suite.shape.sample("Filed"))])
        assert made.id
        wire.instead = instead
        yield connector, record, made.id, wire.server


async def file_of(name: str, connector: Connector, record: str, id: str) -> Attachment:
    """A file of the record, which says that it is small."""
    if name not in PLAYED:
        return Attachment("1", id, "a.txt", 1, "text/plain", INTERNAL, LONG_AGO)
    await connector.attach(record, [NewAttachment("f", id, "a.txt", b"1", "text/plain", INTERNAL)])
    (file,) = (await connector.attachments(record, [id]))[id]
    assert file.size == 1
    return file


@cache
def too_much(name: str, packed: bool) -> tuple[bytes, dict[str, str]]:
    """More than is carried over, for who asks for bytes and for who asks for JSON with them."""
    content = b64encode(bytes(LARGEST + 1)).decode()
    body = orjson.dumps([{"datas": content}] if name == "odoo" else {"Content": content})
    return (gzip.compress(body, 1, mtime=0), {"Content-Encoding": "gzip"}) if packed else (body, {})


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@filed
async def test_a_file_that_is_larger_than_it_says_is_not_carried_over(
    name: str, packed: bool, tmp_path: Path
) -> None:
    told = 0

    async def lies(seen: Seen, peer: Peer) -> None:
        nonlocal told
        told += 1
        body, headers = too_much(name, packed)
        await peer.answer(200, body, headers)

    async with having(name, tmp_path, lies) as (connector, record, id, _):
        assert connector.capabilities.max_attachment_bytes == LARGEST
        file = await file_of(name, connector, record, id)
        with pytest.raises(Rejected, match="large"):
            await connector.download(record, file)
    assert told == 1


@filed
async def test_a_redirect_of_a_file_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    async def never(seen: Seen, peer: Peer) -> None:
        raise AssertionError("it was followed")

    async with serving(never) as other:
        there = {"Location": f"http://127.0.0.1:{other.port}/x"}

        async def elsewhere(seen: Seen, peer: Peer) -> None:
            await peer.answer(302, {}, there)

        async with having(name, tmp_path, elsewhere) as (connector, record, id, _):
            file = await file_of(name, connector, record, id)
            with pytest.raises(ConnectorError):
                await connector.download(record, file)
        assert other.connections == 0


def of_odoo(target: str) -> object:
    """What an Odoo says in which nothing was made yet, and in which nothing shows itself."""
    kinds = [{"id": 1, "name": "Note"}] if "subtype" in target else []
    return [1] if target.endswith("/create") else {"uid": 1, "records": kinds}


EVIL = "X-Evil: 1"
NAMES = [
    f"a\r\n{EVIL}\r\n\r\n.txt", 'a"; filename="b.html', "../../etc/passwd", "\u202etxt.exe", "a\0b",
]  # fmt: skip
TYPES = [f"text/plain\r\n{EVIL}", "text/html; x=\n" + EVIL, "é", "", "a" * 5000]


@filed
async def test_no_name_and_no_type_of_a_file_adds_a_header(name: str, tmp_path: Path) -> None:
    async def enough(seen: Seen, peer: Peer) -> None:
        if name == "odoo":
            await peer.answer(200, of_odoo(seen.target))
            return
        project = {"id": 1, "identifier": "app", "name": "App", "is_public": False}
        told = {"project": project, "upload": {"token": "1.x"}, "items": [], "total": 0}
        status = 201 if seen.method == "POST" else 200
        await peer.answer(status, told, {"Location": "http://127.0.0.1/transaction/1"})

    async with having(name, tmp_path, enough) as (connector, record, id, server):
        for named, type in [*((one, "text/plain") for one in NAMES), *(("a", t) for t in TYPES)]:
            item = NewAttachment(f"{named} {type}", id, named, b"of a file", type, INTERNAL)
            # Refused is well, too; what is raised would stop everything for one file.
            await connector.attach(record, [item])
    sent = b"".join(seen.body for seen in server.requests)
    assert len(re.findall(b"of a file|" + b64encode(b"of a file"), sent)) == len(NAMES + TYPES)
    assert not [seen for seen in server.requests if "x-evil" in seen.headers]
    raw = rb"[\r\n]" + EVIL.encode()
    assert not re.search(raw, sent)
    if name == "request_tracker":  # it makes headers of what it is told in JSON
        assert not re.search(rb"\\[rn]" + EVIL.encode(), sent)
