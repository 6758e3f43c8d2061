"""S20 for every connector with a fake: what others write into a record makes it no link of ours.

A key stands where people and programs can read it: in a field, a text or a property of the record
that was made with it. So it is copied, with its record or without, and altered. The thief here is
a program with the hub's own account, whom nothing in the tool tells from the hub.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from syncline.engine.passes import signer
from syncline.mapping.load import builtin
from syncline.sandbox import Fake
from syncline.sdk.connector import Connector, Create, CreateSearch, Found, Record, Result
from syncline.sdk.testing import Shape
from syncline.store import links
from syncline.store.rows import Link
from tests.support.between import Between, between
from tests.support.connections import (
    DATA_CENTER,
    FAKED,
    OPENED,
    PLAYED,
    connector_of,
    fake_of,
    opened,
)
from tests.support.driving import LONG_AGO
from tests.support.suites import suites_of
from tests.support.twins import SYNC, Twins, entity_of, twins
from tests.unit.sdk.loopback import Peer, Seen, VirtualClock

faked = pytest.mark.parametrize("name", [*FAKED, DATA_CENTER])

ONE_A_KEY = {"hubspot", "mixpanel", "salesforce"}
"""Tools that keep the key unique: what is made with it again is the record that has it."""


async def forgets(seen: Seen, peer: Peer) -> bool:
    """Takes away what would tell the tool that a create is sent again; a thief sends none."""
    seen.headers.pop("idempotency-key", None)
    return False


class Theft:
    """Twins, and a thief at work in both."""

    def __init__(
        self, pair: Twins, wire: Between, thieves: Mapping[str, Connector], shape: Shape
    ) -> None:
        self.pair = pair
        self.wire = wire
        self.thieves = thieves
        self.shape = shape

    async def makes(self, side: str, key: str, title: str) -> str:
        """The thief makes a record with a key, or comes by the one that has it; its id."""

        async def own(seen: Seen, peer: Peer) -> bool:
            seen.headers.pop(
                "idempotency-key", None
            )  # with it, the tool would know it is sent again
            return False

        self.wire.instead = own
        item = Create(key, self.shape.sample(title))
        (outcome,) = await self.thieves[side].create(self.pair.record, [item])
        self.wire.instead = None
        assert outcome.result is Result.APPLIED and outcome.id, outcome
        return outcome.id

    async def record(self, side: str, id: str) -> Record:
        found = (await self.thieves[side].fetch(self.pair.record, [id]))[id]
        assert isinstance(found, Record)
        return found

    async def refused(self, title: str) -> Link:
        """A new record of a, which b refuses; its link."""
        before = len(await self.wire.log())
        await self.makes("b", "sl-of-a-stranger", "To see how it is done")
        first = next(one for one in (await self.wire.log())[before:] if one["mutating"])

        async def refuses(seen: Seen, peer: Peer) -> bool:
            if (seen.method, seen.target.partition("?")[0]) != (first["method"], first["path"]):
                return False
            await peer.answer(400, {})
            return True

        made = await self.makes("a", f"sl-{title}", title)
        self.wire.instead = refuses
        await self.pair.later()
        self.wire.instead = None
        link = await self.link("a", made)
        assert set(link.sides) == {"a"}
        return link

    async def link(self, side: str, id: str) -> Link:
        """The link that has a record."""
        read = self.pair.hub.store.read
        found = await read(links.find, SYNC, side, [id])
        return (await read(links.load, found.values()))[found[id]]

    async def key(self, link: Link, side: str = "b", workspace: str | None = None) -> str:
        """What the hub signs for a link's side, or would in another workspace."""
        hub = self.pair.hub
        sign = signer(await hub.secret(), workspace or hub.store.workspace)
        return sign(f"{link.id}:{side}")


@asynccontextmanager
async def theft(name: str, folder: Path) -> AsyncIterator[Theft]:
    entity = entity_of(name)
    record = builtin(connector_of(name).name, entity).record
    sides = {side: {"record": record, "create": "when_missing"} for side in ("a", "b")}
    wires: list[Between] = []

    @asynccontextmanager
    async def serve(fake: Fake) -> AsyncIterator[str]:
        async with between(fake) as wire:
            wires.append(wire)
            yield wire.url

    (folder / "hub").mkdir()
    async with (
        twins(folder / "hub", name, entity, 2, serve, sides=sides) as pair,
        AsyncExitStack() as stack,
    ):
        thieves = {
            side: await stack.enter_async_context(opened(folder / side, name, url, pair.clock))
            for side, url in pair.urls.items()
        }
        yield Theft(pair, wires[1], thieves, suites_of(name)[record].shape)


@faked
async def test_only_a_marker_that_we_signed_for_a_place_that_is_free_ties_a_record(
    name: str, tmp_path: Path
) -> None:
    async with theft(name, tmp_path) as one:
        owned = await one.makes("a", "sl-1", "Owned")
        await one.pair.later()
        link = await one.link("a", owned)
        own = link.sides["b"].record_id
        key = await one.key(link)
        assert (await one.record("b", own)).marker == key

        vacant = await one.refused("Waiting")
        waiting = vacant.sides["a"].record_id
        forged = {
            "altered": (await one.key(vacant))[:-1] + "x",
            "unsigned": f"sl-{vacant.id}:b-",
            "another side's": await one.key(vacant, "a"),
            "another workspace's": await one.key(vacant, workspace="elsewhere"),
        }
        made = {why: await one.makes("b", marker, why) for why, marker in forged.items()}
        copy = await one.makes("b", key, "Copied")
        assert (copy == own) is (name in ONE_A_KEY)
        if copy != own:
            made["copied"] = copy
        await one.pair.later()
        assert set((await one.link("a", waiting)).sides) == {"a"}
        assert (await one.link("a", owned)).sides["b"].record_id == own
        for why, id in made.items():
            theirs = await one.link("b", id)
            assert theirs.id not in (link.id, vacant.id), why
            assert theirs.sides["a"].record_id not in (owned, waiting), why

        genuine = await one.makes("b", await one.key(vacant), "Waiting")
        await one.pair.later()
        assert (await one.link("a", waiting)).sides["b"].record_id == genuine


@pytest.mark.parametrize("name", PLAYED)
async def test_of_two_records_with_one_key_neither_is_taken_for_the_other(
    name: str, tmp_path: Path
) -> None:
    fake = fake_of(name)
    async with (
        between(fake) as wire,
        opened(tmp_path, name, wire.url, VirtualClock()) as connector,
    ):
        wire.instead = forgets
        for record, suite in suites_of(name).items():
            creates = [Create("sl-k", suite.shape.sample(title)) for title in ("One", "Another")]
            made = [(await connector.create(record, [one]))[0].id for one in creates]
            fake.clock.advance(3600)  # beyond what a search of theirs lags
            for create, id in zip(creates, made, strict=True):
                search = CreateSearch(create.key, create.fields, LONG_AGO)
                (found,) = await connector.find(record, [search])
                assert found.record is None or found.record.id == id
                assert (found.found is Found.YES) is (found.record is not None)
                assert found.found is not Found.NO


@pytest.mark.parametrize("name", OPENED)
def test_every_connector_keeps_the_key_of_what_it_makes(name: str) -> None:
    """There is none to which the promise would not apply."""
    assert connector_of(name).capabilities.find_by_key
