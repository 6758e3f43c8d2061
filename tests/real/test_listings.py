"""A listing that suddenly shows fewer records is no reason to delete anything."""

from __future__ import annotations

import time

import pytest

from tests.real.world import REQUESTER, SIDES, World

pytestmark = pytest.mark.real

RECORDS = 24
LISTINGS = {"desk": r"^/REST/2\.0/(tickets|transactions)\?", "tracker": r"^/issues\.json\?"}


@pytest.mark.parametrize("side", list(SIDES))
def test_a_listing_that_shrinks_deletes_nothing_and_says_so(world: World, side: str) -> None:
    world.sync_settings["deletes"]["propagate"] = "close"
    del world.sync_settings["comments"]
    world.sync_settings["links"] = "off"
    world.configure()
    _tickets(world)
    world.sync()
    before = _shown(world)
    assert len(before) == 2 * RECORDS
    for percent in (10, 80, 100):
        for full in ((), ("--full",), ("--full",)):
            # The second full pass is the one that would confirm what the first suspected.
            time.sleep(1.1 if full else 0)
            _cut(world, side, percent)
            ran = world.run("sync", "tickets", *full)
            told = f"{percent} % {full}: {ran.said}"
            assert world.proxy(side).struck() > 0, told
            assert ran.result["counts"].get("deleted", 0) == 0, told
            if full:
                assert ran.code == 3, told
                said = " ".join(ran.result["refused"] + ran.result["notes"])
                number = -(-RECORDS * percent // 100)
                kept = f"{side} lists {RECORDS - number} of {RECORDS} linked records"
                few = f"{side}: {number} of {RECORDS} linked records were missing in the listing"
                assert (few if percent < 30 else kept) in said, told
            else:
                assert ran.code == 0, told
    world.proxy(side).clear()
    assert world.syncline("sync", "tickets", "--full")["counts"].get("deleted", 0) == 0
    assert _shown(world) == before


def _tickets(world: World) -> None:
    tickets = [
        {"Queue": "Support", "Subject": f"Ticket {n}", "Requestor": REQUESTER, "Content": "x"}
        for n in range(RECORDS)
    ]
    world.ann.api.call("POST", "/tickets/bulk", tickets)


def _cut(world: World, side: str, percent: int) -> None:
    world.proxy(side).clear()
    world.proxy(side).fault(f"truncate_listing:{percent}", path=LISTINGS[side], times=None)


def _shown(world: World) -> list[tuple[str, str]]:
    """Every record of both tools, with its status."""
    tickets = [(str(one["id"]), one["Status"]) for one in world.ann.all()]
    return sorted(tickets + [(str(i["id"]), i["status"]["name"]) for i in world.bob.all()])
