"""A tool that fails in the middle of a pass, or is away for one; afterwards all is in step."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from tests.real.world import REQUESTER, SIDES, World

pytestmark = pytest.mark.real

WRITES = {"desk": r"^/REST/2\.0/(ticket/|tickets/bulk)", "tracker": r"^/issues(/\d+)?\.json$"}
MANY = 5


def _work(world: World) -> None:
    """New records on both sides."""
    tickets = [
        {"Queue": "Support", "Subject": f"Ticket {n}", "Requestor": REQUESTER, "Content": "x"}
        for n in range(MANY)
    ]
    world.ann.api.call("POST", "/tickets/bulk", tickets)
    for number in range(MANY):
        world.bob.create(f"Issue {number}", "x")


def _titles(world: World) -> tuple[list[str], list[str]]:
    desk = sorted(str(one["Subject"]) for one in world.ann.all())
    return desk, sorted(str(one["subject"]) for one in world.bob.all())


def _in_step(world: World) -> None:
    """Within a few passes each record exists once on each side, and nothing waits.

    What was lost on its way is made again ten seconds after the run that sent it.
    """
    wanted = sorted(f"{what} {n}" for what in ("Issue", "Ticket") for n in range(MANY))
    for _ in range(6):
        time.sleep(2.5)
        if world.run("sync", "tickets").code == 0 and _titles(world) == (wanted, wanted):
            break
    assert _titles(world) == (wanted, wanted)
    assert world.parked() == []


def _when(condition: Callable[[], bool], act: Callable[[], object]) -> threading.Thread:
    """Act in the background as soon as something is the case, or after twenty seconds."""

    def wait() -> None:
        end = time.monotonic() + 20
        while not condition() and time.monotonic() < end:
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("side", list(SIDES))
def test_a_server_killed_in_the_middle_of_a_pass_and_started_again(world: World, side: str) -> None:
    _work(world)
    server, proxy = world.servers[SIDES[side]], world.proxy(side)

    def crash() -> None:
        process = server.process()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        server.stop()

    crashing = _when(lambda: proxy.writes > 0, crash)
    ran = world.run("sync", "tickets")
    crashing.join()
    server.start()
    assert any(seen.status in (None, 502) for seen in proxy.requests), ran.said
    _in_step(world)


@pytest.mark.parametrize("side", list(SIDES))
def test_while_one_server_is_away_its_side_stops_alone_and_nothing_is_lost(
    world: World, side: str
) -> None:
    _work(world)
    server = world.servers[SIDES[side]]
    other = next(one for one in SIDES if one != side)
    world.sync()
    world.ann.create("Made before", "<p>x</p>", REQUESTER)
    server.stop()
    if other == "desk":
        world.ann.create("Made during", "<p>x</p>", REQUESTER)
    else:
        world.bob.create("Made during", "x")
    ran = world.run("sync", "tickets")
    assert ran.code == 1, ran.said
    assert list(ran.result["stopped"]) == [side]
    asked = [seen for seen in world.proxy(other).requests if seen.path != "/_sandbox"]
    assert asked[0].status == 200
    server.start()
    time.sleep(1.1)
    world.run("sync", "tickets")
    world.sync()
    desk, tracker = _titles(world)
    assert desk == tracker
    assert {"Made before", "Made during"} <= set(desk)
    assert len(desk) == 2 * MANY + 2


@pytest.mark.parametrize("side", list(SIDES))
def test_credentials_that_end_in_the_middle_of_a_pass_stop_that_side(
    world: World, side: str
) -> None:
    _work(world)
    for method in ("POST", "PUT"):
        world.proxy(side).fault("status:401", method=method, path=WRITES[side], times=None)
    ran = world.run("sync", "tickets")
    assert ran.code == 1, ran.said
    assert list(ran.result["stopped"]) == [side]
    desk, tracker = _titles(world)
    assert len(desk if side == "desk" else tracker) == MANY, "nothing arrived there"
    assert len(tracker if side == "desk" else desk) == 2 * MANY, "the other side has it all"
    refused = [seen for seen in world.proxy(side).requests if seen.status == 401]
    assert len(refused) <= MANY + 1, "nothing is sent again with credentials that were refused"
    world.proxy(side).heal()
    _in_step(world)


@pytest.mark.parametrize("side", list(SIDES))
def test_wrong_credentials_are_told_and_nothing_is_guessed(
    world: World, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _work(world)
    name = f"{side.upper()}_SECRET"
    right = world.secrets[name]
    world.sync()
    world.administrator.edit(world.bob.named("Issue 1"), due_date="2027-01-01")
    monkeypatch.setenv(name, right[:-6] + "000000")
    ran = world.run("sync", "tickets")
    assert ran.code == 1, ran.said
    assert side in ran.said
    assert right not in ran.said
    monkeypatch.setenv(name, right)
    _in_step(world)
    assert world.ann.show(world.ann.named("Issue 1"))["Due"] == "2027-01-01T00:00:00Z"
