"""The journal's files are at another host: named, without a credential, and not trusted."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from syncline.sdk.errors import EgressRefused, Misconfigured, Retriable
from tests.connectors.hubspot.world import HubSpotWorld, Reading, journal, living, opened
from tests.unit.sdk.loopback import Peer, Seen, Server, serving


@pytest.fixture
async def world() -> AsyncIterator[HubSpotWorld]:
    async with living() as world:
        world.follow()
        await world.create({"subject": "an entry to begin with"})
        yield world


@pytest.fixture
async def reading(world: HubSpotWorld) -> AsyncIterator[Reading]:
    async with opened(world, journal=journal(world)) as hub:
        yield Reading(world, hub)


@asynccontextmanager
async def files_at(content: bytes) -> AsyncIterator[tuple[str, Server]]:
    """Another host, which gives these bytes as gzip, and keeps what it was asked."""

    async def given(_: Seen, peer: Peer) -> None:
        await peer.answer(200, content, {"Content-Encoding": "gzip"})

    async with serving(given) as server:
        yield f"http://127.0.0.1:{server.port}", server


def packed(told: object) -> bytes:
    return gzip.compress(json.dumps(told).encode())


async def test_no_credential_of_ours_gets_to_the_host_of_the_files(world: HubSpotWorld) -> None:
    async with files_at(packed({"journalEvents": []})) as (there, server):
        world.fake.journal.files = there
        async with opened(world, journal=journal(world)) as hub:
            await hub.describe()
        (seen,) = server.requests
    assert seen.target.startswith("/journal-files/") and "Signature=" in seen.target
    everything = f"{seen.headers} {seen.target} {seen.body!r}"
    assert "authorization" not in seen.headers
    assert not any(secret in everything for secret in world.secrets)


async def test_a_file_at_a_host_that_is_not_named_is_refused_by_check_and_by_a_pass(
    world: HubSpotWorld,
) -> None:
    named = journal(world)
    async with opened(world, journal=named) as hub:
        cursor = [page.cursor async for page in hub.changes("ticket", None)][-1]
        async with files_at(packed({"journalEvents": []})) as (there, server):
            world.fake.journal.files = there
            await world.create({"subject": "and another entry"})
            with pytest.raises(Misconfigured, match="another host than http://localhost.*`files`"):
                await hub.describe()
            with pytest.raises(Misconfigured, match="another host.*leave `journal` out"):
                async for _ in hub.changes("ticket", cursor):
                    pass
            assert server.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost@127.0.0.1:9",
        "file:///etc/passwd#",
        "//localhost",
        "http://169.254.169.254",
        "https://localhost",
    ],
)
async def test_an_address_that_is_none_at_the_host_is_not_dialled(
    world: HubSpotWorld, address: str
) -> None:
    async with opened(world, journal=journal(world)) as hub:
        world.fake.journal.files = address
        with pytest.raises(Misconfigured) as caught:
            await hub.describe()
    assert isinstance(caught.value.__cause__, EgressRefused)


async def test_a_file_that_unpacks_to_more_than_is_taken_is_not_read(world: HubSpotWorld) -> None:
    bomb = gzip.compress(b" " * (101 * 1024 * 1024))
    async with files_at(bomb) as (there, _):
        world.fake.journal.files = there
        async with opened(world, journal=journal(world)) as hub:
            with pytest.raises(Retriable, match="larger than"):
                await hub.describe()


@pytest.mark.parametrize("trouble", ["status:403", "status:404"])
async def test_a_file_that_is_not_given_is_asked_for_again_by_the_next_pass(
    world: HubSpotWorld, reading: Reading, trouble: str
) -> None:
    id = await world.create({"subject": "one"})
    await reading.caught_up()
    await world.delete(id)
    await world.fault("GET", "/journal-files/", trouble)
    with pytest.raises(Retriable, match="next pass asks anew"):
        await reading.told()
    assert [(r.id, r.deleted) for r in await reading.told()] == [(id, True)]


@pytest.mark.parametrize("told", [{"offset": "x"}, ["no", "journal"], {"journalEvents": {}}])
async def test_a_file_without_events_is_an_error_and_moves_no_place(
    world: HubSpotWorld, reading: Reading, told: Any
) -> None:
    id = await world.create({"subject": "one"})
    await reading.caught_up()
    await world.delete(id)
    before = reading.cursor
    async with files_at(packed(told)) as (there, _):
        world.fake.journal.files = there
        async with opened(world, journal=journal(world)) as hub:
            other = Reading(world, hub)
            other.cursor = before
            with pytest.raises(Retriable, match="no events in it"):
                await other.told()
            assert other.cursor == before
